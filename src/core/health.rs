//! What probes saw: samples, when they amount to a change, and how parts add up to a verdict on a site.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::ids::{ComponentId, IncidentId, PlanId, ProbeId, RunId, SiteId, StepId};
use super::loss::Replicated;
use super::plan::{Component, Plan, Probe};
use super::time::{Now, Span};

/// What one look at a part found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// The right answer in time.
    Good,
    /// The right answer, later than the plan allows.
    Slow,
    /// A wrong answer or none.
    Bad,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When it began.
    pub at: Now,
    /// How long the answer took.
    pub took: Span,
    /// What was found.
    pub found: Found,
    /// The evidence in a few words: `200`, `connection refused`.
    pub why: String,
}

/// What the engine believes of a part, from its probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Good answers.
    Ok,
    /// Not looked at yet, or not since the engine started.
    Unknown,
    /// Answers, but too late or not always.
    Slow,
    /// Does not answer as it should.
    Down,
}

/// What the state keeps of a probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeState {
    /// What is believed.
    pub verdict: Verdict,
    /// The first sample that said so; `None` before the first look.
    pub since: Option<Now>,
    /// The evidence.
    pub why: String,
    /// The last good sample before it stopped being ok.
    pub last_good: Option<Now>,
    /// The incident that its present trouble belongs to.
    pub covered_by: Option<IncidentId>,
}

impl Default for ProbeState {
    fn default() -> ProbeState {
        ProbeState {
            verdict: Verdict::Unknown,
            since: None,
            why: "not looked at yet".into(),
            last_good: None,
            covered_by: None,
        }
    }
}

impl ProbeState {
    /// When its present trouble began, as far as that is known: the last good sample, else the first bad one.
    #[must_use]
    pub fn began(&self) -> Option<&Now> {
        self.last_good.as_ref().or(self.since.as_ref())
    }
}

/// A change of what is believed, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What was believed.
    pub from: Verdict,
    /// What is believed now.
    pub to: Verdict,
    /// The first sample of the row that led here.
    pub since: Now,
    /// The evidence of the last one.
    pub why: String,
    /// The last good sample, if there was one.
    pub last_good: Option<Now>,
}

/// Turns a row of samples into changes: `fail_after` bad ones in a row, `pass_after` good ones. Lives in the engine, not in the
/// journal: after a restart everything is unknown until it was looked at.
#[derive(Debug, Clone)]
pub struct Tracker {
    verdict: Verdict,
    row: Row,
    last_good: Option<Now>,
}

/// The samples of one sort at the end.
#[derive(Debug, Clone)]
enum Row {
    Empty,
    Good { since: Now, count: u32 },
    Poor { since: Now, count: u32, bad_in_a_row: u32 },
}

impl Tracker {
    /// Nothing seen yet; `last_good` is what the journal still knows.
    #[must_use]
    pub fn new(last_good: Option<Now>) -> Tracker {
        Tracker { verdict: Verdict::Unknown, row: Row::Empty, last_good }
    }

    /// Takes the next sample; answers when what is believed changes.
    pub fn take(&mut self, probe: &Probe, sample: &Sample) -> Option<Change> {
        self.row = match (std::mem::replace(&mut self.row, Row::Empty), sample.found) {
            (Row::Good { since, count }, Found::Good) => Row::Good { since, count: count.saturating_add(1) },
            (_, Found::Good) => Row::Good { since: sample.at.clone(), count: 1 },
            (Row::Poor { since, count, bad_in_a_row }, found) => Row::Poor {
                since,
                count: count.saturating_add(1),
                bad_in_a_row: if found == Found::Bad { bad_in_a_row.saturating_add(1) } else { 0 },
            },
            (_, found) => {
                Row::Poor { since: sample.at.clone(), count: 1, bad_in_a_row: u32::from(found == Found::Bad) }
            }
        };
        if sample.found == Found::Good {
            self.last_good = Some(sample.at.clone());
        }
        let (to, since) = self.belief(probe)?;
        let from = std::mem::replace(&mut self.verdict, to);
        let change = Change { from, to, since, why: sample.why.clone(), last_good: self.last_good.clone() };
        (from != to).then_some(change)
    }

    /// What the row at the end amounts to, once it is long enough.
    fn belief(&self, probe: &Probe) -> Option<(Verdict, Now)> {
        match &self.row {
            // The first look may say ok at once; only coming back from trouble has to be shown several times.
            Row::Good { since, count } if self.verdict == Verdict::Unknown || *count >= probe.pass_after => {
                Some((Verdict::Ok, since.clone()))
            }
            Row::Poor { since, bad_in_a_row, .. } if *bad_in_a_row >= probe.fail_after => {
                Some((Verdict::Down, since.clone()))
            }
            Row::Poor { since, count, .. } if *count >= probe.fail_after && self.verdict != Verdict::Down => {
                Some((Verdict::Slow, since.clone()))
            }
            _ => None,
        }
    }
}

/// The last thing that each source said: never journaled, newest value only.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Readings {
    /// By plan and probe.
    pub samples: BTreeMap<PlanId, BTreeMap<ProbeId, Sample>>,
    /// By plan: how many of the customers of the last seconds were served.
    pub customers: BTreeMap<PlanId, Customers>,
    /// By plan and component.
    pub replication: BTreeMap<PlanId, BTreeMap<ComponentId, Replicated>>,
    /// Tries of steps whose processes live, by [`living_key`].
    pub living: BTreeSet<String>,
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

/// A site or a component, by its probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary<'a> {
    /// The worst verdict; unknown when nothing was looked at.
    pub worst: Verdict,
    /// Each part with its verdict, in file order.
    pub parts: Vec<(&'a str, Verdict)>,
}

impl Summary<'_> {
    /// How many parts have that verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.parts.iter().filter(|(_, v)| *v == verdict).count()
    }
}

/// Adds probes up. `Unknown` is worse than ok and milder than trouble: trouble that was seen is not hidden by what was not.
#[must_use]
pub fn summarise<'a>(
    plan: &'a Plan,
    states: &BTreeMap<ProbeId, ProbeState>,
    which: impl Fn(&Component, &Probe) -> bool,
) -> Summary<'a> {
    let mut parts: Vec<(&str, Verdict)> = Vec::new();
    for (component, probe) in plan.probes().filter(|(c, p)| which(c, p)) {
        let verdict = states.get(&probe.id).map_or(Verdict::Unknown, |s| s.verdict);
        match parts.last_mut() {
            Some((name, worst)) if *name == component.id.as_str() => *worst = (*worst).max(verdict),
            _ => parts.push((component.id.as_str(), verdict)),
        }
    }
    let worst = parts.iter().map(|(_, v)| *v).max().unwrap_or(Verdict::Unknown);
    Summary { worst, parts }
}

/// What is believed of a site.
#[must_use]
pub fn site<'a>(plan: &'a Plan, states: &BTreeMap<ProbeId, ProbeState>, site: &SiteId) -> Summary<'a> {
    summarise(plan, states, |_, probe| probe.site.as_ref() == Some(site))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures;

    /// Samples as letters: `.` good, `s` slow, `x` bad; changes as the index of the sample and the new verdict.
    fn changes(row: &str, fail_after: u32, pass_after: u32) -> Vec<(usize, Verdict)> {
        let probe = Probe { fail_after, pass_after, ..fixtures::probe("db.east") };
        let mut tracker = Tracker::new(None);
        row.chars()
            .enumerate()
            .filter_map(|(i, c)| {
                let found = match c {
                    '.' => Found::Good,
                    's' => Found::Slow,
                    _ => Found::Bad,
                };
                let sample = Sample { at: fixtures::at(i as u64), took: Span::ZERO, found, why: c.to_string() };
                tracker.take(&probe, &sample).map(|change| (i, change.to))
            })
            .collect()
    }

    #[test]
    fn one_bad_answer_is_no_outage_and_one_good_one_no_recovery() {
        use Verdict::{Down, Ok, Slow};
        let table: [(&str, Vec<(usize, Verdict)>); 9] = [
            (".", vec![(0, Ok)]),
            (".x.x.", vec![(0, Ok)]),
            (".xxx", vec![(0, Ok), (3, Down)]),
            ("xxx", vec![(2, Down)]),
            (".xxx.x..", vec![(0, Ok), (3, Down), (7, Ok)]),
            (".xxx.x.x", vec![(0, Ok), (3, Down)]),
            (".sss", vec![(0, Ok), (3, Slow)]),
            (".sxsxxx", vec![(0, Ok), (3, Slow), (6, Down)]),
            (".xxxsss", vec![(0, Ok), (3, Down)]),
        ];
        for (row, expected) in table {
            assert_eq!(changes(row, 3, 2), expected, "{row}");
        }
    }

    #[test]
    fn a_change_says_since_when_and_when_it_was_last_good() {
        let probe = Probe { fail_after: 2, ..fixtures::probe("db.east") };
        let mut tracker = Tracker::new(None);
        let mut last = None;
        for (i, found) in [Found::Good, Found::Good, Found::Bad, Found::Bad].into_iter().enumerate() {
            let sample = Sample { at: fixtures::at(i as u64), took: Span::ZERO, found, why: "refused".into() };
            last = tracker.take(&probe, &sample).or(last);
        }
        let change = last.unwrap();
        assert_eq!(change.since, fixtures::at(2), "the first bad sample, not the one that proved it");
        assert_eq!(change.last_good, Some(fixtures::at(1)));
        assert_eq!(change.why, "refused");
    }

    #[test]
    fn all_served_means_all() {
        let served = |ok, failed| Served { ok, failed, window: Span::from_secs(5) }.percent();
        assert_eq!(served(999, 1), Some(99));
        assert_eq!(served(3, 0), Some(100));
        assert_eq!(served(0, 0), None);
    }
}
