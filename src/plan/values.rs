//! What single values can be taken for, by the type of their field.

use std::ops::RangeInclusive;

use crate::core::ids::{BadId, MAX_ID};
use crate::core::time::{BadSpan, Moment, Span};

use super::fields::Field;
use super::tree::{Node, Style, Value, is_null_word};

/// Longest name, in characters.
pub(crate) const MAX_NAME: usize = 200;
/// Longest text of other fields, in characters.
pub(crate) const MAX_TEXT: usize = 16_384;

/// What a number without a unit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    /// Nothing: a unit is required.
    Refused,
    /// Minutes, as DL-1 has them in its own fields.
    Minutes,
    /// Seconds, likewise.
    Seconds,
}

/// A text from the file as a message shows it: in quotes, harmless, and short.
pub(crate) fn quote(text: &str) -> String {
    format!("\"{}\"", bare(text))
}

/// [`quote`] without the quotes: for numbers, and in lists of names.
pub(crate) fn bare(text: &str) -> String {
    const SHOWN: usize = 60;
    let shown: String = text.chars().take(SHOWN).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    // As in a debugger, but for the single quote, which needs no escape in double ones.
    let escaped = |c: char| if c == '\'' { c.to_string() } else { c.escape_debug().to_string() };
    shown.chars().map(escaped).chain([more.to_owned()]).collect()
}

/// What stands there, for messages.
pub(crate) fn found(node: &Node) -> String {
    match &node.value {
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
        Value::Scalar { text, style: Style::Plain } if is_null_word(text) => "nothing".to_owned(),
        Value::Scalar { text, style: Style::Plain } if text.parse::<f64>().is_ok() && begins_number(text) => {
            format!("the number {}", bare(text))
        }
        Value::Scalar { text, style: Style::Plain } if matches!(text.as_str(), "true" | "false") => text.clone(),
        Value::Scalar { text, .. } => format!("the text {}", quote(text)),
    }
}

fn begins_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
}

/// Digits after a zero: octal to some readers of YAML, decimal to others.
pub(crate) fn is_ambiguous_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let rest = digits.strip_prefix('0').unwrap_or("");
    !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
}

/// What is wrong with a text as a duration, and what would be right.
pub(crate) fn bad_span(text: &str, why: &BadSpan) -> (String, String) {
    let shown = quote(text);
    let usual = "a duration such as 90s, 30m or 1h30m".to_owned();
    match why {
        BadSpan::NoUnit(number) => (format!("{shown} has no unit"), format!("{number}s, {number}m or {number}h")),
        BadSpan::UnknownUnit(unit) => {
            (format!("{} in {shown} is no unit of time", quote(unit)), "ms, s, m, h or d".to_owned())
        }
        BadSpan::NotADuration(_) => (format!("{shown} is no duration"), usual),
        BadSpan::TooLong(_) => (format!("{shown} is more than ten years"), usual),
    }
}

impl<'t> Field<'t> {
    /// The text of a scalar, whatever it could mean otherwise: `no` is "no" here.
    pub(crate) fn raw(&self) -> Option<&'t str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => Some(text),
            _ => self.wrong_type("a text", Some("a text".to_owned())),
        }
    }

    /// A text of one line and at most [`MAX_NAME`] characters, without space around it.
    pub(crate) fn name(&self) -> Option<String> {
        let text = self.raw()?.trim();
        if text.is_empty() {
            return self.wrong("it is empty", Some("a text".to_owned()));
        }
        if text.contains(['\n', '\r', '\t']) {
            return self.wrong("a line end or a tab cannot stand in it", Some("a text of one line".to_owned()));
        }
        self.at_most(text, MAX_NAME)
    }

    /// A text of any number of lines, without space at its end.
    pub(crate) fn prose(&self) -> Option<String> {
        self.at_most(self.raw()?.trim_end(), MAX_TEXT)
    }

    /// [`Field::prose`] that says something.
    pub(crate) fn sentence(&self) -> Option<String> {
        match self.prose()? {
            text if text.trim().is_empty() => self.wrong("it is empty", Some("a sentence".to_owned())),
            text => Some(text),
        }
    }

    /// A text as it is, line ends at its end included.
    pub(crate) fn verbatim(&self) -> Option<String> {
        self.at_most(self.raw()?, MAX_TEXT)
    }

    fn at_most(&self, text: &str, limit: usize) -> Option<String> {
        let length = text.chars().count();
        if length > limit {
            let what = format!("it has {length} characters; at most {limit} are allowed");
            return self.wrong(what, Some("a shorter text".to_owned()));
        }
        Some(text.to_owned())
    }

    /// An identifier.
    pub(crate) fn id<I: TryFrom<String, Error = BadId>>(&self) -> Option<I> {
        let text = self.raw()?;
        match I::try_from(text.to_owned()) {
            Ok(id) => Some(id),
            Err(why) => {
                let why = match why {
                    BadId::Empty => "is empty".to_owned(),
                    BadId::TooLong(length) => format!("has {length} characters"),
                    BadId::BadCharacter(c @ ('-' | '_' | '.')) => format!("begins with {c:?}"),
                    BadId::BadCharacter(c) => format!("has {c:?} in it"),
                };
                let right = format!("1 to {MAX_ID} letters, digits, '-', '_' and '.', the first a letter or digit");
                self.wrong(format!("{} is no identifier: it {why}", quote(text)), Some(right))
            }
        }
    }

    /// A whole number within limits.
    pub(crate) fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let (low, high) = (*range.start(), *range.end());
        let example = format!("a whole number from {low} to {high}");
        let Value::Scalar { text, style: Style::Plain } = &self.node.value else {
            return self.wrong_type("a whole number", Some(format!("{example}, without quotes")));
        };
        if is_ambiguous_number(text) {
            return self.octal(text);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return self.wrong_type("a whole number", Some(example));
        }
        match text.parse().ok().filter(|n| range.contains(n)) {
            Some(number) => Some(number),
            None => self.wrong(format!("{} is out of range", bare(text)), Some(example)),
        }
    }

    /// A number that DL-1 gives for information.
    pub(crate) fn number(&self) -> Option<f64> {
        self.number_like("75")
    }

    /// A number; `example` is one.
    pub(crate) fn number_like(&self, example: &str) -> Option<f64> {
        match &self.node.value {
            Value::Scalar { text, style: Style::Plain } if begins_number(text) && !is_ambiguous_number(text) => {
                text.parse().ok().filter(|n: &f64| n.is_finite())
            }
            _ => None,
        }
        .or_else(|| self.wrong_type("a number", Some(format!("a number such as {example}"))))
    }

    /// `true` or `false`, and no other word.
    pub(crate) fn flag(&self) -> Option<bool> {
        match &self.node.value {
            Value::Scalar { text, style: Style::Plain } if matches!(text.as_str(), "true" | "True" | "TRUE") => {
                Some(true)
            }
            Value::Scalar { text, style: Style::Plain } if matches!(text.as_str(), "false" | "False" | "FALSE") => {
                Some(false)
            }
            _ => self.wrong_type("true or false", Some("true or false".to_owned())),
        }
    }

    /// A moment, RFC 3339.
    pub(crate) fn moment(&self) -> Option<Moment> {
        let text = self.raw()?;
        match text.parse() {
            Ok(moment) => Some(moment),
            Err(_) => self.wrong(
                format!("{} is no moment", quote(text)),
                Some("RFC 3339, as in 2024-04-01T00:00:00Z".to_owned()),
            ),
        }
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.raw()?;
        let known = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if known.is_none() {
            let right = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            return self.wrong(format!("{} is not known here", quote(text)), Some(format!("one of {right}")));
        }
        known
    }

    /// A duration.
    pub(crate) fn span(&self, bare: Bare) -> Option<Span> {
        let Value::Scalar { text, style } = &self.node.value else {
            return self.wrong_type("a duration", Some("a duration such as 90s, 30m or 1h30m".to_owned()));
        };
        let text = text.trim();
        let unit = match (bare, style) {
            (Bare::Minutes, Style::Plain) => "m",
            (Bare::Seconds, Style::Plain) => "s",
            _ => "",
        };
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if is_number && !unit.is_empty() && is_ambiguous_number(text) {
            return self.octal(text);
        }
        let parsed = if is_number { format!("{text}{unit}").parse() } else { text.parse() };
        match parsed {
            Ok(span) => Some(span),
            Err(why) => {
                let (what, right) = bad_span(text, &why);
                self.wrong(what, Some(right))
            }
        }
    }

    fn octal<T>(&self, text: &str) -> Option<T> {
        let digits = text.trim_start_matches(['-', '0']);
        let right = if digits.is_empty() { "0" } else { digits };
        self.wrong(format!("{} begins with 0, which some read as octal", bare(text)), Some(bare(right)))
    }

    /// A duration with a unit, within limits.
    pub(crate) fn span_within(&self, low: Span, high: Span) -> Option<Span> {
        let span = self.span(Bare::Refused)?;
        if span < low || span > high {
            let right = format!("a duration from {low} to {high}");
            return self.wrong(format!("{} is out of range", bare(self.raw()?)), Some(right));
        }
        Some(span)
    }
}
