//! The scenarios of a plan and its risk matrix, in `warroom plan show`.

use super::Outcome;
use super::out::Out;
use crate::core::plan::{Plan, Probability, Scenario, Severity, risk};
use crate::text;

/// Nothing for a plan without scenarios.
pub(super) fn show(plan: &Plan, out: &mut Out) -> Outcome {
    if plan.scenarios.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.line("risk by how likely (rows) and how bad (columns), with the scenarios there")?;
    let title = std::iter::once(String::new()).chain(Severity::ALL.iter().map(ToString::to_string)).collect();
    let row = |probability: Probability| {
        let field = |impact: &Severity| {
            let here = plan.scenarios.iter().filter(|s| s.probability == probability && s.impact == *impact);
            let ids: Vec<String> = here.map(|scenario| scenario.id.to_string()).collect();
            let risk = risk(probability, *impact);
            if ids.is_empty() {
                risk.to_string()
            } else {
                format!("{}: {}", risk.to_string().to_uppercase(), ids.join(" "))
            }
        };
        std::iter::once(probability.word().to_owned()).chain(Severity::ALL.iter().map(field)).collect::<Vec<_>>()
    };
    out.table(&std::iter::once(title).chain(Probability::ALL.map(row)).collect::<Vec<_>>())?;
    plan.scenarios_by_risk().into_iter().try_for_each(|scenario| one(scenario, out))
}

fn one(scenario: &Scenario, out: &mut Out) -> Outcome {
    let span = |span: Option<crate::core::time::Span>| span.map_or_else(|| "none".to_owned(), |span| span.to_string());
    out.line("")?;
    out.line(format!("scenario {}  {} ({})", scenario.id, text::clean_line(&scenario.name), scenario.disaster))?;
    let (rto, rpo) = (span(scenario.rto), span(scenario.rpo));
    let about = scenario.estimate.map(|span| format!(", about {span}")).unwrap_or_default();
    out.line(format!(
        "  risk {}, RTO {rto}, RPO {rpo}; recovered by {}{about}",
        scenario.risk(),
        text::ways(scenario)
    ))?;
    if let Some(strategy) = &scenario.strategy {
        out.line(format!("  {}", text::clean_line(strategy)))?;
    }
    out.line(format!("  {}", scenario.trigger.as_ref().map_or("told by people only".to_owned(), text::trigger)))
}
