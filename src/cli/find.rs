//! Things that a person names, found in the state: incidents by call-sign, people by name.

use std::sync::Arc;

use super::Failure;
use crate::core::ids::{IncidentId, PlanId, Principal, RunId, StepId};
use crate::core::incident::{Incident, Phase};
use crate::core::plan::{Procedure, Step};
use crate::core::run::{Run, StepRun};
use crate::core::state::{Loaded, State};
use crate::text;
use crate::wire::You;

/// An incident by identifier or call-sign; when none is named, the only one in a phase that the verb works on.
pub(super) fn incident<'a>(
    state: &'a State,
    named: Option<&str>,
    works_on: fn(&Phase) -> bool,
    phase: &str,
) -> Result<&'a Arc<Incident>, Failure> {
    if let Some(name) = named {
        let newest_first = || state.incidents.values().rev();
        let by_id = newest_first().find(|i| i.id.as_str().eq_ignore_ascii_case(name));
        let mut by_call_sign: Vec<_> =
            newest_first().filter(|i| i.call_sign.as_str().eq_ignore_ascii_case(name)).collect();
        // A call-sign is given again when its incident is over: the open one is meant.
        by_call_sign.sort_by_key(|i| !i.phase.is_open());
        let found = by_id.or(by_call_sign.first().copied());
        return found.ok_or_else(|| Failure::failed(no_incident(state, name)));
    }
    let candidates: Vec<_> = state.incidents.values().filter(|i| works_on(&i.phase)).collect();
    match candidates.as_slice() {
        [only] => Ok(only),
        [] => Err(Failure::failed(format!("no incident is {phase}; `warroom incident list` shows all"))),
        several => {
            let names: Vec<_> = several.iter().map(|i| format!("{} ({})", i.call_sign, i.id)).collect();
            Err(Failure::failed(format!("several incidents are {phase}; name one of {}", text::any_of(&names))))
        }
    }
}

/// The open incident that is named, or the only one.
pub(super) fn open_incident<'a>(state: &'a State, named: Option<&str>) -> Result<&'a Arc<Incident>, Failure> {
    incident(state, named, Phase::is_open, "open")
}

fn no_incident(state: &State, name: &str) -> String {
    let known: Vec<_> = state.incidents.values().map(|i| i.call_sign.to_string()).collect();
    let known =
        if known.is_empty() { "there is none".to_owned() } else { format!("known are {}", text::all_of(&known)) };
    format!("there is no incident {}; {known}", text::clean_line(name))
}

/// An incident's identifier: of one that the state holds, or as it is written, for one that is long over.
pub(super) fn any_incident_id(state: &State, name: &str) -> Result<IncidentId, Failure> {
    match incident(state, Some(name), |_| true, "known") {
        Ok(found) => Ok(found.id.clone()),
        Err(unknown) if !name.to_ascii_uppercase().starts_with("DR-") => Err(unknown),
        Err(unknown) => IncidentId::new(name).map_err(|_| unknown),
    }
}

pub(super) fn run(state: &State, id: RunId) -> Result<&Arc<Run>, Failure> {
    let known: Vec<_> = state.runs.keys().map(ToString::to_string).collect();
    let known =
        if known.is_empty() { "there is none".to_owned() } else { format!("known are {}", text::all_of(&known)) };
    state.runs.get(&id).ok_or_else(|| Failure::failed(format!("there is no run {id}; {known}")))
}

pub(super) fn step<'a>(run: &'a Run, id: &StepId) -> Result<(usize, &'a Step, &'a StepRun), Failure> {
    let known: Vec<_> = run.procedure.steps.iter().map(|s| s.id.to_string()).collect();
    let unknown = || Failure::failed(format!("run {} has no step {id}; it has {}", run.id, text::all_of(&known)));
    run.find(id).ok_or_else(unknown)
}

pub(super) fn plan<'a>(state: &'a State, id: &PlanId) -> Result<&'a Arc<Loaded>, Failure> {
    let known: Vec<_> = state.plans.keys().map(ToString::to_string).collect();
    let known = if known.is_empty() {
        "none is loaded; `warroom plan load FILE` loads one".to_owned()
    } else {
        format!("loaded are {}", text::all_of(&known))
    };
    state.plans.get(id).ok_or_else(|| Failure::failed(format!("there is no plan {id}; {known}")))
}

pub(super) fn procedure<'a>(loaded: &'a Loaded, id: &str) -> Result<&'a Procedure, Failure> {
    let known: Vec<_> = loaded.plan.procedures.iter().map(|p| p.id.to_string()).collect();
    let unknown = || {
        let id = text::clean_line(id);
        Failure::failed(format!("plan {} has no procedure {id}; it has {}", loaded.plan.id, text::all_of(&known)))
    };
    loaded.plan.procedures.iter().find(|p| p.id.as_str() == id).ok_or_else(unknown)
}

/// Somebody by name or principal; `me` is the caller.
pub(super) fn person(state: &State, you: &You, name: &str) -> Result<Principal, Failure> {
    if name.eq_ignore_ascii_case("me") {
        return Ok(you.principal.clone());
    }
    if let Ok(principal) = name.parse() {
        return Ok(principal);
    }
    let called: Vec<_> = state.people.values().filter(|p| p.name.eq_ignore_ascii_case(name)).collect();
    match called.as_slice() {
        [only] => Ok(only.principal.clone()),
        [] => {
            let known: Vec<_> = state.people.values().map(|p| p.name.as_str()).collect();
            let name = text::clean_line(name);
            Err(Failure::failed(format!("nobody here is called \"{name}\"; known are {}", text::all_of(&known))))
        }
        several => {
            let known: Vec<_> = several.iter().map(|p| p.principal.to_string()).collect();
            Err(Failure::failed(format!("several people are called that; name one of {}", text::any_of(&known))))
        }
    }
}
