//! How the parts of a site, or of anything else, add up.

use std::collections::BTreeMap;

use super::super::ids::{ProbeId, SiteId};
use super::super::plan::{Component, Plan, Probe};
use super::{ProbeState, Verdict};

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
