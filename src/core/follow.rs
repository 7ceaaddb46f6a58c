//! What follows from the state and the time alone: steps whose turn has come, runs that are over, confirmations out of time,
//! incidents that are proposed, hold or relapse.
//!
//! The engine calls [`follow`] after each batch until nothing follows, within the same commit, and again at [`next_due`].

use super::decide::incident_id;
use super::event::{Event, Opening, Voided};
use super::health::{ProbeState, Readings, Verdict, living_key};
use super::ids::{CallSign, ProbeId};
use super::incident::{Incident, Phase};
use super::objectives::{good_since, held, is_bad};
use super::plan::{ProcedureKind, Repeat, Severity};
use super::run::{Run, RunResult, RunState, StepState};
use super::state::{Loaded, State};
use super::time::{Moment, Now, Span, first_of};

/// What follows now. Applying it may let more follow.
#[must_use]
pub fn follow(state: &State, readings: &Readings, now: &Now) -> Vec<Event> {
    let mut events = Vec::new();
    for run in state.runs.values() {
        events.extend(of_run(state, run, readings, now));
    }
    for incident in state.open_incidents() {
        events.extend(of_incident(state, incident, now));
    }
    // One a round: the next one's identifier and call-sign depend on it.
    events.extend(state.plans.values().find_map(|loaded| proposal(state, loaded, now)));
    events
}

/// How soon it is looked again whether what is lost from sight still lives.
const LOOK_AGAIN: Span = Span::from_secs(1);

/// When something will follow by time alone, if ever.
#[must_use]
pub fn next_due(state: &State, now: &Now) -> Option<Moment> {
    let runs = state.runs.values().filter(|r| r.is_open());
    let steps = runs.filter_map(|run| Some((run, run.current()?))).flat_map(|(run, (_, step, seen))| {
        let going = run.state == RunState::Going;
        let pause = match &seen.state {
            StepState::Pausing { until, .. } if going => Some(*until),
            StepState::Unknown { .. } if going && step.repeat == Repeat::IsHarmless => Some(now.utc.plus(LOOK_AGAIN)),
            _ => None,
        };
        pause.into_iter().chain(seen.confirmations.iter().map(|c| c.expires))
    });
    let holding = state.open_incidents().filter_map(|incident| match &incident.phase {
        Phase::Verifying { since } => {
            let loaded = state.plans.get(&incident.plan)?;
            good_since(loaded, incident)?;
            Some(now.utc.plus(loaded.plan.stable_for.minus(held(since, now))))
        }
        _ => None,
    });
    steps.chain(holding).min()
}

fn of_run(state: &State, run: &Run, readings: &Readings, now: &Now) -> Vec<Event> {
    let id = run.id;
    if run.state != RunState::Going {
        return if run.is_open() { overdue(state, run, readings, now) } else { Vec::new() };
    }
    let Some((_, step, seen)) = run.current() else {
        return run_is_over(state, run);
    };
    let start = |attempt| vec![Event::StepStarted { run: id, step: step.id.clone(), attempt }];
    match &seen.state {
        StepState::Pending => start(seen.attempts.saturating_add(1)),
        StepState::Pausing { until, .. } if *until <= now.utc => start(seen.attempts.saturating_add(1)),
        StepState::Waiting { .. } => overdue(state, run, readings, now),
        StepState::Unknown { .. } if step.repeat == Repeat::IsHarmless => {
            let lives = readings.living.contains(&living_key(id, &step.id, seen.attempts));
            let again = Event::StepRetried { run: id, step: step.id.clone() };
            (!lives).then_some(again).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The end of a run whose steps are all settled; a failover that ended well has moved what serves.
fn run_is_over(state: &State, run: &Run) -> Vec<Event> {
    let skipped = run.steps.iter().filter(|s| matches!(s.state, StepState::Skipped { .. })).count();
    let result = if skipped == 0 { RunResult::Done } else { RunResult::Partly { skipped } };
    let moves = matches!(run.procedure.kind, ProcedureKind::Failover | ProcedureKind::Failback);
    let to = run.procedure.to.clone().filter(|_| moves);
    let active = state.plans.get(&run.plan).and_then(|l| l.active.clone());
    let moved = to.filter(|site| active.as_ref() != Some(site));
    moved
        .map(|site| Event::SiteActivated { plan: run.plan.clone(), site })
        .into_iter()
        .chain([Event::RunEnded { run: run.id, result }])
        .collect()
}

/// Confirmations that no longer count.
fn overdue(state: &State, run: &Run, readings: &Readings, now: &Now) -> Vec<Event> {
    let Some((_, step, _, seen)) = run.gate() else { return Vec::new() };
    seen.confirmations
        .iter()
        .filter_map(|c| {
            let why = if c.expires <= now.utc {
                Voided::Expired
            } else {
                super::decide::gate::worsened(state, run, c.max_loss, readings)?
            };
            Some(Event::ConfirmationVoided { run: run.id, step: step.id.clone(), by: c.by.clone(), why })
        })
        .collect()
}

fn of_incident(state: &State, incident: &Incident, now: &Now) -> Option<Event> {
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
fn proposal(state: &State, loaded: &Loaded, now: &Now) -> Option<Event> {
    let plan = &loaded.plan;
    if state.incident_of(&plan.id).is_some() {
        return None;
    }
    let down = loaded.probes.iter().filter(|(_, s)| s.verdict == Verdict::Down && s.covered_by.is_none());
    let fresh: Vec<(&ProbeId, &ProbeState, Severity)> =
        down.filter_map(|(id, seen)| Some((id, seen, loaded.severity_of(id)?))).collect();
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
    }))
}
