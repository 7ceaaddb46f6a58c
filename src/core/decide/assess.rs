//! How an incident's systems stand, written down when somebody asks (TR-4).

use std::sync::Arc;

use super::super::event::Event;
use super::super::ids::IncidentId;
use super::super::impact;
use super::super::refusal::{Missing, Refusal};
use super::Context;
use super::incident::is_elsewhere;

pub(super) fn assess(c: Context<'_>, id: &IncidentId) -> Result<Vec<Event>, Refusal> {
    let known = c.incident(id)?;
    if !known.phase.is_open() {
        return Err(is_elsewhere(known, "open"));
    }
    let loaded = c.state.plans.get(&known.plan).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Plan(known.plan.clone()),
        known: c.state.plans.keys().map(ToString::to_string).collect(),
    })?;
    let assessment = impact::assess(c.state, loaded, Some(known), c.readings, c.now);
    Ok(vec![Event::IncidentAssessed { incident: id.clone(), assessment: Arc::new(assessment) }])
}
