//! Every part at every site: what is believed, since when and why, and what the last look found.

use super::head::{verdict_role, verdict_sign};
use super::whole;
use crate::console::canvas::{Canvas, Row, round};
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::health::{Found, Sample, Verdict};
use crate::core::plan::{Component, Probe, Vantage};
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
    let looks = view.model.looks(&loaded.plan.id, component, probe).into_iter();
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

/// What the last look found, and how long ago.
fn last(view: View<'_>, sample: &Sample) -> Row {
    let ago = view.model.age_of(&sample.at);
    let role = found_role(sample.found);
    Row::of(format!("{} in {}, {ago} ago ", sample.why, sample.took), role)
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    whole(body, view, "what is believed, since when, why; right: the last look", &lines(view), "no plan, so no probes");
}

/// Everything about a probe, for its box.
pub(crate) fn about(view: View<'_>, loaded: &Loaded, component: &Component, probe: &Probe) -> Vec<Row> {
    let look = crate::text::look(&probe.look);
    let vantage = match probe.vantage {
        Vantage::FrontDoor => "through the front door, as a customer",
        Vantage::Inside => "directly at the part",
    };
    let state = loaded.probes.get(&probe.id);
    let verdict = state.map_or(Verdict::Unknown, |s| s.verdict);
    let moment = |at: Option<&crate::core::time::Now>| at.map_or("never".to_owned(), |at| at.utc.dated());
    let row = |name: &str, value: String| Row::of(name, Role::Dim).tab(14).with(value, Role::Text);
    let mut rows = vec![
        row("component", format!("{} ({})", component.name, component.kind)),
        row("looks", look),
        row("", format!("{vantage}; every {}, at most {}", probe.every, probe.timeout)),
        row(
            "believed",
            format!("{} since {}", crate::text::verdict(verdict), moment(state.and_then(|s| s.since.as_ref()))),
        ),
        row("because", state.map_or(String::new(), |s| s.why.clone())),
        row("last good", moment(state.and_then(|s| s.last_good.as_ref()))),
        row("changes", format!("down after {} bad in a row, ok after {} good", probe.fail_after, probe.pass_after)),
    ];
    rows.extend(crate::text::limits(probe).map(|limits| row("limits", limits)));
    if let Some(pause) = loaded.pause_of(component, probe) {
        let left = view.model.now().map_or_else(|| "?".to_owned(), |now| round(pause.left(&now)));
        let by = view.model.state.name(&pause.by);
        rows.push(row("PAUSED", format!("{} by {by}, for {left} more: {}", pause.of, pause.reason)));
    }
    for (place, sample) in view.model.looks(&loaded.plan.id, component, probe) {
        let from = if probe.from.len() > 1 { format!("{place}: ") } else { String::new() };
        rows.push(row("last look", format!("{from}{}", last(view, sample).plain())));
        let measured = crate::text::measured(&sample.measured);
        rows.extend((!measured.is_empty()).then(|| row("", measured)));
    }
    rows
}
