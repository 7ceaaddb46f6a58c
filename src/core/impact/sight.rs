//! What is seen of each component where customers are served, and elsewhere.

use std::collections::BTreeSet;

use super::super::health::Verdict;
use super::super::ids::{ProbeId, SiteId};
use super::super::plan::Probe;
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

/// What the counts of every part say; `causes` are the probes of an incident, whose trouble counts until it was seen to be over.
pub(super) fn sight(loaded: &Loaded, causes: Option<&BTreeSet<ProbeId>>) -> Sight {
    let mut parts = vec![Part::default(); loaded.plan.components.len()];
    // A site that nothing is looked at has no number, and nothing is felt there.
    let serves = loaded.active.as_ref().and_then(|site| loaded.index.site(Some(site)));
    for (component, site, counts) in loaded.parts() {
        let Some(part) = parts.get_mut(component) else { continue };
        let worst = Some(counts.worst());
        if site != 0 && Some(site) != serves {
            part.elsewhere = part.elsewhere.max(worst);
            continue;
        }
        part.served = part.served.max(worst);
        if site != 0 {
            part.at_site = counts.worst_counted();
        }
        part.fails |= matches!(worst, Some(Verdict::Degraded | Verdict::Down));
    }
    for id in causes.into_iter().flatten() {
        let Some(at) = loaded.index.probe(&loaded.plan, id) else { continue };
        let Some((component, probe)) = at.of(&loaded.plan) else { continue };
        let unseen = loaded.verdict_of(component, probe) == Verdict::Unknown;
        if let Some(part) = parts.get_mut(at.component as usize) {
            part.fails |= unseen && felt(probe, loaded.active.as_ref());
        }
    }
    let mut there = parts.iter().filter_map(|part| part.at_site);
    let fell = there.clone().count() > 1 && there.all(|verdict| verdict == Verdict::Down);
    Sight { parts, fallen: loaded.active.clone().filter(|_| fell) }
}

/// Whether a probe looks where customers are served.
pub(super) fn felt(probe: &Probe, serves: Option<&SiteId>) -> bool {
    probe.site.is_none() || probe.site.as_ref() == serves
}
