//! `warroom note`

use clap::Args;

use super::out::Out;
use super::session::Session;
use super::{Globals, Outcome, args, find};
use crate::core::command::Command;
use crate::core::incident::Phase;

/// Writes something down in the journal
#[derive(Debug, Args)]
#[command(
    override_usage = "warroom note [OPTIONS] [INCIDENT] <TEXT|->",
    after_help = "Examples:\n  warroom note \"the bridge is open\"\n  warroom note KESTREL \"db logs look clean\"\n  \
                  tail -5 deploy.log | warroom note -"
)]
pub(super) struct Note {
    /// The incident, when several are open; then the words, or - for standard input
    #[arg(required = true, num_args = 1..=2, value_name = "WORDS")]
    words: Vec<String>,
}

impl Note {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let (named, given) = match self.words.as_slice() {
            [incident, text] => (Some(incident.as_str()), text.as_str()),
            [text] => (None, text.as_str()),
            _ => (None, ""),
        };
        let text = args::words(given)?;
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let none_open = !snapshot.state.incidents.values().any(|i| i.phase.is_open());
        let incident = match named {
            None if none_open => None,
            named => Some(find::incident(&snapshot.state, named, Phase::is_open, "open")?.id.clone()),
        };
        session.command(&snapshot, Command::Note { incident, text }, "noted", out).await?;
        Ok(())
    }
}
