//! Scenarios as they come: triggers whose conditions hold, and what an incident is taken for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ids::{Principal, ScenarioId};
use super::incident::Incident;
use super::plan::{Disaster, Method, Scenario};
use super::time::Now;

/// A trigger whose condition holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Since when, without a break.
    pub since: Now,
    /// What was seen then.
    pub saw: Vec<Saw>,
    /// Whether something came of it.
    pub answer: Answer,
}

/// Whether something came of a trigger. It is answered once for as long as it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing yet.
    Awaited,
    /// An incident was taken for its scenario, or people ended one while it held.
    Given,
}

/// Most of what a trigger saw that is kept.
pub const SAW_KEPT: usize = 8;

/// One of the things that a condition asks about, as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saw {
    /// As the condition names it: `site.east`.
    pub what: String,
    /// How it was: `down`, `firing`.
    pub found: String,
    /// The evidence.
    pub why: String,
}

/// A scenario that an incident is taken for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matched {
    /// Its name, as the plan had it then.
    pub name: String,
    /// What sort of disaster it is.
    pub disaster: Disaster,
    /// The methods that it may be recovered by.
    pub allows: BTreeSet<Method>,
    /// Who took it for that: the engine by a trigger, or a person.
    pub by: Principal,
    /// When.
    pub at: Now,
    /// What was seen.
    pub saw: Vec<Saw>,
    /// Whether it still counts.
    pub stands: Stands,
}

/// Whether an incident is still taken for a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It is.
    Counts,
    /// A person ruled it out.
    RuledOut {
        /// Who.
        by: Principal,
        /// Why.
        reason: String,
    },
}

impl Matched {
    /// Takes a scenario of a plan as it is now.
    #[must_use]
    pub fn new(scenario: &Scenario, by: &Principal, at: &Now, saw: &[Saw]) -> Matched {
        Matched {
            name: scenario.name.clone(),
            disaster: scenario.disaster,
            allows: scenario.allows.clone(),
            by: by.clone(),
            at: at.clone(),
            saw: saw.to_vec(),
            stands: Stands::Counts,
        }
    }
}

impl Incident {
    /// The scenarios that it is taken for.
    pub fn counting(&self) -> impl Iterator<Item = (&ScenarioId, &Matched)> {
        self.scenarios.iter().filter(|(_, matched)| matched.stands == Stands::Counts)
    }
}
