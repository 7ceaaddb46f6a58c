//! What a failover would lose of a component's data, in the direction in which it travels now.
//!
//! The engine sees that a source does not answer, not that it takes no writes: cut off from the engine alone it goes on. So a bound
//! ends where writes have surely ended: at a fence, or where the front door has been shut to everybody; else it grows until now.

use super::super::health::{Readings, Verdict};
use super::super::ids::SiteId;
use super::super::loss::{Loss, Replicated, reckon};
use super::super::plan::{Component, ServerRole};
use super::super::state::Loaded;
use super::super::time::{Moment, Now, Span, last_of};

/// What would be lost of a component's data; `None` where it does not travel.
#[must_use]
pub fn of_component(loaded: &Loaded, component: &Component, readings: &Readings, now: &Now) -> Option<Loss> {
    let replication = component.replication.as_ref()?;
    let known = readings.replication.get(&loaded.plan.id).and_then(|of_plan| of_plan.get(&component.id));
    let active = loaded.active_of(&component.id);
    Some(known.map_or(Loss::Unknown, |known| bounded(loaded, active, &known.towards(replication, active), now)))
}

/// From when to when the writes were made that would be lost; `None` where nobody can say, or none would be.
#[must_use]
pub fn window(loaded: &Loaded, component: &Component, readings: &Readings, now: &Now) -> Option<(Moment, Moment)> {
    let lost = of_component(loaded, component, readings, now)?.ceiling().filter(|lost| *lost > Span::ZERO)?;
    let known = readings.replication.get(&loaded.plan.id)?.get(&component.id)?;
    let from = known.towards(component.replication.as_ref()?, loaded.active_of(&component.id)).target?.at?;
    Some((from, from.plus(lost)))
}

/// Whether data of a component travels away from the site that serves it: as the plan says, or the other way once the other end says
/// that it follows.
#[must_use]
pub fn travels(loaded: &Loaded, component: &Component, readings: &Readings) -> bool {
    let Some(replication) = &component.replication else { return false };
    let active = loaded.active_of(&component.id);
    let known = || readings.replication.get(&loaded.plan.id).and_then(|of_plan| of_plan.get(&component.id));
    let follows = |replicated: &Replicated| {
        let target = replicated.towards(replication, active).target;
        target.is_some_and(|target| target.role == Some(ServerRole::Standby))
    };
    active.is_none_or(|active| replication.from == *active)
        || (active == Some(&replication.to) && known().is_some_and(follows))
}

fn bounded(loaded: &Loaded, site: Option<&SiteId>, seen: &Replicated, now: &Now) -> Loss {
    let fenced = site.and_then(|site| loaded.fence_of(site)).map(|fenced| &fenced.at);
    let received = seen.target.as_ref().and_then(|target| target.at);
    let loss = reckon(seen);
    let Some(received) = received else { return loss };
    match (loss, &seen.source_silent_since, fenced) {
        (Loss::AtMost(_), Some(silent), _) => {
            Loss::AtMost(writes_ended(loaded, site, silent).unwrap_or(now.utc).since(received))
        }
        // What was asked before the fence was done says nothing of what was written until then.
        (Loss::Measured(_), _, Some(fenced)) if asked_before(seen, fenced) => Loss::AtMost(fenced.utc.since(received)),
        (loss, ..) => loss,
    }
}

fn asked_before(seen: &Replicated, moment: &Now) -> bool {
    seen.source.as_ref().is_some_and(|source| source.asked.is_before(moment))
}

/// Since when nobody is served through the front door, as far as anybody looks through it.
fn shut_since(loaded: &Loaded) -> Option<&Now> {
    let looks = || loaded.front_door().map(|(component, probe)| (loaded.verdict_of(component, probe), probe));
    let shut = looks().next().is_some() && looks().all(|(verdict, _)| verdict == Verdict::Down);
    let since = looks().filter_map(|(_, probe)| loaded.probes.get(&probe.id)?.since.as_ref());
    last_of(since).filter(|_| shut)
}

/// Until when data was written at a site that does not answer; `None` while nobody knows that it has ended.
#[must_use]
pub fn writes_ended(loaded: &Loaded, site: Option<&SiteId>, silent: &Now) -> Option<Moment> {
    let fenced = site.and_then(|site| loaded.fence_of(site)).map(|fenced| fenced.at.utc);
    let shut = shut_since(loaded).map(|since| since.utc.max(silent.utc));
    [shut, fenced].into_iter().flatten().min()
}
