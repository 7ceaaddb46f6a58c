//! The live run against this reader's own reckoning, its board included.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use warroom::core::plan::Purpose;
use warroom::core::run::{Course, Run, RunResult, RunState};

use super::trial::{Going, Is, Trial};

impl Trial {
    /// The run that is live is the run that the journal tells of.
    pub(super) fn agrees_with(&self, run: &Run) {
        let going = match &run.state {
            RunState::Going => Going::On,
            RunState::Held { .. } => Going::Held,
            RunState::Ended { result: RunResult::Aborted { .. }, .. } => Going::Aborted,
            RunState::Ended { .. } => Going::Ended,
        };
        assert_eq!((going, matches!(run.course, Course::Back { .. })), (self.going, self.back));
        assert_eq!((run.overdue.is_some(), run.is_active()), (self.overdue, self.is_at_work()));
        let passed = self.passed();
        for (place, live) in run.steps.iter().enumerate() {
            let (seen, id) = (&self.steps[place], &self.step(place).id);
            let left = self.needs[place].iter().filter(|need| !passed[**need]).count();
            let word = if self.is_passed_over(place, &passed) { "not needed" } else { seen.is.word() };
            let expected = (id, word, seen.tries, seen.yes.len(), left);
            // What was said at a gate that opened stays with it.
            let yes = if seen.is == Is::Waiting { live.confirmations.len() } else { seen.yes.len() };
            assert_eq!((&live.id, live.state.word(), live.attempts, yes, live.needs_left), expected);
            assert_eq!(live.state.is_settled(), seen.is.is_settled() || word == "not needed", "{id}");
            assert_eq!(live.values, seen.values, "{id}");
        }
        let board = serde_json::to_value(&run.board).unwrap();
        let expected = self.board(&passed);
        assert!(board == expected, "the board of {} says\n{board}\nand should say\n{expected}", self.id);
        let counted = (0..self.steps.len()).filter(|at| self.step(*at).counts());
        let settled = counted.clone().filter(|at| self.steps[*at].is.is_settled()).count();
        assert_eq!(run.progress(), (settled, counted.count()));
    }

    /// What mends a step that did not fail, when its turn has come.
    fn is_passed_over(&self, place: usize, passed: &[bool]) -> bool {
        self.steps[place].is == Is::Pending && passed[place]
    }

    fn board(&self, passed: &[bool]) -> Value {
        let all = || 0..self.steps.len();
        let is = |at: usize| &self.steps[at].is;
        let counts = |at: &usize| self.step(*at).counts();
        let turn = |at: &usize| {
            *is(*at) == Is::Pending && !self.is_undo(*at) && !passed[*at] && self.needs[*at].iter().all(|n| passed[*n])
        };
        let (people, engine): (Vec<usize>, Vec<usize>) =
            all().filter(turn).partition(|at| self.step(*at).action.is_for_people());
        let undone = |at: usize| {
            let undo = self.places.get(format!("undo.{}", self.step(at).id).as_str());
            undo.is_some_and(|undo| *is(*undo) == Is::Done)
        };
        let work = |at: &usize| matches!(self.step(*at).purpose, Purpose::Work | Purpose::Mend(_));
        let done: BTreeMap<String, usize> = all()
            .filter(|at| work(at) && *is(*at) == Is::Done && !undone(*at))
            .map(|at| (self.steps[at].settled.unwrap().to_string(), at))
            .collect();
        let mends = all().filter(|at| matches!(self.step(*at).purpose, Purpose::Mend(_)));
        json!({
            "ready": engine,
            "ready_for_people": people,
            "active": all().filter(|at| *is(*at) != Is::Pending && !is(*at).is_settled()).collect::<Vec<_>>(),
            "done": done,
            "of": all().filter(counts).count(),
            "settled": all().filter(counts).filter(|at| is(*at).is_settled()).count(),
            "skipped": all().filter(counts).filter(|at| *is(*at) == Is::Skipped).count(),
            "failed": all().filter(counts).filter(|at| *is(*at) == Is::GoneOn).count(),
            "not_needed": all().filter(counts).filter(|at| *is(*at) == Is::NotNeeded).count(),
            "mending": mends.filter(|at| !is(*at).is_settled() && !passed[*at]).count(),
            "undone": all().filter(|at| self.is_undo(*at) && *is(*at) == Is::Done).count(),
            "running": all().filter(|at| *is(*at) == Is::Running).count(),
            "busy_since": self.busy.0,
            "busy": self.busy.1,
        })
    }
}
