//! Reads a journal as it is written, through its stored form, and holds every entry against what must never happen.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::apply::apply;
use crate::core::event::Event;
use crate::core::ids::{Principal, RunId, StepId};
use crate::core::incident::Phase;
use crate::core::people::Act;
use crate::core::plan::{Action, Launcher, Return};
use crate::core::run::{How, Run, RunState, StepRun, StepState};
use crate::core::state::{ENDED_KEPT, Entry, State, TIMELINE_KEPT};
use crate::core::time::Moment;

/// A second reader of the journal.
#[derive(Debug, Default)]
pub(super) struct Watch {
    state: State,
    /// Steps that a person had tried again, and that have not started since.
    asked_for: BTreeSet<(RunId, StepId)>,
    /// Who said yes at which gate, with the end of it, and did not take it back.
    said_yes: BTreeMap<(RunId, StepId), BTreeMap<Principal, Moment>>,
}

impl Watch {
    /// Takes the next entry, as it is read from a disk.
    pub(super) fn take(&mut self, entry: &Entry) {
        let stored: Entry = serde_json::from_str(&serde_json::to_string(entry).unwrap()).unwrap();
        assert_eq!(stored, *entry, "what is stored is what was written");
        let settled = entry.event.run().and_then(|run| self.state.runs.get(&run)).map(|run| settled(run));
        match &entry.event {
            Event::StepStarted { run, step, attempt } => self.started(entry, *run, step, *attempt),
            Event::StepRetried { run, step, .. } => {
                assert_ne!(entry.by, Principal::Engine, "only people have a step tried again");
                self.asked_for.insert((*run, step.clone()));
                self.said_yes.remove(&(*run, step.clone()));
            }
            Event::GateConfirmed { run, step, expires, .. } => {
                self.said_yes.entry((*run, step.clone())).or_default().insert(entry.by.clone(), *expires);
            }
            Event::ConfirmationVoided { run, step, by, .. } => {
                let void = self.said_yes.get_mut(&(*run, step.clone())).and_then(|yes| yes.remove(by));
                assert!(void.is_some(), "nobody takes back what was not said");
            }
            Event::GateDeclined { run, step, .. } => {
                self.said_yes.remove(&(*run, step.clone()));
            }
            Event::GateOpened { run, step, by } => self.opened(entry, *run, step, by),
            _ => {}
        }
        apply(&mut self.state, &stored);
        if let (Some(before), Some(run)) = (settled, entry.event.run().and_then(|run| self.state.runs.get(&run))) {
            for known in before {
                assert!(
                    run.steps.iter().any(|s| *s == known),
                    "what is settled stays as it is: {known:?}, {:?}",
                    entry.event
                );
            }
        }
    }

    /// In its turn, in a run that goes on, for the first time, after its pause, or because a person asked.
    fn started(&mut self, entry: &Entry, run: RunId, id: &StepId, attempt: u32) {
        let known = &self.state.runs[&run];
        assert_eq!(known.state, RunState::Going, "{id} of a run that does not go on");
        let (index, step, seen) = known.find(id).unwrap();
        let before: Vec<&StepRun> = known.graph.before(index).into_iter().map(|at| &known.steps[at]).collect();
        assert!(before.iter().all(|s| s.state.is_settled()), "{id} before its turn");
        assert_eq!(attempt, seen.attempts + 1);
        match &seen.state {
            StepState::Pending if seen.attempts == 0 => {}
            StepState::Pending => {
                assert!(self.asked_for.remove(&(run, id.clone())), "{id} again, and nobody asked");
            }
            StepState::Pausing { until, .. } => {
                assert!(*until <= entry.at.utc, "{id} before its pause was over");
                assert!(attempt <= step.retry.times + 1, "{id} more often than its author said");
            }
            other => panic!("{id} started, and it was {other:?}"),
        }
        if step.way_back == Return::None {
            let opened = |s: &StepRun| matches!(s.state, StepState::Done { how: How::Opened { .. }, .. });
            assert!(before.iter().any(|s| opened(s)), "{id} cannot be taken back, and no gate was opened");
        }
    }

    /// With its number of distinct people, each of whom may, holds one of its roles, and said yes not too long ago.
    fn opened(&self, entry: &Entry, run: RunId, id: &StepId, by: &[Principal]) {
        let known = &self.state.runs[&run];
        let (_, step, _) = known.find(id).unwrap();
        let Action::Gate(gate) = &step.action else { panic!("{id} is no gate") };
        assert_eq!(known.state, RunState::Going);
        let people: BTreeSet<&Principal> = by.iter().collect();
        assert_eq!(people.len(), by.len(), "one person is one person");
        assert!(people.len() >= gate.people as usize, "{people:?} are too few");
        for person in people {
            let until = self.said_yes[&(run, id.clone())].get(person);
            assert!(until.is_some_and(|until| *until > entry.at.utc), "{person} did not say yes, or long ago");
            let environment = self.state.plans[&known.plan].plan.environment;
            assert!(self.state.people[person].may(Act::PassGate, Some(environment)).is_ok());
            let mut holds = self.state.incidents[&known.incident].roles_of(person);
            assert!(gate.roles.is_empty() || holds.any(|role| gate.roles.contains(role)), "{person} holds no role");
            assert!(gate.launcher == Launcher::Counts || *person != known.by, "the launcher does not count");
        }
    }

    /// The journal gives the state, and the state is one that makes sense.
    pub(super) fn agrees_with(&self, live: &State) {
        assert!(self.state == *live, "the journal gives another state:\n{:#?}\n{live:#?}", self.state);
        assert!(live.timeline.len() <= TIMELINE_KEPT);
        let ended = live.incidents.values().filter(|i| !i.phase.is_open());
        assert!(ended.filter(|i| !i.owes_words()).count() <= ENDED_KEPT + 1);
        for plan in live.plans.keys() {
            let proposed = live.open_incidents().filter(|i| i.plan == *plan && i.phase == Phase::Proposed);
            assert!(proposed.count() <= 1, "one proposal for all the trouble of {plan}");
        }
        let call_signs: Vec<_> = live.incidents.values().map(|i| &i.call_sign).collect();
        assert_eq!(call_signs.iter().collect::<BTreeSet<_>>().len(), call_signs.len(), "{call_signs:?}");
        for incident in live.incidents.values() {
            let over = matches!(incident.phase, Phase::Recovered | Phase::Closed { .. } | Phase::Cancelled { .. });
            assert_eq!(incident.stopped.is_some(), over, "{incident:?}");
        }
    }

    /// A snapshot of the middle and what came after it give the state too.
    pub(super) fn resumed(&self, snapshot: &str, after: &[Entry]) {
        let mut state: State = serde_json::from_str(snapshot).unwrap();
        for entry in after {
            apply(&mut state, entry);
        }
        assert!(state == self.state, "the snapshot and what came after it give another state");
    }
}

fn settled(run: &Run) -> Vec<StepRun> {
    run.steps.iter().filter(|s| s.state.is_settled()).cloned().collect()
}
