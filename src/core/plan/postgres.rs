//! What a step does with PostgreSQL servers that replicate to each other.

use serde::{Deserialize, Serialize};

use super::super::template::Template;
use super::super::time::Span;
use super::Given;

/// One thing done with PostgreSQL servers. Each is the same done twice, and each is proved by asking the server afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Postgres {
    /// Measures how far a standby is behind, and fails over the limits.
    Lag {
        /// The standby.
        url: Given,
        /// The server that it follows, for the bytes that have not arrived; without it the bytes that are not replayed count.
        primary: Option<Given>,
        /// The longest that it may be behind.
        within: Option<Span>,
        /// The most bytes that it may be behind.
        bytes: Option<u64>,
    },
    /// Finds the best of several standbys: the one that received most, then replayed most, then stands first.
    Choose {
        /// The standbys, at least one.
        of: Vec<Replica>,
    },
    /// Keeps a primary from taking writes.
    Fence {
        /// The server.
        url: Given,
        /// How.
        how: Fencing,
    },
    /// Makes a standby a primary.
    Promote {
        /// The standby.
        url: Given,
        /// What its manager is known to do.
        manager: Managed,
    },
    /// Has a standby follow another server.
    Follow {
        /// The standby.
        url: Given,
        /// The server that it is to follow, as the standby reaches it.
        primary: Given,
        /// The physical replication slot that it is to use there.
        slot: Option<Template>,
        /// What its manager is known to do.
        manager: Managed,
    },
    /// Makes a standby of a server that is stopped, with `pg_rewind`.
    Rewind {
        /// The server, as it is asked afterwards.
        url: Given,
        /// The server that it is to follow, as its host reaches it.
        from: Given,
        /// Where its files are.
        cluster: Cluster,
        /// What its manager is known to do.
        manager: Managed,
    },
    /// Drops physical replication slots that nobody uses.
    DropSlots {
        /// The server.
        url: Given,
        /// Their names; one that ends with `*` stands for all that begin so.
        named: Vec<Template>,
    },
}

/// One of several standbys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// What it is called in results.
    pub name: String,
    /// Its address.
    pub url: Given,
}

/// Where the files of a server are, on the host of the step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The absolute path of its data directory.
    pub data: String,
    /// The absolute path of its configuration file, where that is not in the data directory.
    pub config: Option<String>,
}

/// How a primary is kept from taking writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fencing {
    /// Its processes are ended on its host: nobody can write.
    Stop {
        /// Where its files are.
        cluster: Cluster,
        /// Whether it writes everything down first.
        mode: StopMode,
    },
    /// Transactions are read-only unless somebody asks otherwise: not a fence against those who do, and standbys still receive.
    ReadOnly,
}

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopMode {
    /// Sessions are ended, and all is written down and sent to standbys.
    Fast,
    /// Everything ends at once.
    Immediate,
}

/// What is known of a manager that a database has beside the people here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Managed {
    /// It acts: where one is found nothing is done.
    Acts,
    /// The plan's author had it paused by a step before.
    Paused,
}

impl Postgres {
    /// The word for what it does, as plan files say it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Postgres::Lag { .. } => "lag",
            Postgres::Choose { .. } => "choose",
            Postgres::Fence { .. } => "fence",
            Postgres::Promote { .. } => "promote",
            Postgres::Follow { .. } => "follow",
            Postgres::Rewind { .. } => "rewind",
            Postgres::DropSlots { .. } => "drop_slots",
        }
    }

    /// All addresses of servers in it.
    #[must_use]
    pub fn urls(&self) -> Vec<&Given> {
        match self {
            Postgres::Lag { url, primary, .. } => [url].into_iter().chain(primary).collect(),
            Postgres::Choose { of } => of.iter().map(|replica| &replica.url).collect(),
            Postgres::Follow { url, primary, .. } => vec![url, primary],
            Postgres::Rewind { url, from, .. } => vec![url, from],
            Postgres::Fence { url, .. } | Postgres::Promote { url, .. } | Postgres::DropSlots { url, .. } => vec![url],
        }
    }

    /// The files that programs work on for it, on the host of the step.
    #[must_use]
    pub fn cluster(&self) -> Option<&Cluster> {
        match self {
            Postgres::Rewind { cluster, .. } | Postgres::Fence { how: Fencing::Stop { cluster, .. }, .. } => {
                Some(cluster)
            }
            _ => None,
        }
    }
}
