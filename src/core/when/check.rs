//! Whether all that a condition names is there, and whether it compares like with like.

use super::tree::{Expr, Op, Operand, What};
use super::{BadCondition, OUTCOMES, Scope, Type, VERDICTS};
use crate::core::nearest::nearest;

pub(super) fn check(tree: &Expr, scope: &dyn Scope) -> Result<(), BadCondition> {
    match tree {
        Expr::Any(parts) | Expr::All(parts) => parts.iter().try_for_each(|part| check(part, scope)),
        Expr::Not(part) => check(part, scope),
        Expr::Is(operand) => is_truth(operand, scope),
        Expr::Compare { left, op, right } => pair(left, *op, right, scope),
        Expr::In { left, list } => list.iter().try_for_each(|item| pair(left, Op::Equal, item, scope)),
    }
}

/// What a value is, with what outcomes and verdicts add to the types of names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Named(Type),
    Outcome,
    Verdict,
    /// A word that stands for an outcome or a verdict, whichever the other side is.
    Word,
}

/// `None`: what it names is not there.
fn kind(operand: &Operand, scope: &dyn Scope) -> Option<Kind> {
    Some(match &operand.what {
        What::Name(name) => Kind::Named(scope.name(name)?),
        What::Step(id) => scope.step(id).then_some(Kind::Outcome)?,
        What::Component(id) => scope.component(id).then_some(Kind::Verdict)?,
        What::Site(id) => scope.site(id).then_some(Kind::Verdict)?,
        What::Alert(_) => Kind::Named(Type::Truth),
        What::Text(_) => Kind::Named(Type::Text),
        What::Number(_) => Kind::Named(Type::Number),
        What::Duration(_) => Kind::Named(Type::Duration),
        What::Truth(_) => Kind::Named(Type::Truth),
        What::Word(_) => Kind::Word,
    })
}

fn is_truth(operand: &Operand, scope: &dyn Scope) -> Result<(), BadCondition> {
    match kind(operand, scope) {
        None => Err(unknown(operand, None, scope)),
        Some(Kind::Named(Type::Truth)) => Ok(()),
        Some(Kind::Named(Type::Secret)) => Err(secret(operand)),
        Some(Kind::Word) => {
            Err(fault(operand, "is a word to compare with", Some(format!("step.ID == {}", operand.text))))
        }
        Some(kind) => {
            let right = format!("{} == {}", operand.text, example(&kind));
            Err(fault(operand, &format!("is {}, and neither true nor false", name(&kind)), Some(right)))
        }
    }
}

fn pair(left: &Operand, op: Op, right: &Operand, scope: &dyn Scope) -> Result<(), BadCondition> {
    let (a, b) = match (kind(left, scope), kind(right, scope)) {
        (Some(a), Some(b)) => (a, b),
        (None, other) => return Err(unknown(left, other.as_ref(), scope)),
        (other, None) => return Err(unknown(right, other.as_ref(), scope)),
    };
    if let Some((_, operand)) =
        [(&a, left), (&b, right)].into_iter().find(|(kind, _)| **kind == Kind::Named(Type::Secret))
    {
        return Err(secret(operand));
    }
    match (&a, &b) {
        (Kind::Word, Kind::Word) => {
            Err(fault(left, "and the other are both words", Some(format!("step.ID == {}", left.text))))
        }
        (known, Kind::Word) => word(known, right),
        (Kind::Word, known) => word(known, left),
        _ => alike((left, &a), (right, &b)),
    }?;
    let has_order = |kind: &Kind| matches!(kind, Kind::Named(Type::Number | Type::Duration));
    if op.orders() && !has_order(&a) {
        let what = format!("is {}: {:?} is for numbers and durations", name(&a), op.sign());
        return Err(fault(left, &what, Some("== or !=".to_owned())));
    }
    Ok(())
}

/// Two that are no words: of one type, and a text among the choices.
fn alike((left, a): (&Operand, &Kind), (right, b): (&Operand, &Kind)) -> Result<(), BadCondition> {
    match (a, b) {
        (Kind::Named(Type::Choice(choices)), Kind::Named(Type::Text)) => choice(choices, right),
        (Kind::Named(Type::Text), Kind::Named(Type::Choice(choices))) => choice(choices, left),
        (Kind::Named(Type::Choice(_)), Kind::Named(Type::Choice(_))) => Ok(()),
        (a, b) if a == b => Ok(()),
        (known, Kind::Named(Type::Text)) if matches!(right.what, What::Text(_)) => unquoted(known, right),
        (Kind::Named(Type::Text), known) if matches!(left.what, What::Text(_)) => unquoted(known, left),
        (known, other) => {
            let what = format!("is {}, and {} is {}", name(other), left.text, name(known));
            Err(fault(right, &what, Some(example(known))))
        }
    }
}

/// The word of an outcome or a verdict beside something else.
fn word(known: &Kind, operand: &Operand) -> Result<(), BadCondition> {
    match known {
        Kind::Outcome if OUTCOMES.contains(&operand.text.as_str()) => Ok(()),
        Kind::Verdict if VERDICTS.contains(&operand.text.as_str()) => Ok(()),
        Kind::Outcome | Kind::Verdict => Err(no_such_word(known, operand, &operand.text)),
        Kind::Named(Type::Text | Type::Choice(_)) => {
            Err(fault(operand, "is a word for outcomes and verdicts, not a text", Some(format!("{:?}", operand.text))))
        }
        known => Err(fault(operand, &format!("is not {}", name(known)), Some(example(known)))),
    }
}

/// A text in quotes beside what is no text.
fn unquoted(known: &Kind, operand: &Operand) -> Result<(), BadCondition> {
    let What::Text(text) = &operand.what else { return Ok(()) };
    match known {
        Kind::Outcome | Kind::Verdict => Err(no_such_word(known, operand, text)),
        known => Err(fault(operand, &format!("is a text, not {}", name(known)), Some(example(known)))),
    }
}

fn choice(choices: &[String], operand: &Operand) -> Result<(), BadCondition> {
    match &operand.what {
        What::Text(text) if !choices.contains(text) => {
            let right = quoted(nearest(text, choices.iter().map(String::as_str)), choices);
            Err(fault(operand, "is none of the choices", Some(right)))
        }
        _ => Ok(()),
    }
}

fn no_such_word(known: &Kind, operand: &Operand, text: &str) -> BadCondition {
    let words: &[&str] = if *known == Kind::Outcome { &OUTCOMES } else { &VERDICTS };
    let right = nearest(text, words.iter().copied()).map_or_else(|| example(known), str::to_owned);
    fault(operand, &format!("is not {}", name(known)), Some(right))
}

/// A name that is not there, perhaps because quotes or a part of it are missing. `other` is what it is compared with.
fn unknown(operand: &Operand, other: Option<&Kind>, scope: &dyn Scope) -> BadCondition {
    let names = scope.names();
    let meant = nearest(&operand.text, names.iter().map(String::as_str)).map(str::to_owned);
    let text = operand.text.as_str();
    match (&operand.what, other) {
        (What::Name(_), Some(known @ (Kind::Outcome | Kind::Verdict))) => no_such_word(known, operand, text),
        (What::Name(_), Some(Kind::Named(Type::Choice(choices)))) => {
            let right = meant.unwrap_or_else(|| quoted(nearest(text, choices.iter().map(String::as_str)), choices));
            fault(operand, "is no parameter and no result", Some(right))
        }
        (What::Name(_), Some(Kind::Named(Type::Text))) => {
            fault(operand, "is no parameter and no result", meant.or_else(|| Some(format!("{text:?} for the text"))))
        }
        (What::Step(_), _) => fault(operand, "is no step of this procedure", meant),
        (What::Component(_), _) => fault(operand, "is no component of this plan", meant),
        (What::Site(_), _) => fault(operand, "is no site of this plan", meant),
        _ => fault(operand, "is no parameter and no result", meant),
    }
}

fn secret(operand: &Operand) -> BadCondition {
    fault(operand, "is a secret: no condition can ask about it", None)
}

fn fault(operand: &Operand, what: &str, right: Option<String>) -> BadCondition {
    BadCondition { at: operand.at, what: format!("{} {what}", operand.text), right }
}

fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Named(Type::Text | Type::Choice(_)) => "a text",
        Kind::Named(Type::Number) => "a number",
        Kind::Named(Type::Duration) => "a duration",
        Kind::Named(Type::Truth) => "true or false",
        Kind::Named(Type::Secret) => "a secret",
        Kind::Outcome => "the outcome of a step",
        Kind::Verdict => "the verdict of a probe",
        Kind::Word => "a word",
    }
}

/// What can be compared with it.
fn example(kind: &Kind) -> String {
    match kind {
        Kind::Named(Type::Text | Type::Secret) | Kind::Word => "a text in quotes, as in \"east\"".to_owned(),
        Kind::Named(Type::Choice(choices)) => quoted(None, choices),
        Kind::Named(Type::Number) => "a number, as in 3".to_owned(),
        Kind::Named(Type::Duration) => "a duration, as in 30s".to_owned(),
        Kind::Named(Type::Truth) => "true or false".to_owned(),
        Kind::Outcome => "done, failed, skipped or another outcome".to_owned(),
        Kind::Verdict => "ok, degraded, down, unknown or paused".to_owned(),
    }
}

/// The choice that was meant, else all of them.
fn quoted(meant: Option<&str>, choices: &[String]) -> String {
    match meant {
        Some(meant) => format!("{meant:?}"),
        None => choices.iter().map(|choice| format!("{choice:?}")).collect::<Vec<_>>().join(" or "),
    }
}
