//! What programs on a server's host do: a fixed script under a shim, which sees everything as variables of its environment.

use super::super::program::{self, Program};
use super::super::shim::GivenSecret;
use super::super::{Job, shell};
use super::server::Server;
use crate::core::observe::StepEnd;
use crate::core::plan::{Action, Fencing, Given, Postgres, StopMode};
use crate::core::template::Values;
use crate::secrets::{NotResolved, resolve};

/// Finds the programs of the server's version and its owner; what follows runs as its owner.
const COMMON: &str = include_str!("common.sh");

/// Ends a server.
pub(super) const STOP: &str = include_str!("stop.sh");

/// Makes a standby of a server that is stopped.
pub(super) const REWIND: &str = include_str!("rewind.sh");

/// Runs a script to its end; its end where that is not a good one.
pub(super) async fn run(job: &Job, script: &str) -> Result<(), StepEnd> {
    let without_results = |end| match end {
        StepEnd::Good { .. } => Ok(()),
        end => Err(end),
    };
    let argv = shell::SHELL.map(str::to_owned).to_vec();
    without_results(program::perform(job, Program { argv, script: Some(format!("{COMMON}\n{script}")) }).await)
}

/// The variables of the script that a step runs, secrets aside.
pub(in crate::steps) fn variables(job: &Job) -> Vec<(String, String)> {
    let Action::Postgres(does) = &job.step.action else { return Vec::new() };
    let Some(cluster) = does.cluster() else { return Vec::new() };
    let mode = match does {
        Postgres::Fence { how: Fencing::Stop { mode: StopMode::Immediate, .. }, .. } => "immediate",
        _ => "fast",
    };
    [
        ("WARROOM_POSTGRES_DATA", cluster.data.clone()),
        ("WARROOM_POSTGRES_CONFIG", cluster.config.clone().unwrap_or_default()),
        ("WARROOM_POSTGRES_MODE", mode.to_owned()),
        ("WARROOM_POSTGRES_WAIT", program::limit(job).secs().max(1).to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Those that nobody is to see: how the server is reached that is rewound from.
pub(in crate::steps) async fn secrets(job: &Job) -> Result<Vec<GivenSecret>, NotResolved> {
    let Action::Postgres(Postgres::Rewind { from, .. }) = &job.step.action else { return Ok(Vec::new()) };
    let url = match from {
        Given::Secret(reference) => resolve(reference).await?.expose().to_owned(),
        Given::Text(template) => {
            let mut values: Values = job.values.clone();
            for (name, reference) in job.secrets.iter().filter(|(name, _)| template.names().any(|used| used == *name)) {
                values.insert(name.clone(), resolve(reference).await?.expose().to_owned());
            }
            template.fill_url(&values).unwrap_or_else(|_| String::new())
        }
    };
    // What is not understood is refused before anything runs.
    let Ok(server) = Server::of(&url) else { return Ok(Vec::new()) };
    let secret = |variable: &str, value| GivenSecret { variable: variable.to_owned(), file_variable: None, value };
    let source = secret("WARROOM_POSTGRES_SOURCE", server.conninfo.of_program());
    Ok([source].into_iter().chain(server.conninfo.password.map(|password| secret("PGPASSWORD", password))).collect())
}
