//! `warroom audit`

use clap::Subcommand;

use super::out::{Format, Out};
use super::session::Session;
use super::{Failure, Globals, Outcome};
use crate::text;
use crate::wire::Audit as Found;

/// Looks whether the journal is as it was written
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Recomputes the hash of every entry and names the first that is broken
    #[command(after_help = "Example:\n  warroom audit verify || page-somebody")]
    Verify,
}

impl Audit {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let Audit::Verify = self;
        let session = Session::open(globals).await?;
        let found = session.client.verify().await?;
        if out.format == Format::Json {
            out.json(&found)?;
        }
        match found {
            Found::Whole { .. } if out.format == Format::Json => Ok(()),
            Found::Whole { entries, head } => {
                out.line(format!("whole: {entries} entries, head {}", text::clean_line(&head)))
            }
            Found::Broken { seq, what } => {
                Err(Failure::failed(format!("the journal is BROKEN at entry {seq}: {}", text::clean_line(&what))))
            }
        }
    }
}
