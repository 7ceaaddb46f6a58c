//! An impact in names and numbers: what is shown, and what is written down. Bounded, however large the plan is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::health::Verdict;
use super::super::ids::{ComponentId, SiteId};
use super::super::plan::{Layer, Plan};
use super::super::state::Loaded;
use super::super::time::Span;
use super::{Cause, How, Impact, Origin};

/// How many names are kept of each list; all are counted.
pub const NAMED: usize = 20;

/// How many steps of a way are kept; of a longer one the middle is left out.
pub const WAY: usize = 8;

/// How a layer or a tier stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many components it has.
    pub components: usize,
    /// Hit directly.
    pub direct: usize,
    /// Hit through what they need.
    pub by_dependency: usize,
    /// In trouble where nobody is served.
    pub standby_only: usize,
    /// The worst that is seen of one of them where customers are served.
    pub worst: Verdict,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally { components: 0, direct: 0, by_dependency: 0, standby_only: 0, worst: Verdict::Ok }
    }
}

impl Tally {
    pub(super) fn count(&mut self, verdict: Verdict, how: Option<How>) {
        self.components += 1;
        self.worst = self.worst.max(verdict);
        match how {
            Some(How::Direct(_)) => self.direct += 1,
            Some(How::Dependency(_)) => self.by_dependency += 1,
            Some(How::StandbyOnly(_)) => self.standby_only += 1,
            None => {}
        }
    }
}

/// Some components: all counted, the first named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Named {
    /// How many.
    pub count: usize,
    /// The first of them, at most [`NAMED`].
    pub first: Vec<ComponentId>,
}

/// How a component is hit by what it needs: itself, then each need on the way, the last one hit itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The way, at most [`WAY`] long: of a longer one the end stands last.
    pub way: Vec<ComponentId>,
    /// How many needs are left out before the last.
    pub left_out: usize,
}

/// What is taken to be the origin of trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspect {
    /// A component.
    Part {
        /// Which.
        component: ComponentId,
        /// The name of the site where it fails; none when it stands before all sites.
        at: Option<String>,
    },
    /// A whole site.
    Site {
        /// Which.
        site: SiteId,
        /// Its name.
        name: String,
        /// How many components fail there.
        parts: usize,
    },
}

/// A likely cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LikelyCause {
    /// What.
    pub what: Suspect,
    /// How many components need it, directly or through others.
    pub dependents: usize,
}

/// The tightest recovery time objective of what is hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// The objective.
    pub rto: Span,
    /// Whose it is; `None` when it is the plan's.
    pub of: Option<ComponentId>,
}

/// How a tier stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierTally {
    /// The tier; `None` for components without one.
    pub tier: Option<u8>,
    /// How it stands.
    #[serde(flatten)]
    pub tally: Tally,
}

/// An impact in names and numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// What is hit itself.
    pub direct: Named,
    /// What is hit through what it needs.
    pub by_dependency: Named,
    /// Ways of the first of those.
    pub chains: Vec<Chain>,
    /// What is in trouble where nobody is served.
    pub standby_only: Named,
    /// How each layer of the plan stands.
    pub layers: BTreeMap<Layer, Tally>,
    /// How each tier stands, those without one last.
    pub tiers: Vec<TierTally>,
    /// The tightest objective of what is hit.
    pub objective: Option<Objective>,
    /// Where it comes from, most likely first; at most [`NAMED`].
    pub causes: Vec<LikelyCause>,
    /// Likely causes beyond those.
    pub more_causes: usize,
}

impl Summary {
    /// Whether nothing is wrong at all.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.direct.count + self.by_dependency.count + self.standby_only.count == 0
    }
}

impl Impact {
    /// In names and numbers, of the plan that it is of.
    #[must_use]
    pub fn summary(&self, loaded: &Loaded) -> Summary {
        let plan = &loaded.plan;
        let id = |place: usize| plan.components.get(place).map(|c| c.id.clone());
        let mut summary = Summary { layers: self.layers.clone(), ..Summary::default() };
        for hit in &self.hits {
            let list = match hit.how {
                How::Direct(_) => &mut summary.direct,
                How::Dependency(_) => &mut summary.by_dependency,
                How::StandbyOnly(_) => &mut summary.standby_only,
            };
            list.count += 1;
            if list.first.len() < NAMED {
                list.first.extend(id(hit.component));
                if let How::Dependency(_) = hit.how {
                    summary.chains.push(chain(plan, &self.path(hit.component)));
                }
            }
        }
        summary.tiers = self.tiers.iter().map(|(tier, tally)| TierTally { tier: *tier, tally: *tally }).collect();
        summary.objective = self.objective.map(|(rto, of)| Objective { rto, of: of.and_then(id) });
        summary.causes = self.causes.iter().take(NAMED).filter_map(|cause| likely(loaded, cause)).collect();
        summary.more_causes = self.more_causes + self.causes.len().saturating_sub(NAMED);
        summary
    }
}

fn chain(plan: &Plan, path: &[usize]) -> Chain {
    let left_out = path.len().saturating_sub(WAY);
    let (head, end) = path.split_at(path.len().min(WAY - 1));
    let shown = head.iter().chain(end.last());
    Chain { way: shown.filter_map(|place| Some(plan.components.get(*place)?.id.clone())).collect(), left_out }
}

fn likely(loaded: &Loaded, cause: &Cause) -> Option<LikelyCause> {
    let what = match &cause.what {
        Origin::Part(place) => {
            let component = loaded.plan.components.get(*place)?;
            let there = component.probes.iter().any(|probe| probe.site.is_some() && probe.site == loaded.active);
            let site = loaded.active.as_ref().filter(|_| there).and_then(|id| loaded.plan.site(id));
            Suspect::Part { component: component.id.clone(), at: site.map(|site| site.name.clone()) }
        }
        Origin::Site { site, parts } => {
            let name = loaded.plan.site(site).map_or_else(|| site.to_string(), |known| known.name.clone());
            Suspect::Site { site: site.clone(), name, parts: *parts }
        }
    };
    Some(LikelyCause { what, dependents: cause.dependents })
}
