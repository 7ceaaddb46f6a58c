//! `warroom update`

use clap::Subcommand;
use serde_json::json;

use super::out::{Format, Out};
use super::session::Session;
use super::{Globals, Outcome, args, find};
use crate::core::command::Command;
use crate::core::ids::ChannelId;
use crate::text;
use crate::wire::Snapshot;

/// Tells the world how it stands
#[derive(Debug, Subcommand)]
pub(super) enum Update {
    /// Sends an update to the plan's channels, or to those named
    #[command(after_help = "Examples:\n  warroom update send \"Orders work again; we keep watching.\"\n  \
                            warroom update send - --channel ops <update.txt")]
    Send {
        /// The words, or - for standard input
        text: String,
        /// A channel of the engine's settings; several by repeating it
        #[arg(long = "channel")]
        channels: Vec<ChannelId>,
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
    /// Prints a first version of the next update, from what the engine knows: edit it, and send it
    #[command(
        after_help = "Example:\n  warroom update draft >update.txt && $EDITOR update.txt && warroom update send - <update.txt"
    )]
    Draft {
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
    /// Lists updates, and what became of each on its channels
    #[command(after_help = "Example:\n  warroom update list --incident KESTREL")]
    List {
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
}

impl Update {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        match self {
            Update::Draft { incident } => {
                let state = &snapshot.state;
                let known = find::open_incident(state, incident.as_deref())?;
                let draft = text::draft(state, known, &snapshot.live.readings, &snapshot.now);
                match out.format {
                    Format::Json => out.json(&json!({ "incident": known.id, "text": draft })),
                    Format::Text => out.line(draft),
                }
            }
            Update::List { incident } => list(&snapshot, incident.as_deref(), out),
            Update::Send { text, channels, incident } => {
                let incident = find::open_incident(&snapshot.state, incident.as_deref())?.id.clone();
                let text = args::words(&text)?;
                let command = Command::SendUpdate { incident, text, channels: channels.into_iter().collect() };
                session.command(&snapshot, command, "sent", out).await?;
                Ok(())
            }
        }
    }
}

fn list(snapshot: &Snapshot, named: Option<&str>, out: &mut Out) -> Outcome {
    let state = &snapshot.state;
    let incident = find::open_incident(state, named)?;
    if out.format == Format::Json {
        let numbered = incident.updates.iter().enumerate().map(|(i, u)| json!({ "number": i + 1, "update": u }));
        return out.json(&numbered.collect::<Vec<_>>());
    }
    if incident.updates.is_empty() {
        return out.line(format!("{} has no updates", incident.call_sign));
    }
    for (index, update) in incident.updates.iter().enumerate() {
        let by = state.name(&update.by);
        out.line(format!("update {}  {}  {}", index + 1, update.at.utc.dated(), text::clean_line(&by)))?;
        for line in text::clean_block(&update.text).lines() {
            out.line(format!("  {line}"))?;
        }
        for (channel, delivery) in &update.deliveries {
            out.line(format!("  {channel}: {}", text::delivery(delivery)))?;
        }
    }
    Ok(())
}
