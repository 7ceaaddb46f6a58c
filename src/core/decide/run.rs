//! Launching, holding, turning back and ending a run.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::command::Options;
use super::super::event::Event;
use super::super::expand::{self, LaidOut};
use super::super::failover::{Finding, MoveKind, Sides};
use super::super::ids::{ComponentId, IncidentId, PlanId, ProcedureId, RunId, StepId};
use super::super::incident::Incident;
use super::super::people::{Act, Mode};
use super::super::plan::{Action, Attended, Environment, Launcher, PlanHash, Procedure, ProcedureKind, Purpose, Step};
use super::super::refusal::{Missing, Refusal};
use super::super::run::{RunResult, RunState};
use super::super::state::Loaded;
use super::super::template::{Template, Values};
use super::words::{harmless, text};
use super::{Context, failover};

/// What a launch asks for.
#[derive(Clone, Copy)]
pub struct Launch<'a> {
    /// For which incident.
    pub incident: &'a IncidentId,
    /// Of which plan.
    pub plan: &'a PlanId,
    /// Which procedure.
    pub procedure: &'a ProcedureId,
    /// Values of its parameters.
    pub values: &'a Values,
    /// How it differs from what the plan says.
    pub options: &'a Options,
}

/// What a launch would bring.
#[derive(Debug, Clone)]
pub struct Launched<'a> {
    /// The plan as it is loaded.
    pub loaded: &'a Loaded,
    /// The procedure as the plan has it.
    pub procedure: &'a Procedure,
    /// Its steps as the run would do them.
    pub laid_out: LaidOut,
    /// The values of its parameters, with `from` and `to`, and secrets as references.
    pub values: Values,
    /// Which kind of failover it is, if it is one.
    pub move_kind: Option<MoveKind>,
}

/// Lays a run out as it would be launched now.
///
/// # Errors
/// The rule that says no to it.
pub fn lay_out<'a>(c: Context<'a>, launch: Launch<'_>) -> Result<Launched<'a>, Refusal> {
    let loaded = c.state.plans.get(launch.plan).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Plan(launch.plan.clone()),
        known: c.state.plans.keys().map(ToString::to_string).collect(),
    })?;
    let procedure = loaded.plan.procedure(launch.procedure).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Procedure(launch.plan.clone(), launch.procedure.clone()),
        known: loaded.plan.procedures.iter().map(|p| p.id.to_string()).collect(),
    })?;
    launch.values.iter().try_for_each(|(name, value)| harmless(name, value))?;
    let given = expand::resolve(&loaded.plan, procedure, launch.values)?;
    let mut values = given.values.clone();
    values.extend(given.secrets.iter().map(|(name, secret)| (name.clone(), secret.to_string())));
    let move_kind = failover::kind(&launch, procedure)?;
    let options = Options { move_kind, ..launch.options.clone() };
    let laid_out = expand::lay_out(loaded, procedure, &given, &options).map_err(|why| Refusal::CannotLayOut {
        why: why.to_string(),
        right: "a procedure that can be laid out whole before it begins".into(),
    })?;
    Ok(Launched { loaded, procedure, laid_out, values, move_kind })
}

/// Whether a run so laid out may begin now for an incident.
///
/// # Errors
/// The rule that says no.
pub fn may_begin(c: Context<'_>, launch: Launch<'_>, launched: &Launched<'_>) -> Result<(), Refusal> {
    let known = c.incident(launch.incident)?;
    if known.plan != *launch.plan {
        return Err(Refusal::OtherPlan { call_sign: known.call_sign.clone(), plan: known.plan.clone() });
    }
    if !known.phase.is_declared() {
        return Err(super::incident::is_elsewhere(known, "declared and not over"));
    }
    super::scenario::allows(known, launched.procedure)?;
    one_move_at_a_time(c, launch.plan, launched.procedure)?;
    nobody_else_works_on(c, launch.plan, &launched.laid_out.components)?;
    enough_people(c, launched.loaded.plan.environment, &launched.laid_out.procedure, launched.move_kind)?;
    let sides = Sides::of(&launched.loaded.plan, &launched.laid_out.procedure);
    failover::allow(failover::guards(c, known, &launch, launched), sides)
}

pub(super) fn start(c: Context<'_>, launch: Launch<'_>, seen: Option<&PlanHash>) -> Result<Vec<Event>, Refusal> {
    let launched = lay_out(c, launch)?;
    if let Some(seen) = seen.filter(|hash| **hash != launched.loaded.hash) {
        return Err(Refusal::PlanChanged { seen: seen.clone(), newest: launched.loaded.hash.clone() });
    }
    may_begin(c, launch, &launched)?;
    let guards = failover::guards(c, c.incident(launch.incident)?, &launch, &launched);
    Ok(begins(c, launch, launched, guards))
}

/// What is written when a run so laid out begins.
pub(in crate::core) fn begins(
    c: Context<'_>,
    launch: Launch<'_>,
    launched: Launched<'_>,
    guards: Vec<Finding>,
) -> Vec<Event> {
    let Launched { loaded, laid_out, values, move_kind, .. } = launched;
    let run = RunId(c.state.runs_so_far + 1);
    let without = &launch.options.without;
    let left_out = laid_out.procedure.steps.iter().filter(|step| {
        let stays = matches!(step.action, Action::Gate(_)) || step.purpose == Purpose::Precondition;
        step.part.is_some_and(|part| without.contains(&part)) && !stays && step.fence.is_none()
    });
    let skip = |step: &Step| Event::StepSkipped { run, step: step.id.clone(), reason: "left out at launch".into() };
    let skipped: Vec<Event> = left_out.map(skip).collect();
    let started = Event::RunStarted {
        run,
        incident: launch.incident.clone(),
        plan: launch.plan.clone(),
        hash: loaded.hash.clone(),
        name: laid_out.procedure.name.clone(),
        values,
        procedure: Some(Arc::new(laid_out.procedure)),
        graph: Some(Arc::new(laid_out.graph)),
        components: laid_out.components,
        move_kind,
        moving: if move_kind.is_some() { launch.options.components.clone() } else { BTreeSet::new() },
        guards,
    };
    std::iter::once(started).chain(skipped).collect()
}

/// Most arguments of a program that no runbook has, and most bytes of all of them.
const MOST_ARGUMENTS: usize = 256;
const LONGEST_PROGRAM: usize = 16 * 1024;

/// A program that no runbook has, as a run of one step.
pub(super) fn improvise(
    c: Context<'_>,
    incident: &IncidentId,
    host: Option<&str>,
    argv: &[String],
) -> Result<Vec<Event>, Refusal> {
    let known: &Incident = c.incident(incident)?;
    if !known.phase.is_declared() {
        return Err(super::incident::is_elsewhere(known, "declared and not over"));
    }
    let bad = |why: &str| Refusal::BadProgram { why: why.to_owned() };
    if argv.first().is_none_or(|program| program.is_empty()) {
        return Err(bad("no program is named"));
    }
    if argv.len() > MOST_ARGUMENTS || argv.iter().map(String::len).sum::<usize>() > LONGEST_PROGRAM {
        return Err(bad("it is too long; a script on the host would be right"));
    }
    argv.iter().try_for_each(|word| harmless("command", word))?;
    let host = host.map(|host| super::super::host::Host::new(host).map_err(|why| bad(&why.to_string()))).transpose()?;
    let literal = |text: &str| Template::new(text.replace("${", "$${")).map_err(|why| bad(&why.to_string()));
    let argv: Vec<Template> = argv.iter().map(|word| literal(word)).collect::<Result<_, _>>()?;
    let line = argv.iter().map(Template::source).collect::<Vec<_>>().join(" ");
    let name: String = line.chars().take(120).collect();
    let id = StepId::new("command").map_err(|why| bad(&why.to_string()))?;
    let mut step = Step::plain(id, name.replace(['\n', '\t'], " "), Action::Command { argv });
    step.host = host.map(|host| literal(host.as_str())).transpose()?;
    let loaded = c.state.plans.get(&known.plan).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Plan(known.plan.clone()),
        known: c.state.plans.keys().map(ToString::to_string).collect(),
    })?;
    let id = ProcedureId::new("off-script").map_err(|why| bad(&why.to_string()))?;
    let procedure = Procedure::plain(id, "Off the script", ProcedureKind::Recovery, vec![step]);
    Ok(vec![Event::RunStarted {
        run: RunId(c.state.runs_so_far + 1),
        incident: incident.clone(),
        plan: known.plan.clone(),
        hash: loaded.hash.clone(),
        name: procedure.name.clone(),
        values: Values::new(),
        procedure: Some(Arc::new(procedure)),
        graph: None,
        components: BTreeSet::new(),
        move_kind: None,
        moving: BTreeSet::new(),
        guards: Vec::new(),
    }])
}

/// Two runs at the same part would undo each other's work.
fn nobody_else_works_on(c: Context<'_>, plan: &PlanId, components: &BTreeSet<ComponentId>) -> Result<(), Refusal> {
    let others = c.state.runs.values().filter(|r| r.plan == *plan && r.is_active());
    for run in others {
        let both: Vec<ComponentId> = run.components.intersection(components).cloned().collect();
        if both.is_empty() {
            continue;
        }
        let incident = c.state.incidents.get(&run.incident);
        let leads = incident.and_then(|i| i.roles.iter().find(|(role, _)| role.as_str() == "incident_commander"));
        let by = leads.map_or(&run.by, |(_, who)| who);
        return Err(Refusal::ComponentsLocked {
            components: both,
            run: run.id,
            call_sign: incident.map_or_else(|| super::super::ids::CallSign::pick(0, &[]), |i| i.call_sign.clone()),
            by: c.state.name(by).into_owned(),
        });
    }
    Ok(())
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
fn enough_people(
    c: Context<'_>,
    environment: Environment,
    procedure: &Procedure,
    kind: Option<MoveKind>,
) -> Result<(), Refusal> {
    for step in &procedure.steps {
        let Action::Gate(gate) = &step.action else { continue };
        if kind == Some(MoveKind::Automatic) && gate.in_automatic == Attended::ByCountdown {
            continue;
        }
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

/// A held run goes on. One that was aborted is taken up again where it stopped: what was stopped waits to be tried again.
pub(super) fn resume(c: Context<'_>, id: RunId) -> Result<Vec<Event>, Refusal> {
    let run = c.run(id)?;
    match &run.state {
        RunState::Held { .. } => Ok(vec![Event::RunResumed { run: id }]),
        RunState::Ended { result: RunResult::Aborted { .. }, .. } => {
            let known = c.incident(&run.incident)?;
            if !known.phase.is_declared() {
                return Err(super::incident::is_elsewhere(known, "declared and not over"));
            }
            if run.is_active() {
                return Err(Refusal::RunIs { run: id, state: "still stopping".into() });
            }
            one_move_at_a_time(c, &run.plan, &run.procedure)?;
            nobody_else_works_on(c, &run.plan, &run.components)?;
            Ok(vec![Event::RunResumed { run: id }])
        }
        RunState::Ended { .. } => Err(Refusal::RunOver { run: id }),
        RunState::Going => Err(Refusal::RunIs { run: id, state: "not held".into() }),
    }
}

pub(super) fn turn_back(c: Context<'_>, id: RunId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let run = c.open_run(id)?;
    if run.course != super::super::run::Course::Forward {
        return Err(Refusal::RunIs { run: id, state: "going back already".into() });
    }
    let why = text("reason", reason)?;
    let running = run.board.running > 0;
    if !running && run.to_undo().all(|(_, step, _)| run.undo_of(&step.id).is_none()) {
        let newest = run.board.done.iter().next_back().and_then(|(_, place)| run.at(*place as usize));
        let no_return = newest.filter(|(_, step, _)| step.way_back == super::super::plan::Return::None);
        return Err(Refusal::NothingToUndo { run: id, no_return: no_return.map(|(_, step, _)| step.id.clone()) });
    }
    Ok(vec![Event::RunTurnedBack { run: id, why }])
}

pub(super) fn abort(c: Context<'_>, id: RunId, reason: &str) -> Result<Vec<Event>, Refusal> {
    c.open_run(id)?;
    let result = RunResult::Aborted { by: c.by.clone(), reason: text("reason", reason)? };
    Ok(vec![Event::RunEnded { run: id, result }])
}
