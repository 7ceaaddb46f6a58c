//! `warroom glass`

use clap::Subcommand;
use serde_json::json;

use super::out::{Format, Out};
use super::session::Session;
use super::{Globals, Outcome, find};
use crate::core::command::Command;
use crate::core::failover::Guard;
use crate::core::incident::Phase;
use crate::text;
use crate::wire::Snapshot;

/// Overrides guards of failovers, loudly, and puts them back
#[derive(Debug, Subcommand)]
pub(super) enum Glass {
    /// Overrides a guard: it counts 60s later, for an hour, unless somebody puts it back
    #[command(
        after_help = "Example:\n  warroom glass break fence --reason \"East is burning, nobody gets to its power\"\n\n\
                            Every console counts down, those who answer for it are told, and the review has an item for it."
    )]
    Break {
        /// Which guard, by its name
        guard: Guard,
        /// Why
        #[arg(long)]
        reason: String,
        /// Call-sign or identifier; may be left out when one is declared
        incident: Option<String>,
    },
    /// Puts a guard back, before or after its override counts
    #[command(after_help = "Example:\n  warroom glass back fence")]
    Back {
        /// Which guard, by its name
        guard: Guard,
        /// Call-sign or identifier; may be left out when one is declared
        incident: Option<String>,
    },
    /// Lists what was overridden, the newest first
    #[command(after_help = "Example:\n  warroom glass list --json")]
    List,
}

impl Glass {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let declared = |named: Option<String>| {
            let found = find::incident(&snapshot.state, named.as_deref(), Phase::is_declared, "declared and not over");
            found.map(|known| known.id.clone())
        };
        let command = match self {
            Glass::List => return list(&snapshot, out),
            Glass::Break { guard, reason, incident } => {
                Command::BreakGlass { incident: declared(incident)?, guard, reason }
            }
            Glass::Back { guard, incident } => Command::PutGlassBack { incident: declared(incident)?, guard },
        };
        session.command(&snapshot, command, "it was so already", out).await?;
        Ok(())
    }
}

fn list(snapshot: &Snapshot, out: &mut Out) -> Outcome {
    let state = &snapshot.state;
    let all = || state.incidents.values().rev().flat_map(|i| i.glass.iter().rev().map(move |glass| (i, glass)));
    if out.format == Format::Json {
        let rows: Vec<_> = all()
            .map(
                |(incident, glass)| json!({ "incident": incident.id, "call_sign": incident.call_sign, "glass": glass }),
            )
            .collect();
        return out.json(&rows);
    }
    if all().next().is_none() {
        return out.line("no guard was overridden");
    }
    for (incident, glass) in all() {
        let now = text::glass(state, glass, &snapshot.now);
        let words = now.unwrap_or_else(|| text::glass_review(state, glass));
        out.line(format!("{}  {words}", incident.call_sign))?;
    }
    Ok(())
}
