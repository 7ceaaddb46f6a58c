//! The life of an incident, and who holds which role in it.

use super::super::alert::{AlertKey, firing};
use super::super::command::Declared;
use super::super::event::{Event, Opening};
use super::super::health::ProbeState;
use super::super::ids::{CallSign, IncidentId, PlanId, Principal, ProbeId, RoleId};
use super::super::incident::{Incident, Phase};
use super::super::plan::{Action, ROLES, Severity};
use super::super::refusal::{Missing, Refusal};
use super::super::state::Loaded;
use super::super::time::first_of;
use super::words::text;
use super::{Context, incident_id};

/// A refusal because of where an incident is.
pub(super) fn is_elsewhere(incident: &Incident, needs: &str) -> Refusal {
    Refusal::IncidentIs {
        call_sign: incident.call_sign.clone(),
        phase: incident.phase.word().to_owned(),
        needs: needs.to_owned(),
    }
}

pub(super) fn declare(
    c: Context<'_>,
    what: &Declared,
    severity: Option<Severity>,
    title: Option<&str>,
) -> Result<Vec<Event>, Refusal> {
    let title = title.map(|t| text("title", t)).transpose()?;
    let opening = match what {
        Declared::Proposal(id) => {
            let known = c.incident(id)?;
            if known.phase != Phase::Proposed {
                return Err(is_elsewhere(known, "proposed"));
            }
            proposed_by_the_engine(known, severity, title)
        }
        Declared::Plan(plan) => match c.state.incident_of(plan).filter(|i| i.phase == Phase::Proposed) {
            // Whoever declares trouble of a plan means what the engine has just proposed for it.
            Some(known) => proposed_by_the_engine(known, severity, title),
            None => noticed_by_a_person(c, plan, severity, title)?,
        },
    };
    let role = |name: &str| RoleId::new(name).ok();
    let leads = role("incident_commander")
        .filter(|r| !c.state.incidents.get(&opening.incident).is_some_and(|i| i.roles.contains_key(r)));
    let incident = opening.incident.clone();
    let leads = leads.map(|role| Event::RoleAssigned { incident, role, to: c.by.clone() });
    Ok(std::iter::once(Event::IncidentDeclared(opening)).chain(leads).collect())
}

fn proposed_by_the_engine(known: &Incident, severity: Option<Severity>, title: Option<String>) -> Opening {
    Opening { severity: severity.unwrap_or(known.severity), title, ..Opening::of(known) }
}

fn noticed_by_a_person(
    c: Context<'_>,
    plan: &PlanId,
    severity: Option<Severity>,
    title: Option<String>,
) -> Result<Opening, Refusal> {
    let loaded = c.state.plans.get(plan).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Plan(plan.clone()),
        known: c.state.plans.keys().map(ToString::to_string).collect(),
    })?;
    let taken: Vec<&CallSign> = c.state.incidents.values().map(|i| &i.call_sign).collect();
    let trouble = open_trouble(c, loaded);
    Ok(Opening {
        incident: incident_id(c.state, c.now),
        call_sign: CallSign::pick(c.state.incidents_so_far, &taken),
        plan: plan.clone(),
        severity: severity.unwrap_or(loaded.plan.priority),
        title,
        began: first_of(trouble.iter().filter_map(|(_, seen)| seen.began())).unwrap_or(c.now).clone(),
        causes: trouble.into_iter().map(|(id, _)| id.clone()).collect(),
        scenario: None,
        saw: Vec::new(),
        alerts: open_alerts(c, loaded).collect(),
    })
}

/// The parts that are down now and that nobody works on: in no incident, or in one that is over, as after a dismissal in haste.
fn open_trouble<'a>(c: Context<'_>, loaded: &'a Loaded) -> Vec<(&'a ProbeId, &'a ProbeState)> {
    loaded.down().filter(|(_, seen)| !seen.covered_by.as_ref().is_some_and(|id| is_worked_on(c, id))).collect()
}

/// The alerts that fire and that nobody works on.
fn open_alerts<'a>(c: Context<'a>, loaded: &'a Loaded) -> impl Iterator<Item = AlertKey> + 'a {
    let free = firing(loaded).filter(move |known| !known.covered_by.as_ref().is_some_and(|id| is_worked_on(c, id)));
    free.map(|known| known.alert.key.clone())
}

fn is_worked_on(c: Context<'_>, incident: &IncidentId) -> bool {
    c.state.incidents.get(incident).is_some_and(|i| i.phase.is_open())
}

pub(super) fn dismiss(c: Context<'_>, id: &IncidentId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let known = c.incident(id)?;
    if known.phase != Phase::Proposed {
        return Err(is_elsewhere(known, "proposed; a declared incident is cancelled or closed"));
    }
    Ok(vec![Event::IncidentDismissed { incident: id.clone(), reason: text("reason", reason)? }])
}

pub(super) fn cancel(c: Context<'_>, id: &IncidentId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let known = over_soon(c, id)?;
    Ok(vec![Event::IncidentCancelled { incident: known.id.clone(), reason: text("reason", reason)? }])
}

pub(super) fn close(c: Context<'_>, id: &IncidentId, reason: Option<&str>) -> Result<Vec<Event>, Refusal> {
    let known = over_soon(c, id)?;
    let reason = reason.map(|r| text("reason", r)).transpose()?;
    if known.phase != Phase::Recovered && reason.is_none() {
        let phase = known.phase.word().to_owned();
        return Err(Refusal::NotRecovered { call_sign: known.call_sign.clone(), phase });
    }
    if let Some(owed) = known.owed.as_ref().filter(|_| reason.is_none()) {
        return Err(Refusal::OwesWayBack { call_sign: known.call_sign.clone(), to: owed.from.clone() });
    }
    Ok(vec![Event::IncidentClosed { incident: id.clone(), reason }])
}

/// A declared incident in which nothing runs.
fn over_soon<'a>(c: Context<'a>, id: &IncidentId) -> Result<&'a Incident, Refusal> {
    let known = c.incident(id)?;
    if !known.phase.is_declared() {
        return Err(is_elsewhere(known, "declared and not over"));
    }
    let runs: Vec<_> = c.state.runs_of(&known.id).filter(|r| r.is_active()).map(|r| r.id).collect();
    if runs.is_empty() { Ok(known) } else { Err(Refusal::RunsOpen { call_sign: known.call_sign.clone(), runs }) }
}

pub(super) fn reopen(c: Context<'_>, id: &IncidentId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let known = c.incident(id)?;
    if !matches!(known.phase, Phase::Closed { .. } | Phase::Cancelled { .. }) {
        return Err(is_elsewhere(known, "closed or cancelled"));
    }
    Ok(vec![Event::IncidentReopened { incident: id.clone(), reason: text("reason", reason)? }])
}

pub(super) fn assign(c: Context<'_>, id: &IncidentId, role: &RoleId, to: &Principal) -> Result<Vec<Event>, Refusal> {
    let known = c.incident(id)?;
    if !known.phase.is_declared() {
        return Err(is_elsewhere(known, "declared and not over"));
    }
    let roles = roles_of_plan(c, known);
    if !roles.contains(role) {
        let known = roles.iter().map(ToString::to_string).collect();
        return Err(Refusal::NotFound { missing: Missing::Role(role.clone()), known });
    }
    let person = c.state.people.get(to).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Person(to.to_string()),
        known: c.state.people.values().map(|p| p.name.clone()).collect(),
    })?;
    if person.only_watches() {
        return Err(Refusal::OnlyWatches { name: person.name.clone() });
    }
    if known.roles.get(role) == Some(to) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::RoleAssigned { incident: id.clone(), role: role.clone(), to: to.clone() }])
}

/// The roles of the field, and those that gates name: of the plan as it is now, and of runs as they began.
fn roles_of_plan(c: Context<'_>, incident: &Incident) -> Vec<RoleId> {
    let mut roles: Vec<RoleId> = ROLES.iter().filter_map(|(name, _)| RoleId::new(name).ok()).collect();
    let of_plan = c.state.plans.get(&incident.plan).into_iter().flat_map(|l| &l.plan.procedures);
    let of_runs = c.state.runs_of(&incident.id).map(|r| r.procedure.as_ref());
    for step in of_plan.chain(of_runs).flat_map(|p| &p.steps) {
        let Action::Gate(gate) = &step.action else { continue };
        for role in &gate.roles {
            if !roles.contains(role) {
                roles.push(role.clone());
            }
        }
    }
    roles
}
