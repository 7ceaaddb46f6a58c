//! The terms of a gate: what is lost, what users see, what cannot be taken back, and whose yes it takes.

use crate::console::canvas::{Row, wrap};
use crate::console::place::View;
use crate::console::screens::head::loss_role;
use crate::console::theme::Role;
use crate::core::gate::View as Shown;
use crate::core::incident::Incident;
use crate::core::loss::Loss;
use crate::core::objectives::rpo;
use crate::core::plan::{Gate, Return};
use crate::core::run::StepRun;
use crate::text;

/// Columns of a label.
const LABEL: usize = 13;

/// What it costs.
pub(super) fn costs(view: View<'_>, shown: &Shown, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut put = |label: &str, words: &str, role: Role| {
        for (index, line) in wrap(words, width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            rows.push(Row::of(label, Role::Strong).tab(LABEL).with(line, role));
        }
    };
    if let Some(loss) = shown.loss {
        let limit = view.incident().and_then(|i| rpo(view.model.state.plans.get(&i.plan)?, i));
        let limit_words = limit.map_or(String::new(), |limit| format!("; objective {limit}"));
        let moments = shown.window.map_or(String::new(), |(from, until)| format!(", {from} to {until}"));
        let words = match loss {
            Loss::Unknown => format!("nobody can say how much{limit_words}"),
            Loss::Measured(span) => format!("{} of writes{moments}, for good{limit_words}", span.up_to_seconds()),
            Loss::AtMost(span) => {
                format!("at most {} of writes{moments}, for good{limit_words}", span.up_to_seconds())
            }
        };
        put("You lose", &words, loss_role(loss, limit));
    }
    if let Some(remaining) = shown.remaining {
        put("Users see", &format!("about {remaining} more of this, by its author's estimates"), Role::Text);
    }
    let mut after: Vec<String> = Vec::new();
    match &shown.after {
        Some(words) => after.push(words.trim_end_matches('.').to_owned()),
        None if shown.no_return == Return::None => after.push("a step without return follows".to_owned()),
        None => {}
    }
    after.extend(shown.back.as_ref().map(text::way_back));
    if !after.is_empty() {
        put("After this", &after.join("; "), Role::NoReturn);
    }
    rows
}

/// Whose yes it takes, and who said it already, of what.
pub(super) fn people(
    view: View<'_>,
    shown: &Shown,
    (incident, gate, done): (Option<&Incident>, &Gate, &StepRun),
    width: usize,
) -> Vec<Row> {
    let mut rows: Vec<Row> = wrap(&asked(view, incident, gate), width).into_iter().map(Row::text).collect();
    for yes in &done.confirmations {
        let left = view.model.now().map(|now| yes.expires.since(now.utc)).unwrap_or_default();
        let loss = yes.max_loss.map_or(String::new(), |loss| format!(", accepting {loss} of loss"));
        let (same, role) = match yes.digest == shown.digest {
            true => ("of what you see", Role::Good),
            false => ("of something else than you see", Role::Warn),
        };
        let words = format!("{} confirmed {} {same}{loss}; expires in {left}", view.model.name(&yes.by), yes.at.utc);
        rows.push(Row::of(words, role));
    }
    rows
}

fn asked(view: View<'_>, incident: Option<&Incident>, gate: &Gate) -> String {
    let holder = |role| incident.and_then(|incident| incident.roles.get(role)).map(|who| view.model.name(who));
    let roles: Vec<String> = gate
        .roles
        .iter()
        .map(|role| format!("{} ({})", text::role(role), holder(role).unwrap_or_else(|| "NOBODY".to_owned())))
        .collect();
    match (gate.people, roles.is_empty()) {
        (1, true) => "One person: you".to_owned(),
        (1, false) => format!("One person: {}", text::any_of(&roles)),
        (people, true) => format!("{}: you, and {}", number(people), others(people)),
        (people, false) => format!("{}: you, and {} of {}", number(people), others(people), roles.join(", ")),
    }
}

fn number(people: u32) -> String {
    match people {
        2 => "Two people".to_owned(),
        3 => "Three people".to_owned(),
        more => format!("{more} people"),
    }
}

fn others(people: u32) -> String {
    match people.saturating_sub(1) {
        1 => "one".to_owned(),
        more => format!("{more} others"),
    }
}
