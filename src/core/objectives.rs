//! The clocks of an incident against the objectives of its plan.

use std::collections::BTreeSet;

use super::health::Verdict;
use super::ids::ProbeId;
use super::incident::{Incident, Phase};
use super::plan::{Component, Plan, Vantage};
use super::state::Loaded;
use super::time::{Elapsed, Exactness, Moment, Now, Span, last_of};

/// How long customers and parts have been without, so far or in all: from *began* to the first good sample of the window that
/// held, or to now.
#[must_use]
pub fn downtime(incident: &Incident, now: &Now) -> Elapsed {
    let end = match (&incident.stopped, &incident.phase) {
        (Some(stopped), _) => stopped,
        (None, Phase::Verifying { since }) => since,
        _ => now,
    };
    end.since(&incident.began)
}

/// Whether an incident's clocks still run.
#[must_use]
pub fn ticks(incident: &Incident) -> bool {
    incident.stopped.is_none() && incident.phase.is_open() && !matches!(incident.phase, Phase::Verifying { .. })
}

/// A recovery time objective against the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rto {
    /// The objective.
    pub objective: Span,
    /// The component whose it is; `None` when it is the plan's.
    pub of: Option<String>,
    /// When it ends, by the wall clock.
    pub ends: Moment,
    /// How it stands.
    pub standing: Standing,
}

/// How an objective stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// That much is left, or was when the clocks stopped.
    Left(Span),
    /// Missed by that much, and the next one that can still be met, if any.
    Missed {
        /// By how much.
        by: Span,
        /// The next objective, and what is left of it.
        next: Option<(Span, Span)>,
    },
}

/// The tightest objective of what is affected; `None` when none is given.
///
/// Affected are the components whose probes belong to the incident; when there are none, the plan's own objective counts.
#[must_use]
pub fn rto(loaded: &Loaded, incident: &Incident, now: &Now) -> Option<Rto> {
    let mut objectives: Vec<(Span, Option<String>)> =
        affected(loaded, incident).filter_map(|c| c.rto.map(|rto| (rto, Some(c.name.clone())))).collect();
    objectives.extend(loaded.plan.rto.map(|rto| (rto, None)));
    objectives.sort_by_key(|(span, _)| *span);
    let gone = downtime(incident, now).span;
    let (objective, of) = objectives.first()?.clone();
    let standing = if gone <= objective {
        Standing::Left(objective.minus(gone))
    } else {
        let next = objectives.iter().find(|(span, _)| *span >= gone).map(|(span, _)| (*span, span.minus(gone)));
        Standing::Missed { by: gone.minus(objective), next }
    };
    Some(Rto { objective, of, ends: incident.began.utc.plus(objective), standing })
}

/// The tightest recovery point objective of what is affected.
#[must_use]
pub fn rpo(loaded: &Loaded, incident: &Incident) -> Option<Span> {
    affected(loaded, incident).filter_map(|c| c.rpo).chain(loaded.plan.rpo).min()
}

/// The recovery time objective that a component has besides its plan's.
#[must_use]
pub fn rto_of(_plan: &Plan, component: &Component) -> Option<Span> {
    component.rto
}

fn affected<'a>(loaded: &'a Loaded, incident: &'a Incident) -> impl Iterator<Item = &'a Component> {
    let places = incident.causes.iter().filter_map(|id| loaded.index.probe(&loaded.plan, id)).map(|at| at.component);
    let places: BTreeSet<u32> = places.collect();
    places.into_iter().filter_map(|place| loaded.plan.components.get(place as usize))
}

/// Since when everything that decides about an incident is good again: the first good sample of the last part to come back.
/// `None` while something is not good, or nothing was ever bad.
#[must_use]
pub fn good_since(loaded: &Loaded, incident: &Incident) -> Option<Now> {
    let deciding = Deciding::of(loaded, incident);
    // While there is trouble, one look at it answers, however many parts there are.
    let good = |id: &ProbeId| loaded.probes.get(id).filter(|s| s.verdict == Verdict::Ok)?.since.as_ref();
    if loaded.trouble().any(|id| deciding.holds(id) && good(id).is_none()) {
        return None;
    }
    let since: Option<Vec<&Now>> = deciding.probes().map(good).collect();
    last_of(since?.into_iter()).cloned()
}

/// Whether what decides was seen bad, rather than not seen: a restart makes everything unknown and is no relapse.
#[must_use]
pub fn is_bad(loaded: &Loaded, incident: &Incident) -> bool {
    let deciding = Deciding::of(loaded, incident);
    let is_bad = |id: &ProbeId| matches!(loaded.verdict(id), Verdict::Down | Verdict::Degraded);
    loaded.trouble().any(|id| deciding.holds(id) && is_bad(id)) || deciding.probes().any(is_bad)
}

/// The probes that say whether an incident is over: the front door where it was hit, else every cause.
#[derive(Clone, Copy)]
struct Deciding<'a> {
    loaded: &'a Loaded,
    incident: &'a Incident,
    hit: Hit,
}

/// What an incident hit.
#[derive(Clone, Copy, PartialEq)]
enum Hit {
    FrontDoor,
    Inside,
}

impl<'a> Deciding<'a> {
    fn of(loaded: &'a Loaded, incident: &'a Incident) -> Deciding<'a> {
        let hit = loaded.front_door().any(|probe| incident.causes.contains(&probe.id));
        Deciding { loaded, incident, hit: if hit { Hit::FrontDoor } else { Hit::Inside } }
    }

    fn holds(self, id: &ProbeId) -> bool {
        match self.hit {
            Hit::FrontDoor => self.loaded.probe(id).is_some_and(|(_, probe)| probe.vantage == Vantage::FrontDoor),
            Hit::Inside => self.incident.causes.contains(id),
        }
    }

    /// Those of the plan as it is now that are not paused.
    fn probes(self) -> impl Iterator<Item = &'a ProbeId> {
        let Deciding { loaded, incident, hit } = self;
        let front_door = loaded.front_door().filter(move |_| hit == Hit::FrontDoor).map(|probe| &probe.id);
        let causes = incident.causes.iter().filter(move |_| hit == Hit::Inside);
        let known = causes.filter_map(|id| loaded.probe(id)).map(|(_, probe)| &probe.id);
        front_door.chain(known).filter(|id| loaded.verdict(id) != Verdict::Paused)
    }
}

/// How long that good window has lasted.
#[must_use]
pub fn held(since: &Now, now: &Now) -> Span {
    let elapsed = now.since(since);
    match elapsed.exactness {
        Exactness::Measured => elapsed.span,
        // A restart in between: nobody looked for a while, so the window cannot be called unbroken.
        Exactness::ByWallClock => Span::ZERO,
    }
}
