//! The events of failovers.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::event::Event;
use super::super::failover::{Called, Countdown, Disarmed, Fenced, Glass, MoveKind, Owed, Witness};
use super::super::ids::{ComponentId, PlanId, RunId, SiteId, StepId};
use super::super::plan::{ProcedureKind, Purpose};
use super::super::run::{Run, RunState, StepState};
use super::super::state::{Entry, State};
use super::{incident_mut, loaded_mut, run_mut};

/// Folds an event of a failover into the state.
pub(super) fn apply(state: &mut State, entry: &Entry) {
    let (at, by) = (entry.at.clone(), entry.by.clone());
    match &entry.event {
        Event::RunGuarded { run, refused, .. } => run_mut(state, *run, |r| {
            r.state = RunState::Held { by, reason: None, at };
            r.guarded.clone_from(refused);
        }),
        Event::RunTurnedEmergency { run, .. } => run_mut(state, *run, turn),
        Event::GlassBroken { incident, guard, reason } => incident_mut(state, incident, |i| {
            let (guard, reason) = (*guard, reason.clone());
            i.glass.push(Glass { guard, by, reason, at, put_back: None });
        }),
        Event::GlassPutBack { incident, guard } => incident_mut(state, incident, |i| {
            let broken = i.glass.iter_mut().filter(|glass| glass.guard == *guard && glass.put_back.is_none());
            broken.for_each(|glass| glass.put_back = Some((by.clone(), at.clone())));
        }),
        Event::CountdownBegan { plan, scenario, incident, procedure, window, .. } => loaded_mut(state, plan, |l| {
            let (scenario, incident) = (scenario.clone(), incident.clone());
            l.automation.refused.remove(&scenario);
            let (procedure, window) = (procedure.clone(), *window);
            l.automation.countdown = Some(Countdown { scenario, incident, procedure, began: at, window });
        }),
        Event::CountdownEnded { plan, .. } => loaded_mut(state, plan, |l| l.automation.countdown = None),
        Event::AutomaticRefused { plan, scenario, refused } => loaded_mut(state, plan, |l| {
            let guards = refused.iter().map(|finding| finding.guard).collect();
            l.automation.refused.insert(scenario.clone(), guards);
        }),
        Event::AutomationStopped { plan, reason } => loaded_mut(state, plan, |l| {
            l.automation.countdown = None;
            l.automation.disarmed = Some(Disarmed { by, at, reason: reason.clone() });
        }),
        Event::AutomationArmed { plan, .. } => loaded_mut(state, plan, |l| l.automation.disarmed = None),
        Event::MoveCommitted { incident, .. } => incident_mut(state, incident, |i| i.owed = None),
        Event::CommitOverdue { incident, .. } => incident_mut(state, incident, |i| {
            if let Some(owed) = &mut i.owed {
                owed.called = Called::Yes;
            }
        }),
        _ => {}
    }
}

/// What is still to be done takes its ungraceful form; a step that failed gracefully is to be done again in that form.
fn turn(run: &mut Run) {
    run.move_kind = Some(MoveKind::Emergency);
    let settled: Vec<bool> = run.steps.iter().map(|seen| keeps_its_form(&seen.state)).collect();
    let procedure = Arc::make_mut(&mut run.procedure);
    for (step, settled) in procedure.steps.iter_mut().zip(settled) {
        if !settled {
            step.make_ungraceful();
        }
    }
    run.sort_ready();
}

fn keeps_its_form(state: &StepState) -> bool {
    state.is_settled() || matches!(state, StepState::Running { .. } | StepState::Unknown { .. })
}

/// Another site serves now; the incident owes the way back until it is gone or somebody says that nobody will go it.
pub(super) fn activated(
    state: &mut State,
    entry: &Entry,
    (plan, site): (&PlanId, &SiteId),
    run: Option<RunId>,
    components: &BTreeSet<ComponentId>,
) {
    loaded_mut(state, plan, |loaded| loaded.activate(run, site, components, &entry.at));
    let Some(known) = run.and_then(|id| state.runs.get(&id)).cloned() else { return };
    let Some(from) = known.procedure.from.clone() else { return };
    incident_mut(state, &known.incident, |incident| {
        incident.owed = match known.procedure.kind {
            ProcedureKind::Failover => {
                Some(Owed { run: known.id, from, to: site.clone(), since: entry.at.clone(), called: Called::NotYet })
            }
            _ => None,
        };
    });
}

/// A step that fences was done, or was taken back.
pub(super) fn of_step(state: &mut State, entry: &Entry, run: RunId, id: &StepId, seen: Witness) {
    let Some(known) = state.runs.get(&run).cloned() else { return };
    let (Some(from), Some((_, step, _))) = (known.procedure.from.clone(), known.find(id)) else { return };
    let of = match &step.purpose {
        Purpose::Undo(of) => known.find(of).and_then(|(_, step, _)| step.fence).map(|_| None),
        _ => step.fence.map(Some),
    };
    let Some(change) = of else { return };
    loaded_mut(state, &known.plan, |loaded| match change {
        Some(fence) => {
            let (step, at) = (id.clone(), entry.at.clone());
            loaded.fences.insert(from, Fenced { fence, run, step, at, seen });
        }
        None => drop(loaded.fences.remove(&from)),
    });
}
