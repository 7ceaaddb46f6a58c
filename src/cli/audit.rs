//! `warroom audit`

use clap::Subcommand;

use super::out::{Format, Out};
use super::session::Session;
use super::{Failure, Globals, Outcome};
use crate::client::Bodies;
use crate::text;
use crate::wire::Audit as Found;

/// Looks whether the journal is as it was written, and hands it out
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Recomputes the hash of every entry and names the first that is broken
    #[command(after_help = "Example:\n  warroom audit verify || page-somebody")]
    Verify,
    /// Prints the journal, one JSON object a line, so that others can verify it
    #[command(
        after_help = "Examples:\n  warroom audit export > journal.jsonl\n  warroom audit export --withhold | python3 verify_export.py"
    )]
    Export {
        /// Without what people wrote and plans say; it still verifies
        #[arg(long)]
        withhold: bool,
    },
}

impl Audit {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        match self {
            Audit::Verify => verify(&session, out).await,
            Audit::Export { withhold: true } => export(&session, Bodies::Withheld, out).await,
            Audit::Export { withhold: false } => export(&session, Bodies::Included, out).await,
        }
    }
}

async fn verify(session: &Session, out: &mut Out) -> Outcome {
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

/// Byte for byte as the engine hands it out, so never onto a terminal.
async fn export(session: &Session, bodies: Bodies, out: &mut Out) -> Outcome {
    if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        return Err(Failure::Usage("an export goes to a file or a pipe: warroom audit export > journal.jsonl".into()));
    }
    let mut after = 0;
    loop {
        let lines = session.client.export(after, bodies).await?;
        if lines.is_empty() {
            return Ok(());
        }
        out.bytes(&lines)?;
        // Entries have no gaps, so that counting them says where to go on.
        after += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}
