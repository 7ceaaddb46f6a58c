//! What follows for a failover: guards at the moment of acting, what serves from then on, and who has yet to decide.

use super::super::event::Event;
use super::super::failover::{At, Called, Finding, MoveKind, Question, evaluate, refusals};
use super::super::gate::view;
use super::super::health::Readings;
use super::super::incident::Incident;
use super::super::plan::{Action, Attended, Gate, ProcedureKind, Step};
use super::super::run::{Run, RunState, StepRun, StepState};
use super::super::state::State;
use super::super::time::{Moment, Now, Span};
use super::automatic;

/// Whether the guards let a step act.
pub(super) enum Acting {
    /// They do, or are not asked.
    Goes,
    /// Not yet; they may by themselves.
    Waits,
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
    let Some(kind) = run.move_kind.filter(|_| step.fence.is_some() || step.is_final()) else { return Acting::Goes };
    let begun = |(step, seen): (&Step, &StepRun)| step.is_final() && seen.attempts > 0;
    if run.pairs().any(begun) {
        return Acting::Goes;
    }
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
        false if refused.iter().all(Finding::may_come_right) => Acting::Waits,
        false => Acting::Refused(refused),
    }
}

/// The gate of an automatic failover that its countdown was the yes to, as long as no guard refuses there.
pub(super) fn opens_by_itself(state: &State, run: &Run, readings: &Readings, now: &Now) -> Option<Event> {
    let mut gates = run.gates().filter(|_| run.state == RunState::Going);
    let (place, step, gate, _) = gates.find(|(_, step, ..)| is_unattended(run, step))?;
    let shown = view(state, run, place, gate, readings, now);
    let opened = Event::GateOpened { run: run.id, step: step.id.clone(), by: Vec::new() };
    refusals(shown.guards).is_empty().then_some(opened)
}

/// What serves now is what the last step without return has made of it; where there is none, the end of the run.
pub(super) fn activation(state: &State, run: &Run) -> Option<Event> {
    let moves = matches!(run.procedure.kind, ProcedureKind::Failover | ProcedureKind::Failback);
    let site = run.procedure.to.clone().filter(|_| moves)?;
    let loaded = state.plans.get(&run.plan)?;
    let is_so = match run.moving.first() {
        Some(one) => loaded.active_of(one) == Some(&site),
        None => loaded.active.as_ref() == Some(&site),
    };
    let (plan, components) = (run.plan.clone(), run.moving.clone());
    (!is_so).then(|| Event::SiteActivated { plan, site, run: Some(run.id), components })
}

/// When guards are asked again for a failover that they may keep waiting: what they look at is read and not journaled.
pub(super) fn asks_again(run: &Run, now: &Now) -> Option<Moment> {
    let waits = run.move_kind.is_some() && run.state == RunState::Going;
    // Whatever else is under way ends by itself, or is for people.
    let for_guards = run.active().all(|(_, step, _)| is_unattended(run, step));
    (waits && for_guards && !is_final_behind(run)).then(|| now.utc.plus(automatic::LOOK_AGAIN))
}

/// Whether a step is a gate that an automatic failover passes without people.
fn is_unattended(run: &Run, step: &Step) -> bool {
    let by_countdown = |gate: &Gate| gate.in_automatic == Attended::ByCountdown;
    run.move_kind == Some(MoveKind::Automatic) && matches!(&step.action, Action::Gate(gate) if by_countdown(gate))
}

/// Whether all steps without return are settled and one of them was done.
pub(super) fn is_final_behind(run: &Run) -> bool {
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
