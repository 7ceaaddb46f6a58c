//! Taking parts out of the judgement for a while.

use super::super::event::Event;
use super::super::health::Extent;
use super::super::ids::PlanId;
use super::super::refusal::{Missing, Refusal};
use super::super::state::Loaded;
use super::super::time::Span;
use super::Context;
use super::words::text;

/// The longest pause: what nobody wants to know for longer belongs out of the plan.
const LONGEST_PAUSE: Span = Span::from_secs(7 * 24 * 3_600);

pub(super) fn pause(
    c: Context<'_>,
    plan: &PlanId,
    of: &Extent,
    length: Span,
    reason: &str,
) -> Result<Vec<Event>, Refusal> {
    exists(loaded(c, plan)?, of)?;
    if length == Span::ZERO || length > LONGEST_PAUSE {
        return Err(Refusal::BadPause { length, longest: LONGEST_PAUSE });
    }
    let reason = text("reason", reason)?;
    Ok(vec![Event::HealthPaused { plan: plan.clone(), of: of.clone(), length, reason }])
}

pub(super) fn resume(c: Context<'_>, plan: &PlanId, of: &Extent) -> Result<Vec<Event>, Refusal> {
    let loaded = loaded(c, plan)?;
    match loaded.pauses.iter().any(|pause| pause.of == *of) {
        true => Ok(vec![Event::HealthResumed { plan: plan.clone(), of: of.clone() }]),
        false => {
            Err(Refusal::NotPaused { of: of.clone(), paused: loaded.pauses.iter().map(|p| p.of.clone()).collect() })
        }
    }
}

fn loaded<'a>(c: Context<'a>, plan: &PlanId) -> Result<&'a Loaded, Refusal> {
    let known = || c.state.plans.keys().map(ToString::to_string).collect();
    let found = c.state.plans.get(plan).map(AsRef::as_ref);
    found.ok_or_else(|| Refusal::NotFound { missing: Missing::Plan(plan.clone()), known: known() })
}

fn exists(loaded: &Loaded, of: &Extent) -> Result<(), Refusal> {
    let plan = &loaded.plan;
    let known: Vec<String> = match of {
        Extent::Plan => return Ok(()),
        Extent::Site(id) if plan.site(id).is_some() => return Ok(()),
        Extent::Component(id) if plan.component(id).is_some() => return Ok(()),
        Extent::Probe(id) if plan.probe(id).is_some() => return Ok(()),
        Extent::Site(_) => plan.sites.iter().map(|site| site.id.to_string()).collect(),
        Extent::Component(_) => plan.components.iter().map(|component| component.id.to_string()).collect(),
        Extent::Probe(_) => plan.probes().map(|(_, probe)| probe.id.to_string()).collect(),
    };
    Err(Refusal::NotFound { missing: Missing::Part(plan.id.clone(), of.clone()), known })
}
