//! What a row of the timeline calls the things that it speaks of.

use super::line;
use crate::core::ids::{IncidentId, PlanId, ProbeId, RunId, ScenarioId, SiteId, StepId};
use crate::core::state::{Loaded, State};

pub(super) fn called(state: &State, incident: &IncidentId) -> String {
    state.incidents.get(incident).map_or_else(|| incident.to_string(), |i| i.call_sign.to_string())
}

pub(super) fn site_name(state: &State, plan: &PlanId, site: &SiteId) -> String {
    state.plans.get(plan).map_or_else(|| site.to_string(), |loaded| site_of(loaded, site))
}

/// `East`; a site that the plan does not have goes by its identifier.
pub(in crate::text) fn site_of(loaded: &Loaded, site: &SiteId) -> String {
    loaded.plan.site(site).map_or_else(|| site.to_string(), |known| line(&known.name).into_owned())
}

pub(super) fn scenario_name(state: &State, plan: &PlanId, scenario: &ScenarioId) -> String {
    let known = state.plans.get(plan).and_then(|loaded| loaded.plan.scenario(scenario));
    known.map_or_else(|| scenario.to_string(), |known| line(&known.name).into_owned())
}

/// What an incident was taken for, by the name that it had then.
pub(super) fn scenario_of(state: &State, incident: &IncidentId, scenario: &ScenarioId) -> String {
    let known = state.incidents.get(incident);
    match known.and_then(|incident| incident.scenarios.get(scenario)) {
        Some(matched) => line(&matched.name).into_owned(),
        None => known.map_or_else(|| scenario.to_string(), |i| scenario_name(state, &i.plan, scenario)),
    }
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
