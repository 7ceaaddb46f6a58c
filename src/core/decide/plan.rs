//! Loading a plan.

use std::sync::Arc;

use super::super::event::{Event, PlanBody};
use super::super::plan::{Plan, PlanHash};
use super::super::refusal::Refusal;
use super::Context;

pub(super) fn load(c: Context<'_>, text: &str, read: Option<&(Arc<Plan>, PlanHash)>) -> Result<Vec<Event>, Refusal> {
    let (plan, hash) = read.ok_or(Refusal::PlanHasFaults)?;
    // The reader says so with line and column; nothing irreversible begins without a gate, whoever read the plan.
    if plan.procedures.iter().any(|p| p.ungated().is_some()) {
        return Err(Refusal::PlanHasFaults);
    }
    if c.state.plans.get(&plan.id).is_some_and(|known| known.hash == *hash) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PlanLoaded {
        plan: plan.id.clone(),
        name: plan.name.clone(),
        hash: hash.clone(),
        body: Some(PlanBody { text: text.to_owned(), plan: Arc::clone(plan) }),
    }])
}
