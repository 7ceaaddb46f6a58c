//! What others say: a line for each alert that fires.

use crate::console::canvas::Row;
use crate::console::place::View;
use crate::console::theme::Role;
use crate::core::alert::{AlertState, is_paused};
use crate::core::plan::Severity;
use crate::core::state::Loaded;
use crate::text;

/// Most alerts that an incident has lines for; of the others it is said how many there are.
const SHOWN: usize = 5;

/// A plan's alerts that fire, the gravest first: so many, and how many more.
pub(crate) fn rows_of(view: View<'_>, loaded: &Loaded, most: usize) -> Vec<Row> {
    rows(view, loaded, &loaded.alerts.firing(), most)
}

/// Those that belong to the incident in focus and still fire.
pub(crate) fn of_incident(view: View<'_>) -> Vec<Row> {
    let (Some(incident), Some(loaded)) = (view.incident(), view.loaded()) else { return Vec::new() };
    let firing = loaded.alerts.firing();
    let its: Vec<_> = firing.into_iter().filter(|known| incident.alerts.contains_key(&known.alert.key)).collect();
    rows(view, loaded, &its, SHOWN)
}

fn rows(view: View<'_>, loaded: &Loaded, alerts: &[&AlertState], most: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = alerts.iter().take(most).map(|known| row(view, loaded, known)).collect();
    let more = alerts.len().saturating_sub(most);
    rows.extend((more > 0).then(|| {
        let alerts = if more == 1 { "alert" } else { "alerts" };
        Row::of(format!("  and {more} more {alerts}; `warroom health list` has all"), Role::Dim)
    }));
    rows
}

fn row(view: View<'_>, loaded: &Loaded, known: &AlertState) -> Row {
    let role = match known.alert.severity {
        _ if is_paused(&loaded.pauses, &known.alert) => Role::Dim,
        Severity::Critical | Severity::High => Role::Bad,
        Severity::Medium | Severity::Low => Role::Warn,
    };
    let said = text::alert_said(&view.model.state, loaded, known);
    let row = Row::text("  ").with("!", role).gap(1).with("alert ", Role::Text);
    let row = row.with(text::alert(loaded, &known.alert), Role::Strong).gap(2);
    row.with(known.alert.severity.to_string(), role).gap(2).with(said, Role::Text)
}
