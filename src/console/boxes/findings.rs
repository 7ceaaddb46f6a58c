//! What guards found, a line each: sign, name, value with its limit, how it is known.

use crate::console::canvas::{Row, wrap};
use crate::console::theme::Role;
use crate::core::failover::{Finding, Guard, Says, Seen};
use crate::core::state::State;
use crate::text::{self, Pair};

/// Columns of a sign and the gaps around it.
pub(super) const SIGN: usize = 3;

/// Columns of a name, at most.
pub(super) const NAME: usize = 25;

/// Columns of how something is known.
const KNOWN: usize = 9;

/// One finding. What holds has one line; what does not is said to its end.
pub(super) fn rows(state: &State, pair: &Pair, finding: &Finding, width: usize) -> Vec<Row> {
    let (sign, role, words) = looks(finding.says);
    let (name, mut found) = text::guard(pair, finding);
    if let Some(by) = text::guard_overridden(state, finding) {
        found = format!("OVERRIDDEN by {by}: {found}");
    }
    let column = SIGN + NAME + 1;
    let known = text::guard_known(finding);
    let room = width.saturating_sub(column + KNOWN).max(1);
    let lines = match finding.says {
        Says::Pass => vec![text::cut(&found, room).into_owned()],
        Says::Warn | Says::Refuse => wrap(&found, room),
    };
    let head = Row::text(" ").with(sign, role).gap(1).and(Row::text(&name).cut(NAME));
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| match index {
            0 => head.clone().tab(column).with(line, words).tab(width.saturating_sub(KNOWN - 1)).with(known, Role::Dim),
            _ => Row::new().gap(column).with(line, words),
        })
        .collect()
}

/// That so many more hold.
pub(super) fn folded(count: usize) -> Row {
    let words = if count == 1 { "1 more holds".to_owned() } else { format!("{count} more hold") };
    Row::text(" ")
        .with("✓", Role::Good)
        .gap(1)
        .with(words, Role::Text)
        .gap(3)
        .with("F3", Role::Key)
        .with(" all", Role::Text)
}

/// Those that hold, the telling ones first: the order in which they are kept where room is short.
pub(super) fn telling(findings: &[Finding]) -> Vec<Guard> {
    let holds = |one: &&Finding| one.says == Says::Pass && !is_said_twice(findings, one);
    let mut held: Vec<Guard> = findings.iter().filter(holds).map(|one| one.guard).collect();
    held.sort_by_key(|guard| match guard {
        Guard::Source => 0,
        Guard::Fence => 1,
        Guard::Target => 2,
        Guard::Loss => 3,
        Guard::Lineage => 4,
        Guard::OnePrimary | Guard::Manager => 5,
        _ => 6,
    });
    held
}

/// Whether another finding says the same: a site that was fenced is down by that fence.
pub(super) fn is_said_twice(findings: &[Finding], one: &Finding) -> bool {
    one.guard == Guard::Source
        && matches!(one.seen, Seen::Fenced { .. })
        && findings.iter().any(|other| other.guard == Guard::Fence && other.seen == one.seen)
}

/// How what a guard says looks: its sign, the sign's look, the words' look.
pub(super) fn looks(says: Says) -> (&'static str, Role, Role) {
    match says {
        Says::Pass => ("✓", Role::Good, Role::Text),
        Says::Warn => ("!", Role::Warn, Role::Warn),
        Says::Refuse => ("✗", Role::Bad, Role::Bad),
    }
}
