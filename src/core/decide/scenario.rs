//! What an incident is taken for, and what that forbids.

use super::super::event::Event;
use super::super::ids::{IncidentId, ScenarioId};
use super::super::incident::Incident;
use super::super::plan::{Method, Procedure, ProcedureKind};
use super::super::refusal::{Missing, Refusal};
use super::super::scenario::Stands;
use super::Context;
use super::words::text;

pub(super) fn name(
    c: Context<'_>,
    id: &IncidentId,
    scenario: &ScenarioId,
    reason: Option<&str>,
) -> Result<Vec<Event>, Refusal> {
    let incident = open(c, id)?;
    let scenarios = c.state.plans.get(&incident.plan).map_or(&[][..], |loaded| &loaded.plan.scenarios);
    if !scenarios.iter().any(|known| known.id == *scenario) {
        let missing = Missing::Scenario(incident.plan.clone(), scenario.clone());
        return Err(Refusal::NotFound { missing, known: scenarios.iter().map(|known| known.id.to_string()).collect() });
    }
    if incident.counting().any(|(known, _)| known == scenario) {
        return Ok(Vec::new());
    }
    let reason = reason.map(|reason| text("reason", reason)).transpose()?;
    let (incident, scenario) = (id.clone(), scenario.clone());
    Ok(vec![Event::IncidentMatched { incident, scenario, saw: Vec::new(), reason }])
}

pub(super) fn rule_out(
    c: Context<'_>,
    id: &IncidentId,
    scenario: &ScenarioId,
    reason: &str,
) -> Result<Vec<Event>, Refusal> {
    let incident = open(c, id)?;
    match incident.scenarios.get(scenario).map(|matched| &matched.stands) {
        Some(Stands::Counts) => {}
        Some(Stands::RuledOut { .. }) => return Ok(Vec::new()),
        None => {
            let known = incident.counting().map(|(id, _)| id.to_string()).collect();
            let missing = Missing::Scenario(incident.plan.clone(), scenario.clone());
            return Err(Refusal::NotFound { missing, known });
        }
    }
    let (incident, scenario) = (id.clone(), scenario.clone());
    Ok(vec![Event::ScenarioRuledOut { incident, scenario, reason: text("reason", reason)? }])
}

fn open<'a>(c: Context<'a>, id: &IncidentId) -> Result<&'a Incident, Refusal> {
    let incident = c.incident(id)?;
    match incident.phase.is_open() {
        true => Ok(incident),
        false => Err(super::incident::is_elsewhere(incident, "open")),
    }
}

/// A failover brings damage that is in the data to the other site as well (TR-3).
pub(super) fn allows(incident: &Incident, procedure: &Procedure) -> Result<(), Refusal> {
    let method = match procedure.kind {
        ProcedureKind::Failover => Method::Failover,
        _ => return Ok(()),
    };
    let against = incident.counting().find(|(_, matched)| !matched.allows.contains(&method));
    against.map_or(Ok(()), |(id, matched)| {
        Err(Refusal::ScenarioForbids {
            call_sign: incident.call_sign.clone(),
            scenario: id.clone(),
            name: matched.name.clone(),
            method,
            allows: matched.allows.iter().copied().collect(),
        })
    })
}
