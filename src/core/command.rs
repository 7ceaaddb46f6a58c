//! What people ask for. One enum for console, command line and HTTP.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::agenda::TaskEnd;
use super::alert::Heard;
use super::failover::{Guard, MoveKind};
use super::health::Extent;
use super::ids::{
    ChannelId, ComponentId, IncidentId, PlanId, Principal, ProcedureId, RoleId, RunId, ScenarioId, StepId,
};
use super::past::Past;
use super::people::Act;
use super::plan::{Part, Plan, PlanHash, Severity};
use super::template::Values;
use super::time::Span;

/// A person's command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Loads a plan's text as the newest of its identifier.
    LoadPlan {
        /// The file's text.
        text: String,
        /// What the engine's reader made of it. Never taken from the wire.
        #[serde(skip)]
        read: Option<(Arc<Plan>, PlanHash)>,
    },
    /// Takes a part out of the judgement for a while: it is looked at all the same, and raises nothing.
    PauseHealth {
        /// The plan.
        plan: PlanId,
        /// How much of it.
        of: Extent,
        /// For how long.
        length: Span,
        /// Why.
        reason: String,
    },
    /// Has a paused part count again.
    ResumeHealth {
        /// The plan.
        plan: PlanId,
        /// What was paused.
        of: Extent,
    },
    /// Takes what somebody outside says.
    HearAlerts {
        /// What.
        alerts: Vec<Heard>,
    },
    /// Declares an incident: a proposed one, or a new one of a plan.
    Declare {
        /// The proposal or the plan.
        what: Declared,
        /// How bad; as proposed, or as the plan's priority, when not said.
        severity: Option<Severity>,
        /// What to call it.
        title: Option<String>,
    },
    /// Says that a proposal is no incident.
    Dismiss {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// Calls an incident off as a false alarm.
    Cancel {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// Closes an incident.
    Close {
        /// Which.
        incident: IncidentId,
        /// Needed when it has not recovered.
        reason: Option<String>,
    },
    /// Takes a closed or cancelled incident up again.
    Reopen {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// Has it assessed how its plan's systems stand, and what was found written down (TR-4).
    Assess {
        /// For which incident.
        incident: IncidentId,
    },
    /// Says which of a plan's scenarios an incident is.
    NameScenario {
        /// Which incident.
        incident: IncidentId,
        /// The scenario.
        scenario: ScenarioId,
        /// Why, if there is something to say.
        reason: Option<String>,
    },
    /// Says that an incident is not the scenario that it was taken for.
    RuleOutScenario {
        /// Which incident.
        incident: IncidentId,
        /// The scenario.
        scenario: ScenarioId,
        /// Why.
        reason: String,
    },
    /// Says when an incident really began.
    CorrectBegan {
        /// Which.
        incident: IncidentId,
        /// When.
        began: Past,
        /// Why.
        reason: String,
    },
    /// Gives somebody a role.
    AssignRole {
        /// In which incident.
        incident: IncidentId,
        /// The role.
        role: RoleId,
        /// Who.
        to: Principal,
    },
    /// Gives somebody something to do.
    GiveTask {
        /// In which incident.
        incident: IncidentId,
        /// What.
        text: String,
        /// Who does it.
        owner: Principal,
        /// How long it may take.
        within: Option<Span>,
        /// After how long its owner says how it goes.
        report: Option<Span>,
    },
    /// Says what became of a task.
    EndTask {
        /// In which incident.
        incident: IncidentId,
        /// Its number, from 1.
        number: usize,
        /// How it ends.
        how: TaskEnd,
    },
    /// Asks for a decision, and for strong objections.
    AskDecision {
        /// In which incident.
        incident: IncidentId,
        /// The question.
        question: String,
        /// What can be answered: two to nine.
        options: Vec<String>,
        /// How long strong objections are waited for; [`crate::core::agenda::OBJECTIONS`] when not said.
        within: Option<Span>,
    },
    /// Objects strongly.
    Object {
        /// In which incident.
        incident: IncidentId,
        /// The number of the decision, from 1.
        number: usize,
        /// The words.
        text: String,
    },
    /// Makes a decision.
    Decide {
        /// In which incident.
        incident: IncidentId,
        /// Its number, from 1.
        number: usize,
        /// Which option, from 1.
        option: usize,
        /// Why.
        why: String,
        /// After how long it is to be looked at again.
        again: Option<Span>,
    },
    /// Writes something down.
    Note {
        /// To which incident, if to one.
        incident: Option<IncidentId>,
        /// The words.
        text: String,
    },
    /// Tells the world.
    SendUpdate {
        /// Of which incident.
        incident: IncidentId,
        /// The words.
        text: String,
        /// Where to; the plan's channels when empty.
        channels: BTreeSet<ChannelId>,
    },
    /// Launches a procedure.
    StartRun {
        /// For which incident.
        incident: IncidentId,
        /// Of which plan.
        plan: PlanId,
        /// Which procedure.
        procedure: ProcedureId,
        /// Values of its parameters.
        values: Values,
        /// How it differs from what the plan says.
        #[serde(default)]
        options: Options,
        /// The text of the plan that was previewed; a newer one refuses the launch.
        seen: Option<PlanHash>,
    },
    /// Says that a step is done.
    SayDone {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// In which words.
        note: Option<String>,
    },
    /// Has a step tried again.
    Retry {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Values that replace those of the run for this step.
        #[serde(default)]
        values: Values,
    },
    /// Leaves a step out.
    Skip {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// Says yes at a gate.
    Confirm {
        /// The run.
        run: RunId,
        /// The gate.
        step: StepId,
        /// The word typed for what is acted on: [`super::gate::View::target`].
        target: String,
        /// The digest of what was shown: [`super::gate::View::digest`].
        digest: String,
        /// The loss that is accepted; needed where the gate shows one.
        max_loss: Option<Span>,
    },
    /// Takes a yes back.
    Withdraw {
        /// The run.
        run: RunId,
        /// The gate.
        step: StepId,
    },
    /// Says no at a gate.
    Decline {
        /// The run.
        run: RunId,
        /// The gate.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// Starts nothing new.
    Hold {
        /// The run.
        run: RunId,
        /// Why.
        reason: Option<String>,
    },
    /// Goes on.
    Resume {
        /// The run.
        run: RunId,
    },
    /// Undoes what was done, newest first, as far as it can be.
    RollBack {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// Goes on with a failover as an emergency.
    TurnEmergency {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// Overrides a guard: loudly, and only once everybody had time to say no.
    BreakGlass {
        /// For which incident.
        incident: IncidentId,
        /// Which guard.
        guard: Guard,
        /// Why.
        reason: String,
    },
    /// Takes an override back, one's own or another's.
    PutGlassBack {
        /// For which incident.
        incident: IncidentId,
        /// Which guard.
        guard: Guard,
    },
    /// Stops the automatic failovers of a plan, also one that is counted down, until somebody arms them again.
    StopAutomation {
        /// The plan.
        plan: PlanId,
        /// Why, if there is time to say.
        reason: Option<String>,
    },
    /// Lets them happen again.
    ArmAutomation {
        /// The plan.
        plan: PlanId,
        /// Why.
        reason: String,
    },
    /// Says that a failover stays: nobody goes back.
    CommitMove {
        /// Of which incident.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// Runs a program that no runbook has, as a run of one step.
    Improvise {
        /// For which incident.
        incident: IncidentId,
        /// Where; on the engine's own host when not given.
        host: Option<String>,
        /// The program and its arguments.
        argv: Vec<String>,
    },
    /// Ends a run, with what still runs of it.
    Abort {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
}

/// How a launch differs from what the plan says (DL-2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Only these components, where steps are done for components; all that the plan says when empty.
    pub components: BTreeSet<ComponentId>,
    /// What is left out. Gates and guards never are.
    pub without: BTreeSet<Part>,
    /// How long the engine may be at it.
    pub timeout: Option<Span>,
    /// Tries after the first, of every step that has any.
    pub retries: Option<u32>,
    /// Steps side by side.
    pub parallel: Option<u32>,
    /// How urgent it is beside other runs.
    #[serde(default)]
    pub priority: Option<Severity>,
    /// Which kind of failover; manual, and planned for the way back, when not given.
    #[serde(default)]
    pub move_kind: Option<MoveKind>,
}

/// What is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Declared {
    /// What the engine proposed.
    Proposal(IncidentId),
    /// Trouble of a plan that a person noticed.
    Plan(PlanId),
}

impl Command {
    /// What it does, as far as permissions care.
    #[must_use]
    pub fn act(&self) -> Act {
        match self {
            Command::LoadPlan { .. } => Act::LoadPlan,
            Command::PauseHealth { .. } | Command::ResumeHealth { .. } => Act::PauseHealth,
            Command::Declare { .. } | Command::Dismiss { .. } | Command::HearAlerts { .. } => Act::Declare,
            Command::Cancel { .. } | Command::Close { .. } | Command::Reopen { .. } => Act::EndIncident,
            Command::NameScenario { .. } => Act::Declare,
            Command::RuleOutScenario { .. } => Act::RuleOutScenario,
            Command::CorrectBegan { .. } => Act::CorrectClock,
            Command::AssignRole { .. } => Act::AssignRole,
            Command::Note { .. }
            | Command::Assess { .. }
            | Command::GiveTask { .. }
            | Command::EndTask { .. }
            | Command::AskDecision { .. }
            | Command::Object { .. } => Act::Note,
            Command::Decide { .. } => Act::AssignRole,
            Command::SendUpdate { .. } => Act::SendUpdate,
            Command::StartRun { .. } => Act::StartRun,
            Command::Improvise { .. } => Act::Improvise,
            Command::SayDone { .. } => Act::TickStep,
            Command::Retry { .. } | Command::Skip { .. } => Act::SettleStep,
            Command::Confirm { .. } | Command::Withdraw { .. } | Command::Decline { .. } => Act::PassGate,
            Command::Hold { .. } | Command::PutGlassBack { .. } | Command::StopAutomation { .. } => Act::HoldRun,
            Command::BreakGlass { .. } => Act::BreakGlass,
            Command::TurnEmergency { .. }
            | Command::CommitMove { .. }
            | Command::ArmAutomation { .. }
            | Command::Resume { .. }
            | Command::Abort { .. }
            | Command::RollBack { .. } => Act::SteerRun,
        }
    }
}
