//! A plan as the engine holds it: read, checked and resolved. Reading files is `crate::plan`'s work.

mod action;
mod dependencies;
mod failover;
mod holds;
mod index;
mod postgres;
mod probe;
mod procedure;
mod scenario;
mod targets;
mod traffic;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use action::*;
pub(crate) use dependencies::Dependencies;
pub use failover::*;
pub use holds::*;
pub use index::Index;
pub(crate) use index::ProbeAt;
pub use postgres::*;
pub use probe::*;
pub use procedure::*;
pub use scenario::*;
pub use targets::*;
pub use traffic::*;

use super::ids::{ChannelId, ComponentId, PlanId, ProbeId, ProcedureId, ScenarioId, SiteId};
use super::time::Span;

/// SHA-256 of a plan's text, in hexadecimal: what incidents and runs pin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanHash(pub String);

/// Where a plan's systems stand, which decides how loudly the console marks it and who may act; the most guarded is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Real customers. The default of a file that does not say.
    Production,
    /// A copy of it.
    Staging,
    /// The practice range.
    Practice,
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Environment::Production => "PRODUCTION",
            Environment::Staging => "STAGING",
            Environment::Practice => "PRACTICE",
        })
    }
}

/// How bad, and how important: of an incident, of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Can wait for daylight.
    Low,
    /// Somebody should look.
    Medium,
    /// Customers notice.
    High,
    /// The business stands still.
    Critical,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        })
    }
}

impl std::str::FromStr for Severity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Severity::ALL
            .into_iter()
            .find(|s| s.to_string() == text)
            .ok_or_else(|| format!("{text:?} is no severity; critical, high, medium and low are"))
    }
}

/// What a plan says about one organisation's systems and how they are recovered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its identifier, for good.
    pub id: PlanId,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where its systems stand.
    pub environment: Environment,
    /// How much hangs on it.
    pub priority: Severity,
    /// Recovery time objective for what has none of its own.
    pub rto: Option<Span>,
    /// Recovery point objective for what has none of its own.
    pub rpo: Option<Span>,
    /// How long the front door must stay good before the clocks stop for good.
    pub stable_for: Span,
    /// The sites, in file order.
    pub sites: Vec<Site>,
    /// The components, in file order.
    pub components: Vec<Component>,
    /// The procedures, in file order.
    pub procedures: Vec<Procedure>,
    /// The disasters that it is prepared for, in file order.
    #[serde(default)]
    pub scenarios: Vec<Scenario>,
    /// The channels that updates go to.
    pub channels: Vec<ChannelId>,
    /// The channels that reach the team itself, when the engine needs people.
    #[serde(default)]
    pub pages: Vec<ChannelId>,
    /// Where customers are counted, if they are.
    pub customers: Option<CustomerCounter>,
    /// What it promises beside.
    #[serde(default)]
    pub targets: Targets,
    /// What it asks of a failover before it may happen.
    #[serde(default)]
    pub failover: Policy,
}

/// Where a site starts; failovers change it in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteRole {
    /// Serves customers.
    Primary,
    /// Stands by.
    Standby,
}

/// A place where components run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its identifier.
    pub id: SiteId,
    /// Its name for people.
    pub name: String,
    /// Where it starts.
    pub role: SiteRole,
    /// Where it lies, as people say it.
    pub location: Option<String>,
    /// When it counts as down as a whole.
    #[serde(default)]
    pub down_when: DownWhen,
    /// The probe that measures how much of its capacity it has now, in per cent.
    #[serde(default)]
    pub capacity: Option<ProbeId>,
    /// What lies there beside what probes look at there.
    #[serde(default)]
    pub holds: Holds,
}

/// How much of a site has to be down before it counts as down as a whole. What is paused counts neither way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DownWhen {
    /// Everything that is looked at there.
    #[default]
    All,
    /// Anything that is looked at there.
    Any,
    /// Any component of this tier, or of a lower number.
    Tier(u8),
}

/// The four layers of VP-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Server, network, storage, load balancer.
    Infrastructure,
    /// API, worker, cache, monitoring.
    Application,
    /// Server, backups, replication, consistency.
    Database,
    /// What customers would name.
    Business,
}

/// The groups of the initial assessment (TR-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What is run here: servers, network, applications, what customers would name.
    Service,
    /// What keeps data that is asked.
    Database,
    /// What others run.
    External,
    /// What keeps data as it is, backups among it.
    Storage,
}

/// A part that can fail and be recovered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Its identifier.
    pub id: ComponentId,
    /// Its name for people.
    pub name: String,
    /// Its type as the file says it: `database`, `api_gateway`.
    pub kind: String,
    /// The layer that follows from the type.
    pub layer: Layer,
    /// How much hangs on it.
    pub priority: Severity,
    /// Its service tier, from 1, the most important, to 4 (TR-1).
    #[serde(default)]
    pub tier: Option<u8>,
    /// Its own recovery time objective.
    pub rto: Option<Span>,
    /// Its own recovery point objective.
    pub rpo: Option<Span>,
    /// The sites that it runs at; none for what stands before all of them.
    pub sites: Vec<SiteId>,
    /// What it needs.
    pub dependencies: Vec<ComponentId>,
    /// How it is looked at.
    pub probes: Vec<Probe>,
    /// How its data travels between sites, where that can be asked.
    pub replication: Option<Replication>,
}

/// Counts what customers got: `GET` answers `{"ok": N, "failed": N}`, both only ever rising.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCounter {
    /// The address.
    pub url: String,
    /// How often it is asked.
    pub every: Span,
}

/// Where a component's data goes, and who can be asked how far it got. An address of a page answers
/// `{"seq": N, "at": "RFC 3339"}`: the last record committed (source) or received (target); it may say its `role` as well,
/// `primary` or `standby`. One of a PostgreSQL server is asked by SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// The site that writes at the start.
    pub from: SiteId,
    /// The site that receives at the start.
    pub to: SiteId,
    /// Asked for the last commit.
    #[serde(deserialize_with = "text_or_address")]
    pub source: Address,
    /// Asked for the last record received.
    #[serde(deserialize_with = "text_or_address")]
    pub target: Address,
    /// How often both are asked.
    pub every: Span,
}

/// Journals from before other addresses than those of pages were known have a text there.
fn text_or_address<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Address(Address),
    }
    Ok(match Either::deserialize(from)? {
        Either::Text(text) => Address::Plain(text),
        Either::Address(address) => address,
    })
}

/// The roles of the field (TR-6); a plan's gates may name others.
pub const ROLES: [(&str, &str); 7] = [
    ("incident_commander", "leads, decides, opens gates"),
    ("deputy", "takes over when the commander cannot"),
    ("technical_lead", "says what is wrong and what will mend it"),
    ("database_administrator", "answers for the data"),
    ("infrastructure_engineer", "answers for machines and network"),
    ("communications_lead", "tells the world"),
    ("scribe", "keeps the notes"),
];

impl Plan {
    /// The site with that identifier.
    #[must_use]
    pub fn site(&self, id: &SiteId) -> Option<&Site> {
        self.sites.iter().find(|s| s.id == *id)
    }

    /// The component with that identifier.
    #[must_use]
    pub fn component(&self, id: &ComponentId) -> Option<&Component> {
        self.components.iter().find(|c| c.id == *id)
    }

    /// The procedure with that identifier.
    #[must_use]
    pub fn procedure(&self, id: &ProcedureId) -> Option<&Procedure> {
        self.procedures.iter().find(|p| p.id == *id)
    }

    /// The scenarios, the greatest risk first, and of the same risk the worst.
    #[must_use]
    pub fn scenarios_by_risk(&self) -> Vec<&Scenario> {
        let mut all: Vec<&Scenario> = self.scenarios.iter().collect();
        all.sort_by_key(|scenario| std::cmp::Reverse((scenario.risk(), scenario.impact)));
        all
    }

    /// The scenario with that identifier.
    #[must_use]
    pub fn scenario(&self, id: &ScenarioId) -> Option<&Scenario> {
        self.scenarios.iter().find(|s| s.id == *id)
    }

    /// Each probe with the component that it looks at, in file order.
    pub fn probes(&self) -> impl Iterator<Item = (&Component, &Probe)> {
        self.components.iter().flat_map(|c| c.probes.iter().map(move |p| (c, p)))
    }

    /// The probe with that identifier, and the component that it looks at.
    #[must_use]
    pub fn probe(&self, id: &ProbeId) -> Option<(&Component, &Probe)> {
        self.probes().find(|(_, p)| p.id == *id)
    }

    /// Where customers are served before anything has happened.
    #[must_use]
    pub fn primary(&self) -> Option<&Site> {
        self.sites.iter().find(|s| s.role == SiteRole::Primary).or(self.sites.first())
    }
}

impl Layer {
    /// The layer of a component's type; `None` for types that nobody knows.
    #[must_use]
    pub fn of(kind: &str) -> Option<Layer> {
        Some(match kind {
            "server" | "network" | "storage" | "load_balancer" | "dns" | "firewall" | "infrastructure" | "cdn" => {
                Layer::Infrastructure
            }
            "api" | "api_gateway" | "web" | "worker" | "cache" | "queue" | "monitoring" | "service" | "application"
            | "external" | "third_party" | "saas" => Layer::Application,
            "database" | "backup" | "replication" => Layer::Database,
            "business" | "user" | "notification" | "analytics" | "payment" | "email" => Layer::Business,
            _ => return None,
        })
    }
}

impl Group {
    /// All of them, in the order in which an assessment goes through them.
    pub const ALL: [Group; 4] = [Group::Service, Group::Database, Group::External, Group::Storage];

    /// The group of a component's type; what is of no other is a service.
    #[must_use]
    pub fn of(kind: &str) -> Group {
        match kind {
            "database" | "replication" => Group::Database,
            "external" | "third_party" | "saas" | "payment" | "cdn" | "email" => Group::External,
            "storage" | "backup" => Group::Storage,
            _ => Group::Service,
        }
    }
}
