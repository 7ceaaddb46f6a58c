//! What follows from the state and the time alone: steps whose turn has come, runs that are over, confirmations out of time,
//! incidents that are proposed, hold or relapse.
//!
//! The engine calls [`follow`] after each batch until nothing follows, within the same commit, and again at [`next_due`].

use std::collections::BTreeSet;

use super::decide::incident_id;
use super::event::{Event, Opening, Voided};
use super::health::{Readings, Verdict};
use super::ids::{CallSign, ProbeId};
use super::incident::{Incident, Phase};
use super::objectives::{good_since, held};
use super::plan::{Component, Probe, ProcedureKind, Severity, Vantage};
use super::run::{Run, RunResult, RunState, StepState};
use super::state::{Loaded, State};
use super::time::{Moment, Now};

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

/// When something will follow by time alone, if ever.
#[must_use]
pub fn next_due(state: &State, now: &Now) -> Option<Moment> {
    let runs = state.runs.values().filter(|r| r.is_open());
    let steps = runs.filter_map(|run| Some((run, run.current()?.2))).flat_map(|(run, step)| {
        let pause = match &step.state {
            StepState::Pausing { until, .. } if run.state == RunState::Going => Some(*until),
            _ => None,
        };
        pause.into_iter().chain(step.confirmations.iter().map(|c| c.expires))
    });
    let holding = state.open_incidents().filter_map(|incident| match &incident.phase {
        Phase::Verifying { since } => {
            let loaded = state.plans.get(&incident.plan)?;
            let window = window_start(loaded, incident, since)?;
            Some(now.utc.plus(loaded.plan.stable_for.minus(held(&window, now))))
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
        (Phase::Verifying { .. }, None) if is_bad_again(loaded, incident) => {
            Some(Event::IncidentRelapsed { incident: id })
        }
        (Phase::Recovered, None) if is_bad_again(loaded, incident) => Some(Event::IncidentRelapsed { incident: id }),
        (Phase::Verifying { since }, Some(_)) => {
            let stopped = window_start(loaded, incident, since)?;
            (held(&stopped, now) >= loaded.plan.stable_for)
                .then_some(Event::IncidentRecovered { incident: id, stopped })
        }
        (Phase::Declared, None) => {
            state.runs_of(&incident.id).next().map(|_| Event::IncidentRecovering { incident: id })
        }
        _ => None,
    }
}

/// Where the unbroken row of good samples begins: not before the engine, perhaps restarted since, looked again.
fn window_start(loaded: &Loaded, incident: &Incident, since: &Now) -> Option<Now> {
    let good = good_since(loaded, incident)?;
    Some(if good.utc > since.utc { good } else { since.clone() })
}

/// Seen bad, rather than not seen: a restart makes everything unknown and is no relapse.
fn is_bad_again(loaded: &Loaded, incident: &Incident) -> bool {
    let front_door_hit =
        loaded.plan.probes().any(|(_, p)| p.vantage == Vantage::FrontDoor && incident.causes.contains(&p.id));
    loaded.plan.probes().any(|(_, p)| {
        let counts = if front_door_hit { p.vantage == Vantage::FrontDoor } else { incident.causes.contains(&p.id) };
        counts && matches!(loaded.verdict(&p.id), Verdict::Down | Verdict::Slow)
    })
}

/// One incident for all the trouble of a plan: proposed once, however many probes fail; what fails later joins it.
fn proposal(state: &State, loaded: &Loaded, now: &Now) -> Option<Event> {
    let plan = &loaded.plan;
    if state.incident_of(&plan.id).is_some() {
        return None;
    }
    let fresh: Vec<(&Component, &Probe)> = plan
        .probes()
        .filter(|(_, probe)| {
            loaded.probes.get(&probe.id).is_some_and(|s| s.verdict == Verdict::Down && s.covered_by.is_none())
        })
        .collect();
    let severity = fresh.iter().map(|(c, p)| severity_of(loaded, c, p)).max().filter(|s| *s >= Severity::High)?;
    let causes: BTreeSet<ProbeId> = fresh.iter().map(|(_, p)| p.id.clone()).collect();
    let last_good = fresh.iter().filter_map(|(_, p)| loaded.probes.get(&p.id)?.last_good.clone());
    let first_bad = fresh.iter().filter_map(|(_, p)| loaded.probes.get(&p.id)?.since.clone());
    let began = last_good.min_by_key(|n| n.utc).or_else(|| first_bad.min_by_key(|n| n.utc));
    let taken: Vec<&CallSign> = state.incidents.values().map(|i| &i.call_sign).collect();
    Some(Event::IncidentProposed(Opening {
        incident: incident_id(state, now),
        call_sign: CallSign::pick(state.incidents_so_far, &taken),
        plan: plan.id.clone(),
        severity,
        title: None,
        began: began.unwrap_or_else(|| now.clone()),
        causes,
    }))
}

/// The component's priority; one less where another site serves.
fn severity_of(loaded: &Loaded, component: &Component, probe: &Probe) -> Severity {
    let serves = probe.site.is_none() || probe.site == loaded.active;
    match (component.priority, serves) {
        (priority, true) => priority,
        (Severity::Critical, false) => Severity::High,
        (Severity::High, false) => Severity::Medium,
        (Severity::Medium | Severity::Low, false) => Severity::Low,
    }
}
