//! When probes look: spread over their interval, so that ten thousand do not look in the same millisecond, and soon after the
//! start all the same.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::core::ids::PlanId;
use crate::core::plan::{Place, Probe};
use crate::core::time::Span;

/// Every probe looks for the first time within this time, or within its interval where that is shorter.
const SOON: Span = Span::from_secs(2);

/// When a probe looks, counted from the start of its watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offsets {
    /// The first time.
    pub(super) first: Span,
    /// The second time, and from then on at every interval.
    pub(super) then: Span,
    /// The interval.
    pub(super) every: Span,
}

/// The turns of a probe: the same each time for the same plan, probe and place.
#[must_use]
pub(super) fn of(plan: &PlanId, probe: &Probe, place: &Place) -> Offsets {
    let mut hasher = DefaultHasher::new();
    (plan, &probe.id, place).hash(&mut hasher);
    offsets(hasher.finish(), probe.every)
}

/// Its own moment in the interval, and before that a first look where it would have to wait long for it. The two lie at least
/// half an interval apart: a row of bad looks has to take its time.
fn offsets(hash: u64, every: Span) -> Offsets {
    let micros = every.micros().max(1);
    let own = Span::from_micros(hash % micros);
    if own < SOON {
        return Offsets { first: own, then: own.plus(every), every };
    }
    // Spread by the other half of the hash, else neighbours in the interval would be neighbours here.
    let first = Span::from_micros((hash >> 32) % SOON.micros().min(micros));
    let near = own.minus(first).micros() < micros / 2;
    Offsets { first, then: if near { own.plus(every) } else { own }, every }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_look_is_soon_and_no_two_are_close(hash: u64, millis in 1_u64..7_200_000) {
            let every = Span::from_millis(millis);
            let Offsets { first, then, .. } = offsets(hash, every);
            prop_assert!(first < SOON && first < every);
            let apart = then.minus(first).micros();
            prop_assert!(apart >= every.micros() / 2 && apart <= every.micros() * 3 / 2, "{} apart", apart);
            prop_assert_eq!(then.micros() % every.micros(), hash % every.micros(), "its own moment of the interval");
        }
    }

    #[test]
    fn ten_thousand_probes_are_spread_over_their_interval() {
        let every = Span::from_secs(10);
        let mut slots = [0_u32; 100];
        for n in 0..10_000 {
            let probe = Probe { every, ..crate::core::fixtures::probe(&format!("p{n}")) };
            let plan = format!("plan-{}", n % 100).parse().unwrap();
            let turns = of(&plan, &probe, &Place::Engine);
            assert_eq!(turns, of(&plan, &probe, &Place::Engine), "the same each time");
            slots[(turns.then.micros() % every.micros() / 100_000) as usize] += 1;
        }
        assert!(slots.iter().all(|looks| (50..150).contains(looks)), "{slots:?}");
    }
}
