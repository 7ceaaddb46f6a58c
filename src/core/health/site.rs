//! How the parts of a site, or of anything else, add up.

use serde::{Deserialize, Serialize};

use super::super::ids::SiteId;
use super::super::plan::{Component, DownWhen, Probe};
use super::super::state::Loaded;
use super::Verdict;

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
pub fn summarise(loaded: &Loaded, which: impl Fn(&Component, &Probe) -> bool) -> Summary<'_> {
    let mut parts: Vec<(&str, Verdict)> = Vec::new();
    for (component, probe) in loaded.plan.probes().filter(|(c, p)| which(c, p)) {
        let verdict = loaded.verdict_of(component, probe);
        match parts.last_mut() {
            Some((name, worst)) if *name == component.id.as_str() => *worst = (*worst).max(verdict),
            _ => parts.push((component.id.as_str(), verdict)),
        }
    }
    let worst = parts.iter().map(|(_, v)| *v).max().unwrap_or(Verdict::Unknown);
    Summary { worst, parts }
}

/// What is believed of the parts of a site.
#[must_use]
pub fn site<'a>(loaded: &'a Loaded, site: &SiteId) -> Summary<'a> {
    summarise(loaded, |_, probe| probe.site.as_ref() == Some(site))
}

/// How a whole site is, by the rule of its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteVerdict {
    /// All that is looked at there is ok.
    Ok,
    /// All that is looked at there is paused.
    Paused,
    /// Something was not looked at, and no trouble was seen.
    Unknown,
    /// Something is degraded, and nothing is down.
    Degraded,
    /// Something is down, and not as much as the rule asks for.
    Partly,
    /// As much is down as the rule asks for.
    Down,
}

impl SiteVerdict {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            SiteVerdict::Ok => "ok",
            SiteVerdict::Paused => "paused",
            SiteVerdict::Unknown => "unknown",
            SiteVerdict::Degraded => "degraded",
            SiteVerdict::Partly => "partly",
            SiteVerdict::Down => "down",
        }
    }
}

/// Judges a site. What is paused counts neither way.
#[must_use]
pub fn judge_site(loaded: &Loaded, id: &SiteId) -> SiteVerdict {
    judge_site_if(loaded, id, Verdict::Unknown)
}

/// [`judge_site`] as if all that nobody knows were so.
#[must_use]
pub fn judge_site_if(loaded: &Loaded, id: &SiteId, unknown: Verdict) -> SiteVerdict {
    let rule = loaded.plan.site(id).map_or(DownWhen::default(), |site| site.down_when);
    let parts = loaded.counts(Some(id)).if_unknown(unknown);
    let counted = parts.all() - parts.of(Verdict::Paused);
    let has = |verdict: Verdict| parts.of(verdict) > 0;
    let is_down = match rule {
        DownWhen::All => parts.of(Verdict::Down) == counted,
        DownWhen::Any => has(Verdict::Down),
        DownWhen::Tier(most) => {
            let mut unseen = loaded.not_ok(Some(id), Verdict::Unknown);
            let may_be = unknown == Verdict::Down && unseen.any(|c| c.tier.is_some_and(|tier| tier <= most));
            may_be || loaded.is_down_from(id, most)
        }
    };
    match (parts.all(), counted) {
        (0, _) => SiteVerdict::Unknown,
        (_, 0) => SiteVerdict::Paused,
        _ if is_down => SiteVerdict::Down,
        _ if has(Verdict::Down) => SiteVerdict::Partly,
        _ if has(Verdict::Degraded) => SiteVerdict::Degraded,
        _ if has(Verdict::Unknown) => SiteVerdict::Unknown,
        _ => SiteVerdict::Ok,
    }
}
