//! Who may have brought an entry about.

use warroom::core::event::Event;
use warroom::core::ids::Principal;
use warroom::core::people::Act;

use super::Known;

/// What a person does by an event; `None` where only the engine brings it about, or anybody who may do something else.
fn act(event: &Event) -> Option<Act> {
    Some(match event {
        Event::RunStarted { .. } => Act::StartRun,
        Event::StepRetried { .. } => Act::SettleStep,
        Event::StepSaidDone { .. } => Act::TickStep,
        Event::GateConfirmed { .. } | Event::GateDeclined { .. } | Event::GateOpened { .. } => Act::PassGate,
        Event::RunHeld { .. } | Event::GlassPutBack { .. } | Event::AutomationStopped { .. } => Act::HoldRun,
        Event::GlassBroken { .. } => Act::BreakGlass,
        Event::RunTurnedEmergency { .. } | Event::AutomationArmed { .. } | Event::MoveCommitted { .. } => Act::SteerRun,
        Event::RunResumed { .. } | Event::RunTurnedBack { .. } | Event::RunEnded { .. } => Act::SteerRun,
        Event::IncidentDeclared(_) | Event::IncidentDismissed { .. } => Act::Declare,
        Event::IncidentClosed { .. } | Event::IncidentCancelled { .. } | Event::IncidentReopened { .. } => {
            Act::EndIncident
        }
        Event::IncidentMatched { .. } => Act::Declare,
        Event::ScenarioRuledOut { .. } => Act::RuleOutScenario,
        Event::PlanLoaded { .. } => Act::LoadPlan,
        Event::NoteAdded { .. } | Event::TaskChanged { .. } => Act::Note,
        _ => return None,
    })
}

/// People do only what they may; what the engine sees, no person says.
pub(super) fn may(known: Known<'_>) {
    let entry = known.entry;
    match (&entry.by, act(&entry.event)) {
        (Principal::Engine, _) => {}
        (person, Some(act)) => {
            let known = known.state.people.get(person);
            let may = known.is_some_and(|person| person.may(act, None).is_ok());
            assert!(may, "{person} may not: {:?}", entry.event);
        }
        (person, None) => {
            let seen = matches!(
                entry.event,
                Event::StepStarted { .. }
                    | Event::StepSucceeded { .. }
                    | Event::StepFailed { .. }
                    | Event::StepLost { .. }
                    | Event::StepRegained { .. }
                    | Event::StepNotNeeded { .. }
                    | Event::RunOverdue { .. }
                    | Event::ProbeChanged { .. }
                    | Event::TriggerMet { .. }
                    | Event::TriggerPassed { .. }
                    | Event::SiteActivated { .. }
                    | Event::RunGuarded { .. }
                    | Event::CountdownBegan { .. }
                    | Event::CountdownEnded { .. }
                    | Event::AutomaticRefused { .. }
                    | Event::CommitOverdue { .. }
                    | Event::IncidentProposed(_)
                    | Event::IncidentRecovered { .. }
            );
            assert!(!seen, "{person} says what only the engine sees: {:?}", entry.event);
        }
    }
}
