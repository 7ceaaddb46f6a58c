//! All clocks of a plan and of its incident at one moment: what is out and for how long, against which objective; what would be
//! lost; capacity and level of service.

use std::collections::BTreeMap;

use serde::Serialize;

use super::exposure::{self, Exposure};
use super::health::Readings;
use super::ids::{ComponentId, SiteId};
use super::incident::Incident;
use super::objectives::{Standing, affected, ends, standing};
use super::outage::{Outage, together};
use super::plan::{Component, SetBy, Share};
use super::service::{self, FrontDoor, Looks, Service};
use super::state::Loaded;
use super::time::{Elapsed, Exactness, Moment, Now, Span};

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clocks {
    /// Tiers that were out in the incident, the most important first.
    pub tiers: Vec<TierClock>,
    /// Components that were, those that are out first, the longest first.
    pub components: Vec<ComponentClock>,
    /// Components that the incident affects and whose outages are not timed one by one.
    pub untimed: usize,
    /// What of each category of data would be lost now.
    pub exposure: Vec<Exposure>,
    /// How much of its capacity each site has.
    pub capacity: Capacity,
    /// What share of the looks through the front door was good.
    pub service: Level,
    /// How the front door is now; `None` when nothing looks through it.
    pub front_door: Option<FrontDoor>,
}

/// How long something was out, and how that stands to its objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// When it first went out.
    pub first: Moment,
    /// How many times it did.
    pub times: u32,
    /// Since when it is out; `None` when it is back.
    pub since: Option<Moment>,
    /// When it came back last.
    pub back: Option<Moment>,
    /// For how long it was out, in all.
    pub downtime: Span,
    /// How well that is known.
    pub exactness: Exactness,
    /// Its objective.
    pub rto: Option<Goal>,
}

/// An objective against a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Goal {
    /// The objective.
    pub objective: Span,
    /// Where it stands in the plan.
    pub set_by: SetBy,
    /// When it ends, while its clock runs and it is not missed.
    pub ends: Option<Moment>,
    /// How it stands.
    pub standing: Standing,
}

/// A component's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComponentClock {
    /// Which.
    pub component: ComponentId,
    /// Its name.
    pub name: String,
    /// Its tier.
    pub tier: Option<u8>,
    /// The clock.
    #[serde(flatten)]
    pub clock: Clock,
}

/// A tier's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TierClock {
    /// Which.
    pub tier: u8,
    /// How many of its components are out now, and how many were.
    pub out: (usize, usize),
    /// The clock.
    #[serde(flatten)]
    pub clock: Clock,
}

/// Capacity against its objective (RCO).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// The objective.
    pub objective: Option<Share>,
    /// Each site for which the plan names a probe.
    pub sites: Vec<SiteCapacity>,
    /// How the site that serves stands.
    pub verdict: Measured,
}

/// A site's capacity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SiteCapacity {
    /// Which.
    pub site: SiteId,
    /// Its name.
    pub name: String,
    /// Whether it serves now.
    pub serves: bool,
    /// What was measured last; `None` when nothing was.
    pub now: Option<Share>,
    /// When.
    pub at: Option<Moment>,
}

/// The level of service against its objective (RSO).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Level {
    /// The objective.
    pub objective: Option<Share>,
    /// What was counted: since the incident began, else lately.
    pub looks: Option<Looks>,
    /// The share of them that was good.
    pub share: Option<Share>,
    /// How it stands.
    pub verdict: Measured,
}

/// How something that is to be reached stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Nobody measured it.
    NotMeasured,
    /// It is, and there is no objective.
    NoObjective,
    /// It is reached.
    Met,
    /// It is not.
    Below,
}

impl Clock {
    /// How long it was out, with how well that is known.
    #[must_use]
    pub fn elapsed(&self) -> Elapsed {
        Elapsed { span: self.downtime, exactness: self.exactness }
    }
}

/// Reads all clocks of a plan; those of outages where it has an incident.
#[must_use]
pub fn clocks(loaded: &Loaded, incident: Option<&Incident>, readings: &Readings, now: &Now) -> Clocks {
    let components = incident.map(|i| components(loaded, i, now)).unwrap_or_default();
    let untimed = incident
        .map_or(0, |incident| affected(loaded, incident).filter(|c| !incident.outages.contains_key(&c.id)).count());
    Clocks {
        tiers: incident.map(|i| tiers(loaded, i, now)).unwrap_or_default(),
        components,
        untimed,
        exposure: exposure::of_plan(loaded, readings, now),
        capacity: capacity(loaded, readings),
        service: level(loaded, incident, readings.service.get(&loaded.plan.id)),
        front_door: service::front_door(loaded),
    }
}

/// Where the clocks of what is still out stand: at the end of an incident that is over.
fn end<'a>(incident: &'a Incident, now: &'a Now) -> &'a Now {
    match &incident.stopped {
        Some(stopped) if !incident.phase.is_open() => stopped,
        _ => now,
    }
}

fn clock(outage: &Outage, objectives: &[(Span, SetBy)], end: &Now, now: &Now) -> Clock {
    let length = outage.length(end);
    let tightest = objectives.iter().min_by_key(|(span, _)| *span);
    let rto = tightest.and_then(|(objective, set_by)| {
        let standing = standing(objectives.iter().map(|(span, _)| *span), length.span)?;
        let runs = outage.since().is_some() && end == now && matches!(standing, Standing::Left(_));
        let from = outage.since().filter(|_| runs);
        // What was out before counts against it too.
        let left = objective.minus(outage.before());
        let ends = from.map(|since| ends(since, now.since(since).span, left, now));
        Some(Goal { objective: *objective, set_by: *set_by, ends, standing })
    });
    Clock {
        first: outage.first.utc,
        times: outage.times(),
        since: outage.since().map(|since| since.utc),
        back: outage.back().map(|back| back.utc),
        downtime: length.span,
        exactness: length.exactness,
        rto,
    }
}

fn components(loaded: &Loaded, incident: &Incident, now: &Now) -> Vec<ComponentClock> {
    let end = end(incident, now);
    let of = |(id, outage): (&ComponentId, &Outage)| {
        let known = loaded.component(id);
        let objective = known.and_then(|component| loaded.plan.rto_of(component));
        ComponentClock {
            component: id.clone(),
            name: known.map_or_else(|| id.to_string(), |component| component.name.clone()),
            tier: known.and_then(|component| component.tier),
            clock: clock(outage, objective.as_slice(), end, now),
        }
    };
    let mut all: Vec<ComponentClock> = incident.outages.iter().map(of).collect();
    all.sort_by_key(|c| (c.clock.since.is_none(), std::cmp::Reverse(c.clock.downtime), c.tier.unwrap_or(u8::MAX)));
    all
}

/// A tier is out while a component of it is. It promises what the plan says of it, or less time where a component of it that was
/// out promises less.
fn tiers(loaded: &Loaded, incident: &Incident, now: &Now) -> Vec<TierClock> {
    let mut by_tier: BTreeMap<u8, Vec<(&Component, &Outage)>> = BTreeMap::new();
    for (id, outage) in &incident.outages {
        let Some((component, number)) = loaded.component(id).and_then(|c| Some((c, c.tier?))) else { continue };
        by_tier.entry(number).or_default().push((component, outage));
    }
    let of = |(tier, members): (u8, Vec<(&Component, &Outage)>)| {
        let mut objectives: Vec<_> = members.iter().filter_map(|(c, _)| loaded.plan.rto_of(c)).collect();
        objectives.push((loaded.plan.tier(tier).rto, SetBy::Tier(tier)));
        let out = members.iter().filter(|(_, outage)| outage.since().is_some()).count();
        let outage = together(members.iter().map(|(_, outage)| *outage), now)?;
        let clock = clock(&outage, &objectives, end(incident, now), now);
        Some(TierClock { tier, out: (out, members.len()), clock })
    };
    by_tier.into_iter().filter_map(of).collect()
}

fn capacity(loaded: &Loaded, readings: &Readings) -> Capacity {
    let objective = loaded.plan.targets.capacity;
    let site = |site: &super::plan::Site| {
        let seen = service::capacity(&loaded.plan.id, site.capacity.as_ref()?, readings);
        Some(SiteCapacity {
            site: site.id.clone(),
            name: site.name.clone(),
            serves: loaded.active.as_ref() == Some(&site.id),
            now: seen.as_ref().map(|(share, _)| *share),
            at: seen.map(|(_, at)| at.utc),
        })
    };
    let sites: Vec<SiteCapacity> = loaded.plan.sites.iter().filter_map(site).collect();
    let serving = sites.iter().find(|site| site.serves).and_then(|site| site.now);
    Capacity { objective, verdict: measured(serving, objective), sites }
}

fn level(loaded: &Loaded, incident: Option<&Incident>, service: Option<&Service>) -> Level {
    let of_incident = incident.and_then(|incident| {
        let (id, looks) = service?.incident.as_ref()?;
        (*id == incident.id).then_some(looks)
    });
    let lately = || service.and_then(|s| s.lately.as_ref()).filter(|_| incident.is_none());
    let looks = of_incident.or_else(lately).cloned();
    let objective = loaded.plan.targets.service;
    let share = looks.as_ref().and_then(Looks::share);
    Level { objective, verdict: measured(share, objective), share, looks }
}

fn measured(now: Option<Share>, objective: Option<Share>) -> Measured {
    match (now, objective) {
        (None, _) => Measured::NotMeasured,
        (Some(_), None) => Measured::NoObjective,
        (Some(now), Some(objective)) if now >= objective => Measured::Met,
        (Some(_), Some(_)) => Measured::Below,
    }
}
