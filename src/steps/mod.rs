//! Doing steps. One file a kind: adding a kind is one file and one line here.

mod command;
mod health;
mod http;
pub mod remote;
pub mod shim;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::core::health::Readings;
use crate::core::observe::StepEnd;
use crate::core::plan::{Action, Step};
use crate::core::run::{Failure, Run};
use crate::core::state::State;
use crate::core::time::Now;

/// What a step works with.
pub struct Job {
    /// The run as it was when the step started.
    pub run: Arc<Run>,
    /// The step.
    pub step: Step,
    /// Which try, from 1.
    pub attempt: u32,
    /// When it started.
    pub since: Now,
    /// Where a command keeps its output.
    pub dir: PathBuf,
    /// This program, which is its own shim.
    pub exe: PathBuf,
    /// The state as it changes.
    pub state: watch::Receiver<Arc<State>>,
    /// What is read as it changes.
    pub readings: watch::Receiver<Arc<Readings>>,
    /// For requests.
    pub http: reqwest::Client,
}

/// Does a step, to its end. Steps for people end by what people say, never here.
pub async fn perform(job: Job) -> StepEnd {
    let step = job.step.clone();
    match &step.action {
        Action::Command { argv } => command::perform(&job, argv).await,
        Action::Http(request) => http::perform(&job, request).await,
        Action::Health { subject, within, .. } => health::perform(job, subject, *within).await,
        other => {
            StepEnd::Bad(Failure::NotStarted { why: format!("a {} step is not done by the engine", other.kind()) })
        }
    }
}
