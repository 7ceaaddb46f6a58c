//! The ledger: the orders that somebody was told are taken, held against what the databases have in the end.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::names::{PerSite, Site};
use super::numbers::Numbers;
use super::reply::lock;

/// The newest orders of which the moment is kept; of older ones it is known whether they are lost, and no longer since when.
const KEPT: usize = 50_000;

/// Orders taken, orders there, orders lost: counted, never reckoned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerStatus {
    /// Orders that somebody was told are taken.
    pub acknowledged: u64,
    /// How many of them each database has.
    pub present: PerSite<u64>,
    /// Where customers are sent, or were sent last: whose database counts.
    pub serving: Site,
    /// Orders that somebody was told are taken and that the database that counts does not have.
    pub lost: u64,
    /// The stretch of time that they are gone from, where any are and it is still known.
    pub gone: Option<Gone>,
}

/// The stretch of time that orders are gone from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// When the newest order before them was committed that is still there (RFC 3339, UTC); the first of them where none is.
    pub from: String,
    /// When the last of them was committed.
    pub to: String,
    /// From one to the other, in milliseconds: what was announced as the loss should not have been less.
    pub ms: u64,
}

/// The ledger.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    given_out: AtomicU64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    acknowledged: Numbers,
    moments: VecDeque<(u64, String)>,
}

impl Ledger {
    /// A number that no other order has.
    pub(crate) fn number(&self) -> u64 {
        self.given_out.fetch_add(1, Ordering::Relaxed)
    }

    /// Somebody was told that this order is taken, and when it was committed.
    pub(crate) fn acknowledge(&self, number: u64, at: String) {
        let mut held = lock(&self.held);
        held.acknowledged.insert(number);
        held.moments.push_back((number, at));
        if held.moments.len() > KEPT {
            held.moments.pop_front();
        }
    }

    /// Holds it against what the databases have. An order is written before it is acknowledged, so that the databases are looked at
    /// afterwards: `databases` is called once the acknowledgements are fixed.
    pub(crate) fn status(&self, serving: Site, databases: impl FnOnce() -> PerSite<Numbers>) -> LedgerStatus {
        let held = lock(&self.held);
        let databases = databases();
        let counts = databases.get(serving);
        let acknowledged = held.acknowledged.len();
        LedgerStatus {
            acknowledged,
            present: databases.map(|database| held.acknowledged.shared(database)),
            serving,
            lost: acknowledged.saturating_sub(held.acknowledged.shared(counts)),
            gone: gone(&held.moments, counts),
        }
    }
}

fn gone(moments: &VecDeque<(u64, String)>, there: &Numbers) -> Option<Gone> {
    // Moments are written in one form, so that their texts stand in their order.
    let lost = || moments.iter().filter(|(number, _)| !there.holds(*number)).map(|(_, at)| at);
    let (first, last) = (lost().min()?, lost().max()?);
    let before = moments.iter().filter(|(number, at)| there.holds(*number) && at < first).map(|(_, at)| at).max();
    let from = before.unwrap_or(first);
    let millis = |at: &str| DateTime::parse_from_rfc3339(at).map(|at| at.timestamp_millis()).ok();
    let ms = u64::try_from(millis(last)? - millis(from)?).unwrap_or(0);
    Some(Gone { from: from.clone(), to: last.clone(), ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> String {
        format!("2026-11-21T03:14:{second:02}.000000Z")
    }

    #[test]
    fn what_was_acknowledged_and_is_not_there_is_lost_and_when_is_known() {
        let ledger = Ledger::default();
        for second in 1..=9 {
            ledger.acknowledge(second, at(second));
        }
        let numbers = |all: &[u64]| {
            let mut numbers = Numbers::default();
            all.iter().for_each(|number| numbers.insert(*number));
            numbers
        };
        let databases =
            || PerSite { east: numbers(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), west: numbers(&[1, 2, 3, 4, 8, 9]) };
        let whole = ledger.status(Site::East, databases);
        assert_eq!((whole.acknowledged, whole.lost, whole.gone), (9, 0, None));
        let status = ledger.status(Site::West, databases);
        assert_eq!((status.lost, status.present), (3, PerSite { east: 9, west: 6 }));
        assert_eq!(status.gone, Some(Gone { from: at(4), to: at(7), ms: 3000 }));
        let all = ledger.status(Site::West, PerSite::default);
        assert_eq!((all.lost, all.gone.map(|gone| gone.ms)), (9, Some(8000)));
    }
}
