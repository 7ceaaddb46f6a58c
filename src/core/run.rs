//! A run: one procedure, once, with what became of each step.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ids::{IncidentId, PlanId, Principal, RunId, StepId};
use super::plan::{Action, Gate, PlanHash, Procedure, Step};
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
    /// The procedure as it was then.
    pub procedure: Arc<Procedure>,
    /// The values of its parameters, with `from` and `to`.
    pub values: Values,
    /// Who launched it.
    pub by: Principal,
    /// When.
    pub started: Now,
    /// Whether it goes on.
    pub state: RunState,
    /// One for each step of the procedure, in the same order.
    pub steps: Vec<StepRun>,
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
        /// When.
        until: Moment,
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
    /// Every channel took the words.
    Delivered {
        /// How many channels.
        channels: usize,
    },
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

impl StepState {
    /// Whether the next step may start.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, StepState::Done { .. } | StepState::Skipped { .. })
    }

    /// Whether it needs a person before anything goes on.
    #[must_use]
    pub fn waits_for_people(&self) -> bool {
        matches!(
            self,
            StepState::Waiting { .. }
                | StepState::Failed { .. }
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
            StepState::Declined { .. } => "declined",
        }
    }
}

impl Run {
    /// Whether it still goes on or could.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, RunState::Ended { .. })
    }

    /// Whether it still acts or could: an aborted run does until the step that it was at has ended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.is_open() || self.steps.iter().any(|s| matches!(s.state, StepState::Running { .. }))
    }

    /// Each step's definition beside what became of it.
    pub fn pairs(&self) -> impl Iterator<Item = (&Step, &StepRun)> {
        self.procedure.steps.iter().zip(&self.steps)
    }

    /// The first step that is not settled, with its place counted from 0.
    #[must_use]
    pub fn current(&self) -> Option<(usize, &Step, &StepRun)> {
        self.pairs().enumerate().find(|(_, (_, run))| !run.state.is_settled()).map(|(i, (step, run))| (i, step, run))
    }

    /// A step by its identifier, with its place counted from 0.
    #[must_use]
    pub fn find(&self, id: &StepId) -> Option<(usize, &Step, &StepRun)> {
        self.pairs().enumerate().find(|(_, (step, _))| step.id == *id).map(|(i, (step, run))| (i, step, run))
    }

    /// The step that a person has to deal with now; none while the run is over.
    #[must_use]
    pub fn waiting(&self) -> Option<(usize, &Step, &StepRun)> {
        self.current().filter(|(_, _, run)| self.is_open() && run.state.waits_for_people())
    }

    /// The gate that it waits at now.
    #[must_use]
    pub fn gate(&self) -> Option<(usize, &Step, &Gate, &StepRun)> {
        let (index, step, run) = self.waiting()?;
        match (&step.action, &run.state) {
            (Action::Gate(gate), StepState::Waiting { .. }) => Some((index, step, gate, run)),
            _ => None,
        }
    }

    /// How many steps are settled, and of how many.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.steps.iter().filter(|s| s.state.is_settled()).count(), self.steps.len())
    }
}
