//! What customers get, by the looks through the front door: how many are good now, and what share of them was.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::health::{Found, Readings, Verdict};
use super::ids::{IncidentId, PlanId, ProbeId};
use super::plan::Share;
use super::state::Loaded;
use super::time::{Now, Span};

/// How finely looks are counted.
const STEP: Span = Span::from_secs(10);

/// For how long they are kept: six hours.
const STEPS: usize = 2_160;

/// What counts as lately.
pub const LATELY: Span = Span::from_secs(15 * 60);

/// How many looks there were, and how many of them were good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looks {
    /// The first of them, to ten seconds.
    pub since: Now,
    /// Those that found what customers should get, in time.
    pub good: u64,
    /// All that found anything.
    pub all: u64,
}

impl Looks {
    /// The share that was good.
    #[must_use]
    pub fn share(&self) -> Option<Share> {
        Share::of(self.good, self.all)
    }
}

/// What share of the looks through a plan's front door was good.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Service {
    /// In the last [`LATELY`].
    pub lately: Option<Looks>,
    /// Since the open incident began, as far back as was counted.
    pub incident: Option<(IncidentId, Looks)>,
}

/// Counts looks, and forgets what is older than six hours. Lives in the engine: what it did not see is not counted.
#[derive(Debug, Clone, Default)]
pub struct Counter(VecDeque<Looks>);

impl Counter {
    /// Takes a look; one that could not look counts for nothing.
    pub fn take(&mut self, at: &Now, found: Found) {
        if found == Found::Unseen {
            return;
        }
        let good = u64::from(found == Found::Good);
        match self.0.back_mut() {
            Some(last) if at.since(&last.since).span < STEP && at.boot == last.since.boot => {
                last.good += good;
                last.all += 1;
            }
            _ => self.0.push_back(Looks { since: at.clone(), good, all: 1 }),
        }
        while self.0.len() > STEPS {
            self.0.pop_front();
        }
    }

    /// All that was counted from a moment on, to ten seconds; `None` when nothing was.
    #[must_use]
    pub fn since(&self, moment: &Now) -> Option<Looks> {
        let before = |looks: &&Looks| looks.since.is_before(moment) && moment.since(&looks.since).span >= STEP;
        let mut counted = self.0.iter().filter(|looks| !before(looks));
        let mut sum = counted.next()?.clone();
        for looks in counted {
            sum.good += looks.good;
            sum.all += looks.all;
        }
        Some(sum)
    }

    /// The same over the last `span`.
    #[must_use]
    pub fn lately(&self, now: &Now, span: Span) -> Option<Looks> {
        self.since(&now.earlier(span))
    }
}

/// What the front door is believed to be now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FrontDoor {
    /// Probes that are ok, each from each of its places.
    pub ok: usize,
    /// Those of which anything is known.
    pub known: usize,
    /// Those of which nothing is.
    pub unknown: usize,
}

/// How a plan's front door is, from each place that looks at it; `None` when nothing looks through it. What is paused counts
/// neither way.
#[must_use]
pub fn front_door(loaded: &Loaded) -> Option<FrontDoor> {
    let mut door = FrontDoor::default();
    for (component, probe) in loaded.front_door() {
        if loaded.verdict_of(component, probe) == Verdict::Paused {
            continue;
        }
        let places = loaded.probes.get(&probe.id).map(|seen| &seen.places);
        for place in &probe.from {
            match places.and_then(|places| places.get(place)).map_or(Verdict::Unknown, |belief| belief.verdict) {
                Verdict::Unknown => door.unknown += 1,
                verdict => {
                    door.known += 1;
                    door.ok += usize::from(verdict == Verdict::Ok);
                }
            }
        }
    }
    (door.known + door.unknown > 0).then_some(door)
}

/// The newest capacity that a probe measured, in per cent, with when; `None` when it measured none in its last look.
#[must_use]
pub fn capacity(plan: &PlanId, probe: &ProbeId, readings: &Readings) -> Option<(Share, Now)> {
    let looks = readings.looks(plan, probe).map(|(_, sample)| sample);
    let newest = looks.reduce(|newest, other| if newest.at.is_before(&other.at) { other } else { newest })?;
    let percent = newest.measured.get(&super::plan::Measure::Value).copied()?;
    Share::percent(percent).ok().map(|share| (share, newest.at.clone()))
}
