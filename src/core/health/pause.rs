//! What a person took out of the judgement for a while: it is looked at all the same, and raises nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::ids::{ComponentId, Principal, ProbeId, SiteId};
use super::super::plan::{Component, Probe};
use super::super::time::{Now, Span};

/// How much of a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All of it.
    Plan,
    /// What stands at a site.
    Site(SiteId),
    /// A component, wherever it stands.
    Component(ComponentId),
    /// What one probe looks at.
    Probe(ProbeId),
}

impl Extent {
    /// Whether a probe of a component belongs to it.
    #[must_use]
    pub fn holds(&self, component: &Component, probe: &Probe) -> bool {
        match self {
            Extent::Plan => true,
            Extent::Site(site) => probe.site.as_ref() == Some(site),
            Extent::Component(id) => component.id == *id,
            Extent::Probe(id) => probe.id == *id,
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Extent::Plan => f.write_str("the whole plan"),
            Extent::Site(id) => write!(f, "site {id}"),
            Extent::Component(id) => write!(f, "component {id}"),
            Extent::Probe(id) => write!(f, "probe {id}"),
        }
    }
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// Of what.
    pub of: Extent,
    /// Who paused it.
    pub by: Principal,
    /// When.
    pub at: Now,
    /// For how long.
    pub length: Span,
    /// Why.
    pub reason: String,
}

impl Pause {
    /// What is left of it; a clock that was set moves it no more than any other length of time.
    #[must_use]
    pub fn left(&self, now: &Now) -> Span {
        self.length.minus(now.surely_since(&self.at))
    }
}
