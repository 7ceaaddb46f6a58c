//! What others say.

use crate::core::alert::{Alert, AlertKey, AlertState, is_paused};
use crate::core::event::Opening;
use crate::core::state::{Loaded, State};

use super::clean_line as line;
use super::event::site_of;

/// An alert in a few words: `HighErrors of Orders database at East`.
#[must_use]
pub fn alert(loaded: &Loaded, alert: &Alert) -> String {
    let component = alert.component.as_ref().map(|id| {
        let known = loaded.component(id);
        known.map_or_else(|| id.to_string(), |known| line(&known.name).into_owned())
    });
    let of = component.map(|name| format!(" of {name}")).unwrap_or_default();
    let at = alert.site.as_ref().map(|site| format!(" at {}", site_of(loaded, site))).unwrap_or_default();
    format!("{}{of}{at}", line(&alert.name))
}

/// Who says that it fires, since when, and in which words: `said by alertmanager since 03:12:09Z: 7% of requests fail`.
#[must_use]
pub fn alert_said(state: &State, loaded: &Loaded, known: &AlertState) -> String {
    let Alert { source, starts, summary, .. } = &known.alert;
    let paused = if is_paused(&loaded.pauses, &known.alert) { "paused; " } else { "" };
    let words = if summary.is_empty() { String::new() } else { format!(": {}", line(summary)) };
    format!("{paused}said by {} since {starts}{words}", line(&state.name(source)))
}

/// The alerts that an incident begins with, by what they are called; one that nobody remembers goes by its key.
pub(super) fn of_opening(state: &State, opening: &Opening) -> Vec<String> {
    let loaded = state.plans.get(&opening.plan);
    let incident = state.incidents.get(&opening.incident);
    let kept = |key: &AlertKey| {
        let of_incident = incident.and_then(|incident| incident.alerts.get(key));
        of_incident.or_else(|| loaded?.alerts.get(key).map(|known| &known.alert))
    };
    let name = |key: &AlertKey| match (loaded, kept(key)) {
        (Some(loaded), Some(kept)) => format!("alert {}", alert(loaded, kept)),
        _ => format!("alert {}", line(&key.to_string())),
    };
    opening.alerts.iter().map(name).collect()
}
