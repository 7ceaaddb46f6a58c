//! Runs a script with `/bin/sh -eu`. Nothing is pasted into it: it sees values as variables of its environment only.

use super::Job;
use super::program::{self, Program};
use crate::core::observe::StepEnd;

/// The shell, told to stop at the first command that fails and at the first variable that is not set.
pub(super) const SHELL: [&str; 2] = ["/bin/sh", "-eu"];

pub(super) async fn perform(job: &Job, script: &str) -> StepEnd {
    let argv = SHELL.map(str::to_owned).to_vec();
    program::perform(job, Program { argv, script: Some(script.to_owned()) }).await
}
