//! The life of an incident, and who holds which role in it.

use super::super::command::Declared;
use super::super::event::{Event, Opening};
use super::super::health::Verdict;
use super::super::ids::{CallSign, IncidentId, PlanId, Principal, ProbeId, RoleId};
use super::super::incident::{Incident, Phase};
use super::super::plan::{Action, ROLES, Severity};
use super::super::refusal::{Missing, Refusal};
use super::super::state::Loaded;
use super::super::time::Now;
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
            Opening {
                incident: id.clone(),
                call_sign: known.call_sign.clone(),
                plan: known.plan.clone(),
                severity: severity.unwrap_or(known.severity),
                title,
                began: known.began.clone(),
                causes: known.causes.clone(),
            }
        }
        Declared::Plan(plan) => noticed_by_a_person(c, plan, severity, title)?,
    };
    let role = |name: &str| RoleId::new(name).ok();
    let leads = role("incident_commander")
        .filter(|r| !c.state.incidents.get(&opening.incident).is_some_and(|i| i.roles.contains_key(r)));
    let incident = opening.incident.clone();
    let leads = leads.map(|role| Event::RoleAssigned { incident, role, to: c.by.clone() });
    Ok(std::iter::once(Event::IncidentDeclared(opening)).chain(leads).collect())
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
    let fresh =
        |id: &ProbeId| loaded.probes.get(id).is_some_and(|s| s.verdict == Verdict::Down && s.covered_by.is_none());
    Ok(Opening {
        incident: incident_id(c.state, c.now),
        call_sign: CallSign::pick(c.state.incidents_so_far, &taken),
        plan: plan.clone(),
        severity: severity.unwrap_or(loaded.plan.priority),
        title,
        began: first_trouble(loaded).unwrap_or_else(|| c.now.clone()),
        causes: loaded.plan.probes().map(|(_, p)| &p.id).filter(|id| fresh(id)).cloned().collect(),
    })
}

/// When the last part that is down now and belongs to no incident was last good.
fn first_trouble(loaded: &Loaded) -> Option<Now> {
    let down = loaded.probes.values().filter(|s| s.verdict == Verdict::Down && s.covered_by.is_none());
    down.filter_map(|s| s.last_good.clone().or_else(|| s.since.clone())).min_by_key(|n| n.utc)
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
    Ok(vec![Event::IncidentClosed { incident: id.clone(), reason }])
}

/// A declared incident without open runs.
fn over_soon<'a>(c: Context<'a>, id: &IncidentId) -> Result<&'a Incident, Refusal> {
    let known = c.incident(id)?;
    if !known.phase.is_declared() {
        return Err(is_elsewhere(known, "declared and not over"));
    }
    let runs: Vec<_> = c.state.runs_of(&known.id).filter(|r| r.is_open()).map(|r| r.id).collect();
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

/// The roles of the field, and those that the plan's gates name.
fn roles_of_plan(c: Context<'_>, incident: &Incident) -> Vec<RoleId> {
    let field = ROLES.iter().filter_map(|(name, _)| RoleId::new(name).ok());
    let steps = c.state.plans.get(&incident.plan).into_iter().flat_map(|l| &l.plan.procedures).flat_map(|p| &p.steps);
    let gates = steps.filter_map(|s| match &s.action {
        Action::Gate(gate) => Some(gate.roles.iter().cloned()),
        _ => None,
    });
    field.chain(gates.flatten()).collect()
}
