//! Whether the engine itself reaches the world. While it does not, what it sees says nothing about others.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, timeout};

use super::effects::Shared;
use crate::core::observe::{Connection, Report};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// How long an anchor may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Rounds in a row in which no anchor answered before the engine counts as cut off.
const ROUNDS: u32 = 2;

/// The engine's own connection, by what its settings name as always there.
#[derive(Debug)]
pub struct Uplink {
    anchors: Vec<String>,
    cut: watch::Sender<bool>,
}

impl Uplink {
    /// Without anchors the engine never takes itself to be cut off.
    #[must_use]
    pub fn new(anchors: Vec<String>) -> Uplink {
        Uplink { anchors, cut: watch::Sender::new(false) }
    }

    /// Whether it is cut off, as far as is known.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        *self.cut.borrow()
    }

    /// Whether an anchor answers now, or there is none to ask: asked before a part is called down.
    pub async fn answers(&self) -> bool {
        self.anchors.is_empty() || self.ask().await.is_ok()
    }

    /// Asks all anchors at once.
    async fn ask(&self) -> Result<(), String> {
        let one = async |anchor: &String| match timeout(PATIENCE, TcpStream::connect(anchor)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(why)) => Err(format!("{anchor}: {}", crate::outbound::io_reason(&why))),
            Err(_) => Err(format!("{anchor}: no answer in time")),
        };
        let answers = join_all(self.anchors.iter().map(one)).await;
        let silent: Vec<String> = answers.into_iter().filter_map(Result::err).collect();
        if silent.len() < self.anchors.len() { Ok(()) } else { Err(silent.join("; ")) }
    }
}

/// Watches for as long as the engine runs.
pub(super) async fn watch(shared: Arc<Shared>) {
    let uplink = &shared.uplink;
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent = 0;
    while !uplink.anchors.is_empty() {
        ticks.tick().await;
        match uplink.ask().await {
            Ok(()) => {
                silent = 0;
                if uplink.is_cut() {
                    // Told before the probes go on, so that nothing that they see then comes too early.
                    shared.report(Report::Connection(Connection::There));
                    uplink.cut.send_replace(false);
                }
            }
            Err(why) => {
                silent += 1;
                if silent == ROUNDS {
                    uplink.cut.send_replace(true);
                    shared.report(Report::Connection(Connection::Cut { why }));
                }
            }
        }
    }
}
