//! Why a command is refused: what is wrong, the value, the limit, and what would be right. Sentences are made in `crate::text`.

use serde::{Deserialize, Serialize};

use super::failover::{Finding, Guard, Sides};
use super::health::Extent;
use super::ids::{
    CallSign, ChannelId, ComponentId, IncidentId, PlanId, ProcedureId, RoleId, RunId, ScenarioId, SiteId, StepId,
};
use super::people::{Access, Act};
use super::plan::{Method, PlanHash, Severity};
use super::time::{Moment, Span};

/// A thing that a command names and nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "thing", content = "id", rename_all = "snake_case")]
pub enum Missing {
    /// An incident.
    Incident(IncidentId),
    /// A plan.
    Plan(PlanId),
    /// A procedure of a plan.
    Procedure(PlanId, ProcedureId),
    /// A run.
    Run(RunId),
    /// A step of a run.
    Step(RunId, StepId),
    /// A channel.
    Channel(ChannelId),
    /// A person.
    Person(String),
    /// A role that the incident's plan does not use.
    Role(RoleId),
    /// A part of a plan.
    Part(PlanId, Extent),
    /// A scenario of a plan, or one that an incident is taken for.
    Scenario(PlanId, ScenarioId),
}

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadText {
    /// Nothing in it.
    Empty,
    /// Too long, in bytes.
    TooLong {
        /// How long it is.
        bytes: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// A place of a draft that is still to be filled in.
    Open {
        /// What is to stand there.
        what: String,
    },
    /// A character that could drive a terminal or hide text.
    Control {
        /// Its code point.
        code_point: u32,
    },
}

/// Why a task or a decision is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agenda {
    /// The incident has as many as one can have.
    TooMany,
    /// There is no such task.
    NoTask {
        /// The number.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// It is done or dropped already.
    TaskOver {
        /// The number.
        number: usize,
    },
    /// There is no such decision.
    NoDecision {
        /// The number.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// It is made already.
    Decided {
        /// The number.
        number: usize,
    },
    /// Fewer than two options, too many, or one twice.
    BadOptions,
    /// The decision has no such option.
    NoOption {
        /// The number.
        option: usize,
        /// How many there are.
        of: usize,
    },
}

/// What an incident cannot have begun after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Latest {
    /// The engine saw it then.
    Detected,
    /// A person declared it then.
    Declared,
    /// It is no later yet.
    Now,
}

/// A refusal. Nothing has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", content = "data", rename_all = "snake_case")]
#[error("{self:?}")]
pub enum Refusal {
    /// A task or a decision is not as it would have to be.
    Agenda(Agenda),
    /// A pause without a length, or too long.
    BadPause {
        /// As it was asked for.
        length: Span,
        /// The longest.
        longest: Span,
    },
    /// What is to count again was not paused.
    NotPaused {
        /// What was named.
        of: Extent,
        /// What is paused.
        paused: Vec<Extent>,
    },
    /// The caller is nobody whom the engine knows.
    Stranger {
        /// As the kernel names the caller.
        principal: String,
    },
    /// The caller may not.
    NotPermitted {
        /// What was asked.
        act: Act,
        /// Any of these would do.
        needs: Vec<Access>,
    },
    /// Something that the command names is not there.
    NotFound {
        /// What.
        missing: Missing,
        /// Those that are.
        known: Vec<String>,
    },
    /// A text cannot be taken.
    Text {
        /// Which: `reason`, `note`.
        field: String,
        /// Why.
        bad: BadText,
    },
    /// An alert cannot be kept: as many of its severity as are kept fire already.
    TooManyAlerts {
        /// The plan.
        plan: PlanId,
        /// Of which severity.
        severity: Severity,
    },
    /// The plan was not read; its faults are told by the reader.
    PlanHasFaults,
    /// An incident is not where the command needs it.
    IncidentIs {
        /// Its call-sign.
        call_sign: CallSign,
        /// Where it is.
        phase: String,
        /// Where it would have to be.
        needs: String,
    },
    /// Guards refuse a failover.
    Guarded {
        /// Those that do.
        refused: Vec<Finding>,
        /// Between which sites.
        #[serde(default)]
        sides: Option<Sides>,
    },
    /// A failover of the incident is neither taken back nor said to stay: closing it takes a reason.
    OwesWayBack {
        /// Its call-sign.
        call_sign: CallSign,
        /// The site that is to serve again.
        to: SiteId,
    },
    /// A guard that no reason overrides.
    NotOverridable {
        /// Which.
        guard: Guard,
    },
    /// A command about a failover names what is none, or one that it does not fit.
    NotSuchAMove {
        /// What it is.
        is: String,
        /// What it would have to be.
        needs: String,
    },
    /// What an incident is taken for must not be recovered from in that way.
    ScenarioForbids {
        /// Its call-sign.
        call_sign: CallSign,
        /// The scenario.
        scenario: ScenarioId,
        /// Its name.
        name: String,
        /// The way.
        method: Method,
        /// The ways that are right.
        allows: Vec<Method>,
    },
    /// An incident has runs that are not over.
    RunsOpen {
        /// Its call-sign.
        call_sign: CallSign,
        /// The runs.
        runs: Vec<RunId>,
    },
    /// An incident has not recovered, so closing it needs a reason.
    NotRecovered {
        /// Its call-sign.
        call_sign: CallSign,
        /// Where it is.
        phase: String,
    },
    /// An incident cannot have begun then.
    BadBegan {
        /// As it was asked for.
        began: Moment,
        /// The earliest moment that is taken.
        earliest: Moment,
        /// The latest.
        latest: Moment,
        /// What the latest one is.
        because: Latest,
    },
    /// The plan has changed since it was shown.
    PlanChanged {
        /// What was shown.
        seen: PlanHash,
        /// What is newest.
        newest: PlanHash,
    },
    /// The incident belongs to another plan.
    OtherPlan {
        /// Its call-sign.
        call_sign: CallSign,
        /// Its plan.
        plan: PlanId,
    },
    /// A procedure of this plan that moves traffic is already under way.
    AlreadyMoving {
        /// The run.
        run: RunId,
        /// Who launched it.
        by: String,
    },
    /// Another run works on the same components.
    ComponentsLocked {
        /// Which.
        components: Vec<ComponentId>,
        /// The run.
        run: RunId,
        /// Its incident.
        call_sign: CallSign,
        /// Who leads there, else who launched it.
        by: String,
    },
    /// The procedure cannot be laid out.
    CannotLayOut {
        /// Why.
        why: String,
        /// What would be right.
        right: String,
    },
    /// A value is not of its parameter's type.
    ParameterBad {
        /// The parameter.
        name: String,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// Nothing that the run did can be undone.
    NothingToUndo {
        /// Which run.
        run: RunId,
        /// The step that there is no return from, if that is why.
        no_return: Option<StepId>,
    },
    /// The program or the host cannot be taken as it is.
    BadProgram {
        /// Why.
        why: String,
    },
    /// A parameter has no value.
    ParameterMissing {
        /// Its name.
        name: String,
    },
    /// A value for a parameter that the procedure does not have.
    ParameterUnknown {
        /// Its name.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// A gate of the procedure needs more people than there are.
    TooFewPeople {
        /// The gate.
        step: StepId,
        /// How many it needs.
        needs: u32,
        /// How many there are.
        have: usize,
    },
    /// The run is over.
    RunOver {
        /// Which.
        run: RunId,
    },
    /// The run is not held, or is held already.
    RunIs {
        /// Which.
        run: RunId,
        /// What it is.
        state: String,
    },
    /// The run is held: nothing new starts.
    RunHeld {
        /// Which.
        run: RunId,
        /// Who held it.
        by: String,
    },
    /// It is another step's turn.
    NotItsTurn {
        /// The step that was named.
        step: StepId,
        /// The step whose turn it is.
        turn: Option<StepId>,
    },
    /// The step is not as the command needs it.
    StepIs {
        /// The step.
        step: StepId,
        /// How it is.
        state: String,
        /// What would have to be.
        needs: String,
    },
    /// The step's kind has no such command.
    WrongKind {
        /// The step.
        step: StepId,
        /// Its kind.
        kind: String,
        /// What would be right.
        right: String,
    },
    /// Processes of the step's last try still live.
    StillAlive {
        /// The step.
        step: StepId,
        /// Which try still has processes.
        attempt: u32,
    },
    /// The caller holds none of the gate's roles.
    NotTheRole {
        /// Those that count.
        roles: Vec<RoleId>,
        /// Those that the caller holds.
        holds: Vec<RoleId>,
    },
    /// The launcher may not be one of the gate's people.
    LauncherExcluded,
    /// The caller has confirmed already: one person is one person.
    AlreadyConfirmed {
        /// How many have.
        have: usize,
        /// How many it takes.
        needs: u32,
    },
    /// The caller has nothing to take back.
    NotConfirmed,
    /// The word typed is another one.
    WrongTarget {
        /// What was typed.
        typed: String,
        /// What would be right.
        right: String,
    },
    /// What was shown is no longer so.
    ViewChanged,
    /// More would be lost than was accepted.
    LossGrew {
        /// What was accepted; `None` when nothing was.
        accepted: Option<Span>,
        /// What it is now; `None` when nobody can say.
        now: Option<Span>,
    },
    /// Whoever is to hold the role may do nothing.
    OnlyWatches {
        /// The name.
        name: String,
    },
    /// The plan names no channels, and neither did the command.
    NoChannels,
}
