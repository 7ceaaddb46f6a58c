//! Chances that are the same wherever and whenever they are asked for: the rules know no randomness.

/// A chance from 0 up to 1, for one step in one simulation. A step has the same chances whatever becomes of the others, so that
/// two forecasts that differ in one step differ by that step alone.
pub(super) fn chance(seed: u64, simulation: u64, place: u32) -> f64 {
    let one = splitmix(seed ^ simulation.wrapping_mul(0xd134_2543_de82_ef95));
    let bits = splitmix(one ^ u64::from(place).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // 53 bits are what a float holds exactly.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
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
    fn chances_spread_evenly_and_do_not_repeat() {
        let mut tenths = [0_usize; 10];
        for simulation in 0..100 {
            for place in 0..100 {
                let chance = chance(7, simulation, place);
                assert!((0.0..1.0).contains(&chance));
                tenths[(chance * 10.0) as usize] += 1;
            }
        }
        assert!(tenths.iter().all(|count| (900..1_100).contains(count)), "{tenths:?}");
        assert_ne!(chance(1, 0, 1), chance(1, 1, 0));
        assert_ne!(chance(1, 0, 0), chance(2, 0, 0));
    }
}
