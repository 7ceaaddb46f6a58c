//! What a row of the timeline calls the things that it speaks of.

use super::line;
use crate::core::ids::{IncidentId, PlanId, ProbeId, RunId, SiteId, StepId};
use crate::core::state::State;

pub(super) fn called(state: &State, incident: &IncidentId) -> String {
    state.incidents.get(incident).map_or_else(|| incident.to_string(), |i| i.call_sign.to_string())
}

pub(super) fn site_name(state: &State, plan: &PlanId, site: &SiteId) -> String {
    let known = state.plans.get(plan).and_then(|loaded| loaded.plan.site(site));
    known.map_or_else(|| site.to_string(), |known| line(&known.name).into_owned())
}

/// `Orders database at East`; a probe that its plan no longer has goes by its identifier.
pub(super) fn probe_name(state: &State, plan: &PlanId, probe: &ProbeId) -> String {
    let known = state.plans.get(plan).and_then(|loaded| loaded.probe(probe));
    match known {
        Some((component, found)) => {
            let at =
                found.site.as_ref().map(|site| format!(" at {}", site_name(state, plan, site))).unwrap_or_default();
            format!("{}{at}", line(&component.name))
        }
        None => probe.to_string(),
    }
}

/// `R7 Fence East`; a step of a run that is no longer known goes by its identifier.
pub(super) fn step_name(state: &State, run: RunId, step: &StepId) -> String {
    let known = state.runs.get(&run).and_then(|run| run.find(step));
    match known {
        Some((_, step, _)) => format!("{run} {}", line(&step.name)),
        None => format!("{run} {step}"),
    }
}
