//! Folds what happens to triggers, and what incidents are taken for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::ids::{IncidentId, PlanId, ScenarioId};
use super::super::incident::Phase;
use super::super::plan::Plan;
use super::super::scenario::{Answer, Held, Matched, Saw, Stands};
use super::super::state::{Entry, Loaded, State};
use super::incident_mut;

/// A trigger's condition holds from here. What the open incident is already taken for is answered by it.
pub(super) fn met(state: &mut State, entry: &Entry, plan: &PlanId, scenario: &ScenarioId, saw: &[Saw]) {
    let known = state.incident_of(plan).is_some_and(|incident| incident.scenarios.contains_key(scenario));
    let answer = if known { Answer::Given } else { Answer::Awaited };
    let held = Held { since: entry.at.clone(), saw: saw.to_vec(), answer };
    triggers_mut(state, plan, |triggers| {
        triggers.insert(scenario.clone(), held);
    });
}

pub(super) fn passed(state: &mut State, plan: &PlanId, scenario: &ScenarioId) {
    triggers_mut(state, plan, |triggers| {
        triggers.remove(scenario);
    });
}

/// An incident is taken for a scenario.
pub(super) fn matched(state: &mut State, entry: &Entry, incident: &IncidentId, scenario: &ScenarioId, saw: &[Saw]) {
    let Some(plan) = state.incidents.get(incident).map(|incident| incident.plan.clone()) else { return };
    let Some(known) = state.plans.get(&plan).and_then(|loaded| loaded.plan.scenario(scenario)).cloned() else { return };
    let matched = Matched::new(&known, &entry.by, &entry.at, saw);
    incident_mut(state, incident, |i| {
        i.scenarios.insert(scenario.clone(), matched);
        if i.phase == Phase::Proposed {
            i.severity = i.severity.max(known.impact);
        }
    });
    triggers_mut(state, &plan, |triggers| {
        triggers.entry(scenario.clone()).and_modify(|held| held.answer = Answer::Given);
    });
}

pub(super) fn ruled_out(state: &mut State, entry: &Entry, incident: &IncidentId, scenario: &ScenarioId, reason: &str) {
    let stands = Stands::RuledOut { by: entry.by.clone(), reason: reason.to_owned() };
    incident_mut(state, incident, |i| {
        i.scenarios.entry(scenario.clone()).and_modify(|matched| matched.stands = stands);
    });
}

/// People ended an incident: what holds at this moment is known to them, and brings no other.
pub(super) fn acknowledged(state: &mut State, incident: &IncidentId) {
    let Some(plan) = state.incidents.get(incident).map(|incident| incident.plan.clone()) else { return };
    triggers_mut(state, &plan, |triggers| triggers.values_mut().for_each(|held| held.answer = Answer::Given));
}

/// The triggers that a new text of a plan has as before.
pub(super) fn kept(plan: &Plan, before: Option<&Arc<Loaded>>) -> BTreeMap<ScenarioId, Held> {
    let Some(before) = before else { return BTreeMap::new() };
    let trigger = |plan: &Plan, id| plan.scenario(id).and_then(|scenario| scenario.trigger.clone());
    let same = |id| trigger(plan, id).is_some_and(|now| trigger(&before.plan, id) == Some(now));
    before.triggers.iter().filter(|(id, _)| same(id)).map(|(id, held)| (id.clone(), held.clone())).collect()
}

fn triggers_mut(state: &mut State, plan: &PlanId, change: impl FnOnce(&mut BTreeMap<ScenarioId, Held>)) {
    if let Some(loaded) = state.plans.get_mut(plan).filter(|loaded| !loaded.plan.scenarios.is_empty()) {
        change(&mut Arc::make_mut(loaded).triggers);
    }
}
