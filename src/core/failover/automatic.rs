//! Failovers that nobody launches: armed or not, counted down, refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::ids::{IncidentId, Principal, ProcedureId, RunId, ScenarioId};
use super::super::time::{Now, Span};
use super::{Finding, Guard};

/// How a plan's automatic failovers stand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Automation {
    /// Who stopped them, until somebody arms them again.
    pub disarmed: Option<Disarmed>,
    /// The one that is counted down now.
    pub countdown: Option<Countdown>,
    /// The guards that last refused one, by the scenario whose trigger asked for it.
    pub refused: BTreeMap<ScenarioId, Vec<Guard>>,
}

/// Automatic failovers were stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disarmed {
    /// Who.
    pub by: Principal,
    /// When.
    pub at: Now,
    /// Why, if there was time to say.
    pub reason: Option<String>,
}

/// An automatic failover that will begin unless somebody stops it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countdown {
    /// The scenario whose trigger asks for it.
    pub scenario: ScenarioId,
    /// The incident that it serves.
    pub incident: IncidentId,
    /// What will be launched.
    pub procedure: ProcedureId,
    /// Since when.
    pub began: Now,
    /// How long everybody has to stop it.
    pub window: Span,
}

impl Countdown {
    /// What is left of it.
    #[must_use]
    pub fn left(&self, now: &Now) -> Span {
        self.window.minus(now.surely_since(&self.began))
    }
}

/// How a countdown ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountdownEnd {
    /// Nobody stopped it: the failover begins.
    Over,
    /// What asked for it is no longer so.
    Passed,
    /// A person launched a failover meanwhile.
    Overtaken {
        /// Which run.
        run: RunId,
    },
    /// Guards do not let it go on.
    Refused {
        /// Those that refuse.
        refused: Vec<Finding>,
    },
}
