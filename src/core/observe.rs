//! What the engine saw, turned into events. Never refused; what is stale or known brings nothing.

use super::comms::{Attempt, Delivery};
use super::event::Event;
use super::health::Change;
use super::ids::{ChannelId, IncidentId, PlanId, ProbeId, RunId, StepId};
use super::plan::Step;
use super::run::{Evidence, Failure, Run, StepState};
use super::state::State;
use super::template::Values;
use super::time::Now;

/// What the engine saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// What is believed of a part changed.
    Probe {
        /// The plan.
        plan: PlanId,
        /// The probe.
        probe: ProbeId,
        /// From what to what, and why.
        change: Change,
    },
    /// The engine reaches nothing any more, or something again.
    Connection(Connection),
    /// A step ended.
    Step {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Which try.
        attempt: u32,
        /// How.
        end: StepEnd,
    },
    /// A delivery was tried.
    Delivery {
        /// Of which incident.
        incident: IncidentId,
        /// The update's number.
        number: usize,
        /// The channel.
        channel: ChannelId,
        /// What it brought.
        attempt: Attempt,
    },
}

/// Whether the engine reaches the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// It does.
    There,
    /// It reaches nothing of what its settings name as always there.
    Cut {
        /// What it saw.
        why: String,
    },
}

/// How a step ended, as the engine saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEnd {
    /// It did what it should.
    Good {
        /// What was seen.
        evidence: Evidence,
        /// Named results that it brought.
        results: Values,
    },
    /// It did not.
    Bad(Failure),
    /// The engine lost sight of it.
    Lost(String),
    /// The engine sees it again: what was lost from sight still runs.
    Regained,
}

impl StepEnd {
    /// It did what it should, and brought no results.
    #[must_use]
    pub fn good(evidence: Evidence) -> StepEnd {
        StepEnd::Good { evidence, results: Values::new() }
    }
}

/// Turns a report into events.
#[must_use]
pub fn observe(state: &State, report: &Report, now: &Now) -> Vec<Event> {
    match report {
        Report::Connection(connection) => match (connection, &state.cut_off) {
            (Connection::Cut { why }, None) => vec![Event::EngineCutOff { why: why.clone() }],
            (Connection::There, Some(_)) => vec![Event::EngineConnected],
            _ => Vec::new(),
        },
        // Whoever is cut off sees nothing of others.
        Report::Probe { .. } if state.cut_off.is_some() => Vec::new(),
        Report::Probe { plan, probe, change } => {
            let known = state.plans.get(plan).and_then(|l| l.probes.get(probe));
            // A watcher that began anew does not know what was believed before it.
            let before = known.map(|known| known.places.get(&change.place).cloned().unwrap_or_default());
            let news = before.filter(|before| (before.verdict, before.manner) != (change.to, change.manner));
            let news = news.map(|before| Change { from: before.verdict, ..change.clone() });
            let event = |change| Event::ProbeChanged { plan: plan.clone(), probe: probe.clone(), change };
            news.map(event).into_iter().collect()
        }
        Report::Step { run, step, attempt, end } => step_ended(state, *run, step, *attempt, end, now),
        Report::Delivery { incident, number, channel, attempt } => {
            let update =
                state.incidents.get(incident).and_then(|i| number.checked_sub(1).and_then(|n| i.updates.get(n)));
            let waits = update
                .and_then(|u| u.deliveries.get(channel))
                .is_some_and(|delivery| matches!(delivery, Delivery::Waiting { .. }));
            let event = Event::DeliveryTried {
                incident: incident.clone(),
                number: *number,
                channel: channel.clone(),
                attempt: attempt.clone(),
            };
            waits.then_some(event).into_iter().collect()
        }
    }
}

fn step_ended(state: &State, run: RunId, id: &StepId, attempt: u32, end: &StepEnd, now: &Now) -> Vec<Event> {
    let Some(known) = state.runs.get(&run) else { return Vec::new() };
    let Some((_, step, seen)) = known.find(id) else { return Vec::new() };
    let step_id = id.clone();
    // Only the try that is under way can end; what ended before, or was settled by a person, stays as it is. What was lost from
    // sight has to be seen again first.
    match (&seen.state, end) {
        _ if seen.attempts != attempt => return Vec::new(),
        (StepState::Running { .. }, _) => {}
        (StepState::Unknown { .. }, StepEnd::Regained) => {
            return vec![Event::StepRegained { run, step: step_id, attempt }];
        }
        _ => return Vec::new(),
    }
    vec![match end {
        StepEnd::Good { evidence, results } => {
            let (evidence, results) = (evidence.clone(), results.clone());
            Event::StepSucceeded { run, step: step_id, attempt, evidence, results }
        }
        StepEnd::Bad(why) => failed(known, step, attempt, why, now),
        StepEnd::Lost(what) => Event::StepLost { run, step: step_id, attempt, what: what.clone() },
        StepEnd::Regained => return Vec::new(),
    }]
}

/// A try failed: the next one, if there is one, follows its pause.
pub(super) fn failed(run: &Run, step: &Step, attempt: u32, why: &Failure, now: &Now) -> Event {
    let pause = step.retry.pause_after(attempt).filter(|_| run.is_open() && *why != Failure::Stopped);
    let again = pause.map(|pause| now.utc.plus(pause));
    Event::StepFailed { run: run.id, step: step.id.clone(), attempt, why: why.clone(), again }
}
