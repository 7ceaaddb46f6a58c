//! Moments, durations, and how long something has lasted when clocks may jump and machines may restart.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Deserialize, Serialize};

use super::ids::BootId;

/// A moment in UTC, to the microsecond. Reads `03:44:55Z` on screens, RFC 3339 in records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(DateTime<Utc>);

impl Moment {
    /// The moment that many microseconds after 1970-01-01T00:00:00Z; values past what a calendar holds become its start.
    #[must_use]
    pub fn from_micros(micros: i64) -> Moment {
        Moment(DateTime::from_timestamp_micros(micros).unwrap_or_default())
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// How long after `earlier`; nothing when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Span {
        Span::from_micros(u64::try_from(self.micros().saturating_sub(earlier.micros())).unwrap_or(0))
    }

    /// That much later.
    #[must_use]
    pub fn plus(self, span: Span) -> Moment {
        Moment::from_micros(self.micros().saturating_add(i64::try_from(span.micros()).unwrap_or(i64::MAX)))
    }

    /// `YYYYMMDD-HHMMSS`, as incidents are numbered.
    #[must_use]
    pub fn compact(self) -> String {
        self.0.format("%Y%m%d-%H%M%S").to_string()
    }

    /// `2026-11-21 03:44:55Z`, for documents and lists that span days.
    #[must_use]
    pub fn dated(self) -> String {
        self.0.format("%Y-%m-%d %H:%M:%SZ").to_string()
    }

    /// RFC 3339 with microseconds.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.0.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    }

    /// Whether both fall on one UTC day.
    #[must_use]
    pub fn same_day(self, other: Moment) -> bool {
        self.0.num_days_from_ce() == other.0.num_days_from_ce()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.0.time();
        f.pad(&format!("{:02}:{:02}:{:02}Z", t.hour(), t.minute(), t.second()))
    }
}

impl FromStr for Moment {
    type Err = chrono::ParseError;
    fn from_str(text: &str) -> Result<Moment, chrono::ParseError> {
        DateTime::parse_from_rfc3339(text).map(|t| Moment(t.to_utc()))
    }
}

/// A length of time, to the microsecond. Reads `9m40s`; written in plans as `90s`, `30m`, `1h30m`, `800ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(u64);

/// Longest span that a file or a person may give: ten years.
pub const MAX_SPAN: Span = Span::from_secs(10 * 365 * 86_400);

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSpan {
    /// Digits without a unit.
    #[error("{0} has no unit; write {0}s, {0}m or {0}h")]
    NoUnit(String),
    /// A unit nobody knows.
    #[error("{0:?} is no unit of time; ms, s, m, h and d are")]
    UnknownUnit(String),
    /// Neither digits nor units.
    #[error("{0:?} is no duration; write it like 90s, 30m or 1h30m")]
    NotADuration(String),
    /// More than [`MAX_SPAN`].
    #[error("{0:?} is more than ten years")]
    TooLong(String),
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// From microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Span {
        Span(micros)
    }

    /// From milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Span {
        Span(millis.saturating_mul(1_000))
    }

    /// From seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Span {
        Span(secs.saturating_mul(1_000_000))
    }

    /// In microseconds.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// In whole milliseconds.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 / 1_000
    }

    /// In whole seconds.
    #[must_use]
    pub const fn secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }

    /// What is left of it after `other`; nothing when `other` is longer.
    #[must_use]
    pub const fn minus(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }

    /// In whole seconds, rounded up: for a limit, which must not be shown smaller than it is.
    #[must_use]
    pub const fn up_to_seconds(self) -> Span {
        Span::from_secs(self.0.div_ceil(1_000_000))
    }

    /// The same in the standard library's type.
    #[must_use]
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0)
    }

    /// Exact and readable back by [`Span::from_str`], unlike the display, which rounds to what a person needs.
    #[must_use]
    pub fn exact(self) -> String {
        match self.0 {
            us if us % 1_000_000 == 0 => format!("{}s", us / 1_000_000),
            us if us % 1_000 == 0 => format!("{}ms", us / 1_000),
            us => format!("{us}us"),
        }
    }
}

impl From<std::time::Duration> for Span {
    fn from(duration: std::time::Duration) -> Span {
        Span(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ms, s) = (self.millis(), self.secs());
        let text = match s {
            0 if ms == 0 => "0s".to_owned(),
            0 => format!("{ms}ms"),
            1..60 => format!("{s}s"),
            60..3_600 => format!("{}m{:02}s", s / 60, s % 60),
            3_600..86_400 => format!("{}h{:02}m", s / 3_600, s / 60 % 60),
            _ => format!("{}d{:02}h", s / 86_400, s / 3_600 % 24),
        };
        f.pad(&text)
    }
}

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Span, BadSpan> {
        let whole = text.trim();
        let nonsense = || BadSpan::NotADuration(whole.to_owned());
        if !whole.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(nonsense());
        }
        let (mut rest, mut total) = (whole, 0_u64);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            if number.is_empty() {
                return Err(nonsense());
            }
            let micros = match unit {
                "" if tail.is_empty() => return Err(BadSpan::NoUnit(number.to_owned())),
                "us" => 1,
                "ms" => 1_000,
                "s" | "sec" => 1_000_000,
                "m" | "min" => 60_000_000,
                "h" => 3_600_000_000,
                "d" => 86_400_000_000,
                "" => return Err(nonsense()),
                other => return Err(BadSpan::UnknownUnit(other.to_owned())),
            };
            let value: u64 = number.parse().map_err(|_| BadSpan::TooLong(whole.to_owned()))?;
            total = value
                .checked_mul(micros)
                .and_then(|us| total.checked_add(us))
                .filter(|us| *us <= MAX_SPAN.0)
                .ok_or_else(|| BadSpan::TooLong(whole.to_owned()))?;
            rest = tail.trim_start();
        }
        Ok(Span(total))
    }
}

impl TryFrom<String> for Span {
    type Error = BadSpan;
    fn try_from(text: String) -> Result<Span, BadSpan> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> String {
        span.exact()
    }
}

/// When something happened: the wall clock for people, and the machine's own uptime for measuring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// The wall clock, which may be set forward or back.
    pub utc: Moment,
    /// The boot that `uptime` counts from.
    pub boot: BootId,
    /// Time since that boot, suspend included (`CLOCK_BOOTTIME`).
    pub uptime: Span,
}

/// Whether a length of time was measured or had to be taken from wall clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exactness {
    /// Measured within one boot.
    Measured,
    /// Across boots, from wall clocks that may have been set; shown with `~`.
    ByWallClock,
}

/// How long something lasted, and how well that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Elapsed {
    /// The length.
    pub span: Span,
    /// How it is known.
    pub exactness: Exactness,
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exactness {
            Exactness::Measured => self.span.fmt(f),
            Exactness::ByWallClock => f.pad(&format!("~{}", self.span)),
        }
    }
}

impl Now {
    /// How long after `earlier`: by uptime within one boot, else by the wall clock.
    #[must_use]
    pub fn since(&self, earlier: &Now) -> Elapsed {
        if self.boot == earlier.boot {
            Elapsed { span: self.uptime.minus(earlier.uptime), exactness: Exactness::Measured }
        } else {
            Elapsed { span: self.utc.since(earlier.utc), exactness: Exactness::ByWallClock }
        }
    }

    /// How long after `earlier` at the least: across boots no less than the present one has lasted, so that whatever waits for
    /// its time is not held up by a wall clock that was set back.
    #[must_use]
    pub fn surely_since(&self, earlier: &Now) -> Span {
        let span = self.since(earlier).span;
        if self.boot == earlier.boot { span } else { span.max(self.uptime) }
    }

    /// That much earlier by the same clocks; before the boot only the wall clock is left to go by.
    #[must_use]
    pub fn earlier(&self, span: Span) -> Now {
        self.moved(-i64::try_from(span.micros()).unwrap_or(i64::MAX))
    }

    /// The moment at which this one's wall clock, not set meanwhile, reads so.
    #[must_use]
    pub fn at(&self, utc: Moment) -> Now {
        self.moved(utc.micros().saturating_sub(self.utc.micros()))
    }

    fn moved(&self, micros: i64) -> Now {
        let utc = Moment::from_micros(self.utc.micros().saturating_add(micros));
        let uptime = self.uptime.micros().checked_add_signed(micros).map(Span::from_micros);
        match uptime {
            Some(uptime) => Now { utc, boot: self.boot.clone(), uptime },
            None => Now { utc, boot: BootId::earlier(utc), uptime: Span::ZERO },
        }
    }

    /// Whether it was before `other`: by uptime within one boot, else by the wall clock.
    #[must_use]
    pub fn is_before(&self, other: &Now) -> bool {
        if self.boot == other.boot { self.uptime < other.uptime } else { self.utc < other.utc }
    }
}

/// The earliest of some moments.
pub(super) fn first_of<'a>(moments: impl Iterator<Item = &'a Now>) -> Option<&'a Now> {
    moments.reduce(|first, other| if other.is_before(first) { other } else { first })
}

/// The latest of some moments.
pub(super) fn last_of<'a>(moments: impl Iterator<Item = &'a Now>) -> Option<&'a Now> {
    moments.reduce(|last, other| if last.is_before(other) { other } else { last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(boot: &str, utc: i64, uptime: u64) -> Now {
        Now {
            utc: Moment::from_micros(utc * 1_000_000),
            boot: BootId::new(boot).unwrap(),
            uptime: Span::from_secs(uptime),
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!("90s".parse(), Ok(Span::from_secs(90)));
        assert_eq!("1h30m".parse(), Ok(Span::from_secs(5_400)));
        assert_eq!("800ms".parse(), Ok(Span::from_millis(800)));
        assert_eq!("2d".parse(), Ok(Span::from_secs(172_800)));
        assert_eq!("30".parse::<Span>(), Err(BadSpan::NoUnit("30".into())));
        assert_eq!("3w".parse::<Span>(), Err(BadSpan::UnknownUnit("w".into())));
        assert_eq!("soon".parse::<Span>(), Err(BadSpan::NotADuration("soon".into())));
        assert_eq!("-5s".parse::<Span>(), Err(BadSpan::NotADuration("-5s".into())));
        assert_eq!("99999999999d".parse::<Span>(), Err(BadSpan::TooLong("99999999999d".into())));
        assert_eq!("99999999999999999999s".parse::<Span>(), Err(BadSpan::TooLong("99999999999999999999s".into())));
    }

    #[test]
    fn durations_read_as_people_say_them() {
        for (span, text) in [
            (Span::ZERO, "0s"),
            (Span::from_millis(340), "340ms"),
            (Span::from_secs(9), "9s"),
            (Span::from_secs(580), "9m40s"),
            (Span::from_secs(3_720), "1h02m"),
            (Span::from_secs(90_000), "1d01h"),
        ] {
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn a_stored_duration_is_exact() {
        for us in [0, 1, 999, 1_000, 1_500_000, 60_000_000, 3_600_000_001] {
            let span = Span::from_micros(us);
            assert_eq!(span.exact().parse(), Ok(span));
        }
    }

    #[test]
    fn time_within_a_boot_ignores_a_clock_that_was_set_back() {
        let began = now("a", 1_000_000, 100);
        let later = now("a", 1_000_000 - 86_400, 160);
        assert_eq!(later.since(&began).to_string(), "1m00s");
    }

    #[test]
    fn time_across_boots_is_by_wall_clock_and_says_so() {
        let began = now("a", 1_000_000, 100);
        let later = now("b", 1_000_060, 5);
        assert_eq!(later.since(&began).to_string(), "~1m00s");
    }
}
