//! A run: one procedure, once, with what became of each step.

mod board;
mod graph;
mod postgres;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use board::Board;
pub use graph::Graph;
pub use postgres::{News, Proof};

use super::failover::{Finding, MoveKind};
use super::forecast::AtStart;
use super::ids::{ComponentId, IncidentId, PlanId, Principal, RunId, StepId};
use super::plan::{Action, Gate, PlanHash, Procedure, Purpose, Record, ServerState, Step};
use super::template::Values;
use super::time::{Moment, Now, Span};

/// One procedure, once. It keeps the procedure as it was when it began, whatever becomes of the plan's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its identifier.
    pub id: RunId,
    /// The incident that it serves.
    pub incident: IncidentId,
    /// The plan that the procedure comes from.
    pub plan: PlanId,
    /// That plan's text when the run began.
    pub plan_hash: PlanHash,
    /// The procedure as it was then, with a step for each pass of a list and each step of a procedure called.
    pub procedure: Arc<Procedure>,
    /// What waits for what, by the places of the steps.
    pub graph: Arc<Graph>,
    /// The components that it works on, and that no other run may work on meanwhile.
    pub components: BTreeSet<ComponentId>,
    /// The values of its parameters, with `from` and `to`.
    pub values: Values,
    /// Who launched it.
    pub by: Principal,
    /// When.
    pub started: Now,
    /// Whether it goes on.
    pub state: RunState,
    /// Which way it goes.
    pub course: Course,
    /// When its time was over, if it was.
    pub overdue: Option<Now>,
    /// What was foretold of it when its first step began.
    #[serde(default)]
    pub foretold: AtStart,
    /// Results that its steps brought: by the scope that knows them, and by name.
    pub results: BTreeMap<String, Values>,
    /// One for each step of the procedure, in the same order.
    pub steps: Steps,
    /// Which of them are where.
    pub board: Board,
    /// Which kind of failover it is; `None` when it is none.
    #[serde(default)]
    pub move_kind: Option<MoveKind>,
    /// The components that it moves, where a failover was launched for some only.
    #[serde(default)]
    pub moving: BTreeSet<ComponentId>,
    /// The guards that stopped it, while they do.
    #[serde(default)]
    pub guarded: Vec<Finding>,
}

/// What became of the steps of a run; a copy shares all that did not change.
pub type Steps = rpds::VectorSync<StepRun>;

/// Which way a run goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// Towards its end.
    #[default]
    Forward,
    /// Back to where it began, as far as that can be.
    Back {
        /// Who turned it.
        by: Principal,
        /// Why.
        why: String,
        /// When.
        at: Now,
    },
}

/// Whether a run goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// The next step starts by itself.
    Going,
    /// Nothing new starts.
    Held {
        /// Who held it.
        by: Principal,
        /// Why.
        reason: Option<String>,
        /// Since when.
        at: Now,
    },
    /// Over.
    Ended {
        /// How.
        result: RunResult,
        /// When.
        at: Now,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// Every step was done.
    Done,
    /// Every step was done or skipped, and some were skipped: never called *done*.
    Partly {
        /// How many were skipped.
        skipped: usize,
        /// How many failed.
        #[serde(default)]
        failed: usize,
        /// Of how many that were needed.
        #[serde(default)]
        of: usize,
    },
    /// What could be undone was.
    RolledBack {
        /// How many steps were undone.
        undone: usize,
        /// Steps that were done and stay so: they have no undo, a person left their undo out, or there is no return from them.
        kept: Vec<StepId>,
    },
    /// Somebody stopped it.
    Aborted {
        /// Who.
        by: Principal,
        /// Why.
        reason: String,
    },
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRun {
    /// Which.
    pub id: StepId,
    /// How it stands.
    pub state: StepState,
    /// Tries so far.
    pub attempts: u32,
    /// At a gate: who confirmed.
    pub confirmations: Vec<Confirmation>,
    /// How many of the steps that it waits for have yet to be settled.
    pub needs_left: usize,
    /// The journal's number of the entry that settled it.
    pub ended: Option<u64>,
    /// Values that a person gave it in place of the run's.
    pub values: Values,
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Its turn has not come.
    Pending,
    /// It waits for people.
    Waiting {
        /// Since when.
        since: Now,
    },
    /// The engine is at it.
    Running {
        /// Since when.
        since: Now,
    },
    /// It failed and is tried again by itself.
    Pausing {
        /// When, by the wall clock: for people.
        until: Moment,
        /// Since when.
        since: Now,
        /// For how long.
        pause: Span,
        /// Why it failed.
        why: Failure,
    },
    /// It did what it should.
    Done {
        /// How that is known.
        how: How,
        /// When.
        at: Now,
        /// How long it took.
        took: Span,
    },
    /// It did not; a person retries or skips it, or aborts the run.
    Failed {
        /// Why.
        why: Failure,
        /// When.
        at: Now,
        /// What that means for the run.
        then: Then,
    },
    /// Its condition did not hold, or what it belongs to was left out.
    NotNeeded {
        /// Why.
        why: String,
    },
    /// The engine lost sight of it; a person says what became of it.
    Unknown {
        /// What is known.
        what: String,
        /// When that was found.
        at: Now,
    },
    /// A person left it out.
    Skipped {
        /// Who.
        by: Principal,
        /// Why.
        reason: String,
        /// When.
        at: Now,
    },
    /// At a gate, a person said no.
    Declined {
        /// Who.
        by: Principal,
        /// Why.
        reason: String,
        /// When.
        at: Now,
    },
}

/// What a failure means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It waits: for a person, or to be rolled back.
    Waits,
    /// It goes on without the step, and will not be *done*.
    GoesOn,
}

/// How it is known that a step did what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The engine saw it.
    Seen(Evidence),
    /// A person said so.
    Said {
        /// Who.
        by: Principal,
        /// In which words.
        note: Option<String>,
    },
    /// A gate's people opened it.
    Opened {
        /// Who, in the order in which they confirmed.
        by: Vec<Principal>,
    },
}

/// What the engine saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A program ended with status 0.
    ExitedWell,
    /// A request was answered as the plan expects.
    Answered {
        /// The status.
        status: u16,
    },
    /// Every probe in question said ok.
    Healthy {
        /// How many.
        probes: usize,
    },
    /// A database answered as the plan expects.
    Rows {
        /// How many rows came, or were changed.
        rows: u64,
    },
    /// A file is as the plan expects.
    FileFits,
    /// That much time passed.
    Waited {
        /// How much.
        span: Span,
    },
    /// Files are in place, and valid as far as the plan has them checked.
    FilesPut {
        /// How many.
        files: usize,
    },
    /// A server behind a load balancer is as the plan says.
    ServerSet {
        /// The backend and the server, with a `/` between.
        server: String,
        /// Its weight.
        weight: u32,
        /// Whether it is given work.
        state: ServerState,
        /// What the load balancer's own checks say of it, in its words.
        status: String,
        /// How many sessions it has.
        sessions: u64,
        /// Whether that is the step's work.
        change: Change,
    },
    /// nginx serves by the upstream as the plan says.
    UpstreamLoaded {
        /// Its name.
        upstream: String,
        /// How many servers it has.
        servers: usize,
        /// How many new workers were seen; none where nobody looked at them.
        workers: Option<usize>,
        /// The status with which the new side answered; none where nobody asked.
        answered: Option<u16>,
        /// Whether that is the step's work.
        change: Change,
    },
    /// Every server that counts answers the records of the plan.
    NamesAnswered {
        /// The name, whole.
        name: String,
        /// Their type.
        record: Record,
        /// Their values.
        values: Vec<String>,
        /// How many servers answer them.
        servers: usize,
        /// Whether that is the step's work.
        change: Change,
    },
    /// PostgreSQL servers are as they should be.
    Postgres(Proof),
    /// Every channel took the words.
    Delivered {
        /// How many channels.
        channels: usize,
    },
}

/// Whether a step changed what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It did.
    Made,
    /// All was as it should be before.
    AlreadySo,
}

/// Why a step did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// A program ended with another status.
    Exit {
        /// The status.
        code: i32,
    },
    /// A signal ended the program.
    Signal {
        /// Its number.
        signal: i32,
    },
    /// It took too long and was ended.
    TimedOut {
        /// The limit.
        after: Span,
    },
    /// It could not be started.
    NotStarted {
        /// Why.
        why: String,
    },
    /// Somebody stopped it.
    Stopped,
    /// The answer was not what the plan expects.
    WrongAnswer {
        /// What came, what was expected.
        why: String,
    },
    /// No answer came.
    NoAnswer {
        /// Why.
        why: String,
    },
    /// It did not become healthy in time.
    NotHealthy {
        /// What was not.
        why: String,
    },
}

/// One person's yes at a gate, and what it was a yes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Who.
    pub by: Principal,
    /// When.
    pub at: Now,
    /// When it no longer counts.
    pub expires: Moment,
    /// The digest of what was shown.
    pub digest: String,
    /// The loss that was accepted.
    pub max_loss: Option<Span>,
}

/// How long a confirmation counts while others are missing.
pub const CONFIRMATION_LASTS: Span = Span::from_secs(600);

impl Confirmation {
    /// How long it still counts: by uptime within one boot, whatever becomes of the wall clock.
    #[must_use]
    pub fn counts_for(&self, now: &Now) -> Span {
        self.expires.since(self.at.utc).minus(now.surely_since(&self.at))
    }
}

impl StepState {
    /// Whether the next step may start.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(
            self,
            StepState::Done { .. }
                | StepState::Skipped { .. }
                | StepState::NotNeeded { .. }
                | StepState::Failed { then: Then::GoesOn, .. }
        )
    }

    /// Whether it needs a person before anything goes on.
    #[must_use]
    pub fn waits_for_people(&self) -> bool {
        matches!(
            self,
            StepState::Waiting { .. }
                | StepState::Failed { then: Then::Waits, .. }
                | StepState::Unknown { .. }
                | StepState::Declined { .. }
        )
    }

    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            StepState::Pending => "pending",
            StepState::Waiting { .. } => "waiting",
            StepState::Running { .. } => "running",
            StepState::Pausing { .. } => "pausing",
            StepState::Done { .. } => "done",
            StepState::Failed { .. } => "failed",
            StepState::Unknown { .. } => "unknown",
            StepState::Skipped { .. } => "skipped",
            StepState::NotNeeded { .. } => "not needed",
            StepState::Declined { .. } => "declined",
        }
    }
}

impl StepRun {
    /// A step whose turn has not come.
    #[must_use]
    pub fn pending(id: StepId) -> StepRun {
        StepRun {
            id,
            state: StepState::Pending,
            attempts: 0,
            confirmations: Vec::new(),
            needs_left: 0,
            ended: None,
            values: Values::new(),
        }
    }
}

impl Run {
    /// Whether it still goes on or could.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, RunState::Ended { .. })
    }

    /// Whether it still acts or could: an aborted run does until the steps that it was at have ended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.is_open() || self.board.running > 0
    }

    /// Each step's definition beside what became of it.
    pub fn pairs(&self) -> impl Iterator<Item = (&Step, &StepRun)> {
        self.procedure.steps.iter().zip(self.steps.iter())
    }

    /// The steps that are begun and not settled, with their places counted from 0.
    pub fn active(&self) -> impl Iterator<Item = (usize, &Step, &StepRun)> {
        self.board.active.iter().filter_map(|place| self.at(*place as usize))
    }

    /// The step at a place counted from 0.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<(usize, &Step, &StepRun)> {
        Some((place, self.procedure.steps.get(place)?, self.steps.get(place)?))
    }

    /// The step that matters most now, with its place counted from 0: one that waits for a person, else one that the engine is at,
    /// else one whose turn has come.
    #[must_use]
    pub fn current(&self) -> Option<(usize, &Step, &StepRun)> {
        let ready = || self.board.ready_for_people.iter().chain(self.board.ready.iter()).min();
        self.active()
            .find(|(_, _, seen)| seen.state.waits_for_people())
            .or_else(|| self.active().next())
            .or_else(|| self.at(*ready()? as usize))
    }

    /// A step by its identifier, with its place counted from 0.
    #[must_use]
    pub fn find(&self, id: &StepId) -> Option<(usize, &Step, &StepRun)> {
        self.at(self.graph.place(id)?)
    }

    /// The steps that a person has to deal with now; none while the run is over.
    pub fn waiting(&self) -> impl Iterator<Item = (usize, &Step, &StepRun)> {
        self.active().filter(|(_, _, seen)| self.is_open() && seen.state.waits_for_people())
    }

    /// The gates that it waits at now.
    pub fn gates(&self) -> impl Iterator<Item = (usize, &Step, &Gate, &StepRun)> {
        self.waiting().filter_map(|(place, step, seen)| match (&step.action, &seen.state) {
            (Action::Gate(gate), StepState::Waiting { .. }) => Some((place, step, gate, seen)),
            _ => None,
        })
    }

    /// The first of the gates that it waits at now.
    #[must_use]
    pub fn gate(&self) -> Option<(usize, &Step, &Gate, &StepRun)> {
        self.gates().next()
    }

    /// Whether something stands in the way of every further step: a failure, a refusal or what nobody knows, until a person decides.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.active()
            .any(|(_, _, seen)| seen.state.waits_for_people() && !matches!(seen.state, StepState::Waiting { .. }))
    }

    /// How many of the steps that count are settled, and of how many.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.board.settled, self.board.of)
    }

    /// What `${name}` means in a step: the run's values, results that are known there, values of its own, and those that a
    /// person gave it.
    #[must_use]
    pub fn values_of(&self, step: &Step) -> Values {
        let mut values = self.values.clone();
        let known = self.results.get(self.scope_of_results(step)).into_iter().flatten();
        let given = self.find(&step.id).map(|(_, _, seen)| &seen.values).into_iter().flatten();
        for (name, value) in known.chain(&step.origin.values).chain(given) {
            values.insert(name.clone(), value.clone());
        }
        values
    }

    /// The scope that the results of a step are known in, and those that it knows: what mends a step or takes it back knows what
    /// that step does.
    #[must_use]
    pub fn scope_of_results<'r>(&'r self, step: &'r Step) -> &'r str {
        let scope = step.origin.scope.as_str();
        let for_another = match &step.purpose {
            // Inside a call that belongs to a handler only that call is known.
            Purpose::Mend(of) if scope == of.as_str() => self.find(of),
            Purpose::Undo(of) => self.find(of),
            _ => None,
        };
        for_another.map_or(scope, |(_, of, _)| self.scope_of_results(of))
    }

    /// The host that a step's program runs on, when not on the engine's own; `None` too when its name has no value.
    #[must_use]
    pub fn host_of(&self, step: &Step) -> Option<String> {
        self.host_at(self.graph.place(&step.id)?)
    }

    /// The same for the step at a place, counted from 0.
    #[must_use]
    pub fn host_at(&self, place: usize) -> Option<String> {
        let (_, step, seen) = self.at(place)?;
        let host = step.host.as_ref()?;
        let known = self.results.get(self.scope_of_results(step));
        let nearest = [Some(&seen.values), Some(&step.origin.values), known, Some(&self.values)];
        host.fill_from(|name| nearest.into_iter().flatten().find_map(|values| values.get(name))).ok()
    }

    /// The step that takes another back, if it can be.
    #[must_use]
    pub fn undo_of(&self, id: &StepId) -> Option<(usize, &Step, &StepRun)> {
        self.find(&undo_id(id)?)
    }

    /// What a rollback would look at, newest first: the steps that were done, up to the newest without return.
    pub fn to_undo(&self) -> impl Iterator<Item = (usize, &Step, &StepRun)> {
        let newest_first = self.board.done.iter().rev().filter_map(|(_, place)| self.at(*place as usize));
        newest_first.take_while(|(_, step, _)| step.way_back == super::plan::Return::Open)
    }

    /// Steps that did something, were done and have not been undone.
    pub fn kept(&self) -> impl Iterator<Item = &Step> {
        let steps = self.board.done.values().filter_map(|place| self.procedure.steps.get(*place as usize));
        steps.filter(|step| !step.action.only_looks() && !matches!(step.action, Action::Gate(_)))
    }

    /// Whether a person may leave a step out as it stands: gates are answered, what runs is stopped, what is over is over.
    #[must_use]
    pub fn may_be_left_out(step: &Step, seen: &StepRun) -> bool {
        let over_or_running = seen.state.is_settled() || matches!(seen.state, StepState::Running { .. });
        !matches!(step.action, Action::Gate(_)) && !over_or_running
    }

    /// Whether it has taken anything to its end that belongs to going back.
    #[must_use]
    pub fn is_undoing(step: &Step) -> bool {
        matches!(step.purpose, Purpose::Undo(_))
    }
}

/// How the step is called that takes another back.
#[must_use]
pub fn undo_id(id: &StepId) -> Option<StepId> {
    StepId::new(format!("undo.{id}")).ok()
}
