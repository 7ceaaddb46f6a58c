//! What happened. Events are for ever: kinds and fields are only added.

mod about;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::agenda::{DecisionChange, TaskChange};
use super::alert::{Alert, AlertKey};
use super::comms::{Attempt, Try};
use super::failover::{CountdownEnd, Finding, Guard, MoveKind};
use super::health::{Change, Extent};
use super::ids::{
    CallSign, ChannelId, ComponentId, IncidentId, PlanId, Principal, ProbeId, ProcedureId, RoleId, RunId, ScenarioId,
    SiteId, StepId,
};
use super::impact::Assessment;
use super::incident::Incident;
use super::loss::Loss;
use super::people::{Mode, Person};
use super::plan::{Plan, PlanHash, Procedure, Severity};
use super::run::{Evidence, Failure, Graph, RunResult};
use super::scenario::Saw;
use super::template::Values;
use super::time::{Moment, Now, Span};

/// One thing that happened. Who and when stand beside it, in the journal's envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The engine came up; what its settings say holds from here. Nothing was looked at yet.
    EngineStarted {
        /// Its version.
        version: String,
        /// Whom it serves.
        mode: Mode,
        /// The people whom it knows.
        people: Vec<Person>,
        /// Its channels, with their kinds.
        channels: BTreeMap<ChannelId, String>,
    },
    /// The engine ended in order.
    EngineStopped,
    /// A plan's newest text.
    PlanLoaded {
        /// Which.
        plan: PlanId,
        /// Its name.
        name: String,
        /// Of the text.
        hash: PlanHash,
        /// Text and meaning; left out of the timeline.
        body: Option<PlanBody>,
    },
    /// What is believed of a part changed.
    ProbeChanged {
        /// The plan.
        plan: PlanId,
        /// The probe.
        probe: ProbeId,
        /// From what to what, and why.
        change: Change,
    },
    /// Somebody outside says that an alert fires, or that it is graver than before.
    AlertRaised {
        /// The plan.
        plan: PlanId,
        /// The alert.
        alert: Alert,
    },
    /// They say that it ended.
    AlertEnded {
        /// The plan.
        plan: PlanId,
        /// Which.
        key: AlertKey,
        /// What it was called.
        name: String,
        /// When, by their clock.
        at: Moment,
    },
    /// A part was taken out of the judgement for a while.
    HealthPaused {
        /// The plan.
        plan: PlanId,
        /// How much of it.
        of: Extent,
        /// For how long.
        length: Span,
        /// Why.
        reason: String,
    },
    /// A part counts again: its pause is over, or a person ended it.
    HealthResumed {
        /// The plan.
        plan: PlanId,
        /// How much of it.
        of: Extent,
    },
    /// The engine reaches nothing any more: what it sees says nothing about anything.
    EngineCutOff {
        /// What it saw.
        why: String,
    },
    /// It reaches the world again, and looks at everything anew.
    EngineConnected,
    /// The condition of a scenario's trigger began to hold.
    TriggerMet {
        /// The plan.
        plan: PlanId,
        /// The scenario.
        scenario: ScenarioId,
        /// What was seen.
        saw: Vec<Saw>,
    },
    /// It holds no longer.
    TriggerPassed {
        /// The plan.
        plan: PlanId,
        /// The scenario.
        scenario: ScenarioId,
    },
    /// An incident is taken for a scenario: by its trigger, or by a person.
    IncidentMatched {
        /// Which.
        incident: IncidentId,
        /// The scenario.
        scenario: ScenarioId,
        /// What was seen.
        #[serde(default)]
        saw: Vec<Saw>,
        /// Why a person says so.
        #[serde(default)]
        reason: Option<String>,
    },
    /// A person said that an incident is not what it was taken for.
    ScenarioRuledOut {
        /// In which incident.
        incident: IncidentId,
        /// The scenario.
        scenario: ScenarioId,
        /// Why.
        reason: String,
    },
    /// Another site serves now.
    SiteActivated {
        /// The plan.
        plan: PlanId,
        /// The site.
        site: SiteId,
        /// The run that moved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// The components that moved; all when empty.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        components: BTreeSet<ComponentId>,
    },
    /// A failover stays: nobody goes back.
    MoveCommitted {
        /// Of which incident.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// Nobody said in time whether a failover stays.
    CommitOverdue {
        /// Of which incident.
        incident: IncidentId,
        /// How long they had.
        limit: Span,
    },
    /// An automatic failover will begin unless somebody stops it.
    CountdownBegan {
        /// The plan.
        plan: PlanId,
        /// The scenario whose trigger asks for it.
        scenario: ScenarioId,
        /// The incident that it serves.
        incident: IncidentId,
        /// What will be launched.
        procedure: ProcedureId,
        /// How long everybody has.
        window: Span,
        /// What the guards found.
        guards: Vec<Finding>,
    },
    /// That is over.
    CountdownEnded {
        /// The plan.
        plan: PlanId,
        /// How it ended.
        why: CountdownEnd,
    },
    /// A trigger asks for a failover, and guards refuse it.
    AutomaticRefused {
        /// The plan.
        plan: PlanId,
        /// The scenario.
        scenario: ScenarioId,
        /// Those that refuse.
        refused: Vec<Finding>,
    },
    /// A person stopped the automatic failovers of a plan, also one that was counted down.
    AutomationStopped {
        /// The plan.
        plan: PlanId,
        /// Why, if there was time to say.
        reason: Option<String>,
    },
    /// They may happen again.
    AutomationArmed {
        /// The plan.
        plan: PlanId,
        /// Why.
        reason: String,
    },
    /// A person overrides a guard; it counts once everybody had time to say no.
    GlassBroken {
        /// For which incident.
        incident: IncidentId,
        /// Which guard.
        guard: Guard,
        /// Why.
        reason: String,
    },
    /// It is overridden no more.
    GlassPutBack {
        /// For which incident.
        incident: IncidentId,
        /// Which guard.
        guard: Guard,
    },
    /// The engine saw trouble.
    IncidentProposed(Opening),
    /// A person declared an incident, perhaps one that was proposed.
    IncidentDeclared(Opening),
    /// A person said that a proposal is none.
    IncidentDismissed {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// Recovery began, or trouble came back.
    IncidentRecovering {
        /// Which.
        incident: IncidentId,
    },
    /// What failed is good again; it has to hold.
    IncidentVerifying {
        /// Which.
        incident: IncidentId,
        /// The first good sample.
        since: Now,
    },
    /// Trouble came back before it had held, or after; the clocks run on.
    IncidentRelapsed {
        /// Which.
        incident: IncidentId,
    },
    /// It held: the clocks stopped at `stopped`.
    IncidentRecovered {
        /// Which.
        incident: IncidentId,
        /// The first good sample of the window that held.
        stopped: Now,
    },
    /// Over.
    IncidentClosed {
        /// Which.
        incident: IncidentId,
        /// What the closer had to say.
        reason: Option<String>,
    },
    /// It was none.
    IncidentCancelled {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// It was not over.
    IncidentReopened {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// A person knows better when it began.
    IncidentBeganCorrected {
        /// Which.
        incident: IncidentId,
        /// When it was thought to have begun.
        from: Now,
        /// When it began.
        to: Now,
        /// Why.
        reason: String,
    },
    /// How its plan's systems stand, as a person had it assessed.
    IncidentAssessed {
        /// Which.
        incident: IncidentId,
        /// What was found; without its parts one by one in the timeline.
        assessment: Arc<Assessment>,
    },
    /// Somebody holds a role.
    RoleAssigned {
        /// In which incident.
        incident: IncidentId,
        /// The role.
        role: RoleId,
        /// Who holds it now.
        to: Principal,
    },
    /// What became of a task.
    TaskChanged {
        /// Of which incident.
        incident: IncidentId,
        /// Its number within the incident, from 1.
        number: usize,
        /// What.
        change: TaskChange,
    },
    /// What became of a decision.
    DecisionChanged {
        /// Of which incident.
        incident: IncidentId,
        /// Its number within the incident, from 1.
        number: usize,
        /// What.
        change: DecisionChange,
    },
    /// Something worth keeping.
    NoteAdded {
        /// To which incident.
        incident: Option<IncidentId>,
        /// The words.
        text: String,
    },
    /// Words for the world; each channel's delivery is owed from here.
    UpdateSent {
        /// Of which incident.
        incident: IncidentId,
        /// Its number within the incident, from 1.
        number: usize,
        /// The words.
        text: String,
        /// Where to.
        channels: BTreeSet<ChannelId>,
        /// The try of a step that they belong to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Try>,
    },
    /// What one try to deliver brought.
    DeliveryTried {
        /// Of which incident.
        incident: IncidentId,
        /// The update's number.
        number: usize,
        /// The channel.
        channel: ChannelId,
        /// What it brought.
        attempt: Attempt,
    },
    /// A procedure began.
    RunStarted {
        /// The run.
        run: RunId,
        /// The incident that it serves.
        incident: IncidentId,
        /// The plan.
        plan: PlanId,
        /// That plan's text.
        hash: PlanHash,
        /// The procedure's name.
        name: String,
        /// The procedure as it is now; left out of the timeline.
        procedure: Option<Arc<Procedure>>,
        /// The values of its parameters, with `from` and `to`.
        values: Values,
        /// What waits for what; each step for the one above it when not said. Left out of the timeline.
        #[serde(default)]
        graph: Option<Arc<Graph>>,
        /// The components that it works on.
        #[serde(default)]
        components: BTreeSet<ComponentId>,
        /// Which kind of failover it is, if it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        move_kind: Option<MoveKind>,
        /// The components that it moves; all when empty.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        moving: BTreeSet<ComponentId>,
        /// What the guards found.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        guards: Vec<Finding>,
    },
    /// Guards stopped a failover before a step that would have acted.
    RunGuarded {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Those that refused.
        refused: Vec<Finding>,
    },
    /// A planned or manual failover goes on as an emergency: what is still to be done takes its ungraceful form.
    RunTurnedEmergency {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// A step's turn came: for people it waits, for the engine it is about to act. Journaled before the act.
    StepStarted {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Which try, from 1.
        attempt: u32,
    },
    /// The engine saw a step do what it should.
    StepSucceeded {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Which try.
        attempt: u32,
        /// What was seen.
        evidence: Evidence,
        /// Named results that it brought.
        #[serde(default, skip_serializing_if = "Values::is_empty")]
        results: Values,
    },
    /// The engine saw a step fail.
    StepFailed {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Which try.
        attempt: u32,
        /// Why.
        why: Failure,
        /// When it is tried again by itself; `None` when a person decides.
        again: Option<Moment>,
    },
    /// The engine lost sight of a step.
    StepLost {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Which try.
        attempt: u32,
        /// What is known.
        what: String,
    },
    /// What was lost from sight is seen again, and still runs.
    StepRegained {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Which try.
        attempt: u32,
    },
    /// A step's condition did not hold, or what it belongs to was left out.
    StepNotNeeded {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Why.
        why: String,
    },
    /// A person said that a step is done.
    StepSaidDone {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// In which words.
        note: Option<String>,
    },
    /// A person had a step tried again.
    StepRetried {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Values that replace those of the run for this step, from here on.
        #[serde(default, skip_serializing_if = "Values::is_empty")]
        values: Values,
    },
    /// A person left a step out.
    StepSkipped {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// One person's yes at a gate.
    GateConfirmed {
        /// The run.
        run: RunId,
        /// The gate.
        step: StepId,
        /// The digest of what was shown.
        digest: String,
        /// The loss that was accepted.
        max_loss: Option<Span>,
        /// When it no longer counts.
        expires: Moment,
        /// What the guards showed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        saw: Vec<Finding>,
        /// The loss that was shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loss: Option<Loss>,
    },
    /// A yes no longer counts: taken back, out of time, or what it was a yes to got worse.
    ConfirmationVoided {
        /// The run.
        run: RunId,
        /// The gate.
        step: StepId,
        /// Whose.
        by: Principal,
        /// Why.
        why: Voided,
    },
    /// All its people said yes.
    GateOpened {
        /// The run.
        run: RunId,
        /// The gate.
        step: StepId,
        /// Who.
        by: Vec<Principal>,
    },
    /// One person's no at a gate.
    GateDeclined {
        /// The run.
        run: RunId,
        /// The gate.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// Nothing new starts.
    RunHeld {
        /// The run.
        run: RunId,
        /// Why.
        reason: Option<String>,
    },
    /// The engine has been at it for longer than it may; it is held, and its people are paged.
    RunOverdue {
        /// The run.
        run: RunId,
        /// How long it may take.
        limit: Span,
    },
    /// What was done is undone from here, newest first.
    RunTurnedBack {
        /// The run.
        run: RunId,
        /// Why.
        why: String,
    },
    /// It goes on.
    RunResumed {
        /// The run.
        run: RunId,
    },
    /// Over; what still runs is ended.
    RunEnded {
        /// The run.
        run: RunId,
        /// How.
        result: RunResult,
    },
}

/// A plan's text and what it means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanBody {
    /// As it was loaded.
    pub text: String,
    /// As it was understood.
    pub plan: Arc<Plan>,
}

/// How an incident begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// Its identifier.
    pub incident: IncidentId,
    /// How people call it.
    pub call_sign: CallSign,
    /// The plan that it belongs to.
    pub plan: PlanId,
    /// How bad.
    pub severity: Severity,
    /// What a person called it.
    pub title: Option<String>,
    /// The last good sample before it, else now.
    pub began: Now,
    /// The probes whose trouble it is.
    pub causes: BTreeSet<ProbeId>,
    /// The scenario whose trigger brought it.
    #[serde(default)]
    pub scenario: Option<ScenarioId>,
    /// What that trigger saw.
    #[serde(default)]
    pub saw: Vec<Saw>,
    /// The alerts that it is made of, as others say.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub alerts: BTreeSet<AlertKey>,
}

impl Opening {
    /// Of an incident as it is known.
    #[must_use]
    pub fn of(known: &Incident) -> Opening {
        Opening {
            incident: known.id.clone(),
            call_sign: known.call_sign.clone(),
            plan: known.plan.clone(),
            severity: known.severity,
            title: known.title.clone(),
            began: known.began.clone(),
            causes: known.causes.clone(),
            alerts: BTreeSet::new(),
            scenario: None,
            saw: Vec::new(),
        }
    }
}

/// Why a confirmation no longer counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voided {
    /// Taken back.
    Withdrawn,
    /// Nobody joined in time.
    Expired,
    /// What was shown is no longer so.
    ViewChanged,
    /// More would be lost than was accepted.
    LossGrew {
        /// What was accepted.
        accepted: Span,
        /// What it is now; `None` when nobody can say.
        now: Option<Span>,
    },
}
