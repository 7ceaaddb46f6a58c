//! When a row of samples amounts to a change of what is believed.

use std::collections::VecDeque;

use super::super::plan::{Place, Probe};
use super::super::time::Now;
use super::{Change, Found, Manner, Sample, Verdict};

/// Over how many looks it is judged whether a part holds still.
const WATCHED: usize = 20;

/// How often good and bad may alternate within these before it flaps: two in five is what the fastest way down and back makes.
const FLAPS: usize = 8;

/// How seldom before it holds still again.
const CALM: usize = 2;

/// How many times longer than usual a row has to be to end flapping by itself.
const CERTAIN: u32 = 3;

/// Turns a row of samples into changes: `fail_after` bad ones in a row, `pass_after` good ones. Lives in the engine, not in the
/// journal: after a restart everything is unknown until it was looked at.
#[derive(Debug, Clone)]
pub struct Tracker {
    place: Place,
    verdict: Verdict,
    manner: Manner,
    row: Row,
    last_good: Option<Now>,
    /// Whether each of the last looks was good.
    lately: VecDeque<bool>,
}

/// The samples of one sort at the end.
#[derive(Debug, Clone)]
enum Row {
    Empty,
    Good { since: Now, count: u32 },
    Poor { since: Now, count: u32, bad_in_a_row: u32 },
    Unseen { since: Now, count: u32 },
}

impl Row {
    fn and(self, sample: &Sample) -> Row {
        let since = || sample.at.clone();
        match (self, sample.found) {
            (Row::Good { since, count }, Found::Good) => Row::Good { since, count: count.saturating_add(1) },
            (_, Found::Good) => Row::Good { since: since(), count: 1 },
            (Row::Unseen { since, count }, Found::Unseen) => Row::Unseen { since, count: count.saturating_add(1) },
            (_, Found::Unseen) => Row::Unseen { since: since(), count: 1 },
            (Row::Poor { since, count, bad_in_a_row }, found) => Row::Poor {
                since,
                count: count.saturating_add(1),
                bad_in_a_row: if found == Found::Bad { bad_in_a_row.saturating_add(1) } else { 0 },
            },
            (_, found) => Row::Poor { since: since(), count: 1, bad_in_a_row: u32::from(found == Found::Bad) },
        }
    }
}

impl Tracker {
    /// Nothing seen yet from there; `last_good` is what the journal still knows.
    #[must_use]
    pub fn new(place: Place, last_good: Option<Now>) -> Tracker {
        let (verdict, manner, row) = (Verdict::Unknown, Manner::Steady, Row::Empty);
        Tracker { place, verdict, manner, row, last_good, lately: VecDeque::new() }
    }

    /// What was seen so far counts no more.
    pub fn forget(&mut self) {
        *self = Tracker::new(self.place.clone(), self.last_good.take());
    }

    /// Takes the next sample; answers when what is believed changes.
    pub fn take(&mut self, probe: &Probe, sample: &Sample) -> Option<Change> {
        self.row = std::mem::replace(&mut self.row, Row::Empty).and(sample);
        if sample.found == Found::Good {
            self.last_good = Some(sample.at.clone());
        }
        if sample.found != Found::Unseen {
            self.lately.push_back(sample.found == Found::Good);
            while self.lately.len() > WATCHED {
                self.lately.pop_front();
            }
        }
        let before = self.manner;
        self.manner = self.holds(probe);
        let (to, since, why) = match self.manner {
            Manner::Steady => {
                let (to, since) = self.belief(probe)?;
                (to, since, sample.why.clone())
            }
            Manner::Flapping if before == Manner::Flapping => return None,
            Manner::Flapping => {
                let why =
                    format!("flapping: {} changes in {} looks; last {}", self.swings(), self.lately.len(), sample.why);
                (Verdict::Degraded, sample.at.clone(), why)
            }
        };
        let from = std::mem::replace(&mut self.verdict, to);
        let (place, manner, last_good) = (self.place.clone(), self.manner, self.last_good.clone());
        let change = Change { place, from, to, manner, since, why, last_good };
        (from != to || manner != before).then_some(change)
    }

    /// How often good and bad alternated lately.
    fn swings(&self) -> usize {
        self.lately.iter().zip(self.lately.iter().skip(1)).filter(|(one, next)| one != next).count()
    }

    /// Whether it holds still: it stops flapping when it is calm, or when a long row leaves no doubt.
    fn holds(&self, probe: &Probe) -> Manner {
        let long = |count: u32, usual: u32| count >= usual.saturating_mul(CERTAIN);
        let certain = match &self.row {
            Row::Good { count, .. } => long(*count, probe.pass_after.max(probe.fail_after)),
            Row::Poor { bad_in_a_row, .. } => long(*bad_in_a_row, probe.fail_after),
            Row::Unseen { count, .. } => *count >= probe.fail_after,
            Row::Empty => true,
        };
        let swings = self.swings();
        match self.manner {
            Manner::Flapping if certain || swings <= CALM => Manner::Steady,
            Manner::Steady if swings >= FLAPS && !certain => Manner::Flapping,
            manner => manner,
        }
    }

    /// What the row at the end amounts to, once it is long enough.
    fn belief(&self, probe: &Probe) -> Option<(Verdict, Now)> {
        match &self.row {
            // The first look may say ok at once; only coming back from trouble has to be shown several times.
            Row::Good { since, count } if self.verdict == Verdict::Unknown || *count >= probe.pass_after => {
                Some((Verdict::Ok, since.clone()))
            }
            Row::Poor { since, bad_in_a_row, .. } if *bad_in_a_row >= probe.fail_after => {
                Some((Verdict::Down, since.clone()))
            }
            Row::Poor { since, count, .. } if *count >= probe.fail_after && self.verdict != Verdict::Down => {
                Some((Verdict::Degraded, since.clone()))
            }
            Row::Unseen { since, count } if *count >= probe.fail_after => Some((Verdict::Unknown, since.clone())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures;
    use crate::core::time::Span;

    fn sample(second: usize, letter: char) -> Sample {
        let found = match letter {
            '.' => Found::Good,
            's' => Found::Degraded,
            '?' => Found::Unseen,
            _ => Found::Bad,
        };
        let (at, why) = (fixtures::at(second as u64), letter.to_string());
        Sample { at, took: Span::ZERO, found, why, measured: Default::default() }
    }

    /// Samples as letters: `.` good, `s` beyond a limit, `x` bad, `?` not to be looked at; one each second.
    fn row(row: &str, probe: &Probe) -> Vec<(usize, Change)> {
        let mut tracker = Tracker::new(Place::Engine, None);
        let take = |(i, letter)| tracker.take(probe, &sample(i, letter)).map(|change| (i, change));
        row.chars().enumerate().filter_map(take).collect()
    }

    /// Changes as the index of the sample and the new verdict.
    fn changes(text: &str, fail_after: u32, pass_after: u32) -> Vec<(usize, Verdict)> {
        let probe = Probe { fail_after, pass_after, ..fixtures::probe("db.east") };
        row(text, &probe).into_iter().map(|(i, change)| (i, change.to)).collect()
    }

    #[test]
    fn one_bad_answer_is_no_outage_and_one_good_one_no_recovery() {
        use Verdict::{Degraded, Down, Ok, Unknown};
        let table: [(&str, Vec<(usize, Verdict)>); 12] = [
            (".", vec![(0, Ok)]),
            (".x.x.", vec![(0, Ok)]),
            (".xxx", vec![(0, Ok), (3, Down)]),
            ("xxx", vec![(2, Down)]),
            (".xxx.x..", vec![(0, Ok), (3, Down), (7, Ok)]),
            (".xxx.x.x", vec![(0, Ok), (3, Down)]),
            (".sss", vec![(0, Ok), (3, Degraded)]),
            (".sxsxxx", vec![(0, Ok), (3, Degraded), (6, Down)]),
            (".xxxsss", vec![(0, Ok), (3, Down)]),
            (".???", vec![(0, Ok), (3, Unknown)]),
            (".xx?xx?", vec![(0, Ok)]),
            (".???.", vec![(0, Ok), (3, Unknown), (4, Ok)]),
        ];
        for (row, expected) in table {
            assert_eq!(changes(row, 3, 2), expected, "{row}");
        }
    }

    #[test]
    fn a_change_says_since_when_and_when_it_was_last_good() {
        let probe = Probe { fail_after: 2, ..fixtures::probe("db.east") };
        let (_, change) = row("..xx", &probe).pop().unwrap();
        assert_eq!(change.since, fixtures::at(2), "the first bad sample, not the one that proved it");
        assert_eq!(change.last_good, Some(fixtures::at(1)));
        assert_eq!(change.why, "x");
    }

    #[test]
    fn what_goes_up_and_down_is_called_flapping_once_until_it_holds_still() {
        let probe = Probe { fail_after: 2, pass_after: 2, ..fixtures::probe("db.east") };
        let flapping = row(".x.x.x.x.x.x.x.x.x.x.x.x", &probe);
        let manners: Vec<_> = flapping.iter().map(|(i, change)| (*i, change.to, change.manner)).collect();
        assert_eq!(manners, [(0, Verdict::Ok, Manner::Steady), (8, Verdict::Degraded, Manner::Flapping)]);
        assert_eq!(flapping[1].1.why, "flapping: 8 changes in 9 looks; last .");

        let then = |rest: &str| row(&format!(".x.x.x.x.x{rest}"), &probe).pop().unwrap();
        let (at, change) = then("xxxxx");
        assert_eq!(
            (at, change.to, change.manner),
            (14, Verdict::Down, Manner::Steady),
            "six bad in a row leave no doubt"
        );
        let (at, change) = then("......");
        assert_eq!((at, change.to, change.manner), (15, Verdict::Ok, Manner::Steady));
    }

    #[test]
    fn an_outage_and_its_end_are_no_flapping() {
        let probe = Probe { fail_after: 3, pass_after: 2, ..fixtures::probe("db.east") };
        let steady = |(_, change): &(usize, Change)| change.manner == Manner::Steady;
        assert!(row("....xxxxx..xxx....xxxx....", &probe).iter().all(steady));
    }
}
