//! Which steps of a run are where, kept beside them so that no rule has to look through all of them: scheduling a step costs the
//! same in a run of ten and of ten thousand.

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize};

use super::super::plan::{Purpose, Step};
use super::super::time::{Now, Span};
use super::{Run, StepRun, StepState, Then};

/// Which steps are where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Board {
    /// Places of steps for the engine whose turn has come.
    pub(crate) ready: RedBlackTreeSetSync<u32>,
    /// Places of steps for people whose turn has come.
    pub(crate) ready_for_people: RedBlackTreeSetSync<u32>,
    /// Places of steps that were begun and are not settled.
    pub(crate) active: RedBlackTreeSetSync<u32>,
    /// Places of steps that were done and not undone, by the journal's number of that.
    pub(crate) done: RedBlackTreeMapSync<u64, u32>,
    /// How many steps count towards the result.
    pub(crate) of: usize,
    /// How many of them are settled.
    pub(crate) settled: usize,
    /// How many of them people left out.
    pub(crate) skipped: usize,
    /// How many of them failed, and the run went on.
    pub(crate) failed: usize,
    /// How many of them were not needed.
    pub(crate) not_needed: usize,
    /// How many steps that mend have yet to be settled.
    pub(crate) mending: usize,
    /// How many steps were taken back.
    pub(crate) undone: usize,
    /// How many steps the engine is at.
    pub(crate) running: usize,
    /// Since when it has been at any.
    pub(crate) busy_since: Option<Now>,
    /// How long it was at any before that.
    pub(crate) busy: Span,
}

/// Where a step stands, as far as the others care.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Pending,
    Active,
    Settled,
}

fn standing(state: &StepState) -> Standing {
    match state {
        StepState::Pending => Standing::Pending,
        _ if state.is_settled() => Standing::Settled,
        _ => Standing::Active,
    }
}

fn is_running(state: &StepState) -> bool {
    matches!(state, StepState::Running { .. })
}

impl Run {
    /// Puts every step on the board, at the very beginning.
    pub(crate) fn lay_out(&mut self) {
        for place in 0..self.steps.len() {
            let Some(step) = self.procedure.steps.get(place) else { continue };
            match step.purpose {
                Purpose::Work | Purpose::Precondition => self.board.of += 1,
                Purpose::Mend(_) => self.board.mending += 1,
                Purpose::Undo(_) => {}
            }
            if let Some(seen) = self.steps.get_mut(place) {
                seen.needs_left = self.graph.needs(place).len();
            }
        }
        for place in 0..self.steps.len() {
            if self.steps.get(place).is_some_and(|s| s.needs_left == 0) {
                self.comes_up(place);
            }
        }
    }

    /// Changes what became of a step, and everything that follows from it on the board.
    pub(crate) fn change(&mut self, place: usize, seq: u64, at: &Now, change: impl FnOnce(&Step, &mut StepRun)) {
        let procedure = std::sync::Arc::clone(&self.procedure);
        let (Some(step), Some(seen)) = (procedure.steps.get(place), self.steps.get_mut(place)) else { return };
        let (before, ran) = (standing(&seen.state), is_running(&seen.state));
        change(step, seen);
        let (after, runs) = (standing(&seen.state), is_running(&seen.state));
        let free = seen.needs_left == 0;
        if before != Standing::Settled && after == Standing::Settled {
            seen.ended = Some(seq);
        }
        let state = seen.state.clone();
        self.count_running(ran, runs, at);
        self.moved(place, before, after);
        if before != Standing::Settled && after == Standing::Settled {
            self.count_settled(step, place, seq, &state);
            if free {
                self.release(place);
            }
        }
    }

    fn count_running(&mut self, ran: bool, runs: bool, at: &Now) {
        let before = self.board.running;
        self.board.running = before.saturating_sub(usize::from(ran)) + usize::from(runs);
        match (before, self.board.running) {
            (0, 1..) => self.board.busy_since = Some(at.clone()),
            (1.., 0) => {
                self.board.busy = self.busy(at);
                self.board.busy_since = None;
            }
            _ => {}
        }
    }

    /// How long the engine has been at steps of it, pauses and waiting for people left out.
    #[must_use]
    pub fn busy(&self, now: &Now) -> Span {
        let lately = self.board.busy_since.as_ref().map_or(Span::ZERO, |since| now.since(since).span);
        self.board.busy.plus(lately)
    }

    fn moved(&mut self, place: usize, before: Standing, after: Standing) {
        let at = key(place);
        if before == Standing::Pending && after != Standing::Pending {
            self.board.ready.remove_mut(&at);
            self.board.ready_for_people.remove_mut(&at);
        }
        if after == Standing::Active {
            self.board.active.insert_mut(at);
        } else {
            self.board.active.remove_mut(&at);
        }
        if after == Standing::Pending && before != Standing::Pending {
            self.comes_up(place);
        }
    }

    fn count_settled(&mut self, step: &Step, place: usize, seq: u64, state: &StepState) {
        let done = matches!(state, StepState::Done { .. });
        match &step.purpose {
            Purpose::Work | Purpose::Precondition => {
                self.board.settled += 1;
                self.board.skipped += usize::from(matches!(state, StepState::Skipped { .. }));
                self.board.failed += usize::from(matches!(state, StepState::Failed { then: Then::GoesOn, .. }));
                self.board.not_needed += usize::from(matches!(state, StepState::NotNeeded { .. }));
            }
            Purpose::Mend(_) => self.board.mending = self.board.mending.saturating_sub(1),
            Purpose::Undo(_) => {}
        }
        match &step.purpose {
            Purpose::Work | Purpose::Mend(_) if done => self.board.done.insert_mut(seq, key(place)),
            Purpose::Undo(of) if done => {
                self.board.undone += 1;
                let ended = self.graph.place(of).and_then(|place| self.steps.get(place)).and_then(|s| s.ended);
                if let Some(ended) = ended {
                    self.board.done.remove_mut(&ended);
                }
            }
            _ => {}
        }
    }

    /// A step is settled, and so is everything before it: those that waited for it wait for one less.
    fn release(&mut self, place: usize) {
        let mut open = vec![place];
        let graph = std::sync::Arc::clone(&self.graph);
        while let Some(at) = open.pop() {
            for next in graph.dependents(at).iter().map(|next| *next as usize) {
                let Some(seen) = self.steps.get_mut(next) else { continue };
                seen.needs_left = seen.needs_left.saturating_sub(1);
                if seen.needs_left > 0 {
                    continue;
                }
                // What was left out before its turn came holds those behind it until its own needs are settled.
                if seen.state.is_settled() || self.comes_up(next) == Turn::Passed {
                    open.push(next);
                }
            }
        }
    }

    /// Tells steps for people and steps for the engine apart anew, after some of them took another form.
    pub(crate) fn sort_ready(&mut self) {
        let is_for_people =
            |place: &u32| self.procedure.steps.get(*place as usize).is_some_and(|step| step.action.is_for_people());
        let ready = self.board.ready.iter().chain(self.board.ready_for_people.iter()).copied();
        let (people, engine): (Vec<u32>, Vec<u32>) = ready.partition(is_for_people);
        self.board.ready_for_people = people.into_iter().collect();
        self.board.ready = engine.into_iter().collect();
    }

    /// The turn of a pending step has come. What mends a step that did not fail is passed over.
    fn comes_up(&mut self, place: usize) -> Turn {
        let Some(step) = self.procedure.steps.get(place) else { return Turn::Waits };
        match &step.purpose {
            Purpose::Undo(_) => return Turn::Waits,
            Purpose::Mend(of) if !self.has_failed(of) => {
                if let Some(seen) = self.steps.get_mut(place) {
                    seen.state = StepState::NotNeeded { why: format!("{of} did not fail") };
                }
                self.board.mending = self.board.mending.saturating_sub(1);
                return Turn::Passed;
            }
            _ => {}
        }
        let Some(seen) = self.steps.get(place).filter(|s| s.needs_left == 0) else { return Turn::Waits };
        if seen.state == StepState::Pending {
            let for_people = self.procedure.steps.get(place).is_some_and(|s| s.action.is_for_people());
            let list = if for_people { &mut self.board.ready_for_people } else { &mut self.board.ready };
            list.insert_mut(key(place));
        }
        Turn::Waits
    }

    fn has_failed(&self, id: &super::super::ids::StepId) -> bool {
        let seen = self.graph.place(id).and_then(|place| self.steps.get(place));
        seen.is_some_and(|s| matches!(s.state, StepState::Failed { then: Then::GoesOn, .. }))
    }
}

#[derive(PartialEq, Eq)]
enum Turn {
    Waits,
    Passed,
}

fn key(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
