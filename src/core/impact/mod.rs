//! Whom trouble hits, and where it comes from: out of what is seen of each part and who needs whom (VP-2, VP-3).
//!
//! A component is hit *directly* when its own probes find it down or degraded where customers are served: at the site that serves,
//! or before all sites. It is hit *by dependency* when something that it needs is hit, however far. Trouble at other sites alone
//! hits nobody now, and is told apart.

mod assess;
mod fits;
mod graph;
mod sight;
mod summary;

use std::collections::BTreeMap;

pub use assess::{Assessed, Assessment, GroupSeen, LISTED, PartSeen, PlaceSeen, SiteSeen, assess};
pub use fits::{Aim, Fit, Fitting, Hindrance, Reason, fits};
pub use summary::{Chain, LikelyCause, NAMED, Named, Objective, Summary, Suspect, Tally, TierTally, WAY};

use super::health::Verdict;
use super::ids::SiteId;
use super::incident::Incident;
use super::objectives::rto_of;
use super::plan::{Component, Layer};
use super::state::Loaded;
use super::time::Span;
use graph::{Spread, spread};
use sight::{Sight, sight};

/// Most likely causes that are told apart; those that most depends on come first.
pub const CAUSES: usize = 64;

/// Whom the trouble of a plan hits. Components go by their place in [`super::plan::Plan::components`], so that it stays small.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Impact {
    /// The components that something is wrong with or around, in file order.
    pub hits: Vec<Hit>,
    /// How each layer stands, in the order of [`Layer`]; layers without components are left out.
    pub layers: BTreeMap<Layer, Tally>,
    /// How each tier stands; components without one last, under `None`.
    pub tiers: Vec<(Option<u8>, Tally)>,
    /// The tightest objective of what is hit, and whose it is; `None` for the component when it is the plan's.
    pub objective: Option<(Span, Option<usize>)>,
    /// Where it comes from, most likely first; at most [`CAUSES`].
    pub causes: Vec<Cause>,
    /// Causes beyond those.
    pub more_causes: usize,
}

/// A component that something is wrong with or around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the plan.
    pub component: usize,
    /// How it is hit.
    pub how: How,
}

/// How a component is hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its own probes say so where customers are served. *Unknown* where it belongs to an incident and was not seen since.
    Direct(Verdict),
    /// It needs what is hit: the place of the next component on the shortest way to one that is hit itself.
    Dependency(usize),
    /// Its trouble is where nobody is served.
    StandbyOnly(Verdict),
}

/// Where trouble comes from, as far as the plan tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What.
    pub what: Origin,
    /// How many components need it, directly or through others.
    pub dependents: usize,
}

/// What fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A component that fails while nothing that it needs does.
    Part(usize),
    /// All of a site: a fate that its parts share.
    Site {
        /// The site.
        site: SiteId,
        /// How many components fail there.
        parts: usize,
    },
}

impl Impact {
    /// Of a plan as it is seen now.
    #[must_use]
    pub fn now(loaded: &Loaded) -> Impact {
        Impact::seen(loaded, &sight(loaded, None))
    }

    /// The same, where what belongs to an incident counts until it was seen to be well: a restart of the engine makes nobody whole.
    #[must_use]
    pub fn of(loaded: &Loaded, incident: &Incident) -> Impact {
        Impact::seen(loaded, &sight(loaded, Some(&incident.causes)))
    }

    fn seen(loaded: &Loaded, sight: &Sight) -> Impact {
        let components = &loaded.plan.components;
        let spread = if sight.anything() { spread(loaded.index.needs(), sight) } else { Spread::default() };
        let mut impact = Impact { more_causes: spread.more_causes, ..Impact::default() };
        let mut tiers: BTreeMap<(bool, Option<u8>), Tally> = BTreeMap::new();
        for (place, component) in components.iter().enumerate() {
            let (part, needs) = (&sight.parts[place], spread.needs.get(place).copied().flatten());
            let how = match (part.fails, needs, part.elsewhere) {
                (true, _, _) => Some(How::Direct(part.verdict())),
                (false, Some(needs), _) => Some(How::Dependency(needs)),
                (false, None, Some(verdict @ (Verdict::Degraded | Verdict::Down))) => Some(How::StandbyOnly(verdict)),
                (false, None, _) => None,
            };
            impact.hits.extend(how.map(|how| Hit { component: place, how }));
            impact.layers.entry(component.layer).or_default().count(part.verdict(), how);
            tiers.entry((component.tier.is_none(), component.tier)).or_default().count(part.verdict(), how);
        }
        impact.tiers = tiers.into_iter().map(|((_, tier), tally)| (tier, tally)).collect();
        impact.objective = tightest(loaded, &impact);
        impact.causes = spread.causes;
        impact
    }

    /// How a component is hit, if it is.
    #[must_use]
    pub fn how(&self, component: usize) -> Option<How> {
        let at = self.hits.binary_search_by_key(&component, |hit| hit.component).ok()?;
        self.hits.get(at).map(|hit| hit.how)
    }

    /// The way from a component to the nearest one that is hit itself: `web`, `api`, `db` where web needs api, which needs db.
    #[must_use]
    pub fn path(&self, component: usize) -> Vec<usize> {
        let mut path = vec![component];
        while let Some(How::Dependency(next)) = path.last().and_then(|last| self.how(*last)) {
            path.push(next);
        }
        path
    }

    /// The components that are hit directly, with what is seen of them.
    pub fn direct(&self) -> impl Iterator<Item = (usize, Verdict)> {
        self.hits.iter().filter_map(|hit| match hit.how {
            How::Direct(verdict) => Some((hit.component, verdict)),
            How::Dependency(_) | How::StandbyOnly(_) => None,
        })
    }

    /// Whether anything is wrong at all.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.hits.is_empty()
    }
}

/// The tightest of the objectives of what is hit where customers are served, the plan's among them.
fn tightest(loaded: &Loaded, impact: &Impact) -> Option<(Span, Option<usize>)> {
    let felt = || impact.hits.iter().filter(|hit| !matches!(hit.how, How::StandbyOnly(_)));
    let of = |place: usize| -> Option<&Component> { loaded.plan.components.get(place) };
    let own = felt().filter_map(|hit| Some((rto_of(&loaded.plan, of(hit.component)?)?, Some(hit.component))));
    let plans = loaded.plan.rto.filter(|_| felt().next().is_some()).map(|rto| (rto, None));
    own.chain(plans).min_by_key(|(span, _)| *span)
}
