//! Every site with its parts, for the panel. A large site is closed: what is well there is a count.

use super::head::{verdict_role, verdict_sign};
use super::war_room::site_cell;
use crate::console::canvas::Row;
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::health::Verdict;
use crate::core::ids::SiteId;
use crate::core::plan::{Component, Probe};
use crate::core::state::Loaded;

/// Parts of a site that are all shown, and the most that are shown of a larger one.
const SHOWN: usize = 40;

/// The lines of the panel.
pub(super) fn tree(view: View<'_>) -> Vec<Line> {
    let Some(loaded) = view.loaded() else { return Vec::new() };
    let mut lines = Vec::new();
    let places = loaded.plan.sites.iter().map(|s| (Some(&s.id), site_cell(loaded, s)));
    let front = Row::text(" ").with("before all sites", Role::Strong);
    for (site, title) in places.chain([(None, front)]) {
        let parts = loaded.counts(site).all();
        if site.is_none() && parts == 0 {
            continue;
        }
        lines.push(Line::only(title));
        if parts > SHOWN {
            lines.extend(closed(loaded, site));
        } else {
            let there = loaded.parts_at(site).flat_map(|component| at(component, site));
            lines.extend(there.map(|(component, probe)| line(loaded, component, probe)));
        }
    }
    lines
}

/// What is not well, the worst first, and how many more there are.
fn closed(loaded: &Loaded, site: Option<&SiteId>) -> Vec<Line> {
    let counts = loaded.counts(site);
    let not_ok = Verdict::ALL.into_iter().rev().filter(|verdict| *verdict != Verdict::Ok);
    let of = |verdict| loaded.not_ok(site, verdict).map(move |component| (component, verdict));
    let as_bad = |(component, verdict)| {
        let mut probes = at(component, site);
        probes.find(|(component, probe)| loaded.verdict_of(component, probe) == verdict)
    };
    let worst = not_ok.flat_map(of).take(SHOWN).filter_map(as_bad);
    let mut lines: Vec<Line> = worst.map(|(component, probe)| line(loaded, component, probe)).collect();
    let more = counts.all() - counts.of(Verdict::Ok) - lines.len();
    if more > 0 {
        lines.push(Line::only(Row::text("   ").with(format!("and {more} more that are not ok"), Role::Warn)));
    }
    if counts.of(Verdict::Ok) > 0 {
        let sign = Row::text("   ").with(verdict_sign(Verdict::Ok), verdict_role(Verdict::Ok)).gap(1);
        lines.push(Line::only(sign.with(format!("{} ok", counts.of(Verdict::Ok)), Role::Text)));
    }
    lines
}

/// The probes of a component at a site.
fn at<'a>(component: &'a Component, site: Option<&SiteId>) -> impl Iterator<Item = (&'a Component, &'a Probe)> {
    let there = move |probe: &&Probe| probe.site.as_ref() == site;
    component.probes.iter().filter(there).map(move |probe| (component, probe))
}

fn line(loaded: &Loaded, component: &Component, probe: &Probe) -> Line {
    let verdict = loaded.verdict_of(component, probe);
    let why = loaded.probes.get(&probe.id).map_or("", |s| s.why.as_str());
    let role = verdict_role(verdict);
    let row = Row::text("   ").with(verdict_sign(verdict), role).gap(1);
    let row = row.with(component.id.as_str(), Role::Text).tab(16).with(crate::text::verdict(verdict), role);
    let why = if verdict == Verdict::Ok { "" } else { why };
    Line::of(Thing::Probe(loaded.plan.id.clone(), probe.id.clone()), row.gap(1).with(why, Role::Dim))
}
