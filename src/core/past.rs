//! A moment in the past, as people name it.

use serde::{Deserialize, Serialize};

use super::time::{BadSpan, Moment, Span};

/// A moment in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Past {
    /// By the wall clock that the times of an incident are shown by.
    At(Moment),
    /// So long before now.
    Ago(Span),
}

/// Why a text names no moment in the past.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPast {
    /// Neither a moment nor a length of time.
    #[error("{0:?} is no moment; write -15m, 03:14:51Z or 2026-11-21T03:14:51Z")]
    NotAMoment(String),
    /// A length of time that is none.
    #[error("-{0}")]
    BadSpan(BadSpan),
}

const DAY: i64 = 86_400_000_000;

impl Past {
    /// Reads `-15m` (before now), `03:14:51Z` or `03:14Z` (of the last day until `latest`), or RFC 3339.
    ///
    /// # Errors
    /// [`BadPast`] says what would be right.
    pub fn read(text: &str, latest: Moment) -> Result<Past, BadPast> {
        let text = text.trim();
        if let Some(ago) = text.strip_prefix('-') {
            return ago.parse().map(Past::Ago).map_err(BadPast::BadSpan);
        }
        let bad = || BadPast::NotAMoment(text.to_owned());
        let Some(of_day) = time_of_day(text) else { return text.parse().map(Past::At).map_err(|_| bad()) };
        let at = latest.micros().div_euclid(DAY).saturating_mul(DAY).saturating_add(of_day);
        Ok(Past::At(Moment::from_micros(if at > latest.micros() { at - DAY } else { at })))
    }
}

/// Microseconds since midnight of `HH:MM:SS` or `HH:MM`, with or without `Z`.
fn time_of_day(text: &str) -> Option<i64> {
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let parts: Option<Vec<i64>> = text
        .split(':')
        .map(|part| part.parse().ok().filter(|_| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())))
        .collect();
    let (hours, minutes, seconds) = match parts?.as_slice() {
        [hours, minutes] => (*hours, *minutes, 0),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    (hours < 24 && minutes < 60 && seconds < 60).then_some((hours * 3_600 + minutes * 60 + seconds) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_named_as_it_is_shown_or_by_how_long_ago_it_was() {
        let latest: Moment = "2026-11-21T03:14:51Z".parse().unwrap();
        let at = |text: &str| Ok(Past::At(text.parse().unwrap()));
        for (text, expected) in [
            ("-15m", Ok(Past::Ago(Span::from_secs(900)))),
            (" -1h30m ", Ok(Past::Ago(Span::from_secs(5_400)))),
            ("03:14:51Z", at("2026-11-21T03:14:51Z")),
            ("03:10", at("2026-11-21T03:10:00Z")),
            ("23:59Z", at("2026-11-20T23:59:00Z")),
            ("2026-11-19T23:59:00+01:00", at("2026-11-19T22:59:00Z")),
            ("-15", Err("-15 has no unit; write 15s, 15m or 15h".to_owned())),
            ("24:00", Err("\"24:00\" is no moment; write -15m, 03:14:51Z or 2026-11-21T03:14:51Z".to_owned())),
            ("3:10", Err("\"3:10\" is no moment; write -15m, 03:14:51Z or 2026-11-21T03:14:51Z".to_owned())),
            ("soon", Err("\"soon\" is no moment; write -15m, 03:14:51Z or 2026-11-21T03:14:51Z".to_owned())),
        ] {
            assert_eq!(Past::read(text, latest).map_err(|why| why.to_string()), expected, "{text}");
        }
    }
}
