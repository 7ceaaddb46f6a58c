//! What the script goes by: read out of the engine's state and the range's, so that it asks neither.

use super::super::names::Site;
use super::super::power::Power;
use super::super::world::RangeStatus;
use crate::core::comms::Delivery;
use crate::core::ids::{Principal, RunId};
use crate::core::incident::{Incident, Phase};
use crate::core::plan::{Action, ProcedureKind};
use crate::core::run::{Run, RunResult, RunState, StepRun, StepState};
use crate::core::state::State;
use crate::core::time::Span;

/// The plan's name for the step that fences East.
const FENCE: &str = "fence";

/// How far the incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Met {
    /// There is none.
    #[default]
    Nothing,
    /// It was proposed.
    Proposed,
    /// Somebody declared it.
    Declared,
}

/// How far the fence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum FenceAt {
    /// It was not tried.
    #[default]
    NotYet,
    /// It was tried, and East is not fenced.
    Failed,
    /// East is fenced, as the engine saw.
    Done,
}

/// How far the gate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum GateAt {
    /// Its turn has not come.
    #[default]
    NotYet,
    /// It waits.
    Waiting {
        /// Whether somebody but the robot said yes.
        yours: bool,
        /// Whether the robot did.
        robots: bool,
    },
    /// Somebody said no.
    Declined,
    /// It is open.
    Opened,
}

/// How far the newest failover is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    /// Its run.
    pub(crate) id: RunId,
    /// Whether a sentence of it was ticked off.
    pub(crate) ticked: bool,
    /// The fence.
    pub(crate) fence: FenceAt,
    /// The gate.
    pub(crate) gate: GateAt,
    /// The least loss that somebody accepted at the gate.
    pub(crate) promised: Option<Span>,
}

/// What became of updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Told {
    /// None was sent.
    #[default]
    Nothing,
    /// One is on its way.
    Sent,
    /// It came through by one channel and failed by another.
    OneFailed,
}

/// What the script goes by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Facts {
    /// Since the lesson began.
    pub(crate) at: Span,
    /// The incident.
    pub(crate) incident: Met,
    /// Whether the robot has the role that the gate asks for.
    pub(crate) robot_leads: bool,
    /// How many launches the engine refused.
    pub(crate) refused: u32,
    /// The newest failover that may still come to something.
    pub(crate) run: Option<Move>,
    /// Whether customers are served by West, all of them.
    pub(crate) served: bool,
    /// Updates.
    pub(crate) told: Told,
    /// Whether East's database has power.
    pub(crate) power: Power,
}

impl Facts {
    /// How far the gate is.
    pub(crate) fn gate(&self) -> GateAt {
        self.run.as_ref().map(|run| run.gate).unwrap_or_default()
    }

    /// How far the fence is.
    pub(crate) fn fence(&self) -> FenceAt {
        self.run.as_ref().map(|run| run.fence).unwrap_or_default()
    }
}

/// Reads them. `before` is the range as it was at the last look: customers are served when all that came since were.
pub(crate) fn facts(state: &State, robot: &Principal, range: &RangeStatus, before: Option<&RangeStatus>) -> Facts {
    let incident = state.incidents.values().rev().find(|incident| incident.phase.is_open());
    let run = state.runs.values().rev().find(|run| is_move(run));
    Facts {
        incident: incident.map_or(Met::Nothing, |incident| match incident.phase {
            Phase::Proposed => Met::Proposed,
            _ => Met::Declared,
        }),
        robot_leads: incident.is_some_and(|incident| incident.roles_of(robot).next().is_some()),
        run: run.map(|run| moved(run, robot)),
        served: before.is_some_and(|before| served(before, range)),
        told: incident.map(|incident| told(incident)).unwrap_or_default(),
        power: range.power.east,
        ..Facts::default()
    }
}

/// A failover that runs, or that ended well.
fn is_move(run: &Run) -> bool {
    let lost = matches!(&run.state, RunState::Ended { result, .. } if !matches!(result, RunResult::Done | RunResult::Partly { .. }));
    run.procedure.kind == ProcedureKind::Failover && !lost
}

fn moved(run: &Run, robot: &Principal) -> Move {
    let mut moved =
        Move { id: run.id, ticked: false, fence: FenceAt::default(), gate: GateAt::default(), promised: None };
    for (step, seen) in run.pairs() {
        match &step.action {
            Action::Gate(_) => {
                moved.gate = gate(seen, robot);
                moved.promised = seen.confirmations.iter().filter_map(|yes| yes.max_loss).min();
            }
            Action::Manual { .. } => moved.ticked |= seen.state.is_settled(),
            _ if step.id.as_str() == FENCE => moved.fence = fence(&seen.state),
            _ => {}
        }
    }
    moved
}

fn fence(state: &StepState) -> FenceAt {
    match state {
        StepState::Done { .. } => FenceAt::Done,
        StepState::Pending | StepState::Running { .. } => FenceAt::NotYet,
        _ => FenceAt::Failed,
    }
}

fn gate(seen: &StepRun, robot: &Principal) -> GateAt {
    match &seen.state {
        StepState::Pending | StepState::Running { .. } => GateAt::NotYet,
        StepState::Done { .. } => GateAt::Opened,
        StepState::Waiting { .. } => GateAt::Waiting {
            yours: seen.confirmations.iter().any(|yes| yes.by != *robot),
            robots: seen.confirmations.iter().any(|yes| yes.by == *robot),
        },
        _ => GateAt::Declined,
    }
}

fn told(incident: &Incident) -> Told {
    let mut told = Told::Nothing;
    for update in &incident.updates {
        let of = |wanted: fn(&Delivery) -> bool| update.deliveries.values().any(wanted);
        let came = of(|delivery| matches!(delivery, Delivery::Delivered { .. }));
        let failed = of(|delivery| match delivery {
            Delivery::Failed { .. } => true,
            Delivery::Waiting { tries, .. } => *tries > 0,
            Delivery::Delivered { .. } => false,
        });
        told = told.max(if came && failed { Told::OneFailed } else { Told::Sent });
    }
    told
}

fn served(before: &RangeStatus, now: &RangeStatus) -> bool {
    now.ledger.serving == Site::West
        && now.customers.ok > before.customers.ok
        && now.customers.failed == before.customers.failed
}
