//! Conditions: the small typed language of a step's `when`, as in `step.check == failed and lag < 30s`.
//!
//! ```text
//! condition   any of:  one or more, joined by `or`
//! any         all of:  one or more, joined by `and`
//! all         `not` all | `(` condition `)` | value | value OPERATOR value | value [`not`] `in` `[` value `,` … `]`
//! OPERATOR    == != < <= > >=          the last four between numbers, or between durations
//! value       NAME                     a parameter or a named result: letters, digits and `_`, no digit first
//!             step.ID                  how a step stands: done, failed, skipped and so on, see [`OUTCOMES`]
//!             component.ID  site.ID    the worst verdict of its probes, of a site by its rule: ok, degraded, down, unknown, paused; component.db.west is
//!                                      the component `db` at the site `west`
//!             alert.NAME               whether an alert of that name fires, as others say
//!             "text"                   with \" and \\ for those two characters
//!             3  -1  0.5               a number; the sign belongs to it: there is no arithmetic
//!             30s  1h30m               a duration
//!             true  false
//!             done  ok  …              the words of outcomes and verdicts, without quotes
//! ```
//!
//! An ID goes on as long as letters, digits, `.`, `_` and `-` do. What has a meaning of its own (`and`, `or`, `not`, `in`,
//! `true`, `false`, [`OUTCOMES`], [`VERDICTS`]) is no name here, see [`is_reserved`]. Values are compared with values of their
//! own type only; which that is, [`Condition::check`] looks up in a [`Scope`]. Two names are compared as numbers or durations
//! where both values read so, else as texts. `and` and `or` look no further than they must, from left to right:
//! `step.measure == done and lag < 30s` asks for `lag` only when it was measured.

mod check;
mod eval;
mod lex;
mod parse;
mod tree;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::health::Verdict;
use super::param::ParamKind;
use tree::{Expr, Operand, What};

pub use eval::{Unclear, Wanted};

/// Longest condition, in bytes.
pub const MAX_TEXT: usize = 1024;

/// How deep parentheses and `not` may stand inside each other.
pub const MAX_NESTING: usize = 32;

/// How a step can stand, as [`StepState::word`](super::run::StepState::word) says it; `not_needed` is a step whose own
/// condition did not hold.
pub const OUTCOMES: [&str; 10] =
    ["pending", "waiting", "running", "pausing", "done", "failed", "unknown", "skipped", "declined", "not_needed"];

/// How probes find a component or a site.
pub const VERDICTS: [&str; 5] = ["ok", "paused", "degraded", "down", "unknown"];

const KEYWORDS: [&str; 6] = ["and", "or", "not", "in", "true", "false"];

/// Whether a word has a meaning of its own in conditions, so that no parameter or result can be asked for by it.
#[must_use]
pub fn is_reserved(word: &str) -> bool {
    KEYWORDS.contains(&word) || is_word(word)
}

fn is_word(word: &str) -> bool {
    OUTCOMES.contains(&word) || VERDICTS.contains(&word)
}

/// A condition that was read; what its names mean is checked apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Condition {
    text: String,
    tree: Expr,
}

/// What is wrong with a condition, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCondition {
    /// Where, in characters from the start of the text.
    pub at: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub right: Option<String>,
}

impl fmt::Display for BadCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.right.as_ref().map_or(Ok(()), |right| write!(f, "; write {right}"))
    }
}

impl std::error::Error for BadCondition {}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Any text.
    Text,
    /// A decimal number.
    Number,
    /// A length of time.
    Duration,
    /// True or false.
    Truth,
    /// One of these texts.
    Choice(Vec<String>),
    /// A secret, which nothing can be asked about.
    Secret,
}

impl From<&ParamKind> for Type {
    /// Moments, components and sites are compared as texts.
    fn from(kind: &ParamKind) -> Type {
        match kind {
            ParamKind::Text | ParamKind::Time | ParamKind::Component | ParamKind::Site => Type::Text,
            ParamKind::Number => Type::Number,
            ParamKind::Duration => Type::Duration,
            ParamKind::Choice(choices) => Type::Choice(choices.clone()),
            ParamKind::Secret => Type::Secret,
        }
    }
}

/// What a condition can ask about, where it stands.
pub trait Scope {
    /// What a parameter or a named result is; `None`: there is none of that name.
    fn name(&self, name: &str) -> Option<Type>;
    /// Whether there is such a step.
    fn step(&self, id: &str) -> bool;
    /// Whether there is such a component: `db`, or at one site, `db.west`.
    fn component(&self, id: &str) -> bool;
    /// Whether there is such a site.
    fn site(&self, id: &str) -> bool;
    /// All that can be written, to find what was meant: `mode`, `step.check`, `site.west`.
    fn names(&self) -> Vec<String>;
}

/// What is the case.
pub trait Facts {
    /// The value of a parameter or a named result; `None`: it has none, or not yet.
    fn value(&self, name: &str) -> Option<String>;
    /// How a step stands, as one of [`OUTCOMES`]; `None`: there is no such step.
    fn outcome(&self, step: &str) -> Option<&'static str>;
    /// The worst verdict on a component, or on one at a site.
    fn component(&self, id: &str) -> Verdict;
    /// The worst verdict on a site.
    fn site(&self, id: &str) -> Verdict;
    /// Whether others say that an alert of that name fires.
    fn alert(&self, name: &str) -> bool;
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// [`BadCondition`]: it does not read as one, or exceeds [`MAX_TEXT`] or [`MAX_NESTING`].
    pub fn parse(text: &str) -> Result<Condition, BadCondition> {
        let tree = parse::parse(text)?;
        Ok(Condition { text: text.to_owned(), tree })
    }

    /// Checks that all it names is there, and that it compares like with like.
    ///
    /// # Errors
    /// [`BadCondition`] for the first fault, in the order of the text.
    pub fn check(&self, scope: &dyn Scope) -> Result<(), BadCondition> {
        check::check(&self.tree, scope)
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// [`Unclear`]: a value that is asked for is missing, or does not read as what it should be.
    pub fn holds(&self, facts: &dyn Facts) -> Result<bool, Unclear> {
        eval::holds(&self.tree, facts)
    }

    /// The steps that it asks about, each once.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.mentioned(|what| if let What::Step(id) = what { Some(id) } else { None })
    }

    /// The parameters and named results that it asks about, each once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.mentioned(|what| if let What::Name(name) = what { Some(name) } else { None })
    }

    /// The components that it asks about, each once: `db`, or at one site, `db.west`.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.mentioned(|what| if let What::Component(id) = what { Some(id) } else { None })
    }

    /// The sites that it asks about, each once.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        self.mentioned(|what| if let What::Site(id) = what { Some(id) } else { None })
    }

    /// The alerts that it asks about, each once.
    pub fn alerts(&self) -> impl Iterator<Item = &str> {
        self.mentioned(|what| if let What::Alert(id) = what { Some(id) } else { None })
    }

    fn mentioned<'c>(&'c self, which: impl Fn(&'c What) -> Option<&'c String>) -> impl Iterator<Item = &'c str> {
        let mut found = Vec::new();
        self.tree.each(&mut |operand: &'c Operand| found.extend(which(&operand.what).map(String::as_str)));
        found.sort_unstable();
        found.dedup();
        found.into_iter()
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl std::str::FromStr for Condition {
    type Err = BadCondition;
    fn from_str(text: &str) -> Result<Condition, BadCondition> {
        Condition::parse(text)
    }
}

impl TryFrom<String> for Condition {
    type Error = BadCondition;
    fn try_from(text: String) -> Result<Condition, BadCondition> {
        Condition::parse(&text)
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> String {
        condition.text
    }
}

#[cfg(test)]
mod tests;
