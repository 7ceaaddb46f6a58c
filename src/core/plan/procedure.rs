//! Procedures and their steps, as plans have them and as runs expand them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::ids::{ComponentId, ProcedureId, SiteId, StepId};
use super::super::param::ParamKind;
use super::super::secret::SecretRef;
use super::super::template::{Template, Values};
use super::super::time::Span;
use super::super::when::Condition;
use super::Severity;
use super::action::{Action, Each};
use super::failover::{Fence, Ungraceful};

/// What a procedure is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcedureKind {
    /// Finds out.
    Assessment,
    /// Brings something back. The default.
    Recovery,
    /// Moves to another site.
    Failover,
    /// Moves back.
    Failback,
    /// Saves.
    Backup,
    /// Proves.
    Validation,
}

/// How much of a procedure runs by itself (DL-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Automation {
    /// People do all of it.
    Manual,
    /// People and engine.
    SemiAutomated,
    /// The engine does all of it, gates aside.
    Automated,
}

/// Steps that belong together; *Runbook* on the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Procedure {
    /// Its identifier.
    pub id: ProcedureId,
    /// Its name for people.
    pub name: String,
    /// What it does and when it is right.
    pub description: Option<String>,
    /// What it is for.
    pub kind: ProcedureKind,
    /// The site that it moves away from.
    pub from: Option<SiteId>,
    /// The site that it moves to.
    pub to: Option<SiteId>,
    /// What is asked at launch.
    pub parameters: Vec<Parameter>,
    /// How long its author expects it to take.
    pub estimated_duration: Option<Span>,
    /// Procedures that its author wants done before.
    pub dependencies: Vec<ProcedureId>,
    /// As its author says, else as its steps are.
    pub automation: Automation,
    /// The components that it works on, beside those that its steps and parameters name; all of them when it moves traffic.
    #[serde(default)]
    pub components: Vec<ComponentId>,
    /// How long the engine may be at work in a run of it; then it pages and holds. Waiting for people does not count.
    #[serde(default)]
    pub timeout: Option<Span>,
    /// How many of its steps the engine does side by side.
    #[serde(default)]
    pub lanes: Lanes,
    /// How urgent it is beside other runs: the lanes of a host go to the most urgent first. As its plan where nothing is said.
    #[serde(default)]
    pub priority: Option<Severity>,
    /// What must be so before anything is touched: looks, side by side, before the first step.
    #[serde(default)]
    pub preconditions: Vec<Step>,
    /// In file order.
    pub steps: Vec<Step>,
}

/// How many steps the engine does side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lanes {
    /// In the whole run; at least 1.
    pub run: u32,
    /// On one host, whatever else the engine does there for other runs; at least 1.
    pub host: u32,
}

impl Default for Lanes {
    /// Eight in a run, four on a host.
    fn default() -> Lanes {
        Lanes { run: 8, host: 4 }
    }
}

/// Whether a parameter can be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A launch without it is refused.
    Required,
    /// This is taken when nothing is given.
    Default(String),
}

/// A value that is given at launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name, as in `${name}`.
    pub name: String,
    /// What it means.
    pub description: Option<String>,
    /// What values it takes.
    #[serde(default)]
    pub kind: ParamKind,
    /// Whether it can be left out.
    pub need: Need,
}

/// How often a failed step is tried again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Tries after the first.
    pub times: u32,
    /// The pause before the first of them.
    pub every: Span,
    /// By how many hundredths each further pause is longer than the one before: 200 doubles it. At least 100.
    #[serde(default = "steady")]
    pub grow: u32,
    /// The longest pause.
    #[serde(default)]
    pub at_most: Option<Span>,
}

fn steady() -> u32 {
    100
}

impl Retry {
    /// None at all.
    pub const NEVER: Retry = Retry { times: 0, every: Span::ZERO, grow: 100, at_most: None };

    /// The pause after the try of that number, counted from 1; `None` when no more are made.
    #[must_use]
    pub fn pause_after(&self, attempt: u32) -> Option<Span> {
        if attempt > self.times {
            return None;
        }
        let cap = self.at_most.unwrap_or(Span::from_secs(3_600)).max(self.every);
        let mut pause = self.every;
        for _ in 1..attempt {
            if pause >= cap {
                break;
            }
            pause = Span::from_micros(pause.micros().saturating_mul(u64::from(self.grow.max(100))) / 100);
        }
        Some(pause.min(cap))
    }
}

/// Whether a step can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Return {
    /// Not said.
    Open,
    /// There is none: such a step stands behind a gate.
    None,
}

/// Whether doing a step twice does harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// It may: lost from sight, it waits for a person.
    #[default]
    MayHarm,
    /// It does not (`idempotent: true`): lost from sight, it is done again by itself.
    IsHarmless,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// For all steps above it in the file.
    #[default]
    Above,
    /// For these; for nothing when empty.
    These(BTreeSet<StepId>),
}

/// What a step's failure means for its run, once its tries are used up.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Nothing new starts until a person decides.
    #[default]
    Stop,
    /// The run goes on without it, and never ends as *done*.
    Continue,
    /// What was done is undone.
    Rollback,
    /// These steps mend it, and the run goes on; it stays failed, and the run never ends as *done*.
    Do(Vec<Step>),
}

/// How what a step did is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// What is done for it.
    pub action: Action,
    /// How long it may take.
    pub timeout: Option<Span>,
    /// Tries by itself.
    pub retry: Retry,
    /// Where a program runs, when elsewhere than the step itself.
    pub host: Option<Template>,
}

/// Where a named result comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capture {
    /// The last line of a program's output that is not empty.
    LastLine,
    /// A value inside an answer or an output that is JSON, by its JSON pointer (RFC 6901).
    Json(String),
    /// A header of an answer.
    Header(String),
    /// A column of the first row.
    Column(String),
    /// How many rows came.
    Rows,
}

/// A launch option that leaves a step out (DL-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Verification; guards and gates are never left out.
    Verify,
    /// Telling people.
    Notify,
    /// Names.
    Dns,
    /// Load balancers.
    LoadBalancer,
}

/// What a step is there for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The procedure itself.
    #[default]
    Work,
    /// To find out whether the rest may begin.
    Precondition,
    /// To mend the failure of another step.
    Mend(StepId),
    /// To take another step back.
    Undo(StepId),
}

impl Purpose {
    /// Whether it is the everyday one.
    #[must_use]
    pub fn is_work(&self) -> bool {
        *self == Purpose::Work
    }
}

/// What a step in a run belongs to: one pass of a list, or one call of a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The identifiers of the calls and passes around it, joined with `.`; empty at the top. Results are seen within one.
    pub scope: String,
    /// The step of the plan that stands for several here, as the run names it.
    pub group: Option<StepId>,
    /// The step that stands for the call around it: left out, it leaves out this one too.
    pub under: Option<StepId>,
    /// Values that are known here only: the current item, parameters of the procedure called.
    pub values: Values,
    /// Secrets by the name of their parameter.
    pub secrets: BTreeMap<String, SecretRef>,
}

impl Origin {
    fn is_top(&self) -> bool {
        *self == Origin::default()
    }
}

/// One step of a procedure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its identifier: as the file says, else `step-N`. In a run, with the calls and passes around it: `restart.web-1`.
    pub id: StepId,
    /// What it is called.
    pub name: String,
    /// What it does.
    pub action: Action,
    /// How long it may take; kinds that act have a default.
    pub timeout: Option<Span>,
    /// Tries by itself.
    pub retry: Retry,
    /// Whether it can be taken back.
    pub way_back: Return,
    /// Whether doing it twice does harm.
    #[serde(default)]
    pub repeat: Repeat,
    /// How long its author expects it to take.
    pub estimate: Option<Span>,
    /// What it waits for. A run keeps that in its [`Graph`](super::super::run::Graph) instead.
    #[serde(default)]
    pub needs: Needs,
    /// When it is done at all.
    #[serde(default)]
    pub when: Option<Condition>,
    /// What it is done for. In a run each pass is a step.
    #[serde(default)]
    pub each: Option<Each>,
    /// What its failure means. In a run the steps that mend are steps of it.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// How it is taken back. In a run that is a step.
    #[serde(default)]
    pub undo: Option<Box<Undo>>,
    /// Where its program runs; the engine's own host when not given.
    #[serde(default)]
    pub host: Option<Template>,
    /// Results that later steps can use, by name.
    #[serde(default)]
    pub captures: BTreeMap<String, Capture>,
    /// The launch option that leaves it out.
    #[serde(default)]
    pub part: Option<Part>,
    /// What it cuts the site that is left off from.
    #[serde(default)]
    pub fence: Option<Fence>,
    /// How it is done in an emergency, when otherwise.
    #[serde(default)]
    pub ungraceful: Option<Ungraceful>,
    /// What it is there for.
    #[serde(default, skip_serializing_if = "Purpose::is_work")]
    pub purpose: Purpose,
    /// What it belongs to.
    #[serde(default, skip_serializing_if = "Origin::is_top")]
    pub origin: Origin,
}

impl Step {
    /// A step that does this and nothing else: no tries, no conditions, after all above it.
    #[must_use]
    pub fn plain(id: StepId, name: impl Into<String>, action: Action) -> Step {
        Step {
            id,
            name: name.into(),
            action,
            timeout: None,
            retry: Retry::NEVER,
            way_back: Return::Open,
            repeat: Repeat::MayHarm,
            estimate: None,
            needs: Needs::Above,
            when: None,
            each: None,
            on_failure: OnFailure::Stop,
            undo: None,
            host: None,
            captures: BTreeMap::new(),
            part: None,
            fence: None,
            ungraceful: None,
            purpose: Purpose::Work,
            origin: Origin::default(),
        }
    }

    /// Whether it is one of those that a run counts: not an undo, and not a step that mends.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self.purpose, Purpose::Work | Purpose::Precondition)
    }
}

impl Procedure {
    /// These steps and nothing else: no parameters, the usual lanes, partly by hand.
    #[must_use]
    pub fn plain(id: ProcedureId, name: impl Into<String>, kind: ProcedureKind, steps: Vec<Step>) -> Procedure {
        Procedure {
            id,
            name: name.into(),
            description: None,
            kind,
            from: None,
            to: None,
            parameters: Vec::new(),
            estimated_duration: None,
            dependencies: Vec::new(),
            automation: Automation::SemiAutomated,
            components: Vec::new(),
            timeout: None,
            lanes: Lanes::default(),
            priority: None,
            preconditions: Vec::new(),
            steps,
        }
    }

    /// The first step without return that no gate stands before.
    #[must_use]
    pub fn ungated(&self) -> Option<&Step> {
        let mut before_a_gate = self.steps.iter().take_while(|s| !matches!(s.action, Action::Gate(_)));
        before_a_gate.find(|s| s.way_back == Return::None)
    }
}
