//! Who may say yes at a gate, to what, and when it opens.

use std::collections::BTreeSet;

use super::super::event::{Event, Voided};
use super::super::failover::Sides;
use super::super::gate::{View, view, worst_loss};
use super::super::health::Readings;
use super::super::ids::{Principal, RoleId, RunId, StepId};
use super::super::people::Act;
use super::super::plan::{Action, Gate, Launcher};
use super::super::refusal::Refusal;
use super::super::run::{CONFIRMATION_LASTS, Confirmation, Run, RunState, StepRun, StepState};
use super::super::state::State;
use super::super::time::{Now, Span};
use super::words::text;
use super::{Context, environment_of, failover, may};

/// The gate that a command names, if the run waits at it.
fn at_gate<'a>(c: Context<'a>, run: RunId, id: &StepId) -> Result<(&'a Run, usize, &'a Gate, &'a StepRun), Refusal> {
    let (known, index, step, seen) = c.current_step(run, id)?;
    match &step.action {
        Action::Gate(gate) if matches!(seen.state, StepState::Waiting { .. }) => Ok((known, index, gate, seen)),
        Action::Gate(_) => Err(Refusal::StepIs {
            step: id.clone(),
            state: seen.state.word().into(),
            needs: "waiting; a declined gate is retried first".into(),
        }),
        _ => Err(Refusal::WrongKind {
            step: id.clone(),
            kind: step.action.kind().into(),
            right: "only gates are confirmed or declined".into(),
        }),
    }
}

pub(super) fn confirm(
    c: Context<'_>,
    (id, step): (RunId, &StepId),
    target: &str,
    digest: &str,
    max_loss: Option<Span>,
) -> Result<Vec<Event>, Refusal> {
    let (run, index, gate, seen) = at_gate(c, id, step)?;
    if let RunState::Held { by, .. } = &run.state {
        return Err(Refusal::RunHeld { run: id, by: c.state.name(by).into_owned() });
    }
    let shown = view(c.state, run, index, gate, c.readings, c.now);
    may_confirm(c, run, gate)?;
    let mut events = Vec::new();
    let mut people: Vec<Principal> = Vec::new();
    for earlier in &seen.confirmations {
        match no_longer(c, run, gate, &shown, earlier) {
            Some(why) => events.push(voided(id, step, &earlier.by, why)),
            None => people.push(earlier.by.clone()),
        }
    }
    if people.contains(c.by) {
        return Err(Refusal::AlreadyConfirmed { have: people.len(), needs: gate.people });
    }
    as_shown(&shown, target, digest)?;
    if let Some(Voided::LossGrew { accepted, now }) = worsened(c.state, run, max_loss, c.readings, c.now) {
        return Err(Refusal::LossGrew { accepted: Some(accepted).filter(|_| max_loss.is_some()), now });
    }
    let plan = c.state.plans.get(&run.plan).map(|loaded| &loaded.plan);
    failover::allow(shown.guards.clone(), plan.and_then(|plan| Sides::of(plan, &run.procedure)))?;
    people.push(c.by.clone());
    events.push(Event::GateConfirmed {
        run: id,
        step: step.clone(),
        digest: shown.digest,
        max_loss,
        expires: c.now.utc.plus(CONFIRMATION_LASTS),
        saw: shown.guards,
        loss: shown.loss,
    });
    if people.len() >= usize::try_from(gate.people).unwrap_or(usize::MAX) {
        events.push(Event::GateOpened { run: id, step: step.clone(), by: people });
    }
    Ok(events)
}

/// Why an earlier confirmation does not count any more, if it does not.
fn no_longer(c: Context<'_>, run: &Run, gate: &Gate, shown: &View, earlier: &Confirmation) -> Option<Voided> {
    if let Some(grew) = worsened(c.state, run, earlier.max_loss, c.readings, c.now) {
        return Some(grew);
    }
    // Whoever handed the role on, or may no longer, says yes no more.
    let holds = may_confirm(Context { by: &earlier.by, ..c }, run, gate).is_ok();
    if earlier.digest != shown.digest || !holds {
        return Some(Voided::ViewChanged);
    }
    (earlier.counts_for(c.now) == Span::ZERO).then_some(Voided::Expired)
}

fn voided(run: RunId, step: &StepId, by: &Principal, why: Voided) -> Event {
    Event::ConfirmationVoided { run, step: step.clone(), by: by.clone(), why }
}

/// Whether somebody is one of a gate's people now.
fn may_confirm(c: Context<'_>, run: &Run, gate: &Gate) -> Result<(), Refusal> {
    may(c, Act::PassGate, environment_of(c.state, run))?;
    if gate.launcher == Launcher::IsAnother && run.by == *c.by {
        return Err(Refusal::LauncherExcluded);
    }
    let holds: BTreeSet<RoleId> =
        c.state.incidents.get(&run.incident).map(|i| i.roles_of(c.by).cloned().collect()).unwrap_or_default();
    if !gate.roles.is_empty() && gate.roles.is_disjoint(&holds) {
        let roles = gate.roles.iter().cloned().collect();
        return Err(Refusal::NotTheRole { roles, holds: holds.into_iter().collect() });
    }
    Ok(())
}

fn as_shown(shown: &View, target: &str, digest: &str) -> Result<(), Refusal> {
    if target != shown.target {
        return Err(Refusal::WrongTarget { typed: target.to_owned(), right: shown.target.clone() });
    }
    if digest != shown.digest {
        return Err(Refusal::ViewChanged);
    }
    Ok(())
}

/// Whether more would be lost now than was accepted. A loss that nobody can say was never accepted by a ceiling, except by a
/// person who saw *unknown* and named one anyway.
pub(in super::super) fn worsened(
    state: &State,
    run: &Run,
    accepted: Option<Span>,
    readings: &Readings,
    now: &Now,
) -> Option<Voided> {
    let loss = state.plans.get(&run.plan).and_then(|loaded| worst_loss(loaded, readings, now))?;
    match (loss.ceiling(), accepted) {
        (Some(now), Some(accepted)) if now <= accepted => None,
        (None, Some(_)) => None,
        (now, accepted) => Some(Voided::LossGrew { accepted: accepted.unwrap_or_default(), now }),
    }
}

pub(super) fn withdraw(c: Context<'_>, run: RunId, step: &StepId) -> Result<Vec<Event>, Refusal> {
    let (_, _, _, seen) = at_gate(c, run, step)?;
    if seen.confirmations.iter().any(|x| x.by == *c.by) {
        Ok(vec![voided(run, step, c.by, Voided::Withdrawn)])
    } else {
        Err(Refusal::NotConfirmed)
    }
}

pub(super) fn decline(c: Context<'_>, run: RunId, step: &StepId, reason: &str) -> Result<Vec<Event>, Refusal> {
    at_gate(c, run, step)?;
    Ok(vec![Event::GateDeclined { run, step: step.clone(), reason: text("reason", reason)? }])
}
