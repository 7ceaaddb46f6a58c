//! What can be done when a site is lost, in `warroom plan check` and `warroom plan show`.

use serde_json::{Value, json};

use super::Outcome;
use super::out::Out;
use crate::core::dead_site::{IfLost, People, if_lost};
use crate::core::plan::Plan;
use crate::text;

/// A line for each site; those who may pass gates are counted where `people` knows them.
pub(super) fn show(plan: &Plan, people: People<'_>, out: &mut Out) -> Outcome {
    for lost in if_lost(plan, people) {
        out.line(format!("  {}", text::if_lost(plan, &lost)))?;
        for (procedure, needs) in lost.failovers.iter().filter_map(|(id, needs)| Some((id, needs.as_ref().ok()?))) {
            let needs = needs.first.iter().map(|need| text::need(plan, procedure, need));
            needs.map(|need| format!("    {need}")).try_for_each(|line| out.line(line))?;
        }
    }
    Ok(())
}

/// The same for programs.
pub(super) fn as_json(plan: &Plan, people: People<'_>) -> Value {
    if_lost(plan, people).iter().map(of_site).collect()
}

fn of_site(lost: &IfLost) -> Value {
    let failovers = lost.failovers.iter().map(|(procedure, needs)| match needs {
        Ok(needs) => {
            json!({ "procedure": procedure, "can_run": needs.count == 0, "needs": needs.first, "count": needs.count })
        }
        Err(why) => json!({ "procedure": procedure, "can_run": null, "why": why.to_string() }),
    });
    json!({ "site": lost.site, "failovers": failovers.collect::<Vec<_>>() })
}
