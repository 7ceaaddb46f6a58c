//! What was seen of PostgreSQL servers when something had been done with them.

use serde::{Deserialize, Serialize};

use super::super::lineage::Lsn;
use super::super::time::Span;

/// What a server said afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A standby is behind by no more than it may be.
    Behind {
        /// By how long, where that is known.
        lag: Option<Span>,
        /// By how many bytes.
        bytes: u64,
    },
    /// One of several standbys is the best.
    Chosen {
        /// Which.
        best: String,
        /// Every one, with what it has received; `None` for those that did not answer.
        of: Vec<(String, Option<Lsn>)>,
    },
    /// Nobody is let in any more.
    Stopped,
    /// New transactions are read-only unless somebody asks otherwise.
    ReadOnly,
    /// A server takes writes.
    Promoted {
        /// Its timeline, where that is known.
        timeline: Option<u32>,
        /// Whether it did so already.
        news: News,
    },
    /// A server follows another one.
    Follows {
        /// Which: `host:port`.
        whom: String,
        /// Up to where it has received.
        lsn: Lsn,
        /// Whether it did so already.
        news: News,
    },
    /// Slots are gone.
    Dropped {
        /// Those that were there.
        slots: Vec<String>,
    },
}

/// Whether anything had to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// It was so already.
    Already,
    /// It was done.
    Done,
}
