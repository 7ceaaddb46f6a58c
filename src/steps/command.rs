//! Runs a program: an argument vector, never a shell.

use super::Job;
use super::program::{self, Program};
use crate::core::observe::StepEnd;
use crate::core::run::Failure;
use crate::core::template::Template;

pub(super) async fn perform(job: &Job, argv: &[Template]) -> StepEnd {
    // Secrets are not among the values: other processes can read arguments.
    let argv: Result<Vec<String>, _> = argv.iter().map(|part| part.fill(&job.values)).collect();
    match argv {
        Ok(argv) => program::perform(job, Program { argv, script: None }).await,
        Err(missing) => StepEnd::Bad(Failure::NotStarted { why: missing.to_string() }),
    }
}
