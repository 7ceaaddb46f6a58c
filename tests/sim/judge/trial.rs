//! A run by this reader's own reckoning: how each step stands, out of the journal alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use warroom::core::comms::Try;
use warroom::core::event::Event;
use warroom::core::failover::MoveKind;
use warroom::core::ids::{ComponentId, IncidentId, PlanId, Principal, RunId, StepId};
use warroom::core::plan::{Action, OnFailure, Procedure, ProcedureKind, Purpose, Step};
use warroom::core::run::{Failure, RunResult};
use warroom::core::template::Values;
use warroom::core::time::{Now, Span};

use super::{Known, layout};

/// How a step stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Is {
    Pending,
    Waiting,
    Running,
    Pausing {
        since: Now,
        pause: Span,
    },
    Done,
    /// It failed for good, and the run goes on.
    GoneOn,
    /// It failed for good, and waits.
    Failed {
        stopped: bool,
    },
    Unknown,
    NotNeeded,
    Skipped,
    Declined,
}

impl Is {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Is::Pending => "pending",
            Is::Waiting => "waiting",
            Is::Running => "running",
            Is::Pausing { .. } => "pausing",
            Is::Done => "done",
            Is::GoneOn | Is::Failed { .. } => "failed",
            Is::Unknown => "unknown",
            Is::NotNeeded => "not needed",
            Is::Skipped => "skipped",
            Is::Declined => "declined",
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        matches!(self, Is::Done | Is::GoneOn | Is::NotNeeded | Is::Skipped)
    }

    /// Whether nothing new begins until a person has decided on it.
    pub(super) fn blocks(&self) -> bool {
        matches!(self, Is::Failed { .. } | Is::Unknown | Is::Declined)
    }
}

/// What became of a step.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) is: Is,
    pub(super) tries: u32,
    /// Somebody had it tried again, and it has not begun since.
    pub(super) asked: bool,
    /// Who said yes and did not take it back, and when.
    pub(super) yes: BTreeMap<Principal, Now>,
    pub(super) values: Values,
    /// The entry that settled it.
    pub(super) settled: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Going {
    On,
    Held,
    Aborted,
    Ended,
}

#[derive(Debug)]
pub(super) struct Trial {
    pub(super) id: RunId,
    pub(super) plan: PlanId,
    pub(super) incident: IncidentId,
    pub(super) by: Principal,
    pub(super) components: BTreeSet<ComponentId>,
    pub(super) procedure: Arc<Procedure>,
    pub(super) needs: Vec<Vec<usize>>,
    pub(super) places: BTreeMap<StepId, usize>,
    pub(super) values: Values,
    pub(super) results: BTreeMap<String, Values>,
    pub(super) steps: Vec<Seen>,
    pub(super) going: Going,
    pub(super) back: bool,
    pub(super) overdue: bool,
    /// Which kind of failover it is, if it is one.
    pub(super) kind: Option<MoveKind>,
    /// The components that it moves; all when empty.
    pub(super) moving: BTreeSet<ComponentId>,
    /// Since when the engine is at any of its steps, and for how long it was before.
    pub(super) busy: (Option<Now>, Span),
}

impl Trial {
    pub(super) fn begins(known: Known<'_>) -> Trial {
        let Event::RunStarted { run, incident, plan, procedure, values, graph, components, move_kind, moving, .. } =
            &known.entry.event
        else {
            unreachable!()
        };
        assert!(known.state.runs.keys().all(|earlier| earlier < run), "runs are counted");
        assert!(known.state.incidents[incident].phase.is_declared(), "runs belong to declared incidents");
        let procedure = Arc::clone(procedure.as_ref().unwrap());
        let rows: Vec<(StepId, Vec<u32>)> = match graph {
            Some(graph) => (**graph).clone().into(),
            None => (0..)
                .zip(&procedure.steps)
                .map(|(n, s)| (s.id.clone(), (n > 0).then(|| n - 1).into_iter().collect()))
                .collect(),
        };
        let names: Vec<&StepId> = procedure.steps.iter().map(|s| &s.id).collect();
        assert!(rows.iter().map(|(id, _)| id).eq(names.iter().copied()), "the graph is of other steps");
        let places: BTreeMap<StepId, usize> = names.iter().enumerate().map(|(n, id)| ((*id).clone(), n)).collect();
        assert_eq!(places.len(), names.len(), "two steps have one name");
        let needs: Vec<Vec<usize>> =
            rows.into_iter().map(|(_, needs)| needs.into_iter().map(|n| n as usize).collect()).collect();
        let pending = Seen {
            is: Is::Pending,
            tries: 0,
            asked: false,
            yes: BTreeMap::new(),
            values: Values::new(),
            settled: None,
        };
        let trial = Trial {
            id: *run,
            plan: plan.clone(),
            incident: incident.clone(),
            by: known.entry.by.clone(),
            components: components.clone(),
            steps: vec![pending; procedure.steps.len()],
            procedure,
            needs,
            places,
            values: values.clone(),
            results: BTreeMap::new(),
            going: Going::On,
            back: false,
            overdue: false,
            kind: *move_kind,
            moving: moving.clone(),
            busy: (None, Span::ZERO),
        };
        layout::is_as_written(&trial, &known.state.plans[plan]);
        trial
    }

    /// Whether the run ended.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.going, Going::Aborted | Going::Ended)
    }

    /// Whether it acts or could.
    pub(super) fn is_at_work(&self) -> bool {
        !self.is_over() || self.steps.iter().any(|s| s.is == Is::Running)
    }

    pub(super) fn moves_traffic(&self) -> bool {
        matches!(self.procedure.kind, ProcedureKind::Failover | ProcedureKind::Failback)
    }

    /// Whether a step asks the guards: what fences or is final, until the first of the latter was begun.
    pub(super) fn is_guarded(&self, place: usize) -> bool {
        let step = self.step(place);
        let begun = (0..self.steps.len()).any(|at| self.step(at).is_final() && self.steps[at].tries > 0);
        self.kind.is_some() && (step.fence.is_some() || step.is_final()) && !begun
    }

    /// Whether it is left out because the failover is an emergency.
    pub(super) fn is_left_out_now(&self, place: usize) -> bool {
        self.kind == Some(MoveKind::Emergency) && self.step(place).is_left_out_in_emergencies()
    }

    /// All that is still to be done takes its other form.
    fn turns_emergency(&mut self) {
        assert!(matches!(self.kind, Some(MoveKind::Planned | MoveKind::Manual)) && !self.back && !self.is_over());
        self.kind = Some(MoveKind::Emergency);
        let keeps = |seen: &Seen| seen.is.is_settled() || matches!(seen.is, Is::Running | Is::Unknown);
        let keeps: Vec<bool> = self.steps.iter().map(keeps).collect();
        let steps = Arc::make_mut(&mut self.procedure).steps.iter_mut().zip(keeps);
        steps.filter(|(_, keeps)| !keeps).for_each(|(step, _)| step.make_ungraceful());
    }

    pub(super) fn step(&self, place: usize) -> &Step {
        &self.procedure.steps[place]
    }

    pub(super) fn place(&self, id: &StepId) -> usize {
        self.places[id]
    }

    pub(super) fn is(&self, id: &StepId) -> &Is {
        &self.steps[self.place(id)].is
    }

    pub(super) fn is_undo(&self, place: usize) -> bool {
        matches!(self.step(place).purpose, Purpose::Undo(_))
    }

    /// Steps that are settled, and all before them: by their needs alone, from scratch. What mends a step that did not fail is
    /// passed when its turn comes.
    pub(super) fn passed(&self) -> Vec<bool> {
        let mut known: Vec<Option<bool>> = vec![None; self.steps.len()];
        for place in 0..self.steps.len() {
            self.is_passed(place, &mut known);
        }
        known.into_iter().map(|passed| passed == Some(true)).collect()
    }

    fn is_passed(&self, place: usize, known: &mut Vec<Option<bool>>) -> bool {
        if let Some(passed) = known[place] {
            return passed;
        }
        let before = self.needs[place].iter().all(|need| self.is_passed(*need, known));
        let passed = before && (self.steps[place].is.is_settled() || self.has_nothing_to_mend(place));
        known[place] = Some(passed);
        passed
    }

    pub(super) fn has_nothing_to_mend(&self, place: usize) -> bool {
        match &self.step(place).purpose {
            Purpose::Mend(of) => *self.is(of) != Is::GoneOn,
            _ => false,
        }
    }

    /// Everything that must be settled before a step can begin.
    pub(super) fn before(&self, place: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![place];
        while let Some(at) = open.pop() {
            open.extend(self.needs[at].iter().copied().filter(|need| found.insert(*need)));
        }
        found
    }

    /// What `${name}` means in a step.
    pub(super) fn values_of(&self, place: usize) -> Values {
        let origin = &self.step(place).origin;
        let mut values = self.values.clone();
        values.extend(self.results.get(self.shares_results_of(place)).cloned().unwrap_or_default());
        values.extend(origin.values.clone());
        values.extend(self.steps[place].values.clone());
        values
    }

    /// The call whose results a step knows and adds to: a handler and an undo belong to the call of the step that they are for.
    fn shares_results_of(&self, place: usize) -> &str {
        let step = self.step(place);
        match &step.purpose {
            Purpose::Undo(of) => self.shares_results_of(self.place(of)),
            Purpose::Mend(of) if step.origin.scope == of.as_str() => self.shares_results_of(self.place(of)),
            _ => &step.origin.scope,
        }
    }

    pub(super) fn host_of(&self, place: usize) -> Option<String> {
        self.step(place).host.as_ref()?.fill(&self.values_of(place)).ok()
    }

    /// How long the engine has been at it.
    pub(super) fn busy(&self, now: &Now) -> Span {
        let lately = self.busy.0.as_ref().map_or(Span::ZERO, |since| now.since(since).span);
        self.busy.1.plus(lately)
    }

    /// Words may go out for that try now.
    pub(super) fn tells(&self, of: &Try) {
        let place = self.place(&of.step);
        assert!(matches!(self.step(place).action, Action::Notify(_)));
        assert_eq!((&self.steps[place].is, self.steps[place].tries), (&Is::Running, of.attempt));
    }

    /// Takes an entry about this run.
    pub(super) fn take(&mut self, known: Known<'_>) {
        let entry = known.entry;
        match &entry.event {
            Event::StepStarted { step, attempt, .. } => {
                let place = self.place(step);
                self.may_start(known, place, *attempt);
                self.steps[place].tries = *attempt;
                self.steps[place].asked = false;
                let people = self.step(place).action.is_for_people();
                self.set(place, if people { Is::Waiting } else { Is::Running }, known);
            }
            Event::StepSucceeded { step, attempt, results, .. } => {
                let place = self.under_way(step, *attempt);
                let scope = self.shares_results_of(place).to_owned();
                self.results.entry(scope).or_default().extend(results.clone());
                self.set(place, Is::Done, known);
            }
            Event::StepFailed { step, attempt, why, again, .. } => {
                let place = self.may_fail(known, step, *attempt, why, *again);
                let is = match again {
                    Some(_) => Is::Pausing { since: entry.at.clone(), pause: self.pause(place, *attempt) },
                    None => self.failed_for_good(place, why),
                };
                self.set(place, is, known);
            }
            Event::StepLost { step, attempt, .. } => {
                let place = self.under_way(step, *attempt);
                self.set(place, Is::Unknown, known);
            }
            Event::StepRegained { step, attempt, .. } => {
                let place = self.place(step);
                assert_eq!((&self.steps[place].is, self.steps[place].tries), (&Is::Unknown, *attempt));
                self.set(place, Is::Running, known);
            }
            Event::StepNotNeeded { step, .. } => {
                let place = self.place(step);
                self.may_be_left_out(known, place);
                self.set(place, Is::NotNeeded, known);
            }
            Event::StepSaidDone { step, .. } => {
                let place = self.place(step);
                let manual = matches!(self.step(place).action, Action::Manual { .. });
                let gate = matches!(self.step(place).action, Action::Gate(_));
                let is = &self.steps[place].is;
                assert!(!gate && (*is == Is::Unknown || manual && *is == Is::Waiting), "{step} is {is:?}");
                self.set(place, Is::Done, known);
            }
            Event::StepRetried { step, values, .. } => self.retried(known, step, values),
            Event::StepSkipped { step, .. } => self.skipped(known, step),
            Event::GateConfirmed { .. }
            | Event::ConfirmationVoided { .. }
            | Event::GateOpened { .. }
            | Event::GateDeclined { .. } => self.at_gate(known),
            Event::RunHeld { .. } => {
                assert_eq!(self.going, Going::On);
                self.going = Going::Held;
            }
            Event::RunGuarded { step, .. } => {
                assert_eq!((self.going, self.back, &entry.by), (Going::On, false, &Principal::Engine));
                let place = self.place(step);
                assert!(self.is_guarded(place), "{step} asks no guard");
                self.going = Going::Held;
            }
            Event::RunTurnedEmergency { .. } => self.turns_emergency(),
            Event::SiteActivated { .. } => {}
            Event::RunOverdue { limit, .. } => {
                assert_eq!((self.going, self.overdue), (Going::On, false));
                assert!(self.procedure.timeout == Some(*limit) && self.busy(&entry.at) >= *limit, "not its time");
                (self.going, self.overdue) = (Going::Held, true);
            }
            Event::RunTurnedBack { .. } => {
                self.may_turn_back(known);
                (self.going, self.back) = (Going::On, true);
            }
            Event::RunResumed { .. } => {
                let stopped = self.steps.iter().all(|s| s.is != Is::Running);
                assert!(self.going == Going::Held || self.going == Going::Aborted && stopped, "{:?}", self.going);
                self.going = Going::On;
            }
            Event::RunEnded { result, .. } => {
                self.may_end(known, result);
                let aborted = matches!(result, RunResult::Aborted { .. });
                self.going = if aborted { Going::Aborted } else { Going::Ended };
            }
            other => panic!("{other:?} is no event of a run"),
        }
    }

    /// The step whose try is under way, and is that one.
    pub(super) fn under_way(&self, step: &StepId, attempt: u32) -> usize {
        let place = self.place(step);
        assert_eq!((&self.steps[place].is, self.steps[place].tries), (&Is::Running, attempt), "{step}");
        place
    }

    fn failed_for_good(&self, place: usize, why: &Failure) -> Is {
        let stopped = *why == Failure::Stopped;
        match self.step(place).on_failure {
            OnFailure::Continue | OnFailure::Do(_) if !stopped => Is::GoneOn,
            _ => Is::Failed { stopped },
        }
    }

    pub(super) fn set(&mut self, place: usize, is: Is, known: Known<'_>) {
        let seen = &mut self.steps[place];
        assert!(!seen.is.is_settled(), "{} was {:?}, and is {is:?}", self.procedure.steps[place].id, seen.is);
        if is.is_settled() {
            seen.settled = Some(known.entry.seq);
        }
        seen.is = is;
        let running = self.steps.iter().any(|s| s.is == Is::Running);
        match (&self.busy.0, running) {
            (None, true) => self.busy.0 = Some(known.entry.at.clone()),
            (Some(_), false) => self.busy = (None, self.busy(&known.entry.at)),
            _ => {}
        }
    }
}
