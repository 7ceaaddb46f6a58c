//! `warn` and `fail`: what is too much of what a probe measures.

use crate::core::plan::{Limit, Limits, Measure, Side, Unit, measures};
use crate::core::time::Span;

use super::super::fields::{Field, Fields};
use super::super::resolve::LONGEST;
use super::super::values::quote;

/// The limits of a probe of that kind. `max_latency` is short for `warn: {latency: …}`.
pub(super) fn read(fields: &Fields<'_>, kind: &str, timeout: Option<Span>) -> Limits {
    let mut warn = fields.get("warn").map(|f| some(&f, kind)).unwrap_or_default();
    warn.extend(fields.get("max_latency").and_then(|field| max_latency(&field, kind, timeout)));
    let fail = fields.get("fail").map(|f| some(&f, kind)).unwrap_or_default();
    for limit in &warn {
        let before = |fail: &&Limit| fail.measure == limit.measure && fail.side == limit.side && fail.at != limit.at;
        let milder = |fail: &Limit| (limit.side == Side::Above) == (limit.at > fail.at);
        if let Some(field) = fields.get("warn")
            && fail.iter().find(before).is_some_and(milder)
        {
            let word = limit.measure.word();
            field.doubt(format!("{word} fails before it warns"), Some("a warning that comes first".to_owned()));
        }
    }
    Limits { warn, fail }
}

/// Trouble in a log is trouble, unless a limit says from how many lines on.
pub(super) fn any_match_fails(limits: &mut Limits) {
    let is_limited = limits.warn.iter().chain(&limits.fail).any(|limit| limit.measure == Measure::Matches);
    if !is_limited {
        limits.fail.push(Limit { measure: Measure::Matches, side: Side::Above, at: 0.0 });
    }
}

fn max_latency(field: &Field<'_>, kind: &str, timeout: Option<Span>) -> Option<Limit> {
    let latency = field.span_within(Span::from_millis(1), LONGEST)?;
    if !kind.is_empty() && !measures(kind).contains(&Measure::Latency) {
        return field.wrong(format!("a probe of kind {kind} waits for no answer"), Some("leave it out".to_owned()));
    }
    if timeout.is_some_and(|timeout| latency >= timeout) {
        let why = format!("{latency} is not below timeout; an answer that slow is bad already");
        field.doubt(why, timeout.map(|t| format!("less than {t}")));
    }
    Some(Limit { measure: Measure::Latency, side: Side::Above, at: seconds(latency) })
}

fn some(field: &Field<'_>, kind: &str) -> Vec<Limit> {
    let known = measures(kind);
    let example =
        known.first().map_or("value: 1".to_owned(), |measure| format!("{}: {}", measure.word(), like(measure.unit())));
    let entries = field.entries(&format!("{{{example}}}"));
    entries.iter().filter_map(|(word, field)| limit(word, field, known, kind)).collect()
}

fn limit(word: &str, field: &Field<'_>, known: &[Measure], kind: &str) -> Option<Limit> {
    let (measure, side) = match word {
        "above" => (Measure::Value, Side::Above),
        "below" => (Measure::Value, Side::Below),
        _ => {
            let measure = Measure::ALL.into_iter().find(|m| m.word() == word && *m != Measure::Value);
            measure.map_or((Measure::Value, Side::Above), |m| (m, m.side()))
        }
    };
    let named = matches!(word, "above" | "below") || measure != Measure::Value;
    if !named || !known.contains(&measure) {
        if !kind.is_empty() {
            let what = format!("a probe of kind {kind} measures no {}", quote(word));
            return field.wrong(what, Some(words(known)));
        }
        return None;
    }
    let at = match measure.unit() {
        Unit::Time => seconds(field.span_within(Span::ZERO, LONGEST)?),
        Unit::Bytes => field.size()? as f64,
        Unit::Percent => percent(field)?,
        Unit::Number => field.number_like("0.8")?,
    };
    Some(Limit { measure, side, at })
}

/// What can be limited, as it is written.
fn words(known: &[Measure]) -> String {
    let word = |measure: &Measure| if *measure == Measure::Value { "above or below" } else { measure.word() };
    match known {
        [] => "leave it out: it measures nothing".to_owned(),
        known => known.iter().map(word).collect::<Vec<_>>().join(", "),
    }
}

fn like(unit: Unit) -> &'static str {
    match unit {
        Unit::Time => "30s",
        Unit::Bytes => "10GiB",
        Unit::Percent => "90%",
        Unit::Number => "0.8",
    }
}

fn seconds(span: Span) -> f64 {
    span.micros() as f64 / 1e6
}

fn percent(field: &Field<'_>) -> Option<f64> {
    let text = field.raw()?;
    let number = text.strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok());
    match number.filter(|n| (0.0..=100.0).contains(n)) {
        Some(number) => Some(number),
        None => {
            field.wrong(format!("{} is no share", quote(text)), Some("a share of the whole, such as 90%".to_owned()))
        }
    }
}
