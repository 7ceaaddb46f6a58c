//! Alerts that others raise: what they say, what of it is news, and which of it an incident is made of.
//!
//! The engine did not see any of this itself. An alert proposes an incident or joins one, as trouble that a probe sees does; it
//! never holds back *recovered*.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::health::{Extent, Pause};
use super::ids::{ComponentId, IncidentId, PlanId, Principal, SiteId};
use super::plan::Severity;
use super::state::Loaded;
use super::time::{Moment, Now};

/// Alerts of one severity that fire at once and are kept, of each plan: a flood of mild ones hides no grave one.
pub const FIRING_KEPT: usize = 100;

/// Ended alerts that are remembered, of each plan, so that a stale word about them changes nothing.
pub const OVER_KEPT: usize = 400;

/// Alerts that an incident keeps: the first ones that belong to it.
pub const OF_INCIDENT: usize = 400;

/// Longest name of an alert, in characters; more is cut.
pub const MAX_NAME: usize = 120;

/// Longest summary of an alert, in characters; more is cut.
pub const MAX_SUMMARY: usize = 500;

/// Longest key that a sender may give an alert, in bytes.
pub const MAX_KEY: usize = 200;

/// Which alert: who says it, and how they tell it from their others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertKey(Box<str>);

impl AlertKey {
    /// The one that `source` calls `key`: nobody ends what another says.
    #[must_use]
    pub fn of(source: &Principal, key: &str) -> AlertKey {
        AlertKey(format!("{source}/{key}").into())
    }
}

impl fmt::Display for AlertKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An alert as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Of which plan.
    pub plan: PlanId,
    /// How its sender tells it from their others.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// How bad, as they say.
    pub severity: Severity,
    /// In their words.
    #[serde(default)]
    pub summary: String,
    /// The component that it is about, if to one.
    #[serde(default)]
    pub component: Option<ComponentId>,
    /// The site, if at one.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// What is told of it.
    pub told: Told,
}

/// What is told of an alert, with the moment by its sender's clock where they give one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It fires.
    Firing {
        /// Since when.
        since: Option<Moment>,
    },
    /// It is over.
    Ended {
        /// When it ended.
        at: Option<Moment>,
    },
}

/// An alert that fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Which.
    pub key: AlertKey,
    /// What it is called, in at most [`MAX_NAME`] characters.
    pub name: String,
    /// How bad, as they say.
    pub severity: Severity,
    /// In their words, in at most [`MAX_SUMMARY`] characters.
    pub summary: String,
    /// The component that it is about, if to one.
    pub component: Option<ComponentId>,
    /// The site, if at one.
    pub site: Option<SiteId>,
    /// Since when, by their clock.
    pub starts: Moment,
    /// Who says it.
    pub source: Principal,
}

/// What is known of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertState {
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
    /// When the engine heard that it fires.
    pub heard: Now,
    /// When it ended, by its sender's clock; nothing while it fires.
    pub ended: Option<Moment>,
    /// The incident that it belongs to.
    pub covered_by: Option<IncidentId>,
}

impl AlertState {
    /// Whether it fires, as far as anybody said.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.ended.is_none()
    }

    /// What is older than this is an old word. A sender whose clock is ahead shields nothing longer than until it was heard.
    fn begins(&self) -> Moment {
        self.alert.starts.min(self.heard.utc)
    }
}

/// The alerts of one plan: those that fire, and the last ones that ended.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Alerts(BTreeMap<AlertKey, AlertState>);

/// What a word about an alert brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// It fires, or fires as something graver than before.
    Raised(Alert),
    /// It ended at that moment.
    Ended(AlertKey, String, Moment),
    /// Nothing: a repeat, or older than what is known.
    None,
    /// It cannot be kept: so many of its severity fire already.
    TooMany,
}

impl Alerts {
    /// What is known of one.
    #[must_use]
    pub fn get(&self, key: &AlertKey) -> Option<&AlertState> {
        self.0.get(key)
    }

    /// Whether that alert still fires, rather than a later one under its key.
    #[must_use]
    pub fn still_fires(&self, alert: &Alert) -> bool {
        self.get(&alert.key).is_some_and(|known| known.is_firing() && known.alert.starts == alert.starts)
    }

    /// Those that fire, the gravest first, then the one that fires longest.
    #[must_use]
    pub fn firing(&self) -> Vec<&AlertState> {
        let mut firing: Vec<&AlertState> = self.0.values().filter(|known| known.is_firing()).collect();
        firing.sort_by_key(|known| (std::cmp::Reverse(known.alert.severity), known.alert.starts));
        firing
    }

    /// What a word about an alert brings, heard now.
    pub(super) fn news(&self, source: &Principal, heard: &Heard, now: Moment) -> News {
        let key = AlertKey::of(source, &heard.key);
        let known = self.get(&key);
        match heard.told {
            Told::Firing { since } => self.fires(key, source, heard, since, now),
            // What ended before it began to fire the last time is an old word.
            Told::Ended { at } => match known.filter(|known| known.is_firing()) {
                Some(known) if at.is_none_or(|at| at >= known.begins()) => {
                    News::Ended(key, known.alert.name.clone(), at.unwrap_or(now).min(now))
                }
                _ => News::None,
            },
        }
    }

    fn fires(&self, key: AlertKey, source: &Principal, heard: &Heard, since: Option<Moment>, now: Moment) -> News {
        let known = self.get(&key);
        let starts = match (since, known) {
            (Some(since), Some(known)) if since < known.begins() => return News::None,
            // Whoever ended it and says that it fires since the same moment speaks of what is over.
            (Some(since), Some(known)) if since == known.alert.starts && !known.is_firing() => return News::None,
            (Some(since), _) => since,
            (None, Some(known)) if known.is_firing() => known.alert.starts,
            (None, _) => now,
        };
        let alert = Alert {
            key,
            name: start(&heard.name, MAX_NAME),
            severity: heard.severity,
            summary: start(&heard.summary, MAX_SUMMARY),
            component: heard.component.clone(),
            site: heard.site.clone(),
            starts,
            source: source.clone(),
        };
        let before = known.filter(|known| known.is_firing());
        // Words change with every measurement; what they are about does not.
        if before.is_some_and(|before| Alert { summary: alert.summary.clone(), ..before.alert.clone() } == alert) {
            return News::None;
        }
        let of_severity = |known: &&AlertState| known.is_firing() && known.alert.severity == alert.severity;
        let others = self.0.values().filter(of_severity).filter(|known| known.alert.key != alert.key);
        if others.count() >= FIRING_KEPT { News::TooMany } else { News::Raised(alert) }
    }

    /// It fires. What fires as before belongs to the incident that it belonged to; what began anew, or is graver now, to the one
    /// that is open, if one is.
    pub(super) fn raise(&mut self, alert: &Alert, heard: &Now, open: Option<IncidentId>) {
        let as_before = |known: &&AlertState| {
            known.is_firing() && known.alert.starts == alert.starts && known.alert.severity >= alert.severity
        };
        let before = self.get(&alert.key).filter(as_before);
        let covered_by = before.and_then(|before| before.covered_by.clone()).or(open);
        let heard = before.map_or(heard, |before| &before.heard).clone();
        self.0.insert(alert.key.clone(), AlertState { alert: alert.clone(), heard, ended: None, covered_by });
    }

    /// It ended.
    pub(super) fn end(&mut self, key: &AlertKey, at: Moment) {
        if let Some(known) = self.0.get_mut(key) {
            known.ended = Some(at);
        }
        let mut over: Vec<(Moment, AlertKey)> =
            self.0.values().filter_map(|known| Some((known.ended?, known.alert.key.clone()))).collect();
        over.sort();
        let surplus = over.len().saturating_sub(OVER_KEPT);
        for (_, key) in over.into_iter().take(surplus) {
            self.0.remove(&key);
        }
    }

    /// It belongs to that incident.
    pub(super) fn cover(&mut self, key: &AlertKey, incident: &IncidentId) {
        if let Some(known) = self.0.get_mut(key) {
            known.covered_by = Some(incident.clone());
        }
    }
}

fn start(text: &str, limit: usize) -> String {
    text.trim().chars().take(limit).collect()
}

/// The alerts of a plan that fire and count: those of paused parts do not.
pub fn firing(loaded: &Loaded) -> impl Iterator<Item = &AlertState> {
    let alerts = loaded.alerts.0.values().filter(|known| known.is_firing());
    alerts.filter(|known| !is_paused(&loaded.pauses, &known.alert))
}

/// Those that belong to no incident yet, not even to one that is over.
pub(super) fn fresh(loaded: &Loaded) -> impl Iterator<Item = &AlertState> {
    firing(loaded).filter(|known| known.covered_by.is_none())
}

/// Whether what an alert is about is paused.
#[must_use]
pub fn is_paused(pauses: &[Pause], alert: &Alert) -> bool {
    pauses.iter().any(|pause| match &pause.of {
        Extent::Plan => true,
        Extent::Site(site) => alert.site.as_ref() == Some(site),
        Extent::Component(component) => alert.component.as_ref() == Some(component),
        Extent::Probe(_) => false,
    })
}
