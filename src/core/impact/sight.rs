//! What is seen of each component where customers are served, and elsewhere.

use std::collections::BTreeSet;

use super::super::health::Verdict;
use super::super::ids::{ProbeId, SiteId};
use super::super::plan::{Component, Probe};
use super::super::state::Loaded;

/// What is seen of every component of a plan.
pub(super) struct Sight {
    /// By place in the plan.
    pub(super) parts: Vec<Part>,
    /// The site that serves, where all that is looked at there is down and that is more than one component.
    pub(super) fallen: Option<SiteId>,
}

/// What is seen of one component.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    /// The worst where customers are served; `None` when nothing looks there.
    pub(super) served: Option<Verdict>,
    /// The worst at other sites.
    pub(super) elsewhere: Option<Verdict>,
    /// The worst at the site that serves, leaving out what is paused and what stands before all sites.
    at_site: Option<Verdict>,
    /// Whether it fails where customers are served.
    pub(super) fails: bool,
}

impl Part {
    /// What is known of it where customers are served.
    pub(super) fn verdict(&self) -> Verdict {
        self.served.unwrap_or(Verdict::Unknown)
    }

    /// Whether it fails at the site that serves.
    pub(super) fn fails_at_site(&self) -> bool {
        self.fails && matches!(self.at_site, Some(Verdict::Degraded | Verdict::Down))
    }
}

impl Sight {
    /// Whether anything fails where customers are served.
    pub(super) fn anything(&self) -> bool {
        self.parts.iter().any(|part| part.fails)
    }
}

/// Looks at every component once; `causes` are the probes of an incident, whose trouble counts until it was seen to be over.
pub(super) fn sight(loaded: &Loaded, causes: Option<&BTreeSet<ProbeId>>) -> Sight {
    let serves = loaded.active.as_ref();
    let parts: Vec<Part> = loaded.plan.components.iter().map(|c| part(loaded, serves, causes, c)).collect();
    let mut there = parts.iter().filter_map(|part| part.at_site);
    let fell = there.clone().count() > 1 && there.all(|verdict| verdict == Verdict::Down);
    Sight { parts, fallen: serves.filter(|_| fell).cloned() }
}

fn part(loaded: &Loaded, serves: Option<&SiteId>, causes: Option<&BTreeSet<ProbeId>>, of: &Component) -> Part {
    let mut part = Part::default();
    for probe in &of.probes {
        let verdict = loaded.verdict_of(of, probe);
        if !felt(probe, serves) {
            part.elsewhere = part.elsewhere.max(Some(verdict));
            continue;
        }
        part.served = part.served.max(Some(verdict));
        if probe.site.is_some() && verdict != Verdict::Paused {
            part.at_site = part.at_site.max(Some(verdict));
        }
        part.fails |= match verdict {
            Verdict::Degraded | Verdict::Down => true,
            Verdict::Unknown => causes.is_some_and(|causes| causes.contains(&probe.id)),
            Verdict::Ok | Verdict::Paused => false,
        };
    }
    part
}

/// Whether a probe looks where customers are served.
pub(super) fn felt(probe: &Probe, serves: Option<&SiteId>) -> bool {
    probe.site.is_none() || probe.site.as_ref() == serves
}
