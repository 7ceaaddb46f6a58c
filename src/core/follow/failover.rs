//! What follows for a failover: guards at the moment of acting, what serves from then on, and who has yet to decide.

use super::super::event::Event;
use super::super::failover::{At, Called, Finding, MoveKind, Question, evaluate, refusals};
use super::super::gate::view;
use super::super::health::Readings;
use super::super::ids::StepId;
use super::super::incident::Incident;
use super::super::plan::{Attended, Gate, ProcedureKind, Step};
use super::super::run::{Course, Run, RunResult, RunState, StepRun, StepState};
use super::super::state::State;
use super::super::time::{Moment, Now, Span};

/// Whether the guards let a step act.
pub(super) enum Acting {
    /// They do, or are not asked.
    Goes,
    /// Not yet; they may by themselves: what they say until then.
    Waits(Vec<Finding>),
    /// They do not.
    Refused(Vec<Finding>),
}

/// Asks the guards before a step that fences or that there is no return from, until the first of the latter has begun: to stop
/// half-way is worse than to go on.
pub(super) fn acting(
    state: &State,
    run: &Run,
    (place, step): (usize, &Step),
    readings: &Readings,
    now: &Now,
) -> Acting {
    let Some(kind) = run.move_kind.filter(|_| is_guarded(run, step)) else { return Acting::Goes };
    let (Some(loaded), Some(incident)) = (state.plans.get(&run.plan), state.incidents.get(&run.incident)) else {
        return Acting::Goes;
    };
    let findings = evaluate(&Question {
        state,
        loaded,
        incident,
        readings,
        now,
        kind,
        procedure: &run.procedure,
        graph: &run.graph,
        components: &run.moving,
        at: At::Acting(run, place),
    });
    let refused = refusals(findings);
    match refused.is_empty() {
        true => Acting::Goes,
        false if refused.iter().all(Finding::may_come_right) => Acting::Waits(refused),
        false => Acting::Refused(refused),
    }
}

fn is_guarded(run: &Run, step: &Step) -> bool {
    let begun = |(step, seen): (&Step, &StepRun)| step.is_final() && seen.attempts > 0;
    run.move_kind.is_some() && (step.fence.is_some() || step.is_final()) && !run.pairs().any(begun)
}

/// Whether something of a run may be waiting for what guards find: that changes with time and with readings alone.
pub(super) fn waits_for_guards(run: &Run) -> bool {
    if run.move_kind.is_none() || run.state != RunState::Going || run.course != Course::Forward {
        return false;
    }
    let ready = || run.board.ready.iter().chain(run.board.ready_for_people.iter());
    let guarded = |place: &u32| run.at(*place as usize).is_some_and(|(_, step, _)| is_guarded(run, step));
    (!run.is_blocked() && ready().any(guarded)) || unattended(run).is_some()
}

/// The steps whose turn has come and that wait for what their guards find, which may come right by itself.
pub(in crate::core) fn held_back(
    state: &State,
    run: &Run,
    readings: &Readings,
    now: &Now,
) -> Vec<(StepId, Vec<Finding>)> {
    if !waits_for_guards(run) {
        return Vec::new();
    }
    let ready = run.board.ready.iter().chain(run.board.ready_for_people.iter());
    let steps = ready.filter_map(|place| run.at(*place as usize).map(|(_, step, _)| (*place as usize, step)));
    let mut held: Vec<(StepId, Vec<Finding>)> = steps
        .filter_map(|(place, step)| match acting(state, run, (place, step), readings, now) {
            Acting::Waits(refused) => Some((step.id.clone(), refused)),
            Acting::Goes | Acting::Refused(_) => None,
        })
        .collect();
    let gate = unattended(run)
        .map(|(place, step, gate)| (step.id.clone(), refusals(view(state, run, place, gate, readings, now).guards)));
    held.extend(gate.filter(|(_, refused)| !refused.is_empty()));
    held
}

/// The gate of an automatic failover that waits for no people.
fn unattended(run: &Run) -> Option<(usize, &Step, &Gate)> {
    let automatic = run.move_kind == Some(MoveKind::Automatic) && run.state == RunState::Going;
    let by_itself = |gate: &Gate| automatic && gate.in_automatic == Attended::ByCountdown;
    run.gates().find(|(_, _, gate, _)| by_itself(gate)).map(|(place, step, gate, _)| (place, step, gate))
}

/// The gate of an automatic failover that its countdown was the yes to, as long as no guard refuses there.
pub(super) fn opens_by_itself(state: &State, run: &Run, readings: &Readings, now: &Now) -> Option<Event> {
    let (place, step, gate) = unattended(run)?;
    let shown = view(state, run, place, gate, readings, now);
    let opened = Event::GateOpened { run: run.id, step: step.id.clone(), by: Vec::new() };
    refusals(shown.guards).is_empty().then_some(opened)
}

/// What serves now is what the last step without return has made of it, whatever became of the run meanwhile: held, turned back or
/// aborted, the other site serves.
pub(super) fn moved(state: &State, run: &Run) -> Option<Event> {
    let is_over = matches!(&run.state, RunState::Ended { result, .. } if !matches!(result, RunResult::Aborted { .. }));
    if is_over || !is_final_behind(run) { None } else { activation(state, run) }
}

/// Where there is no step without return, the end of a run that has done anything at all.
pub(super) fn moved_at_end(state: &State, run: &Run) -> Option<Event> {
    let has_final = run.pairs().any(|(step, _)| step.counts() && step.is_final());
    if has_final || run.kept().next().is_none() { None } else { activation(state, run) }
}

fn activation(state: &State, run: &Run) -> Option<Event> {
    let moves = matches!(run.procedure.kind, ProcedureKind::Failover | ProcedureKind::Failback);
    let site = run.procedure.to.clone().filter(|_| moves)?;
    let loaded = state.plans.get(&run.plan)?;
    // What this run or a later one moved is moved.
    if loaded.moves.iter().any(|moved| moved.run >= run.id) {
        return None;
    }
    let is_so = match run.moving.first() {
        Some(one) => loaded.active_of(one) == Some(&site),
        None => loaded.active.as_ref() == Some(&site),
    };
    let (plan, components) = (run.plan.clone(), run.moving.clone());
    (!is_so).then_some(Event::SiteActivated { plan, site, run: Some(run.id), components })
}

/// Whether all steps without return are settled and one of them was done.
fn is_final_behind(run: &Run) -> bool {
    let finals = || run.pairs().filter(|(step, _)| step.counts() && step.is_final());
    let done = |seen: &StepRun| matches!(seen.state, StepState::Done { .. });
    finals().any(|(_, seen)| done(seen)) && finals().all(|(_, seen)| seen.state.is_settled())
}

/// People are called when nobody decided in time whether a failover stays.
pub(super) fn overdue(state: &State, incident: &Incident, now: &Now) -> Vec<Event> {
    let Some((limit, left)) = undecided(state, incident, now) else { return Vec::new() };
    if left > Span::ZERO {
        return Vec::new();
    }
    let Some(loaded) = state.plans.get(&incident.plan) else { return Vec::new() };
    let channels: std::collections::BTreeSet<_> = loaded.plan.pages.iter().cloned().collect();
    let sign = &incident.call_sign;
    let words = (!channels.is_empty()).then(|| Event::UpdateSent {
        incident: incident.id.clone(),
        number: incident.updates.len() + 1,
        text: format!("{sign}: nobody said within {limit} whether the failover stays. Commit it, or go back."),
        channels,
        of: None,
    });
    let called = Event::CommitOverdue { incident: incident.id.clone(), limit };
    std::iter::once(called).chain(words).collect()
}

/// When people will be called.
pub(super) fn due(state: &State, incident: &Incident, now: &Now) -> Option<Moment> {
    let glass = incident.glass.iter().filter(|glass| glass.is_counted_down(now)).map(|glass| glass.waits(now));
    let commit = undecided(state, incident, now).map(|(_, left)| left);
    glass.chain(commit).min().map(|left| now.utc.plus(left))
}

fn undecided(state: &State, incident: &Incident, now: &Now) -> Option<(Span, Span)> {
    let owed = incident.owed.as_ref().filter(|owed| owed.called == Called::NotYet)?;
    let limit = state.plans.get(&incident.plan)?.plan.failover.commit_within?;
    Some((limit, limit.minus(now.surely_since(&owed.since))))
}
