//! Folds what others say into the state.

use std::sync::Arc;

use super::super::alert::{Alert, AlertKey, OF_INCIDENT, is_paused};
use super::super::ids::{IncidentId, PlanId};
use super::super::incident::Phase;
use super::super::state::{Entry, State};
use super::super::time::Moment;
use super::incident_mut;

/// An alert fires: it joins the incident that is open, unless what it is about is paused.
pub(super) fn raised(state: &mut State, entry: &Entry, plan: &PlanId, alert: &Alert) {
    let open = state.incident_of(plan).map(|incident| incident.id.clone());
    let Some(loaded) = state.plans.get_mut(plan).map(Arc::make_mut) else { return };
    let open = open.filter(|_| !is_paused(&loaded.pauses, alert));
    loaded.alerts.raise(alert, &entry.at, open.clone());
    if let Some(incident) = open {
        join(state, &incident, alert);
    }
}

/// An alert ended.
pub(super) fn ended(state: &mut State, plan: &PlanId, key: &AlertKey, at: Moment) {
    if let Some(loaded) = state.plans.get_mut(plan) {
        Arc::make_mut(loaded).alerts.end(key, at);
    }
}

/// The alerts that an incident begins with belong to it.
pub(super) fn cover<'a>(
    state: &mut State,
    plan: &PlanId,
    incident: &IncidentId,
    keys: impl Iterator<Item = &'a AlertKey>,
) {
    for key in keys {
        let Some(loaded) = state.plans.get_mut(plan).map(Arc::make_mut) else { return };
        loaded.alerts.cover(key, incident);
        let Some(alert) = loaded.alerts.get(key).map(|known| known.alert.clone()) else { continue };
        keep(state, incident, alert);
    }
}

/// An alert becomes part of an incident, and makes a proposal as grave as it is.
fn join(state: &mut State, incident: &IncidentId, alert: &Alert) {
    keep(state, incident, alert.clone());
    incident_mut(state, incident, |i| {
        if i.phase == Phase::Proposed {
            i.severity = i.severity.max(alert.severity);
        }
    });
}

fn keep(state: &mut State, incident: &IncidentId, alert: Alert) {
    incident_mut(state, incident, |i| {
        if i.alerts.len() < OF_INCIDENT || i.alerts.contains_key(&alert.key) {
            i.alerts.insert(alert.key.clone(), alert);
        }
    });
}
