//! Whether a condition holds.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Facts;
use super::tree::{Expr, Op, Operand, What};
use crate::core::number::Number;
use crate::core::time::Span;

/// Why it cannot be said whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unclear {
    /// A parameter or a result has no value.
    #[error("{0} has no value")]
    NoValue(String),
    /// A step has no outcome.
    #[error("step {0} has no outcome")]
    NoOutcome(String),
    /// A value does not read as what it should be.
    #[error("{name} is {value:?}, which is not {wanted}")]
    Unreadable {
        /// The parameter or result.
        name: String,
        /// The beginning of its value.
        value: String,
        /// What it should be.
        wanted: Wanted,
    },
    /// Two values of different types, which [`check`](super::Condition::check) finds.
    #[error("{0} and {1} cannot be compared")]
    Unlike(String, String),
}

/// What a value should read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A decimal number.
    Number,
    /// A length of time.
    Duration,
    /// `true` or `false`.
    Truth,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wanted::Number => "a number",
            Wanted::Duration => "a duration",
            Wanted::Truth => "true or false",
        })
    }
}

pub(super) fn holds(tree: &Expr, facts: &dyn Facts) -> Result<bool, Unclear> {
    match tree {
        Expr::Any(parts) => any(parts, |part| holds(part, facts)),
        // All hold unless one does not.
        Expr::All(parts) => any(parts, |part| holds(part, facts).map(|holds| !holds)).map(|fails| !fails),
        Expr::Not(part) => holds(part, facts).map(|holds| !holds),
        Expr::Is(operand) => match value(operand, facts)? {
            Value::Truth(truth) => Ok(truth),
            Value::Open(text) => truth(operand, &text),
            _ => Err(Unclear::Unlike(operand.text.clone(), "true".to_owned())),
        },
        Expr::Compare { left, op, right } => compare(left, *op, right, facts),
        Expr::In { left, list } => any(list, |item| compare(left, Op::Equal, item, facts)),
    }
}

/// Looks no further than the first that does.
fn any<T>(items: &[T], holds: impl Fn(&T) -> Result<bool, Unclear>) -> Result<bool, Unclear> {
    for item in items {
        if holds(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

enum Value<'c> {
    /// What a name stands for. What it is compared with says what it is.
    Open(String),
    Text(&'c str),
    Number(Number),
    Duration(Span),
    Truth(bool),
    /// An outcome or a verdict.
    Word(&'c str),
}

fn value<'c>(operand: &'c Operand, facts: &dyn Facts) -> Result<Value<'c>, Unclear> {
    Ok(match &operand.what {
        What::Name(name) => Value::Open(facts.value(name).ok_or_else(|| Unclear::NoValue(name.clone()))?),
        What::Step(id) => Value::Word(facts.outcome(id).ok_or_else(|| Unclear::NoOutcome(id.clone()))?),
        What::Component(id) => Value::Word(facts.component(id).word()),
        What::Site(id) => Value::Word(facts.site(id).word()),
        What::Alert(name) => Value::Truth(facts.alert(name)),
        What::Text(text) => Value::Text(text),
        What::Number(number) => Value::Number(number.clone()),
        What::Duration(span) => Value::Duration(*span),
        What::Truth(truth) => Value::Truth(*truth),
        What::Word(word) => Value::Word(word),
    })
}

fn compare(left: &Operand, op: Op, right: &Operand, facts: &dyn Facts) -> Result<bool, Unclear> {
    let order = match (value(left, facts)?, value(right, facts)?) {
        (Value::Open(a), Value::Open(b)) => named(op, (left, &a), (right, &b))?,
        (Value::Open(a), known) => typed(left, &a, &known)?,
        (known, Value::Open(b)) => typed(right, &b, &known)?.map(Ordering::reverse),
        (Value::Text(a), Value::Text(b)) | (Value::Word(a), Value::Word(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(&b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(&b)),
        (Value::Truth(a), Value::Truth(b)) => Some(a.cmp(&b)),
        _ => None,
    };
    let order = order.ok_or_else(|| Unclear::Unlike(left.text.clone(), right.text.clone()))?;
    Ok(match op {
        Op::Equal => order.is_eq(),
        Op::Unequal => order.is_ne(),
        Op::Less => order.is_lt(),
        Op::AtMost => order.is_le(),
        Op::More => order.is_gt(),
        Op::AtLeast => order.is_ge(),
    })
}

/// The value of a name beside one whose type is plain, and read as that type.
fn typed(operand: &Operand, text: &str, known: &Value<'_>) -> Result<Option<Ordering>, Unclear> {
    Ok(match known {
        Value::Text(known) => Some(text.cmp(known)),
        Value::Number(known) => Some(number(operand, text)?.cmp(known)),
        Value::Duration(known) => Some(duration(operand, text)?.cmp(known)),
        Value::Truth(known) => Some(truth(operand, text)?.cmp(known)),
        Value::Word(_) | Value::Open(_) => None,
    })
}

/// Two names: numbers or durations if both read so, as they must to stand in an order; else texts.
fn named(op: Op, (left, a): (&Operand, &str), (right, b): (&Operand, &str)) -> Result<Option<Ordering>, Unclear> {
    if let (Ok(a), Ok(b)) = (number(left, a), number(right, b)) {
        return Ok(Some(a.cmp(&b)));
    }
    match (duration(left, a), duration(right, b)) {
        (Ok(a), Ok(b)) => Ok(Some(a.cmp(&b))),
        _ if !op.orders() => Ok(Some(a.cmp(b))),
        // One of them is a number: then the other should be.
        (Err(_), _) if number(right, b).is_ok() => number(left, a).map(|_| None),
        (_, Err(_)) if number(left, a).is_ok() => number(right, b).map(|_| None),
        (Err(unclear), _) | (_, Err(unclear)) => Err(unclear),
    }
}

fn number(operand: &Operand, text: &str) -> Result<Number, Unclear> {
    text.trim().parse().map_err(|_| unreadable(operand, text, Wanted::Number))
}

fn duration(operand: &Operand, text: &str) -> Result<Span, Unclear> {
    text.parse().map_err(|_| unreadable(operand, text, Wanted::Duration))
}

fn truth(operand: &Operand, text: &str) -> Result<bool, Unclear> {
    text.trim().parse().map_err(|_| unreadable(operand, text, Wanted::Truth))
}

fn unreadable(operand: &Operand, text: &str, wanted: Wanted) -> Unclear {
    Unclear::Unreadable { name: operand.text.clone(), value: text.chars().take(64).collect(), wanted }
}
