//! What others say becomes events: what is news of it.

use super::super::alert::{Alerts, Heard, MAX_KEY, News};
use super::super::event::Event;
use super::super::health::Extent;
use super::super::ids::{PlanId, Principal};
use super::super::refusal::{BadText, Missing, Refusal};
use super::super::state::{Loaded, State};
use super::super::time::Now;
use super::Context;

/// Alerts told together.
#[derive(Debug, Default)]
pub struct Told {
    /// What is news of them.
    pub events: Vec<Event>,
    /// Those that cannot be taken, by their place among them, with the reason.
    pub misfits: Vec<(usize, Refusal)>,
}

/// Looks what a body of alerts would bring. Each counts after those before it.
#[must_use]
pub fn told(state: &State, source: &Principal, heard: &[Heard], now: &Now) -> Told {
    let mut told = Told::default();
    let mut working: Vec<(&PlanId, Alerts)> = Vec::new();
    for (place, heard) in heard.iter().enumerate() {
        let loaded = match fits(state, heard) {
            Ok(loaded) => loaded,
            Err(why) => {
                told.misfits.push((place, why));
                continue;
            }
        };
        let at = working.iter().position(|(plan, _)| **plan == heard.plan).unwrap_or_else(|| {
            working.push((&heard.plan, loaded.alerts.clone()));
            working.len() - 1
        });
        let Some((_, alerts)) = working.get_mut(at) else { continue };
        let plan = heard.plan.clone();
        match alerts.news(source, heard, now.utc) {
            News::None => {}
            News::Raised(alert) => {
                alerts.raise(&alert, now, None);
                told.events.push(Event::AlertRaised { plan, alert });
            }
            News::Ended(key, name, at) => {
                alerts.end(&key, at);
                told.events.push(Event::AlertEnded { plan, key, name, at });
            }
            News::TooMany => {
                told.misfits.push((place, Refusal::TooManyAlerts { plan, severity: heard.severity }));
            }
        }
    }
    told
}

pub(super) fn hear(c: Context<'_>, heard: &[Heard]) -> Result<Vec<Event>, Refusal> {
    let told = told(c.state, c.by, heard, c.now);
    match told.misfits.into_iter().next() {
        None => Ok(told.events),
        Some((_, why)) => Err(why),
    }
}

/// The plan that an alert belongs to, when it has all that the alert names.
fn fits<'a>(state: &'a State, heard: &Heard) -> Result<&'a Loaded, Refusal> {
    let text = |field: &str, bad| Err(Refusal::Text { field: field.to_owned(), bad });
    if heard.name.trim().is_empty() {
        return text("name", BadText::Empty);
    }
    if heard.key.is_empty() {
        return text("key", BadText::Empty);
    }
    if heard.key.len() > MAX_KEY {
        return text("key", BadText::TooLong { bytes: heard.key.len(), limit: MAX_KEY });
    }
    let loaded = state.plans.get(&heard.plan).ok_or_else(|| Refusal::NotFound {
        missing: Missing::Plan(heard.plan.clone()),
        known: state.plans.keys().map(ToString::to_string).collect(),
    })?;
    let plan = &loaded.plan;
    let missing =
        |of: Extent, known: Vec<String>| Err(Refusal::NotFound { missing: Missing::Part(plan.id.clone(), of), known });
    match (&heard.component, &heard.site) {
        (Some(id), _) if plan.component(id).is_none() => {
            missing(Extent::Component(id.clone()), plan.components.iter().map(|c| c.id.to_string()).collect())
        }
        (_, Some(id)) if plan.site(id).is_none() => {
            missing(Extent::Site(id.clone()), plan.sites.iter().map(|site| site.id.to_string()).collect())
        }
        _ => Ok(loaded),
    }
}
