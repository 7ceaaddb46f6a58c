//! How a plan's automatic failovers stand.

use super::{Pair, clean_line};
use crate::core::failover::Countdown;
use crate::core::plan::{Plan, Scenario, Then};
use crate::core::state::{Loaded, State};
use crate::core::time::{Now, Span};

/// The scenarios whose trigger fails over without anybody.
pub fn automatic_scenarios(plan: &Plan) -> impl Iterator<Item = &Scenario> {
    let by_itself = |scenario: &&Scenario| scenario.trigger.as_ref().is_some_and(|known| known.then == Then::Failover);
    plan.scenarios.iter().filter(by_itself)
}

/// Whether they would begin by themselves: `armed` or `DISARMED by ada 12m00s ago: in talks with the provider`; nothing for a
/// plan without any.
#[must_use]
pub fn automation(state: &State, loaded: &Loaded, now: &Now) -> Option<String> {
    automatic_scenarios(&loaded.plan).next()?;
    let Some(disarmed) = &loaded.automation.disarmed else { return Some("armed".to_owned()) };
    let ago = Span::from_secs(now.surely_since(&disarmed.at).secs());
    let reason = disarmed.reason.as_deref().map_or(String::new(), |reason| format!(": {reason}"));
    Some(clean_line(&format!("DISARMED by {} {ago} ago{reason}", state.name(&disarmed.by))).into_owned())
}

/// The one that is counted down: `AUTOMATIC FAILOVER to West in 43s`.
#[must_use]
pub fn countdown(plan: &Plan, countdown: &Countdown, now: &Now) -> String {
    let to = plan.procedure(&countdown.procedure).map(|procedure| Pair::of(Some(plan), procedure).to);
    let to = to.map_or(String::new(), |to| format!(" to {to}"));
    format!("AUTOMATIC FAILOVER{to} in {}", countdown_left(countdown, now))
}

/// What is left of it, in whole seconds: one that has begun is still there to stop it in.
#[must_use]
pub fn countdown_left(countdown: &Countdown, now: &Now) -> Span {
    Span::from_secs(countdown.left(now).millis().div_ceil(1_000))
}

/// What guards said last time a scenario's trigger asked for one: `east-lost: refused by source, target`, each in a line.
#[must_use]
pub fn automation_refused(loaded: &Loaded) -> Vec<String> {
    let line = |(scenario, guards): (&crate::core::ids::ScenarioId, &Vec<crate::core::failover::Guard>)| {
        let names: Vec<&str> = guards.iter().map(|guard| guard.name()).collect();
        format!("{scenario}: refused by {}", names.join(", "))
    };
    loaded.automation.refused.iter().map(line).collect()
}
