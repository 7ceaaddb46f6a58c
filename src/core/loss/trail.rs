//! When the end that takes writes was seen where: what turns a position that was received into a moment.

use std::collections::VecDeque;

use crate::core::time::Moment;

/// How many samples are kept; older ones are thinned out beyond that.
const MOST: usize = 4_096;

/// Samples of one end that takes writes: everything committed before a moment lies at or before its position.
///
/// Bounded: thinned out, it finds an older moment than it might, which makes a loss look greater and never smaller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    samples: VecDeque<(u64, Moment)>,
}

impl Trail {
    /// Notes where the end was when it was asked at `began`. One that went back was put back or made anew: what was known of it
    /// says nothing any more.
    pub fn note(&mut self, seq: u64, began: Moment) {
        match self.samples.back_mut() {
            Some((last, _)) if *last > seq => self.samples.clear(),
            Some((last, moment)) if *last == seq => {
                *moment = began;
                return;
            }
            _ => {}
        }
        self.samples.push_back((seq, began));
        if self.samples.len() > MOST {
            self.thin_out();
        }
    }

    /// The newest moment before which all that was committed is held by whoever received that much.
    #[must_use]
    pub fn held(&self, received: u64) -> Option<Moment> {
        let later = self.samples.partition_point(|(seq, _)| *seq <= received);
        self.samples.get(later.checked_sub(1)?).map(|(_, moment)| *moment)
    }

    /// Nothing is known any more.
    pub fn forget(&mut self) {
        self.samples.clear();
    }

    /// Leaves out every second one of the older half.
    fn thin_out(&mut self) {
        let old = self.samples.len() / 2;
        let mut place = 0;
        self.samples.retain(|_| {
            place += 1;
            place > old || place % 2 == 1
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: u64) -> Moment {
        Moment::from_micros(i64::try_from(second).unwrap() * 1_000_000)
    }

    #[test]
    fn what_was_received_is_as_old_as_the_newest_state_that_it_holds() {
        let mut trail = Trail::default();
        assert_eq!(trail.held(9), None);
        for (seq, at) in [(10, 1), (20, 2), (20, 3), (30, 4)] {
            trail.note(seq, second(at));
        }
        for (received, at) in [(9, None), (10, Some(1)), (19, Some(1)), (20, Some(3)), (29, Some(3)), (99, Some(4))] {
            assert_eq!(trail.held(received), at.map(second), "{received}");
        }
        trail.note(25, second(5));
        assert_eq!((trail.held(20), trail.held(25)), (None, Some(second(5))), "it went back");
    }

    #[test]
    fn thinned_out_it_errs_towards_older_moments_only() {
        let mut trail = Trail::default();
        let many = 100_000;
        for n in 1..=many {
            trail.note(n, second(n));
        }
        assert!(trail.samples.len() <= MOST, "{}", trail.samples.len());
        assert_eq!(trail.held(many), Some(second(many)));
        for received in (1..=many).step_by(997) {
            let held = trail.held(received).unwrap();
            assert!(held <= second(received), "{received}: {held:?}");
        }
        assert_eq!(trail.held(1), Some(second(1)), "the oldest stays");
    }
}
