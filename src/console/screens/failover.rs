//! What a failover left behind, wherever it is to be seen: overridden guards and the way back that is owed.

use crate::console::canvas::{Row, wrap};
use crate::console::list::Line;
use crate::console::place::View;
use crate::console::theme::Role;
use crate::core::failover::Glass;
use crate::core::incident::Incident;
use crate::text;

/// Every override that is not over, of the incident in focus first, as the newest is the one to look at.
fn overrides(view: View<'_>) -> Vec<(&Incident, &Glass)> {
    let Some(now) = view.model.now() else { return Vec::new() };
    let focus = view.incident().map(|incident| &incident.id);
    let mut open: Vec<&Incident> = view.model.state.open_incidents().map(AsRef::as_ref).collect();
    open.sort_by_key(|incident| Some(&incident.id) != focus);
    let lives = |glass: &&Glass| glass.is_counted_down(&now) || glass.counts(&now);
    open.into_iter().flat_map(|i| i.glass.iter().rev().filter(lives).map(move |glass| (i, glass))).collect()
}

/// For the waiting line of the head: the override that is counted down, and the key that says no.
pub(super) fn countdown(view: View<'_>) -> Option<(Row, Row)> {
    let now = view.model.now()?;
    let (incident, glass) = overrides(view).into_iter().find(|(_, glass)| glass.is_counted_down(&now))?;
    let several = view.model.state.open_incidents().count() > 1;
    let sign = if several { format!("{} ", incident.call_sign) } else { String::new() };
    let words = text::glass(&view.model.state, glass, &now)?;
    let row = Row::text(" ").with(" GLASS ", Role::Production).gap(1).with(format!("{sign}{words}"), Role::Bad);
    Some((row, Row::of("V", Role::Key).with(" puts it back ", Role::Text)))
}

/// For the waiting line when nothing else waits: an override that counts.
pub(super) fn overridden(view: View<'_>) -> Option<Row> {
    let now = view.model.now()?;
    let (_, glass) = overrides(view).into_iter().find(|(_, glass)| glass.counts(&now))?;
    let words = text::glass(&view.model.state, glass, &now)?;
    Some(Row::text(" ").with(format!("! {words}"), Role::Warn))
}

/// For the sites: what is overridden, and what is owed.
pub(super) fn rows(view: View<'_>, width: usize) -> Vec<Row> {
    let Some(now) = view.model.now() else { return Vec::new() };
    let mut rows = Vec::new();
    let mut put = |words: &str, role: Role| {
        rows.extend(
            wrap(words, width.saturating_sub(2)).into_iter().take(2).map(|line| Row::text(" ").with(line, role)),
        );
    };
    for (_, glass) in overrides(view) {
        if let Some(words) = text::glass(&view.model.state, glass, &now) {
            put(&words, Role::Bad);
        }
    }
    if let Some(incident) = view.incident().filter(|incident| incident.phase.is_open())
        && let Some(owed) = &incident.owed
    {
        let plan = view.model.state.plans.get(&incident.plan).map(|loaded| &*loaded.plan);
        put(&text::owed(plan, owed, &now), Role::Warn);
    }
    rows
}

/// For the reports: every override that the state knows, with its incident.
pub(super) fn review(view: View<'_>, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for incident in view.model.state.incidents.values().rev().filter(|incident| !incident.glass.is_empty()) {
        lines.push(Line::only(
            Row::text(" ").with(incident.call_sign.as_str(), Role::Strong).gap(2).with("overridden guards", Role::Dim),
        ));
        for glass in &incident.glass {
            let words = text::glass_review(&view.model.state, glass);
            let wrapped = wrap(&words, width.saturating_sub(3)).into_iter();
            lines.extend(wrapped.map(|line| Line::only(Row::text("  ").with(line, Role::Warn))));
        }
        lines.push(Line::only(Row::new()));
    }
    lines
}
