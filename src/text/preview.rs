//! What a preview says of steps, beside what they do.

use crate::core::preview::Expected;

/// How long a step is expected to take, and how that is known: `about 9s, as in 3 earlier runs`.
#[must_use]
pub fn expected(expected: Expected) -> String {
    match expected {
        Expected::Earlier { median, runs: 1 } => format!("about {median}, as in 1 earlier run"),
        Expected::Earlier { median, runs } => format!("about {median}, as in {runs} earlier runs"),
        Expected::Estimate(span) => format!("about {span}, its author says"),
        Expected::Unknown => "nobody knows how long".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Span;

    #[test]
    fn a_length_of_time_says_how_it_is_known() {
        let median = Span::from_secs(9);
        for (given, sentence) in [
            (Expected::Earlier { median, runs: 1 }, "about 9s, as in 1 earlier run"),
            (Expected::Earlier { median, runs: 3 }, "about 9s, as in 3 earlier runs"),
            (Expected::Estimate(Span::from_secs(120)), "about 2m00s, its author says"),
            (Expected::Unknown, "nobody knows how long"),
        ] {
            assert_eq!(expected(given), sentence);
        }
    }
}
