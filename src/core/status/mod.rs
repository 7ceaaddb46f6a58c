//! How a run stands, as DL-3 asks: progress, result, verification, error, next steps; and what it waits for.

mod verify;
mod waits;

pub use verify::{Found, Look, Verification, Window};
pub use waits::{Wait, waits_for};

use super::health::Readings;
use super::ids::{ProcedureId, StepId};
use super::incident::{Incident, Phase};
use super::plan::{Action, Part, Plan, ProcedureKind, Step};
use super::run::{Course, Run, RunResult, RunState, StepRun, StepState};
use super::state::State;
use super::time::{Elapsed, Moment, Now, Span};

/// How a run stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// In a word.
    pub word: Word,
    /// How many of its steps are settled, and of how many.
    pub settled: (usize, usize),
    /// The step that matters most now, while it is open.
    pub current: Option<StepId>,
    /// When it ended.
    pub ended: Option<Moment>,
    /// How long it took, or has taken so far.
    pub took: Elapsed,
    /// What it brought.
    pub outcome: Outcome,
    /// Whether what it brought holds.
    pub verification: Verification,
    /// What went wrong first.
    pub error: Option<Error>,
    /// What people have to do, in order.
    pub next: Vec<Next>,
    /// What it waits for now, what matters most first.
    pub waits: Vec<Wait>,
}

/// How a run stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It goes on.
    InProgress,
    /// Somebody holds it.
    Held,
    /// It goes back to where it began.
    RollingBack,
    /// All was done.
    Completed,
    /// It came to its end, and not all was done.
    Partly,
    /// What could be undone was.
    RolledBack,
    /// Somebody stopped it.
    Aborted,
}

impl Word {
    /// As DL-3's `status` says it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Word::InProgress => "in_progress",
            Word::Held => "held",
            Word::RollingBack => "rolling_back",
            Word::Completed => "completed",
            Word::Partly => "partly_completed",
            Word::RolledBack => "rolled_back",
            Word::Aborted => "aborted",
        }
    }
}

/// What a run brought; `None` where nothing shows it, or not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// How many components serve elsewhere by it.
    pub moved: Option<usize>,
    /// Whether every step for names is done, where there are any.
    pub names: Option<bool>,
    /// Whether every step for load balancers is, likewise.
    pub balancers: Option<bool>,
    /// Whether every step that waits for health saw it.
    pub healthy: Option<bool>,
}

/// What went wrong first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The step.
    pub step: StepId,
    /// How it stands.
    pub state: StepState,
}

/// Something for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Let a held run go on.
    Resume,
    /// Confirm or decline at a gate.
    Confirm(StepId),
    /// Do what a step says.
    Do(StepId),
    /// Say what becomes of a step that failed, was declined or was lost.
    Settle(StepId),
    /// Find another way: the run ended without having moved anything for good.
    Decide,
    /// Watch until the front door has held for so much longer.
    Watch(Span),
    /// Tell people: nothing was sent since the run began, or since it ended.
    Tell,
    /// Bring service back where it came from, by that procedure where the plan has one.
    FailBack(Option<ProcedureId>),
    /// Close the incident.
    Close,
}

/// How a run stands now.
#[must_use]
pub fn status(state: &State, run: &Run, readings: &Readings, now: &Now) -> Status {
    let ended = match &run.state {
        RunState::Ended { at, .. } => Some(at),
        RunState::Going | RunState::Held { .. } => None,
    };
    let verification = verify::verification(state, run, now);
    Status {
        word: word(run),
        settled: run.progress(),
        current: run.current().filter(|_| run.is_open()).map(|(_, step, _)| step.id.clone()),
        ended: ended.map(|at| at.utc),
        took: ended.unwrap_or(now).since(&run.started),
        outcome: outcome(run),
        error: error(run),
        next: next(state, run, &verification),
        waits: waits_for(state, run, readings, now),
        verification,
    }
}

fn word(run: &Run) -> Word {
    match (&run.state, &run.course) {
        (RunState::Ended { result, .. }, _) => match result {
            RunResult::Done => Word::Completed,
            RunResult::Partly { .. } => Word::Partly,
            RunResult::RolledBack { .. } => Word::RolledBack,
            RunResult::Aborted { .. } => Word::Aborted,
        },
        (RunState::Held { .. }, _) => Word::Held,
        (RunState::Going, Course::Back { .. }) => Word::RollingBack,
        (RunState::Going, Course::Forward) => Word::InProgress,
    }
}

/// Whether a run moved what serves to another site.
fn has_moved(run: &Run) -> bool {
    let moves = matches!(run.procedure.kind, ProcedureKind::Failover | ProcedureKind::Failback);
    moves && matches!(word(run), Word::Completed | Word::Partly)
}

fn outcome(run: &Run) -> Outcome {
    let undone =
        |step: &Step| run.undo_of(&step.id).is_some_and(|(_, _, undo)| matches!(undo.state, StepState::Done { .. }));
    let done = |(step, seen): &(&Step, &StepRun)| matches!(seen.state, StepState::Done { .. }) && !undone(step);
    let all_done = |counts: &dyn Fn(&Step) -> bool| {
        let needed = |(step, seen): &(&Step, &StepRun)| {
            counts(step) && step.counts() && !matches!(seen.state, StepState::NotNeeded { .. })
        };
        let of: Vec<_> = run.pairs().filter(needed).collect();
        (!of.is_empty()).then(|| of.iter().all(done))
    };
    let healthy = all_done(&|step| matches!(step.action, Action::Health { .. }));
    Outcome {
        moved: has_moved(run).then_some(run.components.len()),
        names: all_done(&|step| step.part == Some(Part::Dns)),
        balancers: all_done(&|step| step.part == Some(Part::LoadBalancer)),
        // What has yet to be looked at has not failed.
        healthy: healthy.filter(|all| *all || !run.is_open() || has_failed(run)),
    }
}

fn has_failed(run: &Run) -> bool {
    let failed = |(step, seen): (&Step, &StepRun)| {
        matches!((&step.action, &seen.state), (Action::Health { .. }, StepState::Failed { .. }))
    };
    run.pairs().any(failed)
}

fn error(run: &Run) -> Option<Error> {
    let when = |(step, seen): (&Step, &StepRun)| {
        let found = |at: &Now| Some((at.utc, Error { step: step.id.clone(), state: seen.state.clone() }));
        match &seen.state {
            StepState::Failed { at, .. } | StepState::Unknown { at, .. } | StepState::Declined { at, .. } => found(at),
            StepState::Pausing { since, .. } => found(since),

            _ => None,
        }
    };
    run.pairs().filter_map(when).min_by_key(|(at, _)| *at).map(|(_, error)| error)
}

fn next(state: &State, run: &Run, verification: &Verification) -> Vec<Next> {
    let mut next: Vec<Next> = Vec::new();
    next.extend(matches!(run.state, RunState::Held { .. }).then_some(Next::Resume));
    next.extend(run.waiting().map(|(_, step, seen)| match (&seen.state, &step.action) {
        (StepState::Waiting { .. }, Action::Gate(_)) => Next::Confirm(step.id.clone()),
        (StepState::Waiting { .. }, _) => Next::Do(step.id.clone()),
        _ => Next::Settle(step.id.clone()),
    }));
    let moved = has_moved(run);
    next.extend(matches!(word(run), Word::RolledBack | Word::Aborted).then_some(Next::Decide));
    let window = verification.window.as_ref().filter(|window| moved && window.left > Span::ZERO);
    next.extend(window.map(|window| Next::Watch(window.left)));
    let incident = state.incidents.get(&run.incident);
    let open = incident.filter(|incident| incident.phase.is_declared());
    let from = match &run.state {
        RunState::Ended { at, .. } => at,
        _ => &run.started,
    };
    let told = |incident: &Incident| incident.updates.iter().any(|update| !update.at.is_before(from));
    next.extend(open.filter(|incident| !told(incident)).map(|_| Next::Tell));
    let loaded = state.plans.get(&run.plan);
    let there = loaded.filter(|loaded| loaded.active.is_some() && loaded.active == run.procedure.to);
    let owed = there.filter(|_| moved && run.procedure.kind == ProcedureKind::Failover);
    next.extend(owed.map(|loaded| Next::FailBack(way_back(&loaded.plan, run))));
    let over = open.filter(|incident| !run.is_open() && incident.phase == Phase::Recovered);
    next.extend(over.map(|_| Next::Close));
    next
}

/// The procedure that brings back what a run moved.
fn way_back(plan: &Plan, run: &Run) -> Option<ProcedureId> {
    let (from, to) = (&run.procedure.to, &run.procedure.from);
    let back = plan.procedures.iter().find(|p| p.kind == ProcedureKind::Failback && p.from == *from && p.to == *to);
    back.map(|procedure| procedure.id.clone())
}
