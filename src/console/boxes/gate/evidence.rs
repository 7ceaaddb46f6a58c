//! What a gate rests on: line by line as far as that fits, and what of it changed.

use crate::console::canvas::{Row, count};
use crate::console::place::View;
use crate::console::theme::Role;
use crate::core::gate::{Check, Sign, View as Shown};
use crate::core::loss::Loss;
use crate::core::run::{Evidence, How, StepState};
use crate::core::time::Span;
use crate::text;

/// How much of the evidence is told word for word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Each,
    /// Steps that were seen to be done are counted.
    NoGoodSteps,
    /// All steps are.
    NoSteps,
}

/// The evidence, one line each.
pub(super) fn rows(view: View<'_>, shown: &Shown, detail: Detail) -> Vec<Row> {
    let is_told = |check: &&Check| match (check, check.sign()) {
        (Check::Step { .. }, Sign::Good) => detail == Detail::Each,
        (Check::Step { .. }, _) => detail != Detail::NoSteps,
        _ => true,
    };
    let (told, counted): (Vec<&Check>, Vec<&Check>) =
        shown.checks.iter().filter(|check| !is_call(check)).partition(is_told);
    let good = counted.iter().filter(|check| check.sign() == Sign::Good).count();
    let doubtful = counted.len() - good;
    let mut rows = Vec::new();
    if good > 0 {
        let steps = format!("{} before it", count(good, "step"));
        rows.push(row("✓", Role::Good, &steps, "seen done, or opened by people", Role::Text));
    }
    if doubtful > 0 {
        let steps = format!("{} before it", count(doubtful, "step"));
        rows.push(row("!", Role::Warn, &steps, "NOT seen done: g s shows each", Role::Warn));
    }
    rows.extend(told.into_iter().map(|check| {
        let (name, finding) = text::check(&view.model.state, check);
        let (sign, role, words) = match check.sign() {
            Sign::Good => ("✓", Role::Good, Role::Text),
            Sign::Caution => ("!", Role::Warn, Role::Warn),
            Sign::Bad => ("✗", Role::Bad, Role::Bad),
        };
        row(sign, role, &name, &finding, words)
    }));
    rows
}

/// That a call was begun is no evidence: the steps of the procedure called are.
fn is_call(check: &Check) -> bool {
    let Check::Step { state: StepState::Done { how: How::Seen(seen), .. }, .. } = check else { return false };
    *seen == Evidence::Waited { span: Span::ZERO }
}

fn row(sign: &str, role: Role, name: &str, finding: &str, words: Role) -> Row {
    Row::text(" ").with(sign, role).gap(1).and(Row::text(name).cut(27)).tab(31).with(finding, words)
}

/// What got worse or simply other between two looks at a gate.
pub(super) fn differences(view: View<'_>, before: &Shown, now: &Shown) -> Vec<String> {
    let mut found = Vec::new();
    if before.digest != now.digest {
        for (old, new) in before.checks.iter().zip(&now.checks).filter(|(old, new)| old != new) {
            let ((name, was), (_, is)) = (text::check(&view.model.state, old), text::check(&view.model.state, new));
            if was != is {
                found.push(format!("CHANGED: {name}: was {was}, is {is}"));
            }
        }
        if found.is_empty() {
            found.push("CHANGED: what this gate rests on is not what it was".to_owned());
        }
    }
    let grew = match (before.loss, now.loss) {
        (Some(before), Some(now)) => match (before.ceiling(), now.ceiling()) {
            (Some(before), Some(now)) => now.up_to_seconds() > before.up_to_seconds(),
            (Some(_), None) => true,
            _ => false,
        },
        (None, Some(_)) => true,
        _ => false,
    };
    if grew {
        let words = |loss: Option<Loss>| loss.map_or("none".to_owned(), text::loss);
        found.push(format!("CHANGED: the loss was {}, is {}", words(before.loss), words(now.loss)));
    }
    found
}
