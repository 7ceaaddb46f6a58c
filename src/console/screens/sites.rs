//! The panel of sites: every site with its parts, a small picture of each part's last quarter of an hour, and the evidence of trouble.

use super::head;
use super::health::spark;
use crate::console::canvas::Row;
use crate::console::histories::AskedHistory;
use crate::console::list::Line;
use crate::console::place::{Panel, Screen, Thing, View};
use crate::console::theme::Role;
use crate::core::health::Verdict;
use crate::core::health::history::Window;
use crate::core::ids::SiteId;
use crate::core::plan::{Component, Probe};
use crate::core::state::Loaded;
use crate::wire::Evidence;

/// Columns of a small picture.
const SPARK: usize = 9;

/// Below this many columns the evidence of a part stands on a row of its own.
const NARROW: usize = 60;

/// Parts of a site that are all shown, and the most that are shown of a larger one.
const SHOWN: usize = 40;

/// Small pictures on one page, at most.
const PICTURES: usize = 32;

/// The sites in the order of the plan, then what stands before all of them.
fn places(loaded: &Loaded) -> impl Iterator<Item = Option<&SiteId>> {
    loaded.plan.sites.iter().map(|site| Some(&site.id)).chain([None])
}

/// The probes of a component at a site.
fn at<'a>(component: &'a Component, site: Option<&SiteId>) -> impl Iterator<Item = (&'a Component, &'a Probe)> {
    let there = move |probe: &&Probe| probe.site.as_ref() == site;
    component.probes.iter().filter(there).map(move |probe| (component, probe))
}

/// The parts of a site that are shown: all of them, or of a large site those that are not well, the worst first.
fn parts<'a>(loaded: &'a Loaded, site: Option<&'a SiteId>) -> Vec<(&'a Component, &'a Probe)> {
    if loaded.counts(site).all() <= SHOWN {
        return loaded.parts_at(site).flat_map(|component| at(component, site)).collect();
    }
    let not_ok = Verdict::ALL.into_iter().rev().filter(|verdict| *verdict != Verdict::Ok);
    let of = |verdict| loaded.not_ok(site, verdict).map(move |component| (component, verdict));
    let as_bad = |(component, verdict)| {
        let mut probes = at(component, site);
        probes.find(|(component, probe)| loaded.verdict_of(component, probe) == verdict)
    };
    not_ok.flat_map(of).take(SHOWN).filter_map(as_bad).collect()
}

/// How many parts of a large site are not shown, by how they are.
fn not_shown(loaded: &Loaded, site: Option<&SiteId>, shown: usize) -> Vec<Line> {
    let counts = loaded.counts(site);
    let mut lines = Vec::new();
    let more = (counts.all() - counts.of(Verdict::Ok)).saturating_sub(shown);
    if more > 0 {
        lines.push(Line::only(Row::text("   ").with(format!("and {more} more that are not ok"), Role::Warn)));
    }
    if counts.of(Verdict::Ok) > 0 {
        let sign = Row::text("   ").with(head::verdict_sign(Verdict::Ok), head::verdict_role(Verdict::Ok)).gap(1);
        lines.push(Line::only(sign.with(format!("{} ok", counts.of(Verdict::Ok)), Role::Text)));
    }
    lines
}

/// The small pictures that the page shows, where it shows them.
pub(crate) fn wanted(view: View<'_>, wide: bool) -> Option<AskedHistory> {
    let shown = view.place.screen == Screen::WarRoom && (wide || view.place.panel == Panel::Sites);
    let loaded = view.loaded().filter(|_| shown)?;
    let probes = places(loaded).flat_map(|site| parts(loaded, site)).take(PICTURES);
    let probes = probes.map(|(_, probe)| probe.id.clone()).collect();
    Some(AskedHistory { plan: loaded.plan.id.clone(), probes, window: Window::Quarter, evidence: Evidence::Without })
}

/// Every site with its parts. A large site is closed: what is well there is a count.
pub(super) fn tree(view: View<'_>, width: usize) -> Vec<Line> {
    let Some(loaded) = view.loaded() else { return Vec::new() };
    let mut lines: Vec<Line> = super::failover::rows(view, width).into_iter().map(Line::only).collect();
    for site in places(loaded) {
        let known = site.and_then(|id| loaded.plan.site(id));
        let title = known.map(|site| super::war_room::site_cell(loaded, site));
        let title = title.unwrap_or_else(|| Row::text(" ").with("before all sites", Role::Strong));
        if site.is_none() && loaded.counts(None).all() == 0 {
            continue;
        }
        let parts = parts(loaded, site);
        lines.push(Line::only(title));
        parts.iter().for_each(|part| lines.extend(part_lines(view, loaded, *part, width)));
        if loaded.counts(site).all() > SHOWN {
            lines.extend(not_shown(loaded, site, parts.len()));
        }
    }
    lines
}

fn part_lines(view: View<'_>, loaded: &Loaded, (component, probe): (&Component, &Probe), width: usize) -> Vec<Line> {
    let verdict = loaded.verdict_of(component, probe);
    let role = head::verdict_role(verdict);
    let thing = Thing::Probe(loaded.plan.id.clone(), probe.id.clone());
    let picture = view.model.histories.lately(&loaded.plan.id, &probe.id);
    let picture = picture.map_or_else(|| Row::new().gap(SPARK), |past| spark(past, probe, SPARK));
    let names = if width < NARROW { 13 } else { 18 };
    let row = Row::text("   ").with(head::verdict_sign(verdict), role).gap(1);
    let row = row.and(Row::text(component.id.as_str()).cut(names - 6)).tab(names).and(picture).gap(1);
    let row = row.with(crate::text::verdict(verdict), role);
    let why = match (verdict, loaded.pause_of(component, probe)) {
        (Verdict::Ok, _) => "",
        (_, Some(pause)) => pause.reason.as_str(),
        _ => loaded.probes.get(&probe.id).map_or("", |seen| seen.why.as_str()),
    };
    if width >= NARROW || why.is_empty() {
        return vec![Line::of(thing, row.gap(1).with(why, Role::Dim))];
    }
    vec![Line::of(thing, row), Line::only(Row::new().gap(5).with(why, Role::Dim))]
}
