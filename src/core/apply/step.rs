//! The events of one step.

use super::super::event::Event;
use super::super::failover::Witness;
use super::super::forecast::{AtStart, at_start};
use super::super::ids::{RunId, StepId};
use super::super::plan::{OnFailure, Step};
use super::super::run::{Confirmation, Failure, How, StepRun, StepState, Then};
use super::super::state::{Entry, State};
use super::super::time::{Now, Span};
use super::{failover, run_mut};

/// Folds an event of one step into the state.
pub(super) fn apply(state: &mut State, entry: &Entry, event: &Event) {
    let at = entry.at.clone();
    let by = entry.by.clone();
    match event {
        Event::StepStarted { run, step, attempt } => {
            foretell(state, *run, &at);
            step_mut(state, entry, *run, step, |definition, s| {
                s.attempts = *attempt;
                s.state = if definition.action.is_for_people() {
                    StepState::Waiting { since: at }
                } else {
                    StepState::Running { since: at }
                };
            });
        }
        Event::StepSucceeded { run, step, evidence, results, .. } => {
            step_mut(state, entry, *run, step, |_, s| s.state = done(&s.state, How::Seen(evidence.clone()), at));
            if !results.is_empty() {
                run_mut(state, *run, |r| {
                    let scope = r.find(step).map(|(_, step, _)| r.scope_of_results(step).to_owned());
                    let scope = scope.unwrap_or_default();
                    r.results.entry(scope).or_default().extend(results.clone());
                });
            }
            failover::of_step(state, entry, *run, step, Witness::Engine);
        }
        Event::StepFailed { run, step, why, again, .. } => step_mut(state, entry, *run, step, |definition, s| {
            let why = why.clone();
            s.state = match again {
                Some(until) => StepState::Pausing { until: *until, pause: until.since(at.utc), since: at, why },
                None => StepState::Failed { then: then(definition, &why), why, at },
            };
        }),
        Event::StepLost { run, step, what, .. } => {
            step_mut(state, entry, *run, step, |_, s| s.state = StepState::Unknown { what: what.clone(), at });
        }
        Event::StepRegained { run, step, .. } => {
            step_mut(state, entry, *run, step, |_, s| s.state = StepState::Running { since: at });
        }
        Event::StepNotNeeded { run, step, why } => {
            step_mut(state, entry, *run, step, |_, s| s.state = StepState::NotNeeded { why: why.clone() });
        }
        Event::StepSaidDone { run, step, note } => {
            step_mut(state, entry, *run, step, |_, s| {
                s.state = done(&s.state, How::Said { by, note: note.clone() }, at);
            });
            failover::of_step(state, entry, *run, step, Witness::Person);
        }
        Event::StepRetried { run, step, values } => step_mut(state, entry, *run, step, |_, s| {
            s.state = StepState::Pending;
            s.confirmations.clear();
            s.values.extend(values.clone());
        }),
        Event::StepSkipped { run, step, reason } => step_mut(state, entry, *run, step, |_, s| {
            s.state = StepState::Skipped { by, reason: reason.clone(), at };
        }),
        Event::GateConfirmed { run, step, digest, max_loss, expires, .. } => {
            step_mut(state, entry, *run, step, |_, s| {
                s.confirmations.retain(|c| c.by != by);
                let (digest, max_loss) = (digest.clone(), *max_loss);
                s.confirmations.push(Confirmation { by, at, expires: *expires, digest, max_loss });
            })
        }
        Event::ConfirmationVoided { run, step, by, .. } => {
            step_mut(state, entry, *run, step, |_, s| s.confirmations.retain(|c| c.by != *by));
        }
        Event::GateOpened { run, step, by } => step_mut(state, entry, *run, step, |_, s| {
            s.state = done(&s.state, How::Opened { by: by.clone() }, at);
        }),
        Event::GateDeclined { run, step, reason } => step_mut(state, entry, *run, step, |_, s| {
            s.confirmations.clear();
            s.state = StepState::Declined { by, reason: reason.clone(), at };
        }),
        _ => {}
    }
}

/// A forecast is judged by what it said before the first step: by then it is known what the launch leaves out.
fn foretell(state: &mut State, run: RunId, at: &Now) {
    let not_begun = state.runs.get(&run).filter(|run| run.foretold == AtStart::NotBegun).cloned();
    let Some(known) = not_begun else { return };
    let foretold = at_start(state, &known, at);
    run_mut(state, run, |run| run.foretold = foretold);
}

/// What a failure for good means for its run. What was stopped from outside waits for whoever takes the run up again.
fn then(step: &Step, why: &Failure) -> Then {
    match step.on_failure {
        OnFailure::Continue | OnFailure::Do(_) if *why != Failure::Stopped => Then::GoesOn,
        _ => Then::Waits,
    }
}

fn done(before: &StepState, how: How, at: Now) -> StepState {
    let took = match before {
        StepState::Running { since } | StepState::Waiting { since } => at.since(since).span,
        _ => Span::ZERO,
    };
    StepState::Done { how, at, took }
}

fn step_mut(state: &mut State, entry: &Entry, run: RunId, step: &StepId, change: impl FnOnce(&Step, &mut StepRun)) {
    run_mut(state, run, |run| {
        if let Some(place) = run.graph.place(step) {
            run.change(place, entry.seq, &entry.at, change);
        }
    });
}
