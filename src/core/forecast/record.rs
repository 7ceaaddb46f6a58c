//! How good forecasts were: what was foretold when a run began, beside what it took.
//!
//! Compared is the time that the engine was at work in a run: that is what a forecast at its beginning foretells. Waiting for
//! people, holds and pauses between tries are in neither.

use serde::{Deserialize, Serialize};

use super::super::ids::RunId;
use super::super::run::{Run, RunResult, RunState};
use super::super::state::State;
use super::super::time::{Now, Span};
use super::{Basis, of_run};

/// How many runs of a procedure are compared: the last ones.
pub const COMPARED: usize = 20;

/// What was foretold of a run when its first step began.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtStart {
    /// No step has begun.
    #[default]
    NotBegun,
    /// Of some step nobody knew how long it takes.
    Unknown,
    /// This.
    Foretold(Foretold),
}

/// What was foretold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foretold {
    /// What it takes at most in half of all cases.
    pub median: Span,
    /// What it takes at most in nine of ten.
    pub ninetieth: Span,
    /// How many steps the launch left out.
    pub left_out: usize,
}

/// A run that ended, beside its forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Which.
    pub run: RunId,
    /// What was foretold.
    pub foretold: Foretold,
    /// How long the engine was at work in it.
    pub took: Span,
}

/// How good the forecasts of a procedure were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accuracy {
    /// Runs compared.
    pub runs: usize,
    /// How many of them took no longer than their 90th percentile.
    pub by_ninetieth: usize,
    /// By how many per cent of what was foretold the middle one of them was off.
    pub off_percent: u64,
}

/// What is foretold of a run whose first step begins now.
#[must_use]
pub(in crate::core) fn at_start(state: &State, run: &Run, now: &Now) -> AtStart {
    match of_run(state, run, now) {
        Some(forecast) if forecast.basis == Basis::Steps && forecast.median > Span::ZERO => {
            let (median, ninetieth) = (forecast.median, forecast.ninetieth);
            AtStart::Foretold(Foretold { median, ninetieth, left_out: run.board.skipped })
        }
        _ => AtStart::Unknown,
    }
}

/// What became of a forecast, once its run has come to its end with the steps that it began with.
#[must_use]
pub(in crate::core) fn compared(run: &Run, now: &Now) -> Option<Compared> {
    let AtStart::Foretold(foretold) = &run.foretold else { return None };
    let RunState::Ended { result: RunResult::Done | RunResult::Partly { .. }, .. } = &run.state else { return None };
    let same = run.board.skipped == foretold.left_out;
    same.then(|| Compared { run: run.id, foretold: foretold.clone(), took: run.busy(now) })
}

/// How good forecasts were; `None` when there is nothing to compare.
#[must_use]
pub fn accuracy(compared: &[Compared]) -> Option<Accuracy> {
    let mut off: Vec<u64> = compared.iter().map(off_percent).collect();
    off.sort_unstable();
    let by_ninetieth = compared.iter().filter(|one| one.took <= one.foretold.ninetieth).count();
    Some(Accuracy { runs: compared.len(), by_ninetieth, off_percent: *off.get(off.len() / 2)? })
}

fn off_percent(one: &Compared) -> u64 {
    let (took, median) = (one.took.micros(), one.foretold.median.micros());
    let percent = u128::from(took.abs_diff(median)) * 100 / u128::from(median.max(1));
    u64::try_from(percent).unwrap_or(u64::MAX)
}
