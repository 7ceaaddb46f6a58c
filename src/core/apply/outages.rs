//! Folds what changed into the outages of the open incident of a plan.

use super::super::ids::{PlanId, ProbeId};
use super::super::outage::{self, Because};
use super::super::state::State;
use super::super::time::Now;
use super::incident_mut;

/// The component of a probe may be out in the open incident of its plan, or back.
pub(super) fn of_probe(state: &mut State, plan: &PlanId, probe: &ProbeId, at: &Now) {
    let Some(id) = state.incident_of(plan).map(|i| i.id.clone()) else { return };
    let Some(loaded) = state.plans.get(plan).cloned() else { return };
    let Some((component, _)) = loaded.probe(probe) else { return };
    incident_mut(state, &id, |incident| outage::of_component(incident, &loaded, component, at));
}

/// The same of every component.
pub(super) fn of_plan(state: &mut State, plan: &PlanId, why: Because, at: &Now) {
    let Some(id) = state.incident_of(plan).map(|i| i.id.clone()) else { return };
    let Some(loaded) = state.plans.get(plan).cloned() else { return };
    incident_mut(state, &id, |incident| outage::of_all(incident, &loaded, why, at));
}
