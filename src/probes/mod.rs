//! Looking at parts. One file a kind: adding a kind is one file and one line here.

mod child;
mod command;
mod database;
mod detail;
mod disk;
mod dns;
mod file;
mod heartbeat;
mod host;
mod http;
mod icmp;
mod load;
mod memory;
mod metric;
mod mysql;
mod postgres;
mod redis;
mod request;
mod tcp;
mod tls;
mod tunnel;
mod words;

use std::collections::BTreeMap;
use std::time::Instant;

use crate::core::health::Found;
use crate::core::health::judge::judge;
use crate::core::plan::{Limits, Look, Measure, Place, Probe, measures};
use crate::core::time::Span;
use crate::steps::remote::Settings;

pub use heartbeat::{Beat, Heartbeats, Listener, NobodyListens};
pub use memory::Memory;

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
    /// Of a bad answer, what came back, as far as it is kept; text from outside.
    pub detail: Option<String>,
}

impl Answer {
    /// Nobody looked; a few words why.
    #[must_use]
    pub fn unseen(why: &str) -> Answer {
        let why = format!("could not look: {why}");
        Answer { found: Found::Unseen, why, took: Span::ZERO, measured: BTreeMap::new(), detail: None }
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
    /// How other hosts are reached.
    pub ssh: &'a Settings,
    /// What earlier looks of the same probe from the same place left.
    pub memory: &'a Memory,
}

/// Looks once from that place. Never takes longer than the probe's time-out.
pub async fn look(probe: &Probe, place: &Place, tools: Tools<'_>) -> Answer {
    let began = Instant::now();
    drop(tools.memory.take_told());
    let asked = ask(probe, place, tools);
    let result = tokio::time::timeout(probe.timeout.to_std(), asked).await;
    let took = Span::from(began.elapsed());
    let (found, why, measured) = match result {
        Err(_) => (Found::Bad, format!("no answer within {}", probe.timeout), BTreeMap::new()),
        Ok(Err(NotGood::Bad(why))) => (Found::Bad, why, BTreeMap::new()),
        Ok(Err(NotGood::Unseen(why))) => return Answer { took, ..Answer::unseen(&why) },
        Ok(Ok(Seen { what, mut measured })) => {
            let mut why = what;
            if measures(probe.look.kind()).contains(&Measure::Latency) {
                measured.insert(Measure::Latency, took.micros() as f64 / 1e6);
                why = format!("{why} in {took}");
            }
            let (found, crossed) = judge(&probe.limits, &measured);
            (found, crossed.into_iter().fold(why, |why, crossed| format!("{why}, {crossed}")), measured)
        }
    };
    let detail = tools.memory.take_told().filter(|_| found == Found::Bad);
    Answer { found, why, took, measured, detail }
}

async fn ask(probe: &Probe, place: &Place, tools: Tools<'_>) -> Result<Seen, NotGood> {
    let (limits, timeout) = (&probe.limits, probe.timeout);
    match &probe.look {
        Look::Http { url, status, contains } => {
            http::look(url, *status, contains.as_deref(), timeout, place, tools).await
        }
        Look::Tcp { address } => tcp::look(address, place, tools).await,
        Look::Tls { address, name, trust } => tls::look(address, name.as_deref(), trust.as_deref(), place, tools).await,
        Look::Dns { name, record, server, expect } => {
            dns::look(name, *record, server.as_deref(), expect, place, tools).await
        }
        Look::Icmp { host } => icmp::look(host).await,
        Look::Redis { url, role } => redis::look(url, *role, place, tools).await,
        Look::Metric { url, query } => metric::look(url, query, place, tools).await,
        Look::Postgres { url, role } => postgres::look((url, *role), limits, timeout, place, tools).await,
        Look::Mysql { url, role } => mysql::look((url, *role), limits, timeout, place, tools).await,
        Look::Disk { path } => disk::look(path, timeout, place, tools).await,
        Look::Load => load::look(timeout, place, tools).await,
        Look::File { path, pattern } => file::look(path, pattern.as_deref(), timeout, place, tools).await,
        Look::Command { argv } => command::look(argv, limits, timeout, place, tools).await,
        Look::Heartbeat => Err(NotGood::Unseen("others report to it".into())),
    }
}

/// Whether a limit is set for it: what cannot be measured then is not good by default.
fn rests_on(limits: &Limits, measure: Measure) -> bool {
    limits.warn.iter().chain(&limits.fail).any(|limit| limit.measure == measure)
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

    /// A file that cannot be looked at: what this user may not see is not the part's fault.
    fn of_file(error: &std::io::Error) -> NotGood {
        match error.kind() {
            std::io::ErrorKind::NotFound => NotGood::Bad("it is not there".into()),
            std::io::ErrorKind::PermissionDenied => NotGood::Unseen("this user may not look at it".into()),
            _ => NotGood::of(error),
        }
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
