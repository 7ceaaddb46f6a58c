//! An incident: from the first bad sample to the day it is closed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::agenda::{Decision, Task};
use super::alert::{Alert, AlertKey};
use super::comms::{Delivery, Update};
use super::failover::{Glass, Owed};
use super::ids::{CallSign, ChannelId, IncidentId, PlanId, Principal, ProbeId, RoleId, ScenarioId};
use super::impact::Assessed;
use super::outage::Outages;
use super::plan::{Environment, PlanHash, Severity};
use super::scenario::Matched;
use super::time::Now;

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The engine saw trouble and waits for a person to declare or dismiss it.
    Proposed,
    /// A person said that it is none.
    Dismissed {
        /// Why.
        reason: String,
    },
    /// It is one; nothing runs yet.
    Declared,
    /// Recovery runs.
    Recovering,
    /// The front door is good again and has to hold.
    Verifying {
        /// Since when it is good.
        since: Now,
    },
    /// It held, and the clocks stopped; they run on should trouble come back before it is closed.
    Recovered,
    /// Over.
    Closed {
        /// What the closer had to say, needed when it had not recovered.
        reason: Option<String>,
    },
    /// A false alarm.
    Cancelled {
        /// Why.
        reason: String,
    },
}

impl Phase {
    /// Whether people still work on it, a proposal included.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self, Phase::Dismissed { .. } | Phase::Closed { .. } | Phase::Cancelled { .. })
    }

    /// Whether it was declared and is not over.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.is_open() && *self != Phase::Proposed
    }

    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Phase::Proposed => "proposed",
            Phase::Dismissed { .. } => "dismissed",
            Phase::Declared => "declared",
            Phase::Recovering => "recovering",
            Phase::Verifying { .. } => "verifying",
            Phase::Recovered => "recovered",
            Phase::Closed { .. } => "closed",
            Phase::Cancelled { .. } => "cancelled",
        }
    }
}

/// How it came that an incident began at another moment than the engine saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// When it began as the engine saw it, whatever was said between.
    pub seen: Now,
    /// Who said otherwise.
    pub by: Principal,
    /// When.
    pub at: Now,
    /// Why.
    pub reason: String,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identifier.
    pub id: IncidentId,
    /// How people call it.
    pub call_sign: CallSign,
    /// The plan that it belongs to.
    pub plan: PlanId,
    /// That plan's text when the incident began.
    pub plan_hash: PlanHash,
    /// Where the plan's systems stand.
    pub environment: Environment,
    /// How bad.
    pub severity: Severity,
    /// What a person called it.
    pub title: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// The last good sample before it, else when it was noticed.
    pub began: Now,
    /// When the engine proposed it; `None` when a person was first.
    pub detected: Option<Now>,
    /// When a person declared it.
    pub declared: Option<Now>,
    /// When the clocks stopped: the first good sample of the stable window.
    pub stopped: Option<Now>,
    /// The probes whose trouble belongs to it.
    pub causes: BTreeSet<ProbeId>,
    /// What it was taken for, also what a person ruled out since.
    #[serde(default)]
    pub scenarios: BTreeMap<ScenarioId, Matched>,
    /// What others say that belongs to it, whether or not it still fires; at most [`super::alert::OF_INCIDENT`].
    #[serde(default)]
    pub alerts: BTreeMap<AlertKey, Alert>,
    /// Who holds which role.
    pub roles: BTreeMap<RoleId, Principal>,
    /// How long each of its components and tiers has been out.
    #[serde(default)]
    pub outages: Outages,
    /// Who corrected when it began, if somebody did.
    #[serde(default)]
    pub corrected: Option<Correction>,
    /// What was told, in order; its number is its place, counted from 1.
    pub updates: Vec<Update>,
    /// How its plan's systems stood when that was last assessed.
    #[serde(default)]
    pub assessed: Option<Arc<Assessed>>,
    /// Guards that somebody overrode, oldest first: items of its review.
    #[serde(default)]
    pub glass: Vec<Glass>,
    /// A failover that is neither taken back nor said to stay.
    #[serde(default)]
    pub owed: Option<Owed>,
    /// What people have taken on, by number from 1.
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// What people had or have to decide, by number from 1.
    #[serde(default)]
    pub decisions: Vec<Decision>,
}

impl Incident {
    /// Whether an update of it is still on its way.
    #[must_use]
    pub fn owes_words(&self) -> bool {
        let mut deliveries = self.updates.iter().flat_map(|u| u.deliveries.values());
        deliveries.any(|d| matches!(d, Delivery::Waiting { .. }))
    }

    /// How the other side of a channel calls what the incident's updates made there: a message, an entry of a page.
    #[must_use]
    pub fn reference_of(&self, channel: &ChannelId) -> Option<&str> {
        self.updates.iter().find_map(|update| match update.deliveries.get(channel)? {
            Delivery::Delivered { reference, .. } => reference.as_deref(),
            Delivery::Waiting { .. } | Delivery::Failed { .. } => None,
        })
    }

    /// Whether an update waits for one before it on the same channel: what comes later answers what came before, unless that is
    /// not taken at its first try.
    #[must_use]
    pub fn comes_after_another(&self, place: usize, channel: &ChannelId) -> bool {
        self.updates
            .iter()
            .take(place)
            .any(|update| matches!(update.deliveries.get(channel), Some(Delivery::Waiting { tries: 0, .. })))
    }

    /// The roles that somebody holds.
    pub fn roles_of<'a>(&'a self, who: &'a Principal) -> impl Iterator<Item = &'a RoleId> {
        self.roles.iter().filter(move |(_, holder)| *holder == who).map(|(role, _)| role)
    }
}
