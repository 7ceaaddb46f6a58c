//! Looking at parts. One file a kind: adding a kind is one file and one line here.

mod dns;
mod http;
mod icmp;
mod metric;
mod redis;
mod tcp;
mod tls;
mod words;

use std::collections::BTreeMap;
use std::time::Instant;

use crate::core::health::Found;
use crate::core::health::judge::judge;
use crate::core::plan::{Look, Measure, Place, Probe};
use crate::core::time::Span;

/// What a look found, and the evidence in a few words.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What was found.
    pub found: Found,
    /// The evidence.
    pub why: String,
    /// How long it took.
    pub took: Span,
    /// What was measured, in each measure's unit.
    pub measured: BTreeMap<Measure, f64>,
}

impl Answer {
    /// Nobody looked; a few words why.
    #[must_use]
    pub fn unseen(why: &str) -> Answer {
        let why = format!("could not look: {why}");
        Answer { found: Found::Unseen, why, took: Span::ZERO, measured: BTreeMap::new() }
    }
}

/// What a look saw that went as it should: the evidence in a few words, and what it measured. How long it took is added by
/// [`look`].
#[derive(Debug, Clone, PartialEq, Default)]
struct Seen {
    what: String,
    measured: BTreeMap<Measure, f64>,
}

impl Seen {
    fn new(what: impl Into<String>) -> Seen {
        Seen { what: what.into(), measured: BTreeMap::new() }
    }
}

/// Why a look did not go as it should: a few words, without what the other side may have put into them unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NotGood {
    /// The part gave a wrong answer, or none.
    Bad(String),
    /// This machine could not look: nothing is said about the part.
    Unseen(String),
}

/// What a look may use.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    /// For requests.
    pub http: &'a reqwest::Client,
}

/// Looks once from that place. Never takes longer than the probe's time-out.
pub async fn look(probe: &Probe, place: &Place, tools: Tools<'_>) -> Answer {
    let began = Instant::now();
    let asked = ask(&probe.look, place, tools);
    let result = tokio::time::timeout(probe.timeout.to_std(), asked).await;
    let took = Span::from(began.elapsed());
    let (found, why, measured) = match result {
        Err(_) => (Found::Bad, format!("no answer within {}", probe.timeout), BTreeMap::new()),
        Ok(Err(NotGood::Bad(why))) => (Found::Bad, why, BTreeMap::new()),
        Ok(Err(NotGood::Unseen(why))) => return Answer { took, ..Answer::unseen(&why) },
        Ok(Ok(Seen { what, mut measured })) => {
            measured.insert(Measure::Latency, took.micros() as f64 / 1e6);
            let (found, crossed) = judge(&probe.limits, &measured);
            let why = match crossed {
                Some(crossed) => format!("{what} in {took}, {crossed}"),
                None => format!("{what} in {took}"),
            };
            (found, why, measured)
        }
    };
    Answer { found, why, took, measured }
}

async fn ask(look: &Look, place: &Place, tools: Tools<'_>) -> Result<Seen, NotGood> {
    if let Place::Host(host) = place {
        return Err(NotGood::Unseen(format!("nothing looks from {host} yet")));
    }
    match look {
        Look::Http { url, status, contains } => http::look(tools.http, url, *status, contains.as_deref()).await,
        Look::Tcp { address } => tcp::look(address).await,
        Look::Tls { address, name, trust } => tls::look(address, name.as_deref(), trust.as_deref()).await,
        Look::Dns { name, record, server, expect } => dns::look(name, *record, server.as_deref(), expect).await,
        Look::Icmp { host } => icmp::look(host).await,
        Look::Redis { url, role } => redis::look(url, *role).await,
        Look::Metric { url, query } => metric::look(tools.http, url, query).await,
        other => Err(NotGood::Unseen(format!("nothing looks at {} yet", other.kind()))),
    }
}

/// Whether a failed connection says something about this machine and nothing about the part.
fn is_our_own(error: &std::io::Error) -> bool {
    use ErrorKind as K;
    use std::io::ErrorKind;
    matches!(error.kind(), K::NetworkUnreachable | K::NetworkDown | K::AddrNotAvailable | K::PermissionDenied)
        || error
            .raw_os_error()
            .and_then(|code| u32::try_from(code).ok())
            .is_some_and(|code| OUT_OF_FILES.contains(&code))
        || RESOLVER_SILENT.iter().any(|words| error.to_string().ends_with(words))
}

/// `EMFILE` and `ENFILE`.
const OUT_OF_FILES: [u32; 2] = [24, 23];
/// `EAI_AGAIN` in the words of glibc and musl; the number does not come through.
const RESOLVER_SILENT: [&str; 2] = ["Temporary failure in name resolution", "information: Try again"];

impl NotGood {
    /// A connection that failed.
    fn of(error: &std::io::Error) -> NotGood {
        let why = crate::outbound::io_reason(error);
        if is_our_own(error) { NotGood::Unseen(why) } else { NotGood::Bad(why) }
    }

    /// A request that failed.
    fn of_request(error: &reqwest::Error) -> NotGood {
        let mut inner: &dyn std::error::Error = error;
        while let Some(next) = inner.source() {
            inner = next;
        }
        match inner.downcast_ref::<std::io::Error>() {
            Some(io) if is_our_own(io) => NotGood::Unseen(crate::outbound::reason(error)),
            _ => NotGood::Bad(words::few(&crate::outbound::reason(error))),
        }
    }
}
