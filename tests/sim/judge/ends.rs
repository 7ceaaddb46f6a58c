//! Turning back, undoing, and how a run may end.

use warroom::core::ids::{Principal, StepId};
use warroom::core::plan::{Action, OnFailure, Purpose, Return};
use warroom::core::run::RunResult;

use super::Known;
use super::trial::{Going, Is, Trial};

impl Trial {
    /// By itself only after a failure whose author said so, and never because somebody had stopped the step.
    pub(super) fn may_turn_back(&self, known: Known<'_>) {
        assert!(!self.back && !self.is_over(), "it went back already, or is over");
        if known.entry.by != Principal::Engine {
            return;
        }
        assert_eq!(self.going, Going::On);
        let asks = |place: usize| {
            self.step(place).on_failure == OnFailure::Rollback && self.steps[place].is == Is::Failed { stopped: false }
        };
        assert!((0..self.steps.len()).any(asks), "nothing asks for the way back");
    }

    /// Steps that were done for the run and are not undone, newest first.
    fn done_newest_first(&self) -> Vec<usize> {
        let done = |place: &usize| {
            matches!(self.step(*place).purpose, Purpose::Work | Purpose::Mend(_)) && self.steps[*place].is == Is::Done
        };
        let undone = |place: &usize| self.undo_of(*place).is_some_and(|undo| self.steps[undo].is == Is::Done);
        let mut found: Vec<usize> = (0..self.steps.len()).filter(done).filter(|place| !undone(place)).collect();
        found.sort_by_key(|place| std::cmp::Reverse(self.steps[*place].settled));
        found
    }

    fn undo_of(&self, place: usize) -> Option<usize> {
        let of = |at: &usize| self.step(*at).purpose == Purpose::Undo(self.step(place).id.clone());
        (0..self.steps.len()).find(of)
    }

    /// Newest first, one at a time, only of what was done, never across a step without return, and once nothing is unclear.
    pub(super) fn may_undo(&self, undo: usize) {
        let id = &self.step(undo).id;
        for place in 0..self.steps.len() {
            let is = &self.steps[place].is;
            let active = *is != Is::Pending && !is.is_settled();
            let unclear = matches!(is, Is::Running | Is::Unknown) || active && self.is_undo(place);
            assert!(!unclear, "{id} begins, and {} is {is:?}", self.step(place).id);
        }
        for place in self.done_newest_first() {
            let of = &self.step(place).id;
            assert_eq!(self.step(place).way_back, Return::Open, "{id} begins across {of}");
            match self.undo_of(place) {
                Some(newest) if newest == undo => return,
                Some(newer) => assert!(self.steps[newer].is.is_settled(), "{id} begins before what undoes {of}"),
                None => {}
            }
        }
        panic!("{id} begins, and what it undoes was not done or is undone");
    }

    pub(super) fn may_end(&self, known: Known<'_>, result: &RunResult) {
        assert!(!self.is_over(), "it ended before");
        let counted: Vec<&Is> =
            (0..self.steps.len()).filter(|at| self.step(*at).counts()).map(|at| &self.steps[at].is).collect();
        let count = |is: Is| counted.iter().filter(|other| ***other == is).count();
        let (skipped, failed) = (count(Is::Skipped), count(Is::GoneOn));
        let by_itself = !matches!(result, RunResult::Aborted { .. });
        assert_eq!(by_itself, known.entry.by == Principal::Engine);
        if by_itself {
            assert_eq!(self.going, Going::On);
        }
        match result {
            RunResult::Aborted { by, .. } => assert_eq!(*by, known.entry.by),
            RunResult::RolledBack { undone, kept } => self.went_back(*undone, kept),
            RunResult::Done => {
                self.went_forward();
                assert_eq!((skipped, failed), (0, 0), "called done");
            }
            RunResult::Partly { skipped: s, failed: f, of } => {
                self.went_forward();
                assert_eq!((*s, *f, *of), (skipped, failed, counted.len() - count(Is::NotNeeded)));
                assert!(skipped + failed > 0);
            }
        }
    }

    fn went_forward(&self) {
        assert!(!self.back);
        for (place, passed) in self.passed().into_iter().enumerate() {
            assert!(passed || self.is_undo(place), "over, and {} is {:?}", self.step(place).id, self.steps[place].is);
        }
    }

    /// All that could be undone was, and what stays is named.
    fn went_back(&self, undone: usize, kept: &[StepId]) {
        assert!(self.back);
        let of_undos =
            |is: Is| (0..self.steps.len()).filter(|at| self.is_undo(*at) && self.steps[*at].is == is).count();
        assert_eq!(undone, of_undos(Is::Done));
        let done = self.done_newest_first();
        for place in done.iter().take_while(|place| self.step(**place).way_back == Return::Open) {
            let left = self.undo_of(*place).is_some_and(|undo| !self.steps[undo].is.is_settled());
            assert!(!left, "over, and {} is not undone", self.step(*place).id);
        }
        let acts = |place: &&usize| {
            let action = &self.step(**place).action;
            !action.only_looks() && !matches!(action, Action::Gate(_))
        };
        let mut stays: Vec<&StepId> = done.iter().filter(acts).map(|place| &self.step(*place).id).collect();
        stays.reverse();
        assert!(stays.iter().copied().eq(kept), "what stays is {stays:?}, and it says {kept:?}");
    }
}
