//! The panel of what is in focus: a probe in full, or what is under a branch.

use super::super::impact;
use super::past;
use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::health::Branch;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::health::history::Window;
use crate::core::health::{Verdict, judge_site};
use crate::core::plan::{Component, Probe};
use crate::core::state::Loaded;
use crate::text;

/// Columns of a label.
const LABEL: usize = 11;

/// Draws it.
pub(super) fn draw(area: &mut Canvas<'_>, view: View<'_>, thing: Option<Thing>) {
    let state = &view.model.state;
    match thing {
        Some(Thing::Probe(plan, probe)) => {
            let Some((loaded, (component, probe))) = state.plans.get(&plan).and_then(|l| Some((l, l.probe(&probe)?)))
            else {
                return;
            };
            let verdict = loaded.verdict_of(component, probe);
            let (sign, word) = super::believed(verdict);
            let name = Row::text(" ").and(sign).gap(1).with(&component.name, Role::Strong).gap(1).and(word);
            let rows = in_full(view, loaded, (component, probe), area.columns().saturating_sub(2));
            titled(area, view, &name.gap(2).with(format!("{} ", probe.id), Role::Text), rows);
        }
        Some(Thing::Branch(branch)) => {
            let Some(loaded) = state.plans.get(branch.plan()) else { return };
            let rows = of_branch(view, loaded, &branch, area.columns().saturating_sub(2));
            titled(area, view, &Row::of(" what it comes to ", Role::Text), rows);
        }
        _ => {}
    }
}

/// How far the panel of the probe in focus can be scrolled, at most.
pub(crate) fn last(view: View<'_>) -> usize {
    let found = super::focus(view).and_then(|(plan, probe)| {
        let loaded = view.model.state.plans.get(&plan)?;
        Some(in_full(view, loaded, loaded.probe(&probe)?, 40).len())
    });
    found.unwrap_or(0)
}

/// Rows under a rule; what does not fit is scrolled to.
fn titled(area: &mut Canvas<'_>, view: View<'_>, title: &Row, rows: Vec<Row>) {
    area.rule(0, title, Role::Line);
    let height = usize::from(area.height().saturating_sub(1));
    let top = view.place.scrolled.min(rows.len().saturating_sub(height));
    let below = rows.len().saturating_sub(top + height);
    for (row, y) in rows.iter().skip(top).zip(1..area.height()) {
        let more = if below > 0 && usize::from(y) == height {
            Row::of(format!("PgDn {below} more "), Role::Dim)
        } else {
            Row::new()
        };
        area.both(y, &Row::text(" ").and(row.clone()), &more);
    }
}

fn fact(name: &str, says: &str, width: usize) -> Vec<Row> {
    let role = if name == "PAUSED" { Role::Warn } else { Role::Text };
    let lines = wrap(says, width.saturating_sub(LABEL)).into_iter().enumerate();
    lines
        .map(|(index, line)| Row::of(if index == 0 { name } else { "" }, Role::Dim).tab(LABEL).with(line, role))
        .collect()
}

/// The three stretches, the chosen one in brackets.
fn windows(chosen: Window) -> Row {
    Window::ALL.into_iter().fold(Row::of("w", Role::Key), |row, window| match window == chosen {
        true => row.gap(1).with(format!("[{}]", window.word()), Role::Strong),
        false => row.gap(1).with(format!(" {} ", window.word()), Role::Dim),
    })
}

/// All that is known of a probe: what was seen, what is believed, how it failed last, what it does.
pub(crate) fn in_full(
    view: View<'_>,
    loaded: &Loaded,
    (component, probe): (&Component, &Probe),
    width: usize,
) -> Vec<Row> {
    let (state, now, window) = (&view.model.state, view.model.now(), view.place.health.window);
    let known = view.model.histories.in_full(&loaded.plan.id, &probe.id, window);
    let mut rows = vec![windows(window)];
    match known {
        None => rows.push(Row::of("what was seen is asked for", Role::Dim)),
        Some(Err(why)) => rows.push(Row::of(format!("what was seen cannot be had: {why}"), Role::Warn)),
        Some(Ok(known)) => rows.extend(past::rows(known, probe, window, width)),
    }
    let facts = text::about_probe(state, loaded, (component, probe), view.model.readings(), now.as_ref());
    let first = facts.iter().position(|(name, _)| *name == "believed").unwrap_or(0);
    let (does, is) = facts.split_at(first);
    is.iter().for_each(|(name, says)| rows.extend(fact(name, says, width)));
    for place in known.iter().filter_map(|known| known.as_ref().ok()).flat_map(|past| &past.places) {
        let Some(failure) = &place.failure else { continue };
        rows.push(Row::of("LAST FAILURE", Role::Bad));
        text::last_failure(&place.place, failure).iter().for_each(|(name, says)| rows.extend(fact(name, says, width)));
        let detail = failure.detail.as_deref().unwrap_or_default().trim_end();
        if !detail.is_empty() {
            rows.extend(
                wrap(detail, width.saturating_sub(2)).into_iter().map(|line| Row::new().gap(2).with(line, Role::Text)),
            );
        }
    }
    rows.extend(impact_of(view, loaded, width));
    rows.push(Row::of("WHAT IT DOES", Role::Strong));
    does.iter().for_each(|(name, says)| rows.extend(fact(name, says, width)));
    rows
}

/// Whom the trouble of its plan hits, and where it comes from.
fn impact_of(view: View<'_>, loaded: &Loaded, width: usize) -> Vec<Row> {
    let rows = impact::rows(view, loaded, view.incident().map(AsRef::as_ref), 11, width);
    let title = (!rows.is_empty()).then(|| Row::of("IMPACT", Role::Strong));
    title.into_iter().chain(rows).collect()
}

/// How a site is as a whole, what is paused, what can be done.
fn of_branch(view: View<'_>, loaded: &Loaded, branch: &Branch, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let plan = &loaded.plan;
    match branch {
        Branch::Plan(_) => rows.push(Row::text(text::serves(loaded))),
        Branch::Site(_, Some(site)) => {
            let name = plan.site(site).map_or(site.as_str(), |site| site.name.as_str());
            rows.push(Row::text(format!("{name} is {}", text::site_verdict(judge_site(loaded, site)))));
            rows.extend(loaded.fence_of(site).map(|fence| Row::of(text::fenced(fence), Role::NoReturn)));
        }
        Branch::Site(_, None) => rows.push(Row::text("what customers meet before any site")),
        Branch::Component(.., component) => {
            let name = plan.component(component).map_or(component.as_str(), |component| component.name.as_str());
            rows.push(Row::text(format!("{name}: several probes look at it")));
        }
    }
    let now = view.model.now();
    for pause in &loaded.pauses {
        let ends = now.as_ref().map_or_else(|| "?".to_owned(), |now| text::pause_ends(pause.left(now), now));
        let by = view.model.name(&pause.by);
        let says = format!("{} PAUSED by {by}, {ends}: {}", pause.of, pause.reason);
        rows.push(Row::of(says, super::super::head::verdict_role(Verdict::Degraded)));
    }
    rows.extend(impact_of(view, loaded, width));
    rows.push(
        Row::of("Enter", Role::Key)
            .with(" opens or closes it   ", Role::Text)
            .with("Z", Role::Key)
            .with(" has it not count for a while", Role::Text),
    );
    rows
}
