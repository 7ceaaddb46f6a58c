//! Doing steps. One file (or folder) a kind: adding a kind is one file and one line here.

pub(crate) mod apart;
mod begin;
mod capture;
mod command;
pub mod config;
mod dns;
mod durable;
mod file;
mod haproxy;
mod health;
mod hosted;
mod http;
mod left;
pub mod nginx;
mod postgres;
mod program;
pub mod remote;
mod secrets;
mod shell;
pub mod shim;
mod sql;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::core::health::Readings;
use crate::core::observe::StepEnd;
use crate::core::plan::{Action, Purpose, Step};
use crate::core::run::{Failure, Run};
use crate::core::secret::SecretRef;
use crate::core::state::State;
use crate::core::template::Values;
use crate::core::time::Now;
use secrets::Fetched;
pub use secrets::used_by as secrets_used_by;

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
    /// Everything that `${name}` can mean for this step, secrets aside.
    pub values: Values,
    /// Secrets that `${name}` can mean, by the name of their parameter. Fetched when the step uses them, and only then.
    pub secrets: BTreeMap<String, SecretRef>,
    /// Where this try keeps its files: a command its output, a config step its safety copies. Nobody else's.
    pub dir: PathBuf,
    /// This program, which is its own shim.
    pub exe: PathBuf,
    /// The state as it changes.
    pub state: watch::Receiver<Arc<State>>,
    /// What is read as it changes.
    pub readings: watch::Receiver<Arc<Readings>>,
    /// For requests.
    pub http: reqwest::Client,
    /// Where a program runs, when on another host; or why that cannot be told.
    pub host: Option<Result<String, String>>,
    /// How other hosts are reached.
    pub ssh: remote::Settings,
    /// Whether the engine sees the step when this begins.
    pub sight: Sight,
    /// Becomes true when the run is over: a program is to be ended then.
    pub over: watch::Receiver<bool>,
    /// Says what happens before the end: out of sight, and in sight again.
    pub tell: Arc<dyn Fn(StepEnd) + Send + Sync>,
}

impl Job {
    /// Whether the run is over.
    fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Waits until the run is over.
    async fn over(&self) {
        let mut over = self.over.clone();
        if over.wait_for(|over| *over).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Whether the engine sees a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It does.
    Kept,
    /// It was lost from sight, and is looked for.
    Lost,
}

/// Whether a step may change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It does what the plan says.
    Act,
    /// It finds out, changes nothing, and does not wait.
    Look,
}

/// Does a step, to its end. Steps for people end by what people say, never here; waiting, notices and calls of procedures are
/// the rules' own business. What a step says holds no secret that it was given.
///
/// When the future is dropped the step ends: requests and queries are called off, files of settings are put back; a program
/// under its shim goes on, and the next call with the same directory finds it again. It is ended when its run is over.
pub async fn perform(job: Job) -> StepEnd {
    // A precondition is asked before anything is touched, and touches nothing itself.
    let asks_first = job.step.purpose == Purpose::Precondition && matches!(job.step.action, Action::Sql(_));
    done(job, if asks_first { Way::Look } else { Way::Act }).await
}

/// Judges now what a step that looks would find, for a preview: nothing is waited for, and nothing changes. A query runs in a
/// read-only transaction. A step that acts is refused.
pub async fn look(job: Job) -> StepEnd {
    let action = &job.step.action;
    if !action.only_looks() && !matches!(action, Action::Sql(_)) {
        let why = format!("a step of kind {} acts; it is not tried beforehand", action.kind());
        return StepEnd::Bad(Failure::NotStarted { why });
    }
    done(job, Way::Look).await
}

/// Where a program is that a command step on this host names, or why it is not.
///
/// # Errors
/// A sentence.
pub fn find_program(name: &str) -> Result<PathBuf, String> {
    let spec = shim::Spec::new(vec![name.to_owned()], shim::clean_environment([]), "/".into());
    shim::find_program(name, &spec)
}

async fn done(job: Job, way: Way) -> StepEnd {
    let fetched = match Fetched::of(&job).await {
        Ok(fetched) => fetched,
        Err(why) => return StepEnd::Bad(Failure::NotStarted { why: why.to_string() }),
    };
    let step = job.step.clone();
    let end = match &step.action {
        Action::Command { argv } => command::perform(&job, argv).await,
        Action::Shell { script } => shell::perform(&job, script).await,
        Action::Http(request) => http::perform(&job, request, &fetched).await,
        Action::Health { subject, within, stable_for } => match way {
            Way::Act => health::perform(job, subject, *within, *stable_for).await,
            Way::Look => health::look(&job, subject, *stable_for),
        },
        Action::Sql(sql) => sql::perform(&job, sql, way, &fetched).await,
        Action::File(check) => file::perform(&job, check).await,
        Action::Config(files) => config::perform(&job, files).await,
        Action::Haproxy(server) => haproxy::perform(&job, server).await,
        Action::Nginx(upstream) => nginx::perform(&job, upstream).await,
        Action::Dns(records) => dns::perform(&job, records, &fetched).await,
        Action::Postgres(does) => postgres::perform(&job, does, &fetched).await,
        Action::Manual { .. } | Action::Gate(_) | Action::Wait { .. } | Action::Notify(_) | Action::Procedure(_) => {
            let why = format!("a step of kind {} is not done by the engine's hands", step.action.kind());
            StepEnd::Bad(Failure::NotStarted { why })
        }
    };
    fetched.mask(end)
}
