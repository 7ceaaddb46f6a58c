//! One turn: an input, what it brings, and what follows from that, as entries ready for the journal.

use super::apply::apply;
use super::command::Command;
use super::decide::{Context, decide};
use super::event::Event;
use super::follow::follow;
use super::health::Readings;
use super::ids::Principal;
use super::observe::{Report, observe};
use super::refusal::Refusal;
use super::state::{Entry, State};
use super::time::Now;

/// What a turn begins with.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A person asks.
    Command(&'a Principal, &'a Command),
    /// The engine saw something.
    Report(&'a Report),
    /// Something about the engine itself.
    Engine(&'a Event),
    /// Time has passed.
    Time,
}

/// Most rounds of consequences in one turn, beside those that the steps of a run can bring: an end for a rule that contradicts
/// itself.
const MAX_ROUNDS: usize = 1_000;

/// Most rounds that one step can bring by itself: it begins, tells its channels, ends, and lets the next one begin.
const ROUNDS_OF_A_STEP: usize = 4;

/// Takes a turn: `state` and `head` move on, and the entries to be written come back, in order.
///
/// # Errors
/// The rule that says no to a command; state and head are as they were.
pub fn take(
    state: &mut State,
    head: &mut u64,
    input: Input<'_>,
    readings: &Readings,
    now: &Now,
) -> Result<Vec<Entry>, Refusal> {
    let (by, mut events) = match input {
        Input::Command(by, command) => (by.clone(), decide(Context { state, readings, by, now }, command)?),
        Input::Report(report) => (Principal::Engine, observe(state, report, now)),
        Input::Engine(event) => (Principal::Engine, vec![event.clone()]),
        Input::Time => (Principal::Engine, Vec::new()),
    };
    let mut entries = Vec::new();
    let mut write = |state: &mut State, by: &Principal, events: Vec<Event>| {
        for event in events {
            *head += 1;
            let entry = Entry { seq: *head, at: now.clone(), by: by.clone(), event };
            apply(state, &entry);
            entries.push(entry);
        }
    };
    write(state, &by, std::mem::take(&mut events));
    let steps: usize = state.runs.values().filter(|run| run.is_open()).map(|run| run.steps.len()).sum();
    for _ in 0..MAX_ROUNDS + ROUNDS_OF_A_STEP * steps {
        let next = follow(state, readings, now);
        if next.is_empty() {
            break;
        }
        write(state, &Principal::Engine, next);
    }
    Ok(entries)
}
