//! Every part at every site: what is believed, since when and why, and what the last look found.

use super::head::{verdict_role, verdict_sign};
use super::whole;
use crate::console::canvas::{Canvas, Row};
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::health::{Found, Sample};
use crate::core::plan::{Component, Probe};
use crate::core::state::Loaded;

/// One line for each probe, under its plan.
pub(crate) fn lines(view: View<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for loaded in view.model.state.plans.values() {
        let row = Row::text(" ")
            .with(&loaded.plan.name, Role::Strong)
            .gap(2)
            .and(super::head::trouble(loaded, super::head::Detail::Names));
        lines.push(Line::only(row));
        lines.extend(loaded.plan.probes().map(|(component, probe)| line(view, loaded, component, probe)));
    }
    lines
}

fn line(view: View<'_>, loaded: &Loaded, component: &Component, probe: &Probe) -> Line {
    let verdict = loaded.verdict(&probe.id);
    let site = probe.site.as_ref().and_then(|id| loaded.plan.site(id)).map_or("-", |s| s.name.as_str());
    let state = loaded.probes.get(&probe.id);
    let since = state.and_then(|s| s.since.as_ref()).map_or(String::new(), |s| s.utc.to_string());
    let role = verdict_role(verdict);
    let row = Row::text("  ").with(verdict_sign(verdict), role).gap(1);
    let row = row.and(Row::of(&component.name, Role::Strong).cut(18)).tab(23).and(Row::text(site).cut(7)).tab(31);
    let row = row.with(crate::text::verdict(verdict), role).tab(39).with(since, Role::Dim).tab(49);
    let row = row.with(state.map_or("", |s| s.why.as_str()), Role::Text);
    let looks = view.model.readings().looks(&loaded.plan.id, &probe.id);
    let sample = looks.map(|(_, sample)| sample).max_by_key(|sample| sample.at.utc);
    let thing = Thing::Probe(loaded.plan.id.clone(), probe.id.clone());
    Line::of(thing, row).right(sample.map_or_else(Row::new, |sample| looked(view, sample)))
}

/// How long the last look took and how long ago it was; what it found, where that is not what is believed.
fn looked(view: View<'_>, sample: &Sample) -> Row {
    let ago = view.model.age_of(&sample.at);
    Row::of(format!("{}, {ago} ago ", sample.took), found_role(sample.found))
}

fn found_role(found: Found) -> Role {
    match found {
        Found::Good => Role::Dim,
        Found::Degraded => Role::Warn,
        Found::Bad => Role::Bad,
        Found::Unseen => Role::Unknown,
    }
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    whole(body, view, "what is believed, since when, why; right: the last look", &lines(view), "no plan, so no probes");
}

/// Everything about a probe, for its box.
pub(crate) fn about(view: View<'_>, loaded: &Loaded, component: &Component, probe: &Probe) -> Vec<Row> {
    let (state, now) = (&view.model.state, view.model.now());
    let facts = crate::text::about_probe(state, loaded, (component, probe), view.model.readings(), now.as_ref());
    facts.into_iter().map(|(name, says)| Row::of(name, Role::Dim).tab(14).with(says, Role::Text)).collect()
}
