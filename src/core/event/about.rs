//! What an event is about, and how much of it a timeline keeps.

use std::sync::Arc;

use super::Event;
use crate::core::ids::{IncidentId, RunId};

impl Event {
    /// Without what a timeline does not show: whole plans and procedures.
    #[must_use]
    pub fn brief(&self) -> Event {
        match self {
            Event::PlanLoaded { plan, name, hash, .. } => {
                Event::PlanLoaded { plan: plan.clone(), name: name.clone(), hash: hash.clone(), body: None }
            }
            Event::RunStarted {
                run,
                incident,
                plan,
                hash,
                name,
                values,
                components,
                move_kind,
                moving,
                guards,
                ..
            } => Event::RunStarted {
                run: *run,
                incident: incident.clone(),
                plan: plan.clone(),
                hash: hash.clone(),
                name: name.clone(),
                procedure: None,
                values: values.clone(),
                graph: None,
                components: components.clone(),
                move_kind: *move_kind,
                moving: moving.clone(),
                guards: guards.clone(),
            },
            Event::IncidentAssessed { incident, assessment } => {
                Event::IncidentAssessed { incident: incident.clone(), assessment: Arc::new(assessment.brief()) }
            }
            other => other.clone(),
        }
    }

    /// The incident that it names itself; that of a run's event is found through the run.
    #[must_use]
    pub fn incident(&self) -> Option<&IncidentId> {
        match self {
            Event::IncidentProposed(opening) | Event::IncidentDeclared(opening) => Some(&opening.incident),
            Event::IncidentDismissed { incident, .. }
            | Event::IncidentRecovering { incident }
            | Event::IncidentVerifying { incident, .. }
            | Event::IncidentRelapsed { incident }
            | Event::IncidentRecovered { incident, .. }
            | Event::IncidentClosed { incident, .. }
            | Event::IncidentCancelled { incident, .. }
            | Event::IncidentReopened { incident, .. }
            | Event::IncidentAssessed { incident, .. }
            | Event::IncidentMatched { incident, .. }
            | Event::ScenarioRuledOut { incident, .. }
            | Event::IncidentBeganCorrected { incident, .. }
            | Event::MoveCommitted { incident, .. }
            | Event::CommitOverdue { incident, .. }
            | Event::GlassBroken { incident, .. }
            | Event::CountdownBegan { incident, .. }
            | Event::GlassPutBack { incident, .. }
            | Event::RoleAssigned { incident, .. }
            | Event::TaskChanged { incident, .. }
            | Event::DecisionChanged { incident, .. }
            | Event::UpdateSent { incident, .. }
            | Event::DeliveryTried { incident, .. }
            | Event::RunStarted { incident, .. } => Some(incident),
            Event::NoteAdded { incident, .. } => incident.as_ref(),
            _ => None,
        }
    }

    /// The run that it belongs to.
    #[must_use]
    pub fn run(&self) -> Option<RunId> {
        match self {
            Event::RunStarted { run, .. }
            | Event::StepStarted { run, .. }
            | Event::StepSucceeded { run, .. }
            | Event::StepFailed { run, .. }
            | Event::StepLost { run, .. }
            | Event::StepRegained { run, .. }
            | Event::StepNotNeeded { run, .. }
            | Event::StepSaidDone { run, .. }
            | Event::StepRetried { run, .. }
            | Event::StepSkipped { run, .. }
            | Event::GateConfirmed { run, .. }
            | Event::ConfirmationVoided { run, .. }
            | Event::GateOpened { run, .. }
            | Event::GateDeclined { run, .. }
            | Event::RunHeld { run, .. }
            | Event::RunOverdue { run, .. }
            | Event::RunGuarded { run, .. }
            | Event::RunTurnedEmergency { run, .. }
            | Event::RunTurnedBack { run, .. }
            | Event::RunResumed { run }
            | Event::RunEnded { run, .. } => Some(*run),
            Event::SiteActivated { run, .. } => *run,
            _ => None,
        }
    }
}
