//! Things that a person names, found in the state: incidents by call-sign, people by name.

use std::sync::Arc;

use super::Failure;
use crate::core::ids::{ComponentId, IncidentId, PlanId, Principal, ProbeId, RunId, StepId};
use crate::core::incident::{Incident, Phase};
use crate::core::plan::{Component, Probe, Procedure, Step};
use crate::core::run::{Run, StepRun};
use crate::core::state::{Loaded, State};
use crate::text;
use crate::wire::You;

/// Most things that are there and named when one is not.
const NAMED: usize = 100;

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
    let unknown =
        || Failure::failed(format!("run {} has no step {id}; it has {}", run.id, text::some_of(&known, NAMED)));
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

/// That a plan has a component.
pub(super) fn component(loaded: &Loaded, id: &ComponentId) -> Result<(), Failure> {
    if loaded.component(id).is_some() {
        return Ok(());
    }
    let known: Vec<_> = loaded.plan.components.iter().map(|c| c.id.to_string()).collect();
    let known = text::some_of(&known, NAMED);
    Err(Failure::failed(format!("plan {} has no component {id}; it has {known}", loaded.plan.id)))
}

/// A probe of a plan, with the component that it looks at.
pub(super) fn probe<'a>(loaded: &'a Loaded, id: &ProbeId) -> Result<(&'a Component, &'a Probe), Failure> {
    let known: Vec<_> = loaded.plan.probes().map(|(_, probe)| probe.id.to_string()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { text::some_of(&known, NAMED) };
    let unknown = || Failure::failed(format!("plan {} has no probe {id}; it has {known}", loaded.plan.id));
    loaded.probe(id).ok_or_else(unknown)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fixtures::{ada, kestrel, state};

    fn sentence<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
        match result {
            Err(Failure::Failed { sentence, .. }) => sentence,
            other => panic!("{other:?}"),
        }
    }

    /// Another incident of the same call-sign.
    fn with(mut state: State, id: &str, phase: Phase) -> State {
        let first = state.incidents.values().next().unwrap();
        let other = Incident { id: id.parse().unwrap(), phase, ..(**first).clone() };
        state.incidents.insert(other.id.clone(), Arc::new(other));
        state
    }

    #[test]
    fn an_incident_goes_by_identifier_or_call_sign_and_may_be_left_out_when_it_is_the_only_one() {
        let state = state();
        for name in [None, Some("KESTREL"), Some("kestrel"), Some("DR-20261121-031455"), Some("dr-20261121-031455")] {
            assert_eq!(open_incident(&state, name).unwrap().id, kestrel(), "{name:?}");
        }
        assert_eq!(sentence(open_incident(&state, Some("heron"))), "there is no incident heron; known are KESTREL");
        assert_eq!(
            sentence(incident(&state, None, |p| *p == Phase::Proposed, "proposed")),
            "no incident is proposed; `warroom incident list` shows all"
        );
    }

    #[test]
    fn a_call_sign_that_was_given_again_means_the_open_incident() {
        let later_but_closed = with(state(), "DR-20261122-000000", Phase::Closed { reason: None });
        assert_eq!(open_incident(&later_but_closed, Some("KESTREL")).unwrap().id, kestrel());
        assert_eq!(open_incident(&later_but_closed, None).unwrap().id, kestrel());
    }

    #[test]
    fn of_several_open_incidents_one_has_to_be_named() {
        let several = with(state(), "DR-20261122-000000", Phase::Declared);
        assert_eq!(
            sentence(open_incident(&several, None)),
            "several incidents are open; name one of KESTREL (DR-20261121-031455) or KESTREL (DR-20261122-000000)"
        );
    }

    #[test]
    fn an_incident_that_is_long_over_still_has_its_timeline() {
        assert_eq!(any_incident_id(&state(), "DR-20200101-000000").unwrap().as_str(), "DR-20200101-000000");
        assert_eq!(any_incident_id(&state(), "kestrel").unwrap(), kestrel());
        assert!(any_incident_id(&state(), "heron").is_err());
    }

    #[test]
    fn somebody_goes_by_name_or_principal() {
        let you = You { principal: ada(), name: "ada".into(), access: vec![] };
        for name in ["me", "ADA", "uid:1000"] {
            assert_eq!(person(&state(), &you, name).unwrap(), ada(), "{name}");
        }
        let unknown = sentence(person(&state(), &you, "bo\u{1b}b"));
        assert_eq!(unknown, "nobody here is called \"bo^[b\"; known are ada and mike");
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let state = state();
        assert_eq!(sentence(run(&state, RunId(9))), "there is no run R9; known are R7");
        let known = run(&state, RunId(7)).unwrap();
        assert_eq!(sentence(step(known, &"x".parse().unwrap())), "run R7 has no step x; it has fence, go and bridge");
        let loaded = plan(&state, &"shop".parse().unwrap()).unwrap();
        assert_eq!(sentence(procedure(loaded, "x")), "plan shop has no procedure x; it has failover-west");
        let unknown = component(loaded, &"cache".parse().unwrap());
        assert_eq!(sentence(unknown), "plan shop has no component cache; it has db and door");
        assert!(component(loaded, &"db".parse().unwrap()).is_ok());
        assert_eq!(sentence(probe(loaded, &"x".parse().unwrap())), "plan shop has no probe x; it has db.east and door");
        assert_eq!(sentence(plan(&state, &"bank".parse().unwrap())), "there is no plan bank; loaded are shop");
    }
}
