//! What comes in from outside over TCP, and what goes back.
//!
//! ```text
//! POST /hooks/alertmanager           Notification ->  200 Taken; with 422 or 403 some or all were not, and it says which
//! POST /hooks/generic                Generic      ->  the same, for one alert
//! ```
//!
//! Each with `Authorization: Bearer TOKEN`. What is not even read is answered with a [`HookTrouble`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Trouble;
use crate::core::ids::{ComponentId, PlanId, SiteId, TokenId};
use crate::core::plan::Severity;
use crate::core::refusal::Refusal;
use crate::core::time::Moment;

/// What Prometheus Alertmanager posts (its `webhook_config`, version 4), as far as it is read here.
#[derive(Debug, Clone, Deserialize)]
pub struct Notification {
    /// The alerts of one group.
    pub alerts: Vec<Notified>,
}

/// One alert of Alertmanager's.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notified {
    /// Whether it fires.
    pub status: Status,
    /// What it is told from others by.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What is said of it.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Since when it fires.
    pub starts_at: Option<Moment>,
    /// When it ended; the year 1 while it fires.
    pub ends_at: Option<Moment>,
    /// Of its labels.
    #[serde(default)]
    pub fingerprint: String,
}

/// Whether an alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It does.
    Firing,
    /// It ended.
    Resolved,
}

/// An alert as any program can post it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generic {
    /// Of which plan; the token's only one when not said.
    #[serde(default)]
    pub plan: Option<PlanId>,
    /// What it is called.
    pub name: String,
    /// Whether it fires.
    pub status: Status,
    /// How bad; `medium` when not said.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// In a sentence.
    #[serde(default)]
    pub summary: String,
    /// The component that it is about.
    #[serde(default)]
    pub component: Option<ComponentId>,
    /// The site.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// What tells it from the sender's others; name, component and site together when not said.
    #[serde(default)]
    pub key: Option<String>,
    /// Since when it fires, or when it ended; when it is heard, when not said. What is older than what is known changes nothing.
    #[serde(default)]
    pub at: Option<Moment>,
}

/// What became of the alerts of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// How many were taken, repeats included. They are on disk.
    pub taken: usize,
    /// Those that were not; the first [`NotTaken::SHOWN`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<NotTaken>,
    /// How many more were not.
    #[serde(default, skip_serializing_if = "is_none")]
    pub refused_more: usize,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// An alert that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTaken {
    /// Which, by its name.
    pub alert: String,
    /// Why, and what would be right.
    pub why: String,
}

impl NotTaken {
    /// Most of them in one answer.
    pub const SHOWN: usize = 20;
}

/// Why an alert is not taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Misfit {
    /// Nothing says of which plan it is, and its token is for several.
    NoPlan {
        /// Where its sender would name it.
        label: &'static str,
        /// Those of the token.
        plans: Vec<String>,
    },
    /// Its token is not for its plan.
    OtherPlan {
        /// The token.
        token: TokenId,
        /// The plan.
        plan: PlanId,
        /// Those of the token.
        plans: Vec<String>,
    },
    /// It lacks what it cannot be without.
    Lacks {
        /// What.
        what: &'static str,
    },
    /// What it names cannot be a name.
    Bad {
        /// Where it names it.
        label: &'static str,
        /// What.
        value: String,
        /// Why not.
        why: String,
    },
    /// A rule says no.
    Refused(Refusal),
}

/// Why a request at a hook is turned away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", content = "data", rename_all = "snake_case")]
pub enum HookTrouble {
    /// It brings no token in its header.
    NoToken,
    /// Its address carries more than a path, as a token never may.
    Query,
    /// Nobody has this token.
    WrongToken,
    /// The token counts no more.
    Expired {
        /// Since when.
        at: Moment,
    },
    /// Too many wrong tokens came from there.
    TooManyTries,
    /// The body is packed or otherwise not what it is.
    Encoded,
    /// The body is larger than is taken.
    TooLarge {
        /// What is taken, in bytes.
        limit: usize,
    },
    /// The body did not come in time.
    TooSlow,
    /// The body is not what it should be.
    Unreadable {
        /// What is wrong.
        why: String,
    },
    /// There is nothing there.
    NotFound,
    /// Nothing of it could be taken.
    Engine(Trouble),
}
