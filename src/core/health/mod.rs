//! What probes saw: samples, when they amount to a change, and how parts add up to a verdict on a site.

pub mod history;
pub mod judge;
mod pause;
mod site;
mod subject;
mod tally;
mod tracker;

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub use pause::{Extent, Pause};
pub use site::{SiteVerdict, Summary, judge_site, judge_site_if, site, summarise};
pub use subject::probes_of;
pub(crate) use tally::Standing;
pub use tally::{Counts, Tally};
pub use tracker::Tracker;

use super::ids::{ComponentId, IncidentId, PlanId, ProbeId, RunId, StepId};
use super::loss::Replicated;
use super::plan::{Measure, Place};
use super::service::Service;
use super::time::{Now, Span, last_of};

/// What one look at a part found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// The right answer in time.
    Good,
    /// The right answer, beyond a limit at which the plan warns.
    Degraded,
    /// A wrong answer or none.
    Bad,
    /// Nothing: whoever looks could not look.
    Unseen,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When it began.
    pub at: Now,
    /// How long the answer took.
    pub took: Span,
    /// What was found.
    pub found: Found,
    /// The evidence in a few words: `200`, `connection refused`.
    pub why: String,
    /// What was measured, in each measure's unit.
    #[serde(default)]
    pub measured: BTreeMap<Measure, f64>,
}

/// What the engine believes of a part, from its probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Good answers.
    Ok,
    /// A person said that it does not count now; it is looked at all the same.
    Paused,
    /// Not looked at yet, not since the engine started, or not to be looked at.
    Unknown,
    /// Answers, but beyond a limit, not always, or not everywhere.
    Degraded,
    /// Does not answer as it should.
    Down,
}

impl Verdict {
    /// All of them, the best first.
    pub const ALL: [Verdict; 5] = [Verdict::Ok, Verdict::Paused, Verdict::Unknown, Verdict::Degraded, Verdict::Down];

    /// The word for it, as conditions write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Paused => "paused",
            Verdict::Unknown => "unknown",
            Verdict::Degraded => "degraded",
            Verdict::Down => "down",
        }
    }
}

/// Whether what is believed of a part holds still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// It does.
    #[default]
    Steady,
    /// Good and bad answers alternate: it is called degraded until it holds still again.
    Flapping,
}

/// What is believed from one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Belief {
    /// What is believed.
    pub verdict: Verdict,
    /// The first sample that said so; `None` before the first look.
    pub since: Option<Now>,
    /// The evidence.
    pub why: String,
    /// The last good sample before it stopped being ok.
    pub last_good: Option<Now>,
    /// Whether it holds still.
    #[serde(default)]
    pub manner: Manner,
}

impl Default for Belief {
    fn default() -> Belief {
        Belief {
            verdict: Verdict::Unknown,
            since: None,
            why: "not looked at yet".into(),
            last_good: None,
            manner: Manner::Steady,
        }
    }
}

/// What the state keeps of a probe.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProbeState {
    /// What is believed, from all places together.
    #[serde(flatten)]
    pub belief: Belief,
    /// What is believed from each place, where there are several.
    #[serde(default)]
    pub places: BTreeMap<Place, Belief>,
    /// The incident that its present trouble belongs to.
    pub covered_by: Option<IncidentId>,
}

impl std::ops::Deref for ProbeState {
    type Target = Belief;
    fn deref(&self) -> &Belief {
        &self.belief
    }
}

impl Belief {
    /// When its present trouble began, as far as that is known: the last good sample, else the first bad one.
    #[must_use]
    pub fn began(&self) -> Option<&Now> {
        self.last_good.as_ref().or(self.since.as_ref())
    }

    /// Whether it is trouble that an incident is made of.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        self.verdict == Verdict::Down || self.manner == Manner::Flapping
    }
}

impl ProbeState {
    /// Takes a change of what is believed from one place.
    pub fn take(&mut self, change: &Change) {
        let belief = Belief {
            verdict: change.to,
            since: Some(change.since.clone()),
            why: change.why.clone(),
            last_good: change.last_good.clone(),
            manner: change.manner,
        };
        self.places.insert(change.place.clone(), belief.clone());
        self.belief = match self.places.len() {
            1 => belief,
            _ => self.together(&change.since),
        };
    }

    /// Several places: what all of those that could look say. Where they disagree it is degraded, and who sees what is said.
    fn together(&self, at: &Now) -> Belief {
        let looked: Vec<(&Place, &Belief)> =
            self.places.iter().filter(|(_, belief)| belief.verdict != Verdict::Unknown).collect();
        let verdict = match looked.as_slice() {
            [] => Verdict::Unknown,
            some if some.iter().all(|(_, belief)| belief.verdict == Verdict::Ok) => Verdict::Ok,
            some if some.iter().all(|(_, belief)| belief.verdict == Verdict::Down) => Verdict::Down,
            _ => Verdict::Degraded,
        };
        let flaps = looked.iter().any(|(_, belief)| belief.manner == Manner::Flapping);
        let says: Vec<String> = self.places.iter().map(|(place, belief)| format!("{place}: {}", belief.why)).collect();
        Belief {
            verdict,
            since: if verdict == self.belief.verdict { self.belief.since.clone() } else { Some(at.clone()) },
            why: says.join("; "),
            last_good: last_of(looked.iter().filter_map(|(_, belief)| belief.last_good.as_ref())).cloned(),
            manner: if flaps { Manner::Flapping } else { Manner::Steady },
        }
    }

    /// Nobody knows any more how it is.
    pub fn forget(&mut self, why: &str) {
        let unknown = |belief: &mut Belief, why: &str| {
            belief.verdict = Verdict::Unknown;
            belief.manner = Manner::Steady;
            why.clone_into(&mut belief.why);
        };
        unknown(&mut self.belief, why);
        self.places.values_mut().for_each(|belief| unknown(belief, why));
    }
}

/// A change of what is believed from one place, with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// From where it was seen.
    pub place: Place,
    /// What was believed.
    pub from: Verdict,
    /// What is believed now.
    pub to: Verdict,
    /// Whether it holds still.
    #[serde(default)]
    pub manner: Manner,
    /// The first sample of the row that led here.
    pub since: Now,
    /// The evidence of the last one.
    pub why: String,
    /// The last good sample, if there was one.
    pub last_good: Option<Now>,
}

/// The last look of each probe from each of its places, by plan: a copy shares all that did not change.
pub type Samples = RedBlackTreeMapSync<PlanId, LooksOfPlan>;

/// The last look of each probe of a plan from each of its places.
pub type LooksOfPlan = RedBlackTreeMapSync<ProbeId, RedBlackTreeMapSync<Place, Sample>>;

/// The last thing that each source said: never journaled, newest value only.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Readings {
    /// By plan, probe and place. Frames to consoles have those that clocks are read from: a console asks for those that it shows.
    #[serde(default)]
    pub samples: Samples,
    /// By plan: how many of the customers of the last seconds were served.
    pub customers: BTreeMap<PlanId, Customers>,
    /// By plan and component.
    pub replication: BTreeMap<PlanId, BTreeMap<ComponentId, Replicated>>,
    /// Tries of steps whose processes live, by [`living_key`].
    pub living: BTreeSet<String>,
    /// By plan: the last good look of each probe that shows how far data is kept.
    #[serde(default)]
    pub proofs: BTreeMap<PlanId, BTreeMap<ProbeId, Sample>>,
    /// By plan: what share of the looks through its front door was good.
    #[serde(default)]
    pub service: BTreeMap<PlanId, Service>,
}

impl Readings {
    /// Notes a look of a probe from a place.
    pub fn note(&mut self, plan: &PlanId, probe: &ProbeId, place: &Place, sample: Sample) {
        if !self.samples.contains_key(plan) {
            self.samples.insert_mut(plan.clone(), RedBlackTreeMapSync::new_sync());
        }
        let Some(probes) = self.samples.get_mut(plan) else { return };
        match probes.get_mut(probe) {
            Some(places) => places.insert_mut(place.clone(), sample),
            None => probes.insert_mut(probe.clone(), [(place.clone(), sample)].into_iter().collect()),
        }
    }

    /// The last look of a probe from each of its places.
    pub fn looks<'r>(&'r self, plan: &PlanId, probe: &ProbeId) -> impl Iterator<Item = (&'r Place, &'r Sample)> {
        self.samples.get(plan).and_then(|probes| probes.get(probe)).into_iter().flatten()
    }

    /// The last look of a probe from one place.
    #[must_use]
    pub fn look(&self, plan: &PlanId, probe: &ProbeId, place: &Place) -> Option<&Sample> {
        self.samples.get(plan)?.get(probe)?.get(place)
    }
}

/// How [`Readings::living`] names one try of a step.
#[must_use]
pub fn living_key(run: RunId, step: &StepId, attempt: u32) -> String {
    format!("{run}/{step}.{attempt}")
}

/// What customers got, lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customers {
    /// When the counter was last read.
    pub at: Now,
    /// What became of the requests in the window; `None` when the counter did not answer or nobody came.
    pub served: Option<Served>,
}

/// Requests in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// Those that got what they wanted.
    pub ok: u64,
    /// Those that did not.
    pub failed: u64,
    /// The window.
    pub window: Span,
}

impl Served {
    /// The share that was served, in whole per cent, rounded down so that 100 means all; `None` when nobody came.
    #[must_use]
    pub fn percent(self) -> Option<u64> {
        let all = self.ok.saturating_add(self.failed);
        (all > 0).then(|| self.ok.saturating_mul(100) / all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_places_see_adds_up_and_who_sees_what_is_said() {
        use Verdict::{Degraded, Down, Ok, Unknown};
        let place = |name: &str| Place::from(name.to_owned());
        let at = crate::core::fixtures::at;
        let change = |from: &str, to, second| Change {
            place: place(from),
            from: Unknown,
            to,
            manner: Manner::Steady,
            since: at(second),
            why: format!("{to:?}").to_lowercase(),
            last_good: (to == Ok).then(|| at(second)),
        };
        type Row<'a> = (&'a [(&'a str, Verdict)], Verdict, &'a str);
        let table: [Row<'_>; 6] = [
            (&[("engine", Down)], Down, "down"),
            (&[("engine", Ok), ("web-1", Ok)], Ok, "engine: ok; web-1: ok"),
            (&[("engine", Down), ("web-1", Ok)], Degraded, "engine: down; web-1: ok"),
            (&[("engine", Down), ("web-1", Down)], Down, "engine: down; web-1: down"),
            (&[("engine", Down), ("web-1", Unknown)], Down, "engine: down; web-1: unknown"),
            (&[("engine", Unknown), ("web-1", Unknown)], Unknown, "engine: unknown; web-1: unknown"),
        ];
        for (seen, verdict, why) in table {
            let mut known = ProbeState::default();
            seen.iter().zip(0..).for_each(|((from, to), second)| known.take(&change(from, *to, second)));
            assert_eq!((known.verdict, known.why.as_str()), (verdict, why), "{seen:?}");
        }
    }

    #[test]
    fn all_served_means_all() {
        let served = |ok, failed| Served { ok, failed, window: Span::from_secs(5) }.percent();
        assert_eq!(served(999, 1), Some(99));
        assert_eq!(served(3, 0), Some(100));
        assert_eq!(served(0, 0), None);
    }
}
