//! Whether what was measured is too much.

use std::collections::BTreeMap;

use super::super::plan::{Limit, Limits, Measure, Side, Unit};
use super::super::time::Span;
use super::Found;

/// Judges what was measured by the limits: the first that is crossed, the worst first, says why. What was not measured crosses
/// no limit.
#[must_use]
pub fn judge(limits: &Limits, measured: &BTreeMap<Measure, f64>) -> (Found, Option<String>) {
    let crossed = |limit: &&Limit| measured.get(&limit.measure).is_some_and(|value| limit.is_crossed_by(*value));
    let says = |limit: &Limit| {
        let value = measured.get(&limit.measure).copied().unwrap_or_default();
        let (unit, bound) = (limit.measure.unit(), if limit.side == Side::Above { "limit" } else { "at least" });
        let word = limit.measure.word().replace('_', " ");
        format!("{word} {}, {bound} {}", quantity(value, unit), quantity(limit.at, unit))
    };
    if let Some(limit) = limits.fail.iter().find(crossed) {
        return (Found::Bad, Some(says(limit)));
    }
    match limits.warn.iter().find(crossed) {
        Some(limit) => (Found::Degraded, Some(says(limit))),
        None => (Found::Good, None),
    }
}

/// A value in its unit, as people read it: `4s`, `1.5 GiB`, `93 %`, `0.72`.
#[must_use]
pub fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Time if value < 0.0 => format!("-{}", quantity(-value, unit)),
        Unit::Time => Span::from_micros((value * 1e6) as u64).to_string(),
        Unit::Bytes => bytes(value),
        Unit::Percent => format!("{} %", short(value)),
        Unit::Number => short(value),
    }
}

/// At most three digits behind the point, and none that say nothing.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn bytes(value: f64) -> String {
    const STEPS: [(f64, &str); 4] =
        [(1_099_511_627_776.0, "TiB"), (1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1_024.0, "KiB")];
    match STEPS.iter().find(|(step, _)| value.abs() >= *step) {
        Some((step, unit)) => format!("{:.1} {unit}", value / step),
        None => format!("{value:.0} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(measure: Measure, at: f64) -> Limit {
        Limit { measure, side: measure.side(), at }
    }

    #[test]
    fn the_worst_limit_that_is_crossed_says_why() {
        let limits = Limits {
            warn: vec![limit(Measure::Lag, 10.0), limit(Measure::Free, 1_073_741_824.0)],
            fail: vec![limit(Measure::Lag, 60.0)],
        };
        type Row<'a> = (&'a [(Measure, f64)], Found, Option<&'a str>);
        let table: [Row<'_>; 5] = [
            (&[(Measure::Lag, 10.0)], Found::Good, None),
            (&[(Measure::Lag, 11.0)], Found::Degraded, Some("lag 11s, limit 10s")),
            (&[(Measure::Lag, 61.0)], Found::Bad, Some("lag 1m01s, limit 1m00s")),
            (&[(Measure::Free, 524_288.0)], Found::Degraded, Some("free 512.0 KiB, at least 1.0 GiB")),
            (&[], Found::Good, None),
        ];
        for (measured, found, why) in table {
            let measured: BTreeMap<Measure, f64> = measured.iter().copied().collect();
            assert_eq!(judge(&limits, &measured), (found, why.map(str::to_owned)), "{measured:?}");
        }
    }

    #[test]
    fn quantities_read_in_their_units() {
        for (value, unit, text) in [
            (0.25, Unit::Time, "250ms"),
            (93.0, Unit::Percent, "93 %"),
            (0.725, Unit::Number, "0.725"),
            (12.0, Unit::Number, "12"),
            (1_610_612_736.0, Unit::Bytes, "1.5 GiB"),
        ] {
            assert_eq!(quantity(value, unit), text);
        }
    }
}
