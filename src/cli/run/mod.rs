//! `warroom run`

use clap::Subcommand;

use super::out::Out;
use super::session::Session;
use super::{Failure, Globals, Outcome, args};
use crate::core::command::Command;
use crate::core::ids::{RunId, StepId};
use crate::core::template::Values;

mod back;
mod checks;
mod confirm;
#[cfg(test)]
mod fixtures;
mod follow;
mod forecast;
mod guards;
mod log;
mod picture;
mod preview;
mod show;
mod start;
mod status;
#[cfg(test)]
mod tests;
mod turning;

pub(super) use follow::Interrupts;
pub(super) use log::Tail;
pub(super) use picture::waiting;

/// Starts, shows and steers runs
#[derive(Debug, Subcommand)]
pub(super) enum Run {
    Start(start::Start),
    /// Lists runs, the newest first
    #[command(after_help = "Example:\n  warroom run list --json")]
    List,
    Show(show::Show),
    Log(log::Log),
    /// Says that a manual step is done, or that one which the engine lost sight of was
    #[command(after_help = "Example:\n  warroom run done R1 bridge --note \"12 people on it\"")]
    Done {
        #[command(flatten)]
        at: At,
        /// In which words
        #[arg(long)]
        note: Option<String>,
    },
    /// Has a step tried again that failed, was lost or was declined
    #[command(after_help = "Examples:\n  warroom run retry R1 fence\n  warroom run retry R1 fence -p site=west")]
    Retry {
        #[command(flatten)]
        at: At,
        /// A value that replaces the run's own for this step; several by repeating it
        #[arg(short = 'p', long = "parameter", value_name = "NAME=VALUE", value_parser = args::parameter)]
        parameters: Vec<(String, String)>,
    },
    /// Leaves a step out, whether its turn has come or not; gates cannot be
    #[command(after_help = "Example:\n  warroom run skip R1 fence --reason \"East has no power\"")]
    Skip {
        #[command(flatten)]
        at: At,
        /// Why
        #[arg(long)]
        reason: String,
    },
    Confirm(confirm::Confirm),
    /// Says no at a gate
    #[command(after_help = "Example:\n  warroom run decline R1 go --reason \"West is too far behind\"")]
    Decline {
        #[command(flatten)]
        at: At,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Takes your yes at a gate back
    #[command(after_help = "Example:\n  warroom run withdraw R1 go")]
    Withdraw(At),
    /// Starts nothing new; what runs, runs on
    #[command(after_help = "Example:\n  warroom run hold R1 --reason \"the bridge asks\"")]
    Hold {
        /// The run, as R1
        run: RunId,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Goes on with a failover as an emergency: what is still to be done takes its form for emergencies
    #[command(after_help = "Example:\n  warroom run emergency R1 --reason \"East answers no more\"")]
    Emergency {
        /// The run, as R1
        run: RunId,
        /// Why
        #[arg(long)]
        reason: String,
    },
    Resume(turning::Resume),
    Rollback(turning::Rollback),
    Abort(turning::Abort),
}

/// A step of a run.
#[derive(Debug, clap::Args)]
pub(super) struct At {
    /// The run, as R1
    run: RunId,
    /// The step, by its identifier
    step: StepId,
}

impl Run {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let command = match self {
            Run::Start(verb) => return verb.run(&session, out).await,
            Run::List => return show::list(&session.snapshot().await?, out),
            Run::Show(verb) => return verb.run(&session, out).await,
            Run::Log(verb) => return verb.run(&session, out).await,
            Run::Confirm(verb) => return verb.run(&session, out).await,
            Run::Resume(verb) => return verb.run(&session, out).await,
            Run::Rollback(verb) => return verb.run(&session, out).await,
            Run::Abort(verb) => return verb.run(&session, out).await,
            Run::Done { at: At { run, step }, note } => Command::SayDone { run, step, note },
            Run::Retry { at: At { run, step }, parameters } => {
                Command::Retry { run, step, values: parameters.into_iter().collect::<Values>() }
            }
            Run::Skip { at: At { run, step }, reason } => Command::Skip { run, step, reason },
            Run::Decline { at: At { run, step }, reason } => Command::Decline { run, step, reason },
            Run::Withdraw(At { run, step }) => Command::Withdraw { run, step },
            Run::Emergency { run, reason } => Command::TurnEmergency { run, reason },
            Run::Hold { run, reason } => Command::Hold { run, reason },
        };
        let snapshot = session.snapshot().await?;
        session.command(&snapshot, command, "it was so already", out).await?;
        Ok(())
    }
}
