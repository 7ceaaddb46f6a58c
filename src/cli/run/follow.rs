//! Looks on while a run goes on.

use std::collections::BTreeSet;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::super::feed::Feed;
use super::super::out::{Format, Out};
use super::super::{Outcome, find};
use super::Failure;
use super::picture::waiting;
use crate::core::event::Event;
use crate::core::ids::{RunId, StepId};
use crate::core::run::{Run, RunResult, RunState};
use crate::core::state::{Entry, State};
use crate::text;

/// The interrupts (Ctrl-C) that arrive from now on: whoever looks on stops looking, and nothing else ends.
pub(in crate::cli) struct Interrupts {
    signal: Signal,
    run: Option<RunId>,
}

impl Interrupts {
    pub(in crate::cli) fn new() -> Result<Interrupts, Failure> {
        let signal = signal(SignalKind::interrupt());
        Ok(Interrupts { signal: signal.map_err(|e| Failure::failed(format!("cannot start: {e}")))?, run: None })
    }

    /// Which run is looked at.
    pub(in crate::cli) fn at(self, run: RunId) -> Interrupts {
        Interrupts { run: Some(run), ..self }
    }

    /// Waits for an interrupt, and says what the verb fails with then.
    pub(in crate::cli) async fn next(&mut self) -> Failure {
        self.signal.recv().await;
        self.stopped()
    }

    /// That nobody looks any longer, and what goes on all the same.
    pub(in crate::cli) fn stopped(&self) -> Failure {
        Failure::failed(match self.run {
            Some(run) => format!(
                "stopped looking; {run} goes on: `warroom run show {run} --follow` looks again, `warroom run abort {run} \
                 --reason WHY` ends it"
            ),
            None => "stopped looking".into(),
        })
    }
}

/// Prints what happens in a run until it is over. It fails when the run did not end as *done*.
pub(super) async fn to_its_end(feed: &mut Feed<'_>, id: RunId, interrupts: &mut Interrupts, out: &mut Out) -> Outcome {
    // What waits already has been shown with the run.
    let mut told = waiting_now(find::run(&feed.snapshot.state, id)?);
    loop {
        let run = find::run(&feed.snapshot.state, id)?;
        tell_waiting(&feed.snapshot.state, run, &mut told, out)?;
        out.flush()?;
        if !run.is_active() {
            return ended_well(&feed.snapshot.state, run);
        }
        let entry = tokio::select! {
            entry = feed.next() => entry?,
            stopped = interrupts.next() => return Err(stopped),
        };
        if entry.event.run() == Some(id) {
            print(&feed.snapshot.state, &entry, out)?;
        }
    }
}

/// Says once of each step that waits for people what it waits for.
fn tell_waiting(state: &State, run: &Run, told: &mut BTreeSet<StepId>, out: &mut Out) -> Outcome {
    if out.format == Format::Text {
        for (place, step, seen) in run.waiting().filter(|(_, step, _)| !told.contains(&step.id)) {
            out.line(format!("^ {}", waiting(state, run, place, step, seen)))?;
        }
    }
    *told = waiting_now(run);
    Ok(())
}

fn waiting_now(run: &Run) -> BTreeSet<StepId> {
    run.waiting().map(|(_, step, _)| step.id.clone()).collect()
}

fn print(state: &State, entry: &Entry, out: &mut Out) -> Outcome {
    if out.format == Format::Json {
        return out.json(&Entry { event: entry.event.brief(), ..entry.clone() });
    }
    let by = state.name(&entry.by);
    let by = text::clean_line(&by);
    let sentence = text::event_in_full(state, entry);
    out.line(format!("{} {:<12} {sentence}{}", entry.at.utc, text::cut(&by, 12), passes(state, &entry.event)))
}

/// How the list that a step belongs to stands, once the step has ended: `   (restart: 3 of 5 done)`.
fn passes(state: &State, event: &Event) -> String {
    let ended = match event {
        Event::StepSucceeded { run, step, .. }
        | Event::StepFailed { run, step, again: None, .. }
        | Event::StepSkipped { run, step, .. } => Some((run, step)),
        _ => None,
    };
    let known = ended.and_then(|(run, step)| Some((state.runs.get(run)?, state.runs.get(run)?.find(step)?.1)));
    let Some((run, Some(group))) = known.map(|(run, step)| (run, step.origin.group.as_ref())) else {
        return String::new();
    };
    let of_group = run.pairs().filter(|(step, _)| step.counts() && step.origin.group.as_ref() == Some(group));
    format!("   ({group}: {})", text::passes(of_group.map(|(_, seen)| &seen.state)))
}

/// Whether a run that is over ended as *done*; what the verb fails with otherwise.
fn ended_well(state: &State, run: &Run) -> Outcome {
    match &run.state {
        RunState::Ended { result: RunResult::Done, .. } => Ok(()),
        other => Err(Failure::failed(format!("{} is over: {}", run.id, text::run_state(state, other)))),
    }
}
