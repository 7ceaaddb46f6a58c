//! The way back of a run: what would be undone, in which order, and what stays as it is.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::core::ids::StepId;
use crate::core::plan::{Purpose, Return, Step};
use crate::core::run::{Run, StepRun, StepState};

/// What would be undone, and what stays.
pub(super) struct WayBack<'a> {
    /// Steps that undo, begun or still to come, in the order in which they go: the newest work first.
    pub(super) undoes: Vec<(usize, &'a Step, &'a StepRun)>,
    /// Steps that were done and stay so, oldest first.
    pub(super) stays: Vec<(&'a Step, Why<'a>)>,
}

/// Why a step stays done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why<'a> {
    /// There is no return from it.
    NoReturn,
    /// There is no return from a later one.
    Behind(&'a StepId),
    /// The plan says of no way to undo it.
    NoUndo,
    /// A person left its undo out.
    LeftOut,
}

impl Why<'_> {
    pub(super) fn sentence(&self) -> String {
        match self {
            Why::NoReturn => "there is no return from it".into(),
            Why::Behind(step) => format!("there is no return from {step}"),
            Why::NoUndo => "the plan has no undo for it".into(),
            Why::LeftOut => "its undo was left out".into(),
        }
    }
}

impl<'a> WayBack<'a> {
    pub(super) fn of(run: &'a Run) -> WayBack<'a> {
        let reached: BTreeSet<&StepId> = run.to_undo().map(|(_, step, _)| &step.id).collect();
        let mut undoes: Vec<_> = run
            .procedure
            .steps
            .iter()
            .enumerate()
            .filter_map(|(place, step)| match &step.purpose {
                Purpose::Undo(of) => Some((of, run.at(place)?)),
                _ => None,
            })
            .filter(|(of, (_, _, seen))| seen.state != StepState::Pending || reached.contains(of))
            .collect();
        let ended = |of: &StepId| run.find(of).and_then(|(_, _, seen)| seen.ended);
        undoes.sort_by_key(|(of, _)| Reverse(ended(of)));
        let border = run.kept().filter(|step| step.way_back == Return::None).last();
        let why = |step: &'a Step| match (run.undo_of(&step.id), border) {
            _ if step.way_back == Return::None => Some(Why::NoReturn),
            (_, Some(border)) if !reached.contains(&step.id) => Some(Why::Behind(&border.id)),
            (None, _) => Some(Why::NoUndo),
            (Some((_, _, undo)), _) if matches!(undo.state, StepState::Skipped { .. }) => Some(Why::LeftOut),
            (Some(_), _) => None,
        };
        let stays = run.kept().filter_map(|step| Some((step, why(step)?))).collect();
        WayBack { undoes: undoes.into_iter().map(|(_, row)| row).collect(), stays }
    }
}
