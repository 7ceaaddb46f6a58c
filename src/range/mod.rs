//! The practice range: two sites, a router and customers, really there on 127.0.0.1, to be broken and recovered.
//!
//! A process of its own, which ends with the one that started it. Each service has its own listener and calls the next
//! one over HTTP; faults close and open those listeners.
//!
//! - `names`: sites, services, faults, addresses
//! - `endpoint`: a listener that faults can be put on; `call`: one exchange over a connection of its own
//! - `services`, `database`, `router`, `customers`, `inbox`, `power`: what there is
//! - `orders`: what keeps a site's orders: `database`, or a server of `postgres`
//! - `record`: what a database has written; `ledger`, `numbers`: what was promised, held against it
//! - `world`, `control`, `outage`: all of it together, what it shows, and when it breaks
//! - `lesson`: the practice script
//! - `plan`, `watch`: the plan for it, and a command of that plan

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};

mod call;
mod control;
mod customers;
mod database;
mod endpoint;
mod inbox;
mod ledger;
pub(crate) mod lesson;
mod names;
mod numbers;
mod orders;
mod outage;
mod plan;
mod postgres;
mod power;
mod record;
mod reply;
mod router;
mod services;
mod watch;
mod world;

pub use call::CallError;
pub use customers::CustomerCounts;
pub use database::{Copying, DbRole, Replication};
pub use inbox::{InboxStatus, Message, Way};
pub use ledger::{Gone, LedgerStatus};
pub use names::{Addresses, Fault, PerService, PerSite, Service, Site, UnknownName};
pub use outage::OutageStatus;
pub use plan::{Company, practice_plan};
pub use postgres::{PostgresError, ServerPlace};
pub use power::Power;
pub use router::RoutedSite;
pub use watch::{WatchError, watch_in_flight};
pub use world::{RangeStatus, ServiceStatus, SiteStatus};

/// The customers' requests in a second, unless told otherwise.
const CUSTOMERS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

/// How a range is to run.
pub struct RangeOptions {
    /// From the start of the outage clock to East going down; `None` for no outage.
    pub after: Option<Duration>,
    /// From East going down to its waking up again by itself; `None` for until it is told to.
    pub lasts: Option<Duration>,
    /// When the outage clock starts.
    pub clock: OutageClock,
    /// The customers' requests in a second.
    pub customers_per_second: NonZeroU32,
    /// The reading end of a pipe whose other end the parent holds: the range ends when that is closed, however the
    /// parent died.
    pub lifeline: Option<OwnedFd>,
    /// An empty directory for a pair of PostgreSQL servers, which keep the orders then.
    pub postgres: Option<PathBuf>,
    /// Gets [`Addresses`] as one line of JSON once everything listens, or a line that begins with `error: `.
    pub announce: Box<dyn Write + Send>,
}

impl RangeOptions {
    /// A calm range of the usual size that runs until it gets a signal.
    #[must_use]
    pub fn new(announce: Box<dyn Write + Send>) -> Self {
        Self {
            after: None,
            lasts: None,
            clock: OutageClock::WhenTold,
            customers_per_second: CUSTOMERS_PER_SECOND,
            lifeline: None,
            postgres: None,
            announce,
        }
    }
}

impl std::fmt::Debug for RangeOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RangeOptions")
            .field("after", &self.after)
            .field("lasts", &self.lasts)
            .field("clock", &self.clock)
            .field("customers_per_second", &self.customers_per_second)
            .field("lifeline", &self.lifeline)
            .field("postgres", &self.postgres)
            .finish_non_exhaustive()
    }
}

/// When the clock of the outage starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageClock {
    /// With the range.
    AtOnce,
    /// With `POST /range/start`, so that nobody misses the beginning.
    WhenTold,
}

/// Why the range did not run.
#[derive(Debug, thiserror::Error)]
pub enum RangeError {
    /// Signals cannot be caught.
    #[error("signals cannot be caught: {0}")]
    Signals(#[source] io::Error),
    /// The lifeline is not the reading end of a pipe.
    #[error("the lifeline is not the reading end of a pipe: {0}")]
    Lifeline(#[source] io::Error),
    /// The system has no port, or lets nobody listen on it.
    #[error("the range cannot listen on 127.0.0.1: {0}")]
    Listen(#[source] io::Error),
    /// There is no pair of PostgreSQL servers.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// Nobody takes the addresses.
    #[error("the addresses cannot be announced: {0}")]
    Announce(#[source] io::Error),
}

/// Runs the range until its lifeline is closed, or SIGTERM or SIGINT comes. When it returns nothing listens any more.
///
/// # Errors
/// When it cannot start. Once it has announced its addresses it ends well.
pub async fn run(mut options: RangeOptions) -> Result<(), RangeError> {
    let end = End::prepare(options.lifeline.take())?;
    let pair = match options.postgres.take() {
        Some(directory) => postgres::Pair::make(&directory).await.map(Some).map_err(RangeError::from),
        None => Ok(None),
    };
    let start = |pair: Option<_>| world::Running::start(&options, pair.as_ref()).map_err(RangeError::Listen);
    let range = match pair.and_then(start) {
        Ok(range) => range,
        Err(why) => {
            // Whoever waits for the addresses reads it there; that nobody does changes nothing.
            let line = why.to_string().replace('\n', " ");
            let _ = writeln!(options.announce, "error: {line}").and_then(|()| options.announce.flush());
            return Err(why);
        }
    };
    if options.clock == OutageClock::AtOnce {
        range.start_outage_clock();
    }
    announce(range.addresses(), options.announce).map_err(RangeError::Announce)?;
    end.come().await;
    range.close().await;
    Ok(())
}

fn announce(addresses: &Addresses, mut to: Box<dyn Write + Send>) -> io::Result<()> {
    let mut line = serde_json::to_vec(addresses)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// What ends the range.
struct End {
    terminate: Signal,
    interrupt: Signal,
    lifeline: Option<pipe::Receiver>,
}

impl End {
    fn prepare(lifeline: Option<OwnedFd>) -> Result<Self, RangeError> {
        let lifeline = lifeline.map(pipe::Receiver::from_owned_fd).transpose().map_err(RangeError::Lifeline)?;
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(RangeError::Signals)?,
            interrupt: signal(SignalKind::interrupt()).map_err(RangeError::Signals)?,
            lifeline,
        })
    }

    async fn come(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = closed(self.lifeline) => {}
        }
    }
}

async fn closed(lifeline: Option<pipe::Receiver>) {
    let Some(mut lifeline) = lifeline else {
        return std::future::pending().await;
    };
    let mut ignored = [0; 64];
    while let Ok(1..) = lifeline.read(&mut ignored).await {}
}
