//! The risks of the plans: how likely and how bad each disaster is that they are prepared for, and what shows it.

use super::head;
use super::whole;
use crate::console::canvas::{Canvas, Row, count, wrap};
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::plan::{Probability, Scenario, Severity, risk};
use crate::core::state::Loaded;
use crate::text;

/// Columns before the fields of the matrix, and of each field.
const BEFORE: usize = 18;
const FIELD: usize = 14;

/// Columns that every page has.
const WIDTH: usize = 80;

/// What is to be reviewed, then the matrix of each plan, and its scenarios, the greatest risk first.
pub(crate) fn lines(view: View<'_>) -> Vec<Line> {
    let plans = view.model.state.plans.values().filter(|loaded| !loaded.plan.scenarios.is_empty());
    let mut lines = super::failover::review(view, WIDTH);
    for loaded in plans {
        let scenarios = count(loaded.plan.scenarios.len(), "scenario");
        let row = Row::text(" ").with(&loaded.plan.name, Role::Strong).gap(2).with(scenarios, Role::Dim);
        lines.push(Line::only(row));
        lines.extend(matrix(&loaded.plan.scenarios).into_iter().map(Line::only));
        let titles = Row::of("     scenario", Role::Dim).tab(36).with("risk", Role::Dim).tab(46);
        lines.push(Line::only(
            titles.with("RTO", Role::Dim).tab(53).with("RPO", Role::Dim).tab(60).with("by", Role::Dim),
        ));
        lines.extend(loaded.plan.scenarios_by_risk().into_iter().map(|scenario| line(loaded, scenario)));
        lines.push(Line::only(Row::new()));
    }
    lines
}

/// A row for each probability, the likeliest first; a column for each impact, the worst first: the risk, and how many stand there.
fn matrix(scenarios: &[Scenario]) -> Vec<Row> {
    let title = Severity::ALL.iter().fold(Row::of("  likely / impact", Role::Dim).tab(BEFORE), |row, impact| {
        row.with(format!("{:<FIELD$}", impact.to_string()), Role::Dim)
    });
    let row = |probability: Probability| {
        let first = Row::of(format!("  {}", probability.word()), Role::Dim).tab(BEFORE);
        Severity::ALL.iter().fold(first, |row, impact| {
            let risk = risk(probability, *impact);
            let here = scenarios.iter().filter(|s| s.probability == probability && s.impact == *impact).count();
            match here {
                0 => row.with(format!("{:<FIELD$}", risk.to_string()), Role::Dim),
                many => row.with(format!("{:<FIELD$}", format!("{risk}: {many}")), head::severity(risk)),
            }
        })
    };
    std::iter::once(title).chain(Probability::ALL.map(row)).collect()
}

fn line(loaded: &Loaded, scenario: &Scenario) -> Line {
    let shows = loaded.triggers.contains_key(&scenario.id);
    let risk = scenario.risk();
    let span = |span: Option<crate::core::time::Span>| span.map_or_else(|| "-".to_owned(), |span| span.to_string());
    let row = Row::text("   ").with(if shows { "^ " } else { "  " }, Role::Warn).with(&scenario.name, Role::Strong);
    let row = row.cut(34).tab(36).with(risk.to_string(), head::severity(risk)).tab(46);
    let row = row.with(span(scenario.rto), Role::Text).tab(53).with(span(scenario.rpo), Role::Text).tab(60);
    let row = row.with(scenario.method.to_string(), Role::Text);
    let now = if shows { Row::of("SHOWS NOW ", Role::Warn) } else { Row::new() };
    Line::of(Thing::Scenario(loaded.plan.id.clone(), scenario.id.clone()), row).right(now)
}

/// Everything about a scenario, for its box.
pub(crate) fn about(view: View<'_>, loaded: &Loaded, scenario: &Scenario, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: &str| {
        for (index, line) in wrap(value, width.saturating_sub(14)).into_iter().enumerate() {
            rows.push(Row::of(if index == 0 { name } else { "" }, Role::Dim).tab(14).with(line, Role::Text));
        }
    };
    row("what", &scenario.disaster.to_string());
    row("likely", text::probability(scenario.probability));
    row("impact", &format!("{}; so the risk is {}", scenario.impact, scenario.risk()));
    let span = |span: Option<crate::core::time::Span>| span.map_or_else(|| "none".to_owned(), |span| span.to_string());
    row("objectives", &format!("RTO {}, RPO {}", span(scenario.rto), span(scenario.rpo)));
    row("recovered", &text::ways(scenario));
    if scenario.disaster.is_in_the_data() {
        row("", "the damage is in the data: a failover is refused");
    }
    if let Some(estimate) = scenario.estimate {
        row("takes", &format!("about {estimate}"));
    }
    if let Some(strategy) = &scenario.strategy {
        row("strategy", strategy);
    }
    row("trigger", &scenario.trigger.as_ref().map_or("none: people tell".to_owned(), text::trigger));
    if let Some(held) = loaded.triggers.get(&scenario.id) {
        row("SHOWS NOW", &format!("for {}: {}", view.model.age_of(&held.since), text::seen(&held.saw)));
    }
    rows
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    whole(body, view, "risks by plan; Enter shows what a scenario means", &lines(view), "no plan names a scenario");
}
