//! Every part at every site: what is believed, since when and why, what was seen before, and how it failed last.

mod panel;
mod past;
mod tree;

use super::alerts;
use super::head::{verdict_role, verdict_sign};
use crate::console::canvas::{Canvas, Row};
use crate::console::edit::Focus;
use crate::console::health::Shape;
use crate::console::histories::AskedHistory;
use crate::console::list::{self, List};
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::health::Verdict;
use crate::core::ids::{PlanId, ProbeId};

pub(crate) use panel::{in_full, last};
pub(crate) use past::spark;
use tree::Parts;
pub(crate) use tree::fold;

/// From this size on list and panel stand side by side.
const WIDE: (u16, u16) = (120, 26);

/// Rows of the panel below the list, at least.
const PANEL: u16 = 9;

/// The parts, as a tree or flat.
pub(crate) fn lines(view: View<'_>) -> Box<dyn List + '_> {
    Box::new(Parts::of(view, 80))
}

/// Where the cursor is in that list: at the worst part where nothing was chosen, or what was is not listed.
fn cursor(view: View<'_>, parts: &Parts<'_>) -> Option<usize> {
    list::cursor(parts, view.place.chosen.get(&view.place.list()), parts.first().as_ref())
}

/// Where the cursor is as long as nobody has moved it.
pub(crate) fn default(view: View<'_>) -> Option<Thing> {
    Parts::of(view, 80).first()
}

/// What is under the cursor.
fn chosen(view: View<'_>) -> Option<Thing> {
    let parts = Parts::of(view, 80);
    cursor(view, &parts).and_then(|at| parts.thing(at))
}

/// The probe under the cursor.
fn focus(view: View<'_>) -> Option<(PlanId, ProbeId)> {
    match chosen(view) {
        Some(Thing::Probe(plan, probe)) => Some((plan, probe)),
        _ => None,
    }
}

/// The history that the page shows in full: of the probe whose box is open, else of the one in focus.
pub(crate) fn wanted(view: View<'_>) -> Option<AskedHistory> {
    let health = &view.place.health;
    let on_page = || if view.place.screen == super::Screen::Health { focus(view) } else { None };
    let (plan, probe) = health.read.clone().or_else(on_page)?;
    Some(AskedHistory::in_full(plan, probe, health.window))
}

/// How many parts are how: `2 down 1 degraded 4 ok`, the worst first.
fn counted(counts: &[usize; 5]) -> Row {
    const WORDS: [(Verdict, &str); 5] = [
        (Verdict::Down, "DOWN"),
        (Verdict::Degraded, "degraded"),
        (Verdict::Unknown, "unknown"),
        (Verdict::Paused, "paused"),
        (Verdict::Ok, "ok"),
    ];
    let mut row = Row::new();
    for (verdict, word) in WORDS {
        let count = counts.get(verdict as usize).copied().unwrap_or(0);
        if count > 0 {
            row = if row.is_empty() { row } else { row.gap(1) };
            row = row.with(format!("{count} {word}"), verdict_role(verdict));
        }
    }
    row
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    let (width, height) = (body.width(), body.height());
    let side_by_side = width >= WIDE.0 && height + 6 >= WIDE.1;
    let (list_width, list_height) = match side_by_side {
        true => (width / 2 - 4, height),
        false => (width, height.saturating_sub(PANEL).max(height / 3)),
    };
    let parts = Parts::of(view, usize::from(list_width));
    title(body, view, &parts);
    let most = usize::from(list_height / 3).max(2) - 1;
    let plans = view.model.state.plans.values();
    let said: Vec<Row> = plans.flat_map(|loaded| alerts::rows_of(view, loaded, most)).collect();
    let mut y = 1;
    for row in said.iter().take(most + 1) {
        body.part(0, 0, list_width, height).row(y, row);
        y += 1;
    }
    let mut rest = body.part(0, y, list_width, list_height.saturating_sub(y));
    if parts.count() == 0 {
        let words = match &view.place.health.filter {
            Some(_) => "  nothing fits; Esc shows all",
            None => "  no plan, so no probes",
        };
        rest.row(1, &Row::of(words, Role::Dim));
    }
    let at = cursor(view, &parts);
    list::draw(&mut rest, &parts, at, Focus::Yes);
    let mut panel = match side_by_side {
        true => body.part(list_width + 1, 1, width - list_width - 1, height - 1),
        false => body.part(0, list_height, width, height.saturating_sub(list_height)),
    };
    panel::draw(&mut panel, view, at.and_then(|at| parts.thing(at)));
}

fn title(body: &mut Canvas<'_>, view: View<'_>, parts: &Parts<'_>) {
    let shape = match view.place.health.shape {
        Shape::Tree => "tree",
        Shape::Flat => "flat",
    };
    let filter = view.place.health.filter.as_ref();
    let words = filter.map_or(Row::new(), |words| Row::text("with ").with(words, Role::Found).gap(1));
    let name = Row::of(" Health ", Role::LineFocus).with(format!("{shape}, worst first"), Role::Text).gap(2).and(words);
    body.rule(0, &name.and(counted(&parts.counts)).gap(1), Role::Line);
}

/// The sign and the word of what is believed.
fn believed(verdict: Verdict) -> (Row, Row) {
    let role = verdict_role(verdict);
    (Row::of(verdict_sign(verdict), role), Row::of(crate::text::verdict(verdict), role))
}
