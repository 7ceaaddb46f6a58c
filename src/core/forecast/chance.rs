//! Chances that are the same wherever and whenever they are asked for: the rules know no randomness.

/// Some simulations: a power of two of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Simulations {
    seed: u64,
    bits: u32,
}

impl Simulations {
    /// As many as a power of two is not more than `most`; at least one.
    pub(super) fn at_most(most: usize, seed: u64) -> Simulations {
        Simulations { seed, bits: most.max(1).ilog2() }
    }

    /// How many.
    pub(super) fn count(self) -> usize {
        1 << self.bits
    }

    /// The chance that a step has in one of them, above 0 and below 1. Over all simulations a step has each chance once, evenly
    /// apart: few simulations tell its middle as well as many. And it has them whatever becomes of other steps, so that two
    /// forecasts that differ in one step differ by that step alone.
    pub(super) fn chance(self, simulation: usize, place: u32) -> f64 {
        let mask = (1_u64 << self.bits) - 1;
        let key = splitmix(self.seed ^ u64::from(place).wrapping_mul(0xd134_2543_de82_ef95));
        // Each of these turns every number below the power of two into another one, and no two into the same.
        let mixed = (simulation as u64).wrapping_mul(key | 1).wrapping_add(key >> 32) & mask;
        let folded = mixed ^ (mixed >> (self.bits / 2 + 1));
        let slot = folded.wrapping_mul((key >> 16) | 1).wrapping_add(key >> 48) & mask;
        (slot as f64 + 0.5) / self.count() as f64
    }
}

/// One step of the generator SplitMix64 (Steele, Lea and Flood 2014), from that state.
fn splitmix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_one_that_is_published() {
        // The first value of the reference implementation with the seed 1234567.
        assert_eq!(splitmix(1_234_567), 6_457_827_717_110_365_317);
    }

    #[test]
    fn a_step_has_every_chance_once() {
        for most in [1, 2, 3, 7, 300] {
            let all = Simulations::at_most(most, 7);
            assert!(all.count() <= most && all.count() * 2 > most);
            for place in 0..50 {
                let mut chances: Vec<f64> = (0..all.count()).map(|n| all.chance(n, place)).collect();
                chances.sort_by(f64::total_cmp);
                let evenly = (0..all.count()).map(|n| (n as f64 + 0.5) / all.count() as f64);
                assert!(chances.into_iter().eq(evenly));
            }
        }
    }

    /// The chances of two steps in the same simulations say nothing of each other.
    #[test]
    fn the_chances_of_two_steps_are_hardly_alike() {
        let all = Simulations::at_most(256, 1);
        let alike = |a: u32, b: u32| {
            let both = (0..all.count()).map(|n| (all.chance(n, a) - 0.5) * (all.chance(n, b) - 0.5)).sum::<f64>();
            (both * 12.0 / all.count() as f64).abs()
        };
        let pairs: Vec<f64> = (0..40).flat_map(|a| (0..a).map(move |b| alike(a, b))).collect();
        let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
        assert!(mean < 0.08, "{mean}");
    }
}
