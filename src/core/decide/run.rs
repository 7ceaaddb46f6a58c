//! Launching, holding and ending a run.

use std::sync::Arc;

use super::super::event::Event;
use super::super::ids::{IncidentId, PlanId, ProcedureId, RunId};
use super::super::people::{Act, Mode};
use super::super::plan::{Action, Environment, Launcher, Need, PlanHash, Procedure, ProcedureKind};
use super::super::refusal::{Missing, Refusal};
use super::super::run::{RunResult, RunState};
use super::super::template::Values;
use super::Context;
use super::words::{harmless, text};

pub(super) fn start(
    c: Context<'_>,
    incident: &IncidentId,
    (plan, procedure): (&PlanId, &ProcedureId),
    values: &Values,
    seen: Option<&PlanHash>,
) -> Result<Vec<Event>, Refusal> {
    let loaded = c.state.plans.get(plan).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Plan(plan.clone()),
        known: c.state.plans.keys().map(ToString::to_string).collect(),
    })?;
    let found = loaded.plan.procedure(procedure).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Procedure(plan.clone(), procedure.clone()),
        known: loaded.plan.procedures.iter().map(|p| p.id.to_string()).collect(),
    })?;
    let known = c.incident(incident)?;
    if known.plan != *plan {
        return Err(Refusal::OtherPlan { call_sign: known.call_sign.clone(), plan: known.plan.clone() });
    }
    if !known.phase.is_declared() {
        return Err(super::incident::is_elsewhere(known, "declared and not over"));
    }
    if let Some(seen) = seen.filter(|hash| **hash != loaded.hash) {
        return Err(Refusal::PlanChanged { seen: seen.clone(), newest: loaded.hash.clone() });
    }
    one_move_at_a_time(c, plan, found)?;
    enough_people(c, loaded.plan.environment, found)?;
    Ok(vec![Event::RunStarted {
        run: RunId(c.state.runs_so_far + 1),
        incident: incident.clone(),
        plan: plan.clone(),
        hash: loaded.hash.clone(),
        name: found.name.clone(),
        values: resolve_values(found, values)?,
        procedure: Some(Arc::new(found.clone())),
    }])
}

/// What a procedure's templates see: what was given, defaults, and the sites that it moves between.
///
/// # Errors
/// A required parameter without a value, a value for a parameter that is not there, or one that could drive a terminal.
pub fn resolve_values(procedure: &Procedure, given: &Values) -> Result<Values, Refusal> {
    if let Some(name) = given.keys().find(|name| !procedure.parameters.iter().any(|p| p.name == **name)) {
        let known = procedure.parameters.iter().map(|p| p.name.clone()).collect();
        return Err(Refusal::ParameterUnknown { name: name.clone(), known });
    }
    given.iter().try_for_each(|(name, value)| harmless(name, value))?;
    let mut values = Values::new();
    for parameter in &procedure.parameters {
        let value = match (given.get(&parameter.name), &parameter.need) {
            (Some(value), Need::Required) if value.trim().is_empty() => None,
            (Some(value), _) => Some(value),
            (None, Need::Default(value)) => Some(value),
            (None, Need::Required) => None,
        };
        let value = value.ok_or_else(|| Refusal::ParameterMissing { name: parameter.name.clone() })?;
        values.insert(parameter.name.clone(), value.clone());
    }
    for (name, site) in [("from", &procedure.from), ("to", &procedure.to)] {
        if let Some(site) = site {
            values.insert(name.to_owned(), site.to_string());
        }
    }
    Ok(values)
}

/// Two procedures that move traffic would pull it both ways.
fn one_move_at_a_time(c: Context<'_>, plan: &PlanId, procedure: &Procedure) -> Result<(), Refusal> {
    let moves = |p: &Procedure| matches!(p.kind, ProcedureKind::Failover | ProcedureKind::Failback);
    if !moves(procedure) {
        return Ok(());
    }
    let under_way = c.state.runs.values().find(|r| r.plan == *plan && r.is_active() && moves(&r.procedure));
    match under_way {
        Some(run) => Err(Refusal::AlreadyMoving { run: run.id, by: c.state.name(&run.by).into_owned() }),
        None => Ok(()),
    }
}

/// A gate that nobody can ever pass is refused at launch, not met at three in the morning.
fn enough_people(c: Context<'_>, environment: Environment, procedure: &Procedure) -> Result<(), Refusal> {
    for step in &procedure.steps {
        let Action::Gate(gate) = &step.action else { continue };
        let can = c.state.people.values().filter(|p| p.may(Act::PassGate, Some(environment)).is_ok());
        let have = match (c.state.mode, gate.launcher) {
            (Mode::Personal, Launcher::Counts) => can.count().min(1),
            (Mode::Personal, Launcher::IsAnother) => 0,
            (Mode::Shared, Launcher::Counts) => can.count(),
            (Mode::Shared, Launcher::IsAnother) => can.filter(|p| p.principal != *c.by).count(),
        };
        if usize::try_from(gate.people).unwrap_or(usize::MAX) > have {
            return Err(Refusal::TooFewPeople { step: step.id.clone(), needs: gate.people, have });
        }
    }
    Ok(())
}

pub(super) fn hold(c: Context<'_>, id: RunId, reason: Option<&str>) -> Result<Vec<Event>, Refusal> {
    let run = c.open_run(id)?;
    if let RunState::Held { .. } = run.state {
        return Err(Refusal::RunIs { run: id, state: "held already".into() });
    }
    let reason = reason.map(|r| text("reason", r)).transpose()?;
    Ok(vec![Event::RunHeld { run: id, reason }])
}

pub(super) fn resume(c: Context<'_>, id: RunId) -> Result<Vec<Event>, Refusal> {
    match c.open_run(id)?.state {
        RunState::Held { .. } => Ok(vec![Event::RunResumed { run: id }]),
        _ => Err(Refusal::RunIs { run: id, state: "not held".into() }),
    }
}

pub(super) fn abort(c: Context<'_>, id: RunId, reason: &str) -> Result<Vec<Event>, Refusal> {
    c.open_run(id)?;
    let result = RunResult::Aborted { by: c.by.clone(), reason: text("reason", reason)? };
    Ok(vec![Event::RunEnded { run: id, result }])
}
