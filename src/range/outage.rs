//! The clock of the outage: East goes down a set time after it is told to start, and wakes up when the outage ends.

use std::future::pending;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

/// How far the outage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum OutageStatus {
    /// There will be none, but for faults that someone sets.
    Calm,
    /// The clock was not started yet.
    Waiting {
        /// From the start of the clock to the outage, in milliseconds.
        after_ms: u64,
    },
    /// The clock runs.
    Counting {
        /// What is left, in milliseconds.
        due_in_ms: u64,
    },
    /// East was taken down by the clock. It may have been brought back since.
    Begun,
    /// East was woken up again.
    Ended,
}

/// The clock.
#[derive(Debug)]
pub(crate) struct Outage {
    after: Option<Duration>,
    lasts: Option<Duration>,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Clone, Copy)]
enum Progress {
    Waiting,
    Due(Instant),
    Begun,
    Ended,
}

impl Outage {
    /// A clock for an outage `after` it is started, `None` for none, that `lasts` so long, `None` for until it is ended.
    pub(crate) fn new(after: Option<Duration>, lasts: Option<Duration>) -> Self {
        Self { after, lasts, progress: watch::Sender::new(Progress::Waiting) }
    }

    /// Starts the clock. Later starts change nothing.
    pub(crate) fn start(&self) {
        let Some(after) = self.after else { return };
        self.progress.send_if_modified(|progress| {
            let waiting = matches!(progress, Progress::Waiting);
            if waiting {
                *progress = Progress::Due(Instant::now() + after);
            }
            waiting
        });
    }

    /// How far it is.
    pub(crate) fn status(&self) -> OutageStatus {
        let Some(after) = self.after else {
            return OutageStatus::Calm;
        };
        match *self.progress.borrow() {
            Progress::Waiting => OutageStatus::Waiting { after_ms: millis(after) },
            Progress::Due(at) => {
                OutageStatus::Counting { due_in_ms: millis(at.saturating_duration_since(Instant::now())) }
            }
            Progress::Begun => OutageStatus::Begun,
            Progress::Ended => OutageStatus::Ended,
        }
    }

    /// Returns when the outage is due, and never when there is none.
    pub(crate) async fn due(&self) {
        let mut changes = self.progress.subscribe();
        loop {
            let progress = *changes.borrow_and_update();
            match progress {
                Progress::Due(at) => return tokio::time::sleep_until(at).await,
                Progress::Waiting | Progress::Begun | Progress::Ended if changes.changed().await.is_err() => {
                    return pending().await;
                }
                Progress::Waiting | Progress::Begun | Progress::Ended => {}
            }
        }
    }

    /// East is down now.
    pub(crate) fn begun(&self) {
        self.progress.send_replace(Progress::Begun);
    }

    /// Returns when an outage that has begun is over by itself, and never when it lasts until it is ended.
    pub(crate) async fn over(&self) {
        match self.lasts {
            Some(lasts) => tokio::time::sleep(lasts).await,
            None => pending().await,
        }
    }

    /// East was woken up.
    pub(crate) fn ended(&self) {
        self.progress.send_replace(Progress::Ended);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
