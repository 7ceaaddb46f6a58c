//! What a gate rests on: line by line as far as that fits, and what of it changed.

use crate::console::boxes::findings;
use crate::console::canvas::{Row, count, wrap};
use crate::console::place::View;
use crate::console::theme::Role;
use crate::core::failover::{Finding, Says};
use crate::core::gate::{Check, Sign, View as Shown, steady};
use crate::core::loss::Loss;
use crate::core::run::{Evidence, How, StepState};
use crate::core::time::Span;
use crate::text::{self, Pair};

/// How much of the evidence is told word for word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Detail {
    steps: Steps,
    /// So many of the guards that hold; the others are counted.
    holding: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Steps {
    Each,
    /// Those that were seen to be done are counted.
    NoneGood,
    /// All are.
    None,
}

/// Guards that hold of which this many are told before steps that nobody saw done are only counted.
const TELLING: usize = 4;

impl Detail {
    /// Everything.
    pub(super) const EACH: Detail = Detail { steps: Steps::Each, holding: usize::MAX };

    /// The least.
    pub(super) const LEAST: Detail = Detail { steps: Steps::None, holding: 0 };

    /// The wordiest first, for that many guards that hold.
    pub(super) fn all(holding: usize) -> impl Iterator<Item = Detail> {
        // One that is counted takes the line that it had.
        let counts = move |least: usize| (least..=holding).rev().filter(move |count| *count + 1 != holding);
        let with = |steps| move |holding| Detail { steps, holding };
        let good = counts(TELLING.min(holding)).map(with(Steps::NoneGood));
        std::iter::once(Detail::EACH).chain(good).chain(counts(0).map(with(Steps::None)))
    }
}

/// How many guards hold.
pub(super) fn holding(shown: &Shown) -> usize {
    findings::telling(&shown.guards).len()
}

/// The evidence, one line each: what guards found, then the steps before.
pub(super) fn rows(view: View<'_>, shown: &Shown, pair: &Pair, width: usize, detail: Detail) -> Vec<Row> {
    let kept: Vec<_> = findings::telling(&shown.guards).into_iter().take(detail.holding).collect();
    let is_kept = |one: &&Finding| one.says != Says::Pass || kept.contains(&one.guard);
    let mut rows: Vec<Row> = shown
        .guards
        .iter()
        .filter(is_kept)
        .flat_map(|one| findings::rows(&view.model.state, pair, one, width))
        .collect();
    let more = holding(shown) - kept.len();
    if more > 0 {
        rows.push(findings::folded(more));
    }
    rows.extend(steps(view, shown, width, detail.steps));
    rows
}

fn steps(view: View<'_>, shown: &Shown, width: usize, detail: Steps) -> Vec<Row> {
    let is_told = |check: &&Check| match (check, check.sign()) {
        (Check::Step { .. }, Sign::Good) => detail == Steps::Each,
        (Check::Step { .. }, _) => detail != Steps::None,
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
        row(sign, role, &name, &finding, words).cut(width)
    }));
    rows
}

/// That a call was begun is no evidence: the steps of the procedure called are.
fn is_call(check: &Check) -> bool {
    let Check::Step { state: StepState::Done { how: How::Seen(seen), .. }, .. } = check else { return false };
    *seen == Evidence::Waited { span: Span::ZERO }
}

fn row(sign: &str, role: Role, name: &str, finding: &str, words: Role) -> Row {
    Row::text(" ")
        .with(sign, role)
        .gap(1)
        .and(Row::text(name).cut(findings::NAME))
        .tab(findings::SIGN + findings::NAME + 1)
        .with(finding, words)
}

/// What helps against each guard that refuses; nothing when none does.
pub(super) fn ways_out(shown: &Shown, pair: &Pair, width: usize) -> Vec<Row> {
    let refused: Vec<&Finding> = shown.guards.iter().filter(|one| one.says == Says::Refuse).collect();
    if refused.is_empty() {
        return Vec::new();
    }
    let mut rows = vec![Row::of("✗ REFUSED. No yes counts here now. What helps:", Role::Bad)];
    for one in refused {
        let (asks, _) = text::guard(pair, one);
        let words = format!("{asks}: {}", text::guard_way_out(one));
        rows.extend(
            wrap(&words, width.saturating_sub(2)).into_iter().map(|line| Row::new().gap(2).with(line, Role::Text)),
        );
    }
    rows
}

/// What got worse or simply other between two looks at a gate.
pub(super) fn differences(view: View<'_>, pair: &Pair, before: &Shown, now: &Shown) -> Vec<String> {
    let mut found = Vec::new();
    if before.digest != now.digest {
        for (old, new) in before.checks.iter().zip(&now.checks).filter(|(old, new)| old != new) {
            let ((name, was), (_, is)) = (text::check(&view.model.state, old), text::check(&view.model.state, new));
            if was != is {
                found.push(format!("CHANGED: {name}: was {was}, is {is}"));
            }
        }
        found.extend(now.guards.iter().filter_map(|new| {
            let old = before.guards.iter().find(|old| old.guard == new.guard);
            let ((name, is), was) = (text::guard(pair, new), old.map(|old| text::guard(pair, old).1));
            let same = old.is_some_and(|old| old.says == new.says && steady(old) == steady(new));
            (!same).then(|| format!("CHANGED: {name}: was {}, is {is}", was.unwrap_or_else(|| "not asked".to_owned())))
        }));
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
