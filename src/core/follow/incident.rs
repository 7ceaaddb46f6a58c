//! What follows for incidents: those that the engine proposes, and the way from good samples to *recovered*.

use super::super::decide::incident_id;
use super::super::event::{Event, Opening};
use super::super::health::ProbeState;
use super::super::ids::{CallSign, ProbeId};
use super::super::incident::{Incident, Phase};
use super::super::objectives::{good_since, held, is_bad};
use super::super::plan::Severity;
use super::super::state::{Loaded, State};
use super::super::time::{Moment, Now, first_of};

/// When a window that has to hold will have held.
pub(super) fn due(state: &State, incident: &Incident, now: &Now) -> Option<Moment> {
    let Phase::Verifying { since } = &incident.phase else { return None };
    let loaded = state.plans.get(&incident.plan)?;
    good_since(loaded, incident)?;
    Some(now.utc.plus(loaded.plan.stable_for.minus(held(since, now))))
}

pub(super) fn of_incident(state: &State, incident: &Incident, now: &Now) -> Option<Event> {
    let loaded = state.plans.get(&incident.plan)?;
    let good = good_since(loaded, incident);
    let id = incident.id.clone();
    match (&incident.phase, good) {
        (Phase::Declared | Phase::Recovering, Some(since)) => Some(Event::IncidentVerifying { incident: id, since }),
        // An engine that restarted has to look again, and the window begins with what it sees.
        (Phase::Verifying { since }, Some(good)) if good != *since => {
            Some(Event::IncidentVerifying { incident: id, since: good })
        }
        (Phase::Verifying { since }, Some(_)) => (held(since, now) >= loaded.plan.stable_for)
            .then(|| Event::IncidentRecovered { incident: id, stopped: since.clone() }),
        (Phase::Verifying { .. } | Phase::Recovered, None) if is_bad(loaded, incident) => {
            Some(Event::IncidentRelapsed { incident: id })
        }
        (Phase::Declared, None) => {
            state.runs_of(&incident.id).next().map(|_| Event::IncidentRecovering { incident: id })
        }
        _ => None,
    }
}

/// The least severity for which the engine proposes an incident by itself.
const GRAVE: Severity = Severity::High;

/// One incident for all the trouble of a plan: proposed once, however many probes fail; what fails later joins it.
pub(super) fn proposal(state: &State, loaded: &Loaded, now: &Now) -> Option<Event> {
    let plan = &loaded.plan;
    if state.cut_off.is_some() || state.incident_of(&plan.id).is_some() {
        return None;
    }
    let fresh: Vec<(&ProbeId, &ProbeState, Severity)> =
        loaded.fresh_trouble().filter_map(|id| Some((id, loaded.probes.get(id)?, loaded.severity_of(id)?))).collect();
    let severity = fresh.iter().map(|(_, _, severity)| *severity).max().filter(|s| *s >= GRAVE)?;
    // What could wait for daylight may have been down for days: the clocks begin with what could not.
    let grave = fresh.iter().filter(|(_, _, severity)| *severity >= GRAVE);
    let began = first_of(grave.filter_map(|(_, seen, _)| seen.began()));
    let taken: Vec<&CallSign> = state.incidents.values().map(|i| &i.call_sign).collect();
    Some(Event::IncidentProposed(Opening {
        incident: incident_id(state, now),
        call_sign: CallSign::pick(state.incidents_so_far, &taken),
        plan: plan.id.clone(),
        severity,
        title: None,
        began: began.unwrap_or(now).clone(),
        causes: fresh.into_iter().map(|(id, _, _)| id.clone()).collect(),
        scenario: None,
        saw: Vec::new(),
    }))
}
