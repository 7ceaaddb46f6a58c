//! `warroom channel`

use clap::Subcommand;
use serde_json::json;

use super::out::{Format, Out};
use super::session::Session;
use super::{Failure, Globals, Outcome};
use crate::core::comms::Attempt;
use crate::core::ids::ChannelId;
use crate::text;

/// Ways to the world: which there are, and whether they work
#[derive(Debug, Subcommand)]
pub(super) enum Channel {
    /// Lists the channels of the engine's settings
    #[command(after_help = "Example:\n  warroom channel list")]
    List,
    /// Sends a message that says it is a test, once; 0 when it was taken
    #[command(after_help = "Example:\n  warroom channel test ops")]
    Test {
        /// The channel, by its name in the engine's settings
        name: ChannelId,
    },
}

impl Channel {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        match self {
            Channel::List => list(&session, out).await,
            Channel::Test { name } => test(&session, &name, out).await,
        }
    }
}

async fn list(session: &Session, out: &mut Out) -> Outcome {
    let snapshot = session.snapshot().await?;
    let channels = &snapshot.state.channels;
    if out.format == Format::Json {
        return out.json(&json!(channels));
    }
    if channels.is_empty() {
        return out.line("the engine's settings have no channels; add [channels.NAME] to its config.toml");
    }
    let rows: Vec<Vec<String>> = channels.iter().map(|(name, kind)| vec![name.to_string(), kind.clone()]).collect();
    out.table(&rows)
}

async fn test(session: &Session, name: &ChannelId, out: &mut Out) -> Outcome {
    let attempt = session.client.test_channel(name).await?;
    match out.format {
        Format::Json => out.json(&attempt)?,
        Format::Text => out.line(format!("{name} {}", text::attempt(&attempt)))?,
    }
    match attempt {
        Attempt::Took { .. } => Ok(()),
        Attempt::NotNow { .. } | Attempt::Never { .. } => Err(Failure::failed(format!("{name} does not work"))),
    }
}
