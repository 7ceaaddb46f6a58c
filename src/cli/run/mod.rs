//! `warroom run`

use clap::Subcommand;

use super::out::Out;
use super::session::Session;
use super::{Failure, Globals, Outcome};
use crate::core::command::Command;
use crate::core::ids::{RunId, StepId};
use crate::core::time::Span;

mod confirm;
mod log;
mod show;
mod start;

pub(super) use start::steps;

/// Starts, shows and steers runs
#[derive(Debug, Subcommand)]
pub(super) enum Run {
    Start(start::Start),
    /// Lists runs, the newest first
    #[command(after_help = "Example:\n  warroom run list --json")]
    List,
    /// Shows a run step by step
    #[command(after_help = "Example:\n  warroom run show R1")]
    Show {
        /// The run, as R1
        run: RunId,
    },
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
    #[command(after_help = "Example:\n  warroom run retry R1 fence")]
    Retry(At),
    /// Leaves a step out
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
    /// Goes on with a run that is held
    #[command(after_help = "Example:\n  warroom run resume R1")]
    Resume {
        /// The run, as R1
        run: RunId,
    },
    /// Ends a run, with what still runs of it
    #[command(after_help = "Example:\n  warroom run abort R1 --reason \"wrong site\"")]
    Abort {
        /// The run, as R1
        run: RunId,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// A step of a run.
#[derive(Debug, clap::Args)]
pub(super) struct At {
    /// The run, as R1
    run: RunId,
    /// The step, by its identifier
    step: StepId,
}

/// A limit on lost writes.
fn limit(text: &str) -> Result<Span, String> {
    text.parse().map_err(|e: crate::core::time::BadSpan| e.to_string())
}

impl Run {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let command = match self {
            Run::Start(verb) => return verb.run(&session, out).await,
            Run::List => return show::list(&session.snapshot().await?, out),
            Run::Show { run } => return show::show(&session.snapshot().await?, run, out),
            Run::Log(verb) => return verb.run(&session, out).await,
            Run::Confirm(verb) => return verb.run(&session, out).await,
            Run::Done { at: At { run, step }, note } => Command::SayDone { run, step, note },
            Run::Retry(At { run, step }) => Command::Retry { run, step, values: Default::default() },
            Run::Skip { at: At { run, step }, reason } => Command::Skip { run, step, reason },
            Run::Decline { at: At { run, step }, reason } => Command::Decline { run, step, reason },
            Run::Withdraw(At { run, step }) => Command::Withdraw { run, step },
            Run::Hold { run, reason } => Command::Hold { run, reason },
            Run::Resume { run } => Command::Resume { run },
            Run::Abort { run, reason } => Command::Abort { run, reason },
        };
        let snapshot = session.snapshot().await?;
        session.command(&snapshot, command, "it was so already", out).await?;
        Ok(())
    }
}
