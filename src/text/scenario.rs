//! Scenarios in words.

use crate::core::plan::{Probability, Scenario, Then, Trigger};
use crate::core::scenario::Saw;

use super::{all_of, clean_line as line};

/// What a trigger saw: `site.east is down (db.east: connection refused)`.
#[must_use]
pub fn seen(saw: &[Saw]) -> String {
    let one = |saw: &Saw| {
        let why = if saw.why.is_empty() { String::new() } else { format!(" ({})", line(&saw.why)) };
        format!("{} is {}{why}", line(&saw.what), line(&saw.found))
    };
    all_of(&saw.iter().map(one).collect::<Vec<_>>())
}

/// What shows a scenario, and what the engine does then.
#[must_use]
pub fn trigger(trigger: &Trigger) -> String {
    let then = match trigger.then {
        Then::Propose => "proposed",
        Then::Declare => "declared by the engine",
        Then::Failover => "declared by the engine and failed over after a countdown",
    };
    format!("{then} when {} for {}", line(&trigger.when.to_string()), trigger.held_for)
}

/// How a scenario is recovered from: its method, the others that it allows, its procedure.
#[must_use]
pub fn ways(scenario: &Scenario) -> String {
    let others: Vec<_> =
        scenario.allows.iter().filter(|way| **way != scenario.method).map(ToString::to_string).collect();
    let others = if others.is_empty() { String::new() } else { format!("; also {}", all_of(&others)) };
    let procedure = scenario.procedure.as_ref().map(|id| format!(" by {id}")).unwrap_or_default();
    format!("{}{procedure}{others}", scenario.method)
}

/// How likely a scenario is, in words.
#[must_use]
pub fn probability(probability: Probability) -> &'static str {
    match probability {
        Probability::High => "high: every month",
        Probability::Medium => "medium: about once a year",
        Probability::Low => "low: once in years",
    }
}
