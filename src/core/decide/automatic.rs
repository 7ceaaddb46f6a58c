//! Stopping automatic failovers, and arming them again.

use super::super::event::Event;
use super::super::ids::PlanId;
use super::super::refusal::{Missing, Refusal};
use super::super::state::Loaded;
use super::Context;
use super::words::text;

/// With one key, by anybody who may hold a run: what is counted down does not begin.
pub(super) fn stop(c: Context<'_>, plan: &PlanId, reason: Option<&str>) -> Result<Vec<Event>, Refusal> {
    let loaded = known(c, plan)?;
    let reason = reason.map(|reason| text("reason", reason)).transpose()?;
    match &loaded.automation.disarmed {
        Some(_) => Ok(Vec::new()),
        None => Ok(vec![Event::AutomationStopped { plan: plan.clone(), reason }]),
    }
}

pub(super) fn arm(c: Context<'_>, plan: &PlanId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let loaded = known(c, plan)?;
    let reason = text("reason", reason)?;
    match &loaded.automation.disarmed {
        Some(_) => Ok(vec![Event::AutomationArmed { plan: plan.clone(), reason }]),
        None => Ok(Vec::new()),
    }
}

fn known<'a>(c: Context<'a>, plan: &PlanId) -> Result<&'a Loaded, Refusal> {
    c.state.plans.get(plan).map(AsRef::as_ref).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Plan(plan.clone()),
        known: c.state.plans.keys().map(ToString::to_string).collect(),
    })
}
