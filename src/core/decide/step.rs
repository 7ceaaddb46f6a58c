//! What people say of steps: done, retry, skip.

use std::collections::BTreeSet;

use super::super::event::Event;
use super::super::ids::{RunId, StepId};
use super::super::param;
use super::super::plan::{Action, Step};
use super::super::refusal::Refusal;
use super::super::run::{Course, Run, StepRun, StepState};
use super::super::template::Values;
use super::Context;
use super::words::{harmless, text};

fn step_is(step: &Step, seen: &StepRun, needs: &str) -> Refusal {
    Refusal::StepIs { step: step.id.clone(), state: seen.state.word().to_owned(), needs: needs.to_owned() }
}

pub(super) fn say_done(c: Context<'_>, run: RunId, id: &StepId, note: Option<&str>) -> Result<Vec<Event>, Refusal> {
    let (_, _, step, seen) = c.current_step(run, id)?;
    let note = note.map(|n| text("note", n)).transpose()?;
    let event = Event::StepSaidDone { run, step: id.clone(), note };
    match (&step.action, &seen.state) {
        (Action::Gate(_), _) => Err(Refusal::WrongKind {
            step: id.clone(),
            kind: step.action.kind().into(),
            right: "a gate is confirmed or declined".into(),
        }),
        (Action::Manual { .. }, StepState::Waiting { .. }) | (_, StepState::Unknown { .. }) => Ok(vec![event]),
        (Action::Manual { .. }, _) => Err(step_is(step, seen, "waiting")),
        _ => Err(step_is(step, seen, "unknown; the engine itself says when this kind of step is done")),
    }
}

pub(super) fn retry(c: Context<'_>, run: RunId, id: &StepId, values: &Values) -> Result<Vec<Event>, Refusal> {
    let (known, _, step, seen) = c.current_step(run, id)?;
    not_held(c, run)?;
    let back = matches!(known.course, Course::Back { .. });
    if back != Run::is_undoing(step) {
        let state = if back { "going back: only what undoes is tried again" } else { "not going back" };
        return Err(Refusal::RunIs { run, state: state.into() });
    }
    // What its condition asks for can be given too: else a step that waits for a result that nobody brought waits for ever.
    let asked = step.when.iter().flat_map(|condition| condition.names()).map(str::to_owned);
    let mut allowed: BTreeSet<String> = known.values_of(step).into_keys().chain(asked).collect();
    allowed.retain(|name| !step.origin.secrets.contains_key(name));
    for (name, value) in values {
        harmless(name, value)?;
        if !allowed.contains(name) {
            return Err(Refusal::ParameterUnknown { name: name.clone(), known: allowed.into_iter().collect() });
        }
    }
    checked(c, known, step, values)?;
    match seen.state {
        StepState::Failed { .. } | StepState::Unknown { .. } | StepState::Declined { .. } => {
            nothing_lives(c, run, step, seen)?;
            Ok(vec![Event::StepRetried { run, step: id.clone(), values: values.clone() }])
        }
        _ => Err(step_is(step, seen, "failed, unknown or declined")),
    }
}

/// Values that a person gives a step are of the types of the run's parameters, where they are parameters.
fn checked(c: Context<'_>, run: &Run, step: &Step, values: &Values) -> Result<(), Refusal> {
    let Some(loaded) = c.state.plans.get(&run.plan).filter(|_| step.origin.under.is_none()) else { return Ok(()) };
    let sites: Vec<_> = loaded.plan.sites.iter().map(|s| s.id.clone()).collect();
    let components: Vec<_> = loaded.plan.components.iter().map(|c| c.id.clone()).collect();
    let known = param::Known { sites: &sites, components: &components };
    for parameter in &run.procedure.parameters {
        if let Some(value) = values.get(&parameter.name) {
            let bad =
                |why: param::BadValue| Refusal::ParameterBad { name: parameter.name.clone(), why: why.to_string() };
            param::check(&parameter.kind, value, &known).map_err(bad)?;
        }
    }
    Ok(())
}

pub(super) fn skip(c: Context<'_>, run: RunId, id: &StepId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let (_, _, step, seen) = c.step(run, id)?;
    if let Action::Gate(_) = step.action {
        return Err(Refusal::WrongKind {
            step: id.clone(),
            kind: step.action.kind().into(),
            right: "a gate is confirmed or declined; a run that must not pass it is aborted".into(),
        });
    }
    if !Run::may_be_left_out(step, seen) {
        return Err(step_is(step, seen, "pending, waiting, failed or unknown; abort the run to stop it"));
    }
    nothing_lives(c, run, step, seen)?;
    Ok(vec![Event::StepSkipped { run, step: id.clone(), reason: text("reason", reason)? }])
}

fn not_held(c: Context<'_>, run: RunId) -> Result<(), Refusal> {
    match &c.run(run)?.state {
        super::super::run::RunState::Held { by, .. } => {
            Err(Refusal::RunHeld { run, by: c.state.name(by).into_owned() })
        }
        _ => Ok(()),
    }
}

/// While processes of the last try live, a second one would work beside it.
fn nothing_lives(c: Context<'_>, run: RunId, step: &Step, seen: &StepRun) -> Result<(), Refusal> {
    let lives = c.readings.living.contains(&super::super::health::living_key(run, &step.id, seen.attempts));
    if lives { Err(Refusal::StillAlive { step: step.id.clone(), attempt: seen.attempts }) } else { Ok(()) }
}
