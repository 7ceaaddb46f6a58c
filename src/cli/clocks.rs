//! Clocks as verbs print them.

use super::Outcome;
use super::out::Out;
use crate::core::clocks::Clocks;
use crate::text;

/// Tiers, components and data, each with a line of its own; capacity and service.
pub(super) fn print(clocks: &Clocks, out: &mut Out) -> Outcome {
    let goal = |goal: &Option<_>| goal.as_ref().map(text::clocks::goal).unwrap_or_default();
    if !clocks.tiers.is_empty() {
        out.line("tiers")?;
        let rows = clocks.tiers.iter().map(|tier| {
            let (now, all) = tier.out;
            let parts = format!("{now} of {all} out");
            vec![format!("  tier {}", tier.tier), parts, text::clocks::outage(&tier.clock), goal(&tier.clock.rto)]
        });
        out.table(&rows.collect::<Vec<_>>())?;
    }
    if !clocks.components.is_empty() {
        out.line("components")?;
        let rows = clocks.components.iter().map(|part| {
            let tier = part.tier.map(|tier| format!("tier {tier}")).unwrap_or_default();
            vec![format!("  {}", part.component), tier, text::clocks::outage(&part.clock), goal(&part.clock.rto)]
        });
        out.table(&rows.collect::<Vec<_>>())?;
    }
    if clocks.untimed > 0 {
        out.line(format!("  {} more are affected and not out where customers are served", clocks.untimed))?;
    }
    if !clocks.exposure.is_empty() {
        out.line("data that would be lost now")?;
        for exposure in &clocks.exposure {
            out.line(format!("  {}  {}", text::clean_line(&exposure.name), text::clocks::exposure(exposure)))?;
            for seen in &exposure.sources {
                out.line(format!("    {}", text::clocks::seen(seen)))?;
            }
        }
    }
    out.table(&[
        vec!["capacity".to_owned(), text::clocks::capacity(&clocks.capacity)],
        vec!["service".to_owned(), text::clocks::service(&clocks.service)],
    ])
}

/// What the plan promises of data, capacity and service, one line each, where it promises anything or it was measured.
pub(super) fn promises(clocks: &Clocks) -> Vec<(String, String)> {
    let data = clocks.exposure.iter().map(|exposure| {
        let name = text::clean_line(&exposure.name).into_owned();
        (format!("data {}", exposure.category), format!("{name}: {}", text::clocks::exposure(exposure)))
    });
    let mut told: Vec<(String, String)> = data.collect();
    let capacity = &clocks.capacity;
    if capacity.objective.is_some() || !capacity.sites.is_empty() {
        told.push(("capacity".into(), text::clocks::capacity(capacity)));
    }
    if clocks.service.objective.is_some() {
        told.push(("service".into(), text::clocks::service(&clocks.service)));
    }
    told
}
