//! The way back: what was done is undone, newest first, one at a time, and never past a step without return (EX-7).

use super::super::event::Event;
use super::super::ids::StepId;
use super::super::plan::{OnFailure, Step};
use super::super::run::{Failure, Run, RunResult, StepRun, StepState, Then};
use super::run::start;

/// Whether a step's failure asks for the way back. What was stopped from outside waits for whoever takes the run up again.
pub(super) fn asks_for_it(step: &Step, seen: &StepRun) -> bool {
    let StepState::Failed { then: Then::Waits, why, .. } = &seen.state else { return false };
    step.on_failure == OnFailure::Rollback && *why != Failure::Stopped
}

/// What is undone next, or the end.
pub(super) fn back(run: &Run) -> Vec<Event> {
    // What is still under way may turn out to have been done, and then is undone first. What nobody knows is not guessed.
    let unclear = |step: &Step, seen: &StepRun| match &seen.state {
        StepState::Running { .. } | StepState::Unknown { .. } => true,
        _ => Run::is_undoing(step),
    };
    if run.active().any(|(_, step, seen)| unclear(step, seen)) {
        return Vec::new();
    }
    let open = |step: &Step| run.undo_of(&step.id).filter(|(_, _, seen)| !seen.state.is_settled());
    match run.to_undo().find_map(|(_, step, _)| open(step)) {
        Some((_, undo, seen)) if seen.state == StepState::Pending => vec![start(run, undo, seen)],
        Some(_) => Vec::new(),
        None => {
            let kept: Vec<StepId> = run.kept().map(|step| step.id.clone()).collect();
            vec![Event::RunEnded { run: run.id, result: RunResult::RolledBack { undone: run.board.undone, kept } }]
        }
    }
}
