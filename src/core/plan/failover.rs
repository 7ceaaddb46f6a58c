//! What a plan asks of a failover before it may happen, and the forms of steps that only failovers know.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::ids::{ChannelId, RoleId};
use super::super::time::{Moment, Now, Span};
use super::{Return, Step, Undo};

/// The limits of the guards (`failover:` in a plan file).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// How many looks (each probe from each of its places) at the site that is left must say that it is down; at least 1.
    pub agree: u32,
    /// How long the site that takes over must have been healthy without a break.
    pub stable_for: Span,
    /// How much may be lost without anybody accepting it; the tightest recovery point objective when not given.
    pub max_lag: Option<Span>,
    /// How old the last verified backup may be; as often as it is made when not given.
    pub backup_within: Option<Span>,
    /// How long after a failover of this pair the next one comes too soon.
    pub cool_down: Span,
    /// How long an automatic failover is counted down before it begins.
    pub abort_window: Span,
    /// How long the original site must have been healthy before it serves again.
    pub failback_after: Span,
    /// How long after a failover somebody has to say that it stays, or to go back, before people are called.
    pub commit_within: Option<Span>,
    /// How long the engine may be at work in a failover whose procedure does not say (DL-11).
    pub timeout: Option<Span>,
    /// How many people a gate before a step without return takes at least; two in production when not given.
    pub people: Option<u32>,
    /// The roles that somebody must hold.
    pub roles: BTreeSet<RoleId>,
    /// When nothing is to be changed.
    pub freezes: Vec<Freeze>,
    /// The channels that reach those who answer for it, when somebody overrides a guard.
    pub leadership: Vec<ChannelId>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            agree: 2,
            stable_for: Span::from_secs(30),
            max_lag: None,
            backup_within: None,
            cool_down: Span::from_secs(30 * 60),
            abort_window: Span::from_secs(60),
            failback_after: Span::from_secs(15 * 60),
            commit_within: None,
            timeout: None,
            people: None,
            roles: BTreeSet::new(),
            freezes: Vec::new(),
            leadership: Vec::new(),
        }
    }
}

/// A time in which nothing is to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// From when.
    pub from: Moment,
    /// Until when.
    pub until: Moment,
    /// Why.
    pub reason: String,
}

impl Policy {
    /// The freeze that holds at a moment, if one does.
    #[must_use]
    pub fn freeze(&self, now: &Now) -> Option<&Freeze> {
        self.freezes.iter().find(|freeze| freeze.from <= now.utc && now.utc < freeze.until)
    }
}

/// What a step cuts the site that is left off from, so that it cannot serve or write any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fence {
    /// Its power.
    Power,
    /// Its network.
    Network,
    /// What it could log in with.
    Credentials,
    /// Its server was stopped.
    Server,
    /// Its customers.
    LoadBalancer,
}

impl Fence {
    /// All of them, with the words of plan files.
    pub const ALL: [(&'static str, Fence); 5] = [
        ("power", Fence::Power),
        ("network", Fence::Network),
        ("credentials", Fence::Credentials),
        ("server", Fence::Server),
        ("load_balancer", Fence::LoadBalancer),
    ];

    /// What was done, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Fence::Power => "power off",
            Fence::Network => "network cut",
            Fence::Credentials => "credentials revoked",
            Fence::Server => "server stopped",
            Fence::LoadBalancer => "out of the load balancer",
        }
    }
}

/// How a step is done when the site that is left is gone or burning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ungraceful {
    /// Not at all.
    LeftOut,
    /// In this way.
    Instead(Box<Undo>),
}

impl Step {
    /// Takes the form that it has in an emergency, if it has another one.
    pub fn make_ungraceful(&mut self) {
        let Some(Ungraceful::Instead(form)) = &self.ungraceful else { return };
        let Undo { action, timeout, retry, host } = (**form).clone();
        self.action = action;
        self.timeout = timeout.or(self.timeout);
        self.retry = retry;
        self.host = host.or_else(|| self.host.take());
        self.captures.clear();
    }

    /// Whether an emergency leaves it out.
    #[must_use]
    pub fn is_left_out_in_emergencies(&self) -> bool {
        self.ungraceful == Some(Ungraceful::LeftOut)
    }

    /// Whether it cannot be taken back.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.way_back == Return::None
    }
}
