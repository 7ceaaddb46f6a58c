//! What the follower writes down for the engine, and for a follower after it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How a follower stands with its host, as `link.json` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// How the connection is.
    pub state: LinkState,
    /// Since when it is so.
    pub since: DateTime<Utc>,
    /// Bytes of output that have come, as of the last writing.
    pub from: u64,
    /// How far the start has got.
    pub start: Start,
    /// A sentence that says why the connection is not up.
    pub why: Option<String>,
}

/// How a connection is. While it is not [`LinkState::Up`] and the start is not [`Start::Unsent`], nobody here knows how the
/// command is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// The follower is on its way to the host for the first time.
    Connecting,
    /// The command is followed.
    Up,
    /// The connection was cut; the follower tries again and again.
    Cut,
    /// The follower was asked to end the command and is about it.
    Stopping,
    /// The end is known.
    Over,
}

/// How far a start has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Start {
    /// Nothing that could start the command was sent.
    Unsent,
    /// The start was sent; whether it arrived is not known.
    Sent {
        /// How often.
        times: u32,
    },
    /// The host has said that the command began, or what became of it.
    Begun {
        /// How often the start was sent.
        times: u32,
    },
}

impl Start {
    /// How often the start was sent.
    pub(super) fn times(self) -> u32 {
        match self {
            Start::Unsent => 0,
            Start::Sent { times } | Start::Begun { times } => times,
        }
    }
}

/// How a remote step ended, as `remote-exit.json` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RemoteExit {
    /// The command left by itself.
    Exited {
        /// Its status as a shell tells it: death by signal N reads 128+N, which a program can also leave with by itself.
        code: u8,
    },
    /// The command did not run and will not.
    NotReached {
        /// Why, in words that can follow "not started: ".
        why: String,
    },
    /// The command began, or may have, and its end cannot be known any more.
    Lost {
        /// Why, in words that can follow "its end is unknown: ".
        why: String,
    },
    /// It was asked to end and did, or was kept from beginning.
    Stopped,
}

impl RemoteExit {
    /// The exit status that stands for it: the command's own, or 255.
    pub(super) fn status(&self) -> u8 {
        match self {
            RemoteExit::Exited { code } => *code,
            RemoteExit::NotReached { .. } | RemoteExit::Lost { .. } | RemoteExit::Stopped => 255,
        }
    }
}

/// The wall clock, for records that people read; nothing is timed by it.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from(std::time::SystemTime::now())
}
