//! Decimal numbers, compared exactly: positions in a log have more digits than a float keeps, and two that differ must never
//! be called equal.

use std::cmp::Ordering;
use std::str::FromStr;

/// A decimal number. Only what is needed to compare it is kept: `1`, `1.0` and `10e-1` are one number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    /// Where the point stands, counted from before the first digit.
    point: i64,
}

/// A text that is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no number; write it like 3, -1 or 0.5")]
pub struct BadNumber(pub String);

impl FromStr for Number {
    type Err = BadNumber;

    /// A sign, digits, a fraction, and an exponent as JSON has it; all but the digits can be left out.
    fn from_str(text: &str) -> Result<Number, BadNumber> {
        parse(text).ok_or_else(|| BadNumber(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        // Of 32 bits, so that no sum below can overflow.
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let all = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all(whole) || !all(fraction) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let digits = digits.trim_matches('0').to_owned();
    if digits.is_empty() {
        return Some(Number { negative: false, digits, point: 0 });
    }
    let point = i64::from(exponent) + i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
    Some(Number { negative: text.starts_with('-'), digits, point })
}

impl Number {
    /// Compares without the sign.
    fn size(&self, other: &Number) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            // A shorter text of digits comes first, as if zeros followed it.
            (false, false) => self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits)),
            (mine, theirs) => theirs.cmp(&mine),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.size(other),
            (true, true) => other.size(self),
            (mine, theirs) => theirs.cmp(&mine),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_stand_in_their_order() {
        let sorted = [
            "-1e400",
            "-18446744073709551617",
            "-18446744073709551616",
            "-10",
            "-9.5",
            "-1",
            "-0.01",
            "0",
            "1e-400",
            "0.009",
            "0.01",
            "0.1",
            "0.11",
            "1",
            "1.0000000000000000000000001",
            "2",
            "9",
            "10",
            "+11",
            "99.9",
            "100",
            "1e400",
        ];
        for pair in sorted.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
            assert!(number(pair[1]) > number(pair[0]), "{pair:?}");
        }
    }

    #[test]
    fn one_number_has_many_spellings() {
        for spellings in [
            &["0", "-0", "0.0", "+0e9", "00"][..],
            &["1", "1.0", "+01", "10e-1", "0.1E1", "0.01e+2"],
            &["-120", "-120.0", "-1.2e2", "-0120"],
        ] {
            for text in spellings {
                assert_eq!(number(text), number(spellings[0]), "{text}");
                assert_eq!(number(text).cmp(&number(spellings[0])), Ordering::Equal, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "-",
            "+",
            ".5",
            "5.",
            "1.2.3",
            "1e",
            "1e1.5",
            "1e99999999999",
            "e5",
            "inf",
            "NaN",
            "0x10",
            "1_000",
            " 1",
            "١",
        ] {
            assert_eq!(text.parse::<Number>(), Err(BadNumber(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_whole_numbers(a in -2_000_i64..2_000, b in -2_000_i64..2_000, shift in -30_i32..30) {
            let shifted = |n: i64| number(&format!("{n}e{shift}"));
            prop_assert_eq!(shifted(a).cmp(&shifted(b)), a.cmp(&b));
            prop_assert_eq!(number(&format!("{a}.5")).cmp(&number(&format!("{b}.5"))), halves(a).cmp(&halves(b)));
        }

        #[test]
        fn any_text_is_a_number_or_refused(text in "[-+0-9.eE]{0,12}|\\PC{0,12}") {
            let is_one = text.parse::<Number>().is_ok();
            prop_assert_eq!(is_one, is_one && text.parse::<f64>().is_ok());
        }
    }

    /// `-0` is no whole number: `-0.5` cannot be asked for.
    fn halves(n: i64) -> i64 {
        2 * n + if n < 0 { -1 } else { 1 }
    }
}
