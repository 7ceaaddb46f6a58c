//! The parts as a list: a tree with closed branches as counts, or flat; the worst first.

use std::cmp::Reverse;

use super::{believed, counted};
use crate::console::canvas::Row;
use crate::console::health::{Branch, Fold, Shape};
use crate::console::list::{Line, List};
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::health::{Found, Sample, Verdict};
use crate::core::ids::{PlanId, SiteId};
use crate::core::plan::{Component, Probe};
use crate::core::state::Loaded;

/// With no more parts than this everything is open until somebody closes it.
const FEW: usize = 40;

/// How many parts are how, by the number of the verdict.
type Counts = [usize; 5];

/// A probe with what is believed.
#[derive(Clone, Copy)]
struct Leaf<'a> {
    loaded: &'a Loaded,
    component: &'a Component,
    probe: &'a Probe,
    verdict: Verdict,
}

enum What<'a> {
    Branch { branch: Branch, name: String, counts: Counts, fold: Fold },
    Leaf { leaf: Leaf<'a>, name: String },
}

/// A line of the list.
struct Item<'a> {
    depth: usize,
    what: What<'a>,
}

/// The list.
pub(super) struct Parts<'a> {
    view: View<'a>,
    width: usize,
    items: Vec<Item<'a>>,
    /// Of all parts that are listed, closed branches included.
    pub(super) counts: Counts,
}

fn count<'a>(leaves: impl IntoIterator<Item = &'a Leaf<'a>>) -> Counts {
    let mut counts = [0; 5];
    for leaf in leaves {
        if let Some(count) = counts.get_mut(leaf.verdict as usize) {
            *count += 1;
        }
    }
    counts
}

fn worst(leaves: &[Leaf<'_>]) -> Reverse<Verdict> {
    Reverse(leaves.iter().map(|leaf| leaf.verdict).max().unwrap_or(Verdict::Ok))
}

/// Leaves in groups of the same key, the worst group first and else as they came.
fn grouped<'a, K: PartialEq>(leaves: &[Leaf<'a>], key: impl Fn(&Leaf<'a>) -> K) -> Vec<(K, Vec<Leaf<'a>>)> {
    let mut groups: Vec<(K, Vec<Leaf<'a>>)> = Vec::new();
    for leaf in leaves {
        let own = key(leaf);
        // What belongs together mostly stands together.
        match groups.iter_mut().rfind(|(known, _)| *known == own) {
            Some((_, group)) => group.push(*leaf),
            None => groups.push((own, vec![*leaf])),
        }
    }
    groups.sort_by_key(|(_, group)| worst(group));
    groups
}

fn site_name(loaded: &Loaded, site: Option<&SiteId>) -> String {
    let named = site.map(|id| loaded.plan.site(id).map_or(id.to_string(), |site| site.name.clone()));
    named.unwrap_or_else(|| "before all sites".to_owned())
}

/// Whether all words are in what a part goes by: component, site, probe, state, and its plan's identifier. A plan's name may be a
/// sentence in which every word is.
fn fits(leaf: &Leaf<'_>, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let Leaf { loaded, component, probe, verdict } = leaf;
    let site = site_name(loaded, probe.site.as_ref());
    let site_id = probe.site.as_ref().map_or("", |id| id.as_str());
    let names = [loaded.plan.id.as_str(), component.name.as_str(), component.id.as_str(), probe.id.as_str(), site_id];
    let all = format!("{} {site} {}", names.join(" "), crate::text::verdict(*verdict)).to_lowercase();
    words.iter().all(|word| all.contains(word))
}

impl<'a> Parts<'a> {
    pub(super) fn of(view: View<'a>, width: usize) -> Parts<'a> {
        let health = &view.place.health;
        let words: Vec<String> =
            health.filter.iter().flat_map(|words| words.split_whitespace()).map(str::to_lowercase).collect();
        let mut leaves: Vec<Leaf<'a>> = Vec::new();
        for loaded in view.model.state.plans.values() {
            leaves.extend(loaded.plan.probes().map(|(component, probe)| {
                let verdict = loaded.verdict_of(component, probe);
                Leaf { loaded, component, probe, verdict }
            }));
        }
        let few = leaves.len() <= FEW;
        leaves.retain(|leaf| fits(leaf, &words));
        let counts = count(&leaves);
        let mut parts = Parts { view, width, items: Vec::new(), counts };
        match health.shape {
            Shape::Tree => parts.tree(&leaves, if few || !words.is_empty() { Fold::Open } else { Fold::Closed }),
            Shape::Flat => {
                leaves.sort_by_key(|leaf| Reverse(leaf.verdict));
                leaves.into_iter().for_each(|leaf| parts.leaf(0, leaf, leaf.component.name.clone()));
            }
        }
        parts
    }

    fn is_fenced(&self, branch: &Branch) -> bool {
        let Branch::Site(plan, Some(site)) = branch else { return false };
        self.view.model.state.plans.get(plan).is_some_and(|loaded| loaded.fence_of(site).is_some())
    }

    /// The first probe: one of the worst, of the worst site.
    pub(super) fn first(&self) -> Option<Thing> {
        (0..self.items.len()).filter_map(|at| self.thing(at)).find(|thing| matches!(thing, Thing::Probe(..)))
    }

    fn leaf(&mut self, depth: usize, leaf: Leaf<'a>, name: String) {
        self.items.push(Item { depth, what: What::Leaf { leaf, name } });
    }

    /// Adds a branch; whether what is under it is to be added, too. What is in trouble is open until somebody closes it.
    fn branch(&mut self, depth: usize, branch: Branch, name: String, leaves: &[Leaf<'a>], habit: Fold) -> bool {
        let trouble = worst(leaves).0 > Verdict::Unknown;
        let own = if trouble { Fold::Open } else { habit };
        let fold = self.view.place.health.folds.get(&branch).copied().unwrap_or(own);
        self.items.push(Item { depth, what: What::Branch { branch, name, counts: count(leaves), fold } });
        fold == Fold::Open
    }

    fn tree(&mut self, leaves: &[Leaf<'a>], habit: Fold) {
        for (plan, leaves) in grouped(leaves, |leaf| &leaf.loaded.plan.id) {
            let name = leaves.first().map_or(String::new(), |leaf| leaf.loaded.plan.name.clone());
            if self.branch(0, Branch::Plan(plan.clone()), name, &leaves, habit) {
                self.sites(plan, &leaves, habit);
            }
        }
    }

    fn sites(&mut self, plan: &PlanId, leaves: &[Leaf<'a>], habit: Fold) {
        for (site, leaves) in grouped(leaves, |leaf| leaf.probe.site.as_ref()) {
            let name = leaves.first().map_or(String::new(), |leaf| site_name(leaf.loaded, site));
            if !self.branch(1, Branch::Site(plan.clone(), site.cloned()), name, &leaves, habit) {
                continue;
            }
            for (component, leaves) in grouped(&leaves, |leaf| &leaf.component.id) {
                let name = leaves.first().map_or(String::new(), |leaf| leaf.component.name.clone());
                if let [only] = leaves.as_slice() {
                    self.leaf(2, *only, name);
                    continue;
                }
                let branch = Branch::Component(plan.clone(), site.cloned(), component.clone());
                if self.branch(2, branch, name, &leaves, habit) {
                    let mut leaves = leaves;
                    leaves.sort_by_key(|leaf| Reverse(leaf.verdict));
                    leaves.into_iter().for_each(|leaf| self.leaf(3, leaf, leaf.probe.id.to_string()));
                }
            }
        }
    }

    fn leaf_line(&self, depth: usize, leaf: &Leaf<'a>, name: &str) -> Line {
        let Leaf { loaded, component, probe, verdict } = leaf;
        let (sign, word) = believed(*verdict);
        let state = loaded.probes.get(&probe.id);
        // A narrow list leaves the evidence to the panel beside it.
        let names = if self.width < 70 { 26 } else { 30 };
        let row = Row::new().gap(2 + 2 * depth).and(sign).gap(1);
        let room = names.max(row.width() + 9) - row.width();
        let mut row = row.and(Row::of(name, Role::Strong).cut(room.saturating_sub(1))).tab(names);
        if self.view.place.health.shape == Shape::Flat {
            let several = self.view.model.state.plans.len() > 1;
            let plan = if several { format!(" {}", loaded.plan.id) } else { String::new() };
            let site = probe.site.as_ref().map_or("-", |id| id.as_str());
            row = row.and(Row::of(format!("{site}{plan}"), Role::Text).cut(11)).tab(names + 12);
        }
        let at = row.width() + 10;
        let row = row.and(word).tab(at);
        let since = state.and_then(|s| s.since.as_ref()).map_or(String::new(), |since| since.utc.to_string());
        let why = match loaded.pause_of(component, probe) {
            Some(pause) => format!("for {} more: {}", self.left(pause), pause.reason),
            None => state.map_or(String::new(), |s| s.why.clone()),
        };
        let row = row.with(since, Role::Dim).gap(1).with(why, Role::Text);
        let thing = Thing::Probe(loaded.plan.id.clone(), probe.id.clone());
        if self.width < 70 {
            return Line::of(thing, row);
        }
        let looks = self.view.model.looks(&loaded.plan.id, component, probe).into_iter();
        let last = looks.map(|(_, sample)| sample).max_by_key(|sample| sample.at.utc);
        Line::of(thing, row).right(last.map_or_else(Row::new, |sample| self.looked(sample)))
    }

    fn left(&self, pause: &crate::core::health::Pause) -> String {
        let now = self.view.model.now();
        now.map_or_else(|| "?".to_owned(), |now| crate::console::canvas::round(pause.left(&now)))
    }

    /// How long ago the last look was; what it found, by its look.
    fn looked(&self, sample: &Sample) -> Row {
        let role = match sample.found {
            Found::Good => Role::Dim,
            Found::Degraded => Role::Warn,
            Found::Bad => Role::Bad,
            Found::Unseen => Role::Unknown,
        };
        Row::of(format!("{} ago ", self.view.model.age_of(&sample.at)), role)
    }
}

impl List for Parts<'_> {
    fn count(&self) -> usize {
        self.items.len()
    }

    fn thing(&self, at: usize) -> Option<Thing> {
        Some(match &self.items.get(at)?.what {
            What::Branch { branch, .. } => Thing::Branch(branch.clone()),
            What::Leaf { leaf, .. } => Thing::Probe(leaf.loaded.plan.id.clone(), leaf.probe.id.clone()),
        })
    }

    fn find(&self, thing: &Thing) -> Option<usize> {
        self.items.iter().position(|item| match (&item.what, thing) {
            (What::Branch { branch, .. }, Thing::Branch(wanted)) => branch == wanted,
            (What::Leaf { leaf, .. }, Thing::Probe(plan, probe)) => {
                leaf.probe.id == *probe && leaf.loaded.plan.id == *plan
            }
            _ => false,
        })
    }

    fn can_be_chosen(&self, at: usize) -> bool {
        at < self.items.len()
    }

    fn line(&self, at: usize) -> Line {
        let Some(item) = self.items.get(at) else { return Line::only(Row::new()) };
        match &item.what {
            What::Leaf { leaf, name } => self.leaf_line(item.depth, leaf, name),
            What::Branch { branch, name, counts, fold } => {
                let mark = if *fold == Fold::Open { "-" } else { "+" };
                let row = Row::new().gap(2 + 2 * item.depth).with(mark, Role::Key).gap(1);
                let row = row.with(name, Role::Strong).gap(2).and(counted(counts));
                let row = if self.is_fenced(branch) { row.gap(2).with("FENCED", Role::NoReturn) } else { row };
                Line::of(Thing::Branch(branch.clone()), row)
            }
        }
    }
}

/// What a branch is to be when somebody opens or closes it: the other of what it is now.
pub(crate) fn fold(view: View<'_>, wanted: &Branch) -> Option<Fold> {
    let parts = Parts::of(view, 80);
    parts.items.iter().find_map(|item| match &item.what {
        What::Branch { branch, fold, .. } if branch == wanted => Some(match fold {
            Fold::Open => Fold::Closed,
            Fold::Closed => Fold::Open,
        }),
        _ => None,
    })
}
