//! What is announced is never less than what happened, whatever happens when.

use proptest::prelude::*;

use super::*;
use crate::core::fixtures::at;
use crate::core::loss::{Loss, reckon};
use crate::core::time::Span;

fn told(seq: u64) -> Told {
    Told { seq, at: None, role: None, line: None, manager: None }
}

/// The moment that many milliseconds into the test.
fn milli(ms: u64) -> Now {
    let zero = at(0);
    Now { utc: zero.utc.plus(Span::from_millis(ms)), uptime: zero.uptime.plus(Span::from_millis(ms)), boot: zero.boot }
}

fn answered(pair: &mut Pair, side: Side, began: u64, ended: u64, seq: u64) {
    let writes = if side == Side::Source { ServerRole::Primary } else { ServerRole::Standby };
    pair.take(side, (&milli(began), &milli(ended)), writes, Ok(told(seq)));
}

fn silent(pair: &mut Pair, side: Side, began: u64, ended: u64, how: Silence) {
    pair.take(side, (&milli(began), &milli(ended)), ServerRole::Primary, Err(how));
}

#[test]
fn positions_are_dated_by_when_the_source_was_asked() {
    let mut pair = Pair::default();
    answered(&mut pair, Side::Source, 0, 20, 10);
    answered(&mut pair, Side::Target, 20, 30, 9);
    assert_eq!(reckon(pair.known()), Loss::Unknown, "nothing that was seen of the source has arrived");
    answered(&mut pair, Side::Source, 1_000, 1_020, 15);
    answered(&mut pair, Side::Target, 1_020, 1_030, 12);
    assert_eq!(reckon(pair.known()), Loss::Measured(Span::from_secs(1)));
    answered(&mut pair, Side::Source, 2_000, 2_020, 15);
    answered(&mut pair, Side::Target, 2_020, 2_030, 15);
    assert_eq!(reckon(pair.known()), Loss::Measured(Span::ZERO));
    assert_eq!(pair.known().target.as_ref().unwrap().at, Some(milli(2_000).utc));
}

#[test]
fn silence_begins_when_the_question_ended_and_a_refusal_proves_more_than_a_time_out() {
    let mut pair = Pair::default();
    silent(&mut pair, Side::Source, 0, 2_000, Silence::NoAnswer);
    silent(&mut pair, Side::Source, 2_000, 4_000, Silence::NoAnswer);
    assert_eq!(pair.known().source_silent_since, Some(milli(2_000)));
    silent(&mut pair, Side::Source, 4_000, 4_001, Silence::Refused);
    silent(&mut pair, Side::Source, 5_000, 5_001, Silence::Refused);
    assert_eq!(pair.known().source_silent_since, Some(milli(4_001)));
    answered(&mut pair, Side::Source, 6_000, 6_001, 1);
    assert_eq!(pair.known().source_silent_since, None);
}

#[test]
fn an_end_that_says_what_it_is_is_believed() {
    let mut pair = Pair::default();
    let says = |role, seq| Ok(Told { role: Some(role), ..told(seq) });
    let asked = (&milli(0), &milli(1));
    pair.take(Side::Target, asked, ServerRole::Standby, says(ServerRole::Primary, 10));
    pair.take(Side::Source, asked, ServerRole::Primary, says(ServerRole::Standby, 10));
    assert_eq!(pair.known().source.as_ref().unwrap().at, Some(milli(0).utc), "it has all that the target had then");
    assert_eq!(reckon(pair.known()), Loss::Unknown, "read the old way round");
    let replication =
        crate::core::fixtures::plan("shop").components.iter().find_map(|c| c.replication.clone()).unwrap();
    let turned = pair.known().towards(&replication, Some(&replication.to));
    assert_eq!(reckon(&turned), Loss::Measured(Span::ZERO));
    assert_eq!(pair.known().towards(&replication, Some(&replication.from)), *pair.known());
}

/// A source that commits, a target that receives later, and somebody who asks both. Milliseconds.
#[derive(Debug)]
struct History {
    /// When each record was committed and acknowledged; the place is its number, from 1.
    commits: Vec<u64>,
    /// How long each took to arrive; none arrives before an earlier one.
    travels: Vec<u64>,
    /// When the source died.
    death: u64,
    /// Whether questions after that are refused at once.
    refuses: bool,
    /// How long each question took to reach the source, and its answer to come back.
    ways: Vec<(u64, u64)>,
}

const PATIENCE: u64 = 2_000;

impl History {
    fn committed(&self, when: u64) -> u64 {
        self.commits.iter().filter(|at| **at <= when && **at < self.death).count() as u64
    }

    fn received(&self, when: u64) -> u64 {
        let arrived = |(place, at): (usize, &u64)| at + self.travels[place % self.travels.len()] <= when;
        let live = self.commits.iter().filter(|at| **at < self.death);
        live.enumerate().take_while(|one| arrived(*one)).count() as u64
    }

    /// Asks the source at `began`; the moment at which that is over.
    fn ask_source(&self, pair: &mut Pair, began: u64, (there, back): (u64, u64)) -> u64 {
        let arrives = began + there;
        if arrives + back < self.death {
            answered(pair, Side::Source, began, arrives + back, self.committed(arrives));
            arrives + back
        } else if self.refuses && arrives >= self.death {
            silent(pair, Side::Source, began, arrives + back, Silence::Refused);
            arrives + back
        } else {
            let ended = (began + PATIENCE).max(self.death);
            silent(pair, Side::Source, began, ended, Silence::NoAnswer);
            ended
        }
    }

    /// From the first record that is lost to the last moment at which one was acknowledged.
    fn lost(&self, received: u64, until: u64) -> Option<u64> {
        let end = until.min(self.death);
        let lost = self.commits.get(usize::try_from(received).unwrap()).filter(|at| **at < end)?;
        Some(end - lost)
    }
}

fn histories() -> impl Strategy<Value = History> {
    let gaps = prop::collection::vec(prop_oneof![3 => 1_u64..50, 1 => 100_u64..4_000], 1..200);
    let travels = prop::collection::vec(prop_oneof![4 => 0_u64..30, 1 => 200_u64..9_000], 1..20);
    let ways = prop::collection::vec((0_u64..300, 0_u64..300), 1..20);
    (gaps, travels, 1_u64..40_000, any::<bool>(), ways).prop_map(|(gaps, travels, death, refuses, ways)| {
        let commits = gaps.iter().scan(0, |at, gap| {
            *at += gap;
            Some(*at)
        });
        History { commits: commits.collect(), travels, death, refuses, ways }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_loss_that_is_announced_is_never_less_than_the_loss_that_happened(history in histories(), every in 200_u64..5_000) {
        let mut pair = Pair::default();
        let (mut now, mut asked) = (0, 0);
        while now < history.death + 3 * PATIENCE + every {
            let began = now;
            let ways = history.ways[asked % history.ways.len()];
            now = history.ask_source(&mut pair, began, ways);
            let received = history.received(now);
            answered(&mut pair, Side::Target, now, now + 1, received);
            let gone = match reckon(pair.known()) {
                Loss::Unknown => None,
                // What it had when it was asked.
                Loss::Measured(span) => Some((span, history.lost(received, began))),
                Loss::AtMost(span) => Some((span, history.lost(received, u64::MAX))),
            };
            if let Some((announced, Some(happened))) = gone {
                prop_assert!(announced >= Span::from_millis(happened), "{announced} announced at {now}, {happened}ms gone");
            }
            now = now.max(began + every);
            asked += 1;
        }
    }
}
