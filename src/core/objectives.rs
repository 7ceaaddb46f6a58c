//! The clocks of an incident against the objectives of its plan.

use std::collections::BTreeSet;

use serde::Serialize;

use super::health::Verdict;
use super::ids::ProbeId;
use super::incident::{Incident, Phase};
use super::plan::{Component, Plan, SetBy, Vantage};
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
    /// Where it stands in the plan.
    pub set_by: SetBy,
    /// When it ends, by the wall clock as it is set now.
    pub ends: Moment,
    /// How it stands.
    pub standing: Standing,
}

/// How an objective stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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
/// Affected are the components whose probes or alerts belong to the incident; when there are none, the plan's own objective counts.
#[must_use]
pub fn rto(loaded: &Loaded, incident: &Incident, now: &Now) -> Option<Rto> {
    let plan = &loaded.plan;
    let of_parts = affected(loaded, incident).filter_map(|component| match plan.rto_of(component)? {
        (_, SetBy::Plan) => None,
        (rto, set_by) => Some((rto, set_by, Some(component.name.clone()))),
    });
    let mut all: Vec<_> = of_parts.chain(plan.rto.map(|rto| (rto, SetBy::Plan, None))).collect();
    all.sort_by_key(|(span, ..)| *span);
    let gone = downtime(incident, now).span;
    let (objective, set_by, of) = all.first()?.clone();
    let standing = standing(all.iter().map(|(span, ..)| *span), gone)?;
    Some(Rto { objective, of, set_by, ends: ends(&incident.began, gone, objective, now), standing })
}

/// How the tightest of some objectives stands after so long.
#[must_use]
pub fn standing(objectives: impl Iterator<Item = Span> + Clone, gone: Span) -> Option<Standing> {
    let tightest = objectives.clone().min()?;
    if gone <= tightest {
        return Some(Standing::Left(tightest.minus(gone)));
    }
    let next = objectives.filter(|span| *span >= gone).min().map(|span| (span, span.minus(gone)));
    Some(Standing::Missed { by: gone.minus(tightest), next })
}

/// More than clocks are slewed by in the longest incident, and less than anybody sets one by.
const WAS_SET: Span = Span::from_secs(5);

/// When an objective ends that has run for so long since `began`: by the wall clock as it is set now, should it have been set
/// since.
pub(super) fn ends(began: &Now, gone: Span, objective: Span, now: &Now) -> Moment {
    let expected = began.utc.plus(now.since(began).span);
    let off = now.utc.since(expected).max(expected.since(now.utc));
    if off < WAS_SET { began.utc.plus(objective) } else { now.utc.plus(objective.minus(gone)) }
}

/// The tightest recovery point objective of what is affected.
#[must_use]
pub fn rpo(loaded: &Loaded, incident: &Incident) -> Option<Span> {
    let plan = &loaded.plan;
    affected(loaded, incident).filter_map(|c| plan.rpo_of(c)).map(|(rpo, _)| rpo).chain(plan.rpo).min()
}

/// The recovery time objective that a component has besides its plan's: its own, else its tier's.
#[must_use]
pub fn rto_of(plan: &Plan, component: &Component) -> Option<Span> {
    plan.rto_of(component).filter(|(_, set_by)| *set_by != SetBy::Plan).map(|(span, _)| span)
}

pub(super) fn affected<'a>(loaded: &'a Loaded, incident: &'a Incident) -> impl Iterator<Item = &'a Component> {
    let seen = incident.causes.iter().filter_map(|id| loaded.index.probe(&loaded.plan, id)).map(|at| at.component);
    let said = incident.alerts.values().filter_map(|alert| alert.component.as_ref());
    let said = said.filter_map(|id| loaded.index.component(&loaded.plan, id));
    let places: BTreeSet<u32> = seen.chain(said).collect();
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
        let hit = loaded.front_door().any(|(_, probe)| incident.causes.contains(&probe.id));
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
        let front_door = loaded.front_door().filter(move |_| hit == Hit::FrontDoor).map(|(_, probe)| &probe.id);
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
