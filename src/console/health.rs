//! Where the person is on the Health screen: as a tree or flat, how far back, what is folded, what is looked for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::core::health::history::Window;
use crate::core::ids::{ComponentId, PlanId, ProbeId, SiteId};

/// How parts are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// Plan, site, component, probe.
    #[default]
    Tree,
    /// Every probe, the worst of all plans first.
    Flat,
}

/// Something that has parts under it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Branch {
    /// A plan.
    Plan(PlanId),
    /// A site of a plan; none for what is looked at before all sites.
    Site(PlanId, Option<SiteId>),
    /// A component at a site, where several probes look at it.
    Component(PlanId, Option<SiteId>, ComponentId),
}

impl Branch {
    /// The plan that it belongs to.
    pub(crate) fn plan(&self) -> &PlanId {
        match self {
            Branch::Plan(plan) | Branch::Site(plan, _) | Branch::Component(plan, ..) => plan,
        }
    }
}

/// Whether what is under a branch is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fold {
    Open,
    Closed,
}

/// Where the person is on the Health screen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct HealthPlace {
    /// As a tree or flat.
    pub(crate) shape: Shape,
    /// How far back history goes.
    #[serde(skip)]
    pub(crate) window: Window,
    /// Branches that somebody opened or closed.
    #[serde(skip)]
    pub(crate) folds: BTreeMap<Branch, Fold>,
    /// Only parts with these words are shown.
    #[serde(skip)]
    pub(crate) filter: Option<String>,
    /// The probe whose box is open.
    #[serde(skip)]
    pub(crate) read: Option<(PlanId, ProbeId)>,
}

impl HealthPlace {
    /// The other way of listing.
    pub(crate) fn turn(&mut self) {
        self.shape = match self.shape {
            Shape::Tree => Shape::Flat,
            Shape::Flat => Shape::Tree,
        };
    }
}
