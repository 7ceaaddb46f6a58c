//! Components as a run goes through them: those that are affected, and which of them comes first.

use std::collections::{BTreeMap, BTreeSet};

use super::super::health::Verdict;
use super::super::ids::ComponentId;
use super::super::plan::{Component, Order, Plan};
use super::super::state::Loaded;

/// One pass of a list.
pub(super) struct Pass {
    pub(super) value: String,
    /// The passes that must be through before, by their place in the list.
    pub(super) after: Vec<usize>,
}

/// Components that are down, and those that need them, however far.
#[must_use]
pub fn affected(loaded: &Loaded) -> BTreeSet<ComponentId> {
    let down = |component: &Component| loaded.counts_of(&component.id).of(Verdict::Down) > 0;
    let mut found: BTreeSet<ComponentId> =
        loaded.plan.components.iter().filter(|c| down(c)).map(|c| c.id.clone()).collect();
    loop {
        let hit = |c: &&Component| !found.contains(&c.id) && c.dependencies.iter().any(|d| found.contains(d));
        let more: Vec<ComponentId> = loaded.plan.components.iter().filter(hit).map(|c| c.id.clone()).collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// Components by priority, or each after those that it depends on, through others too; of those that could go, the more critical
/// first (EX-15).
pub(super) fn ordered(plan: &Plan, chosen: &BTreeSet<ComponentId>, order: Order) -> Vec<Pass> {
    let mut left: Vec<&Component> = plan.components.iter().filter(|c| chosen.contains(&c.id)).collect();
    left.sort_by_key(|c| std::cmp::Reverse(c.priority));
    if order == Order::Priority {
        return left.iter().map(|c| Pass { value: c.id.to_string(), after: Vec::new() }).collect();
    }
    let needs: BTreeMap<&ComponentId, BTreeSet<&ComponentId>> =
        left.iter().map(|c| (&c.id, nearest(plan, &c.id, chosen))).collect();
    let mut done: Vec<&ComponentId> = Vec::new();
    while !left.is_empty() {
        let can = left.iter().position(|c| needs[&c.id].iter().all(|need| done.contains(need)));
        // A circle is refused when a plan is read; were there one, its members would go in order of priority.
        done.push(&left.remove(can.unwrap_or(0)).id);
    }
    let place = |id: &ComponentId| done.iter().position(|d| *d == id);
    let pass = |id: &&ComponentId| Pass {
        value: id.to_string(),
        after: needs[*id].iter().filter_map(|need| place(need)).collect(),
    };
    done.iter().map(pass).collect()
}

/// The chosen components that one depends on, directly or through others that are not chosen.
fn nearest<'p>(plan: &'p Plan, id: &ComponentId, chosen: &BTreeSet<ComponentId>) -> BTreeSet<&'p ComponentId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&ComponentId> = plan.component(id).into_iter().flat_map(|c| &c.dependencies).collect();
    while let Some(next) = open.pop() {
        if !seen.insert(next) || next == id {
            continue;
        }
        match chosen.contains(next) {
            true => {
                found.insert(next);
            }
            false => open.extend(plan.component(next).into_iter().flat_map(|c| &c.dependencies)),
        }
    }
    found
}
