//! What follows from the state and the time alone: steps whose turn has come, runs that are over, confirmations out of time,
//! incidents that are proposed, hold or relapse.
//!
//! The engine calls [`follow`] after each batch until nothing follows, within the same commit, and again at [`next_due`].

mod automatic;
mod facts;
mod failover;
mod incident;
mod run;
mod trigger;
mod turned;

pub(in crate::core) use failover::held_back;
pub(in crate::core) use run::takes_a_lane;

use std::collections::BTreeMap;

pub(super) use facts::OfStep;

use super::event::Event;
use super::health::Readings;
use super::ids::IncidentId;
use super::state::State;
use super::time::{Moment, Now, Span};

/// What follows now. Applying it may let more follow.
#[must_use]
pub fn follow(state: &State, readings: &Readings, now: &Now) -> Vec<Event> {
    let mut events = Vec::new();
    let mut hosts = run::Hosts::as_they_are(state);
    for run in run::most_urgent_first(state) {
        match run.is_open() {
            true => events.extend(run::of_run(state, run, readings, now, &mut hosts)),
            false => events.extend(failover::moved(state, run).into_iter().chain(run::still_at(run, now))),
        }
    }
    for incident in state.open_incidents() {
        events.extend(incident::of_incident(state, incident, now));
        events.extend(failover::overdue(state, incident, now));
    }
    for (id, loaded) in &state.plans {
        let over = loaded.pauses.iter().filter(|pause| pause.left(now) == Span::ZERO);
        events.extend(over.map(|pause| Event::HealthResumed { plan: id.clone(), of: pause.of.clone() }));
    }
    for loaded in state.plans.values() {
        events.extend(trigger::changes(state, loaded));
        events.extend(trigger::declaration(state, loaded));
        events.extend(automatic::of_plan(state, loaded, readings, now));
    }
    // One a round: the next one's identifier and call-sign depend on it.
    let proposal = |loaded| trigger::answer(state, loaded, now).or_else(|| incident::proposal(state, loaded, now));
    events.extend(state.plans.values().find_map(|loaded| proposal(loaded)));
    count_updates(&mut events);
    events
}

/// Each rule counts from the state: what several say in one round is numbered in its order.
fn count_updates(events: &mut [Event]) {
    let mut said: BTreeMap<IncidentId, usize> = BTreeMap::new();
    for event in events {
        if let Event::UpdateSent { incident, number, .. } = event {
            let before = said.entry(incident.clone()).or_default();
            *number += *before;
            *before += 1;
        }
    }
}

/// When something will follow by time alone, if ever.
#[must_use]
pub fn next_due(state: &State, now: &Now) -> Option<Moment> {
    let runs = state.runs.values().filter(|run| run.is_open()).filter_map(|run| run::due(run, now));
    let incidents = state.open_incidents().filter_map(|incident| incident::due(state, incident, now));
    let moves = state.open_incidents().filter_map(|incident| failover::due(state, incident, now));
    let pauses = state.plans.values().flat_map(|loaded| &loaded.pauses).map(|pause| now.utc.plus(pause.left(now)));
    let triggers = state.plans.values().filter_map(|loaded| trigger::due(state, loaded, now));
    let countdowns = state.plans.values().filter_map(|loaded| automatic::due(state, loaded, now));
    runs.chain(incidents).chain(moves).chain(countdowns).chain(pauses).chain(triggers).min()
}
