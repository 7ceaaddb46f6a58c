//! `warroom engine`

use clap::Subcommand;
use serde_json::json;

use super::out::{Format, Out};
use super::session::{located, own_program};
use super::{Failure, Globals, Outcome, talk};
use crate::client::start::ensure_engine;
use crate::client::{Client, ClientError};

mod logout;
mod run;
mod status;
mod stop;

/// Runs, starts and stops the engine that keeps the journal
#[derive(Debug, Subcommand)]
pub(super) enum Engine {
    Run(run::Run),
    /// Starts an engine of your own in the background, unless it runs
    #[command(after_help = "Example:\n  warroom engine start --state ~/drill")]
    Start,
    /// Ends the engine in order; commands that steps started run on
    #[command(after_help = "Example:\n  warroom engine stop")]
    Stop,
    /// Ends the engine of your own and starts it with this version
    #[command(after_help = "Example:\n  warroom engine restart")]
    Restart,
    /// Says which engine it is, since when, whom it serves, and whether a log-out ends it
    #[command(after_help = "Example:\n  warroom engine status --json")]
    Status,
}

impl Engine {
    pub(super) fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        match self {
            Engine::Run(verb) => verb.run(globals),
            Engine::Start => talk(start(globals, out)),
            Engine::Stop => talk(stop(globals, out)),
            Engine::Restart => talk(async {
                startable(globals)?;
                stop(globals, out).await?;
                start(globals, out).await
            }),
            Engine::Status => talk(status::run(globals, out)),
        }
    }
}

/// The state directory of an engine that a client may start.
fn startable(globals: &Globals) -> Result<std::path::PathBuf, Failure> {
    let located = located(globals)?;
    let at = located.address;
    located.own_state.ok_or_else(|| {
        Failure::failed(format!(
            "the engine at {at} is not yours to start; a shared one is started by `systemctl start warroom`, one of your \
             own with --state DIR"
        ))
    })
}

async fn start(globals: &Globals, out: &mut Out) -> Outcome {
    let state = startable(globals)?;
    let hello = ensure_engine(&own_program()?, &state).await?.hello().await?;
    match out.format {
        Format::Json => out.json(&json!({ "state": state, "pid": hello.pid, "engine": hello.engine })),
        Format::Text => {
            out.line(format!("engine {} runs in process {} on {}", hello.engine, hello.pid, state.display()))
        }
    }
}

async fn stop(globals: &Globals, out: &mut Out) -> Outcome {
    let address = located(globals)?.address;
    let stopped = match Client::connect(&address).await {
        Ok((_, hello)) => Some(stop::stop(&address, hello.pid).await?),
        Err(error) if error.is_absent() => None,
        Err(error) => return Err(ClientError::into(error)),
    };
    match (out.format, stopped) {
        (Format::Json, stopped) => out.json(&json!({ "stopped": stopped })),
        (Format::Text, Some(pid)) => out.line(format!("engine in process {pid} ended")),
        (Format::Text, None) => out.line(format!("no engine runs at {address}")),
    }
}
