//! The ledger at the end of a story: what customers were promised, and what is there.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use warroom::core::loss::Loss;

use crate::cluster::Cluster;
use crate::customers::Attempt;
use crate::lab::Lab;

/// What customers were promised, beside what the database that serves now has of it.
pub struct Ledger {
    pub acknowledged: usize,
    /// Of the acknowledged rows.
    pub present: usize,
    pub lost: Vec<Attempt>,
    /// From the last row of East's that is there until the last that is lost was acknowledged.
    pub lost_time: Duration,
    /// The longest time without an acknowledgement.
    pub without_service: Duration,
    /// Acknowledged rows that West took.
    pub at_west: usize,
}

impl Ledger {
    /// Closes the front door and counts what a database has.
    pub async fn of(lab: &mut Lab, serving: impl Fn(&Lab) -> &Cluster) -> Ledger {
        lab.close();
        let query = "SELECT n::text, site, (extract(epoch FROM at) * 1000000)::bigint::text FROM rows";
        let rows = serving(lab).rows(query).await;
        let present: BTreeMap<i64, (&str, i64)> =
            rows.iter().map(|row| (row[0].parse().unwrap(), (row[1].as_str(), row[2].parse().unwrap()))).collect();
        let promised: Vec<Attempt> = lab.record().into_iter().filter(|attempt| attempt.acknowledged).collect();
        let lost: Vec<Attempt> = promised.iter().filter(|attempt| !present.contains_key(&attempt.n)).copied().collect();
        let last_kept = present.values().filter(|(site, _)| *site == "east").map(|(_, at)| *at).max().unwrap();
        let micros = |count: i64| Duration::from_micros(u64::try_from(count).unwrap_or(0));
        let ledger = Ledger {
            acknowledged: promised.len(),
            present: promised.len() - lost.len(),
            lost_time: lost.last().map_or(Duration::ZERO, |last| micros(last.ended - last_kept)),
            without_service: promised.windows(2).map(|two| micros(two[1].ended - two[0].ended)).max().unwrap(),
            at_west: promised
                .iter()
                .filter(|attempt| present.get(&attempt.n).is_some_and(|(site, _)| *site == "west"))
                .count(),
            lost,
        };
        let first_at_west = present.iter().find(|(_, (site, _))| *site == "west").map_or(i64::MAX, |(n, _)| *n);
        let late = ledger.lost.iter().filter(|attempt| attempt.n > first_at_west).count();
        assert_eq!(late, 0, "rows were lost after West had taken over: two took them");
        println!("{ledger}");
        ledger
    }

    /// That nothing was lost, and that nobody waited for long.
    pub fn is_whole(&self) {
        assert!(self.lost.is_empty(), "{self}");
        assert!(self.acknowledged > 0);
    }

    /// That no more was lost than the gate had said, and that it had said something.
    pub fn holds(&self, announced: Loss) {
        assert!(announced != Loss::Unknown, "the gate announced nothing: {self}");
        self.holds_if_known(announced);
    }

    /// The same, where nobody may be able to say: that is never less than what happened.
    pub fn holds_if_known(&self, announced: Loss) {
        println!("announced: {announced:?}");
        let Some(ceiling) = announced.ceiling() else { return };
        assert!(self.lost_time <= ceiling.to_std(), "announced {announced:?}, but {self}");
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ledger { acknowledged, present, at_west, .. } = self;
        write!(
            f,
            "{acknowledged} rows acknowledged, {present} present, {} lost (the last {:.3} s), {at_west} at West, {:.3} s without service",
            self.lost.len(),
            self.lost_time.as_secs_f64(),
            self.without_service.as_secs_f64()
        )
    }
}
