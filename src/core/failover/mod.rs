//! Failovers: their kinds, the guards before them, what they leave behind.
//!
//! - here: the words that events and state keep
//! - `automatic`: those that nobody launches
//! - `guards`: what each guard finds now
//! - `weight`: what a guard that does not hold means for which kind
//! - `pair`: which site serves what, what was fenced, what moved last
//! - `back`: the way back, and how long it took the last time

mod automatic;
mod back;
mod guards;
pub mod lost;
mod pair;
mod weight;

use serde::{Deserialize, Serialize};

pub use automatic::{Automation, Countdown, CountdownEnd, Disarmed};
pub use back::{Sides, WayBack, way_back};
pub use guards::{At, Question, evaluate, refusals};

use super::dead_site::Needs;
use super::health::Verdict;
use super::ids::{ComponentId, Principal, RoleId, RunId, SiteId, StepId};
use super::lineage::Lineage;
use super::loss::Loss;
use super::manager::Manager;
use super::plan::{Fence, Share};
use super::time::{Moment, Now, Span};

/// How a failover comes about (EX-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// The site that is left is healthy: nothing is lost, and the first error stops it.
    Planned,
    /// The site that is left is in trouble, and a person decides.
    Manual,
    /// The site that is left is gone or burning: steps take their ungraceful form, and loss is accepted by name.
    Emergency,
    /// A trigger of the plan decides, after a countdown that anybody can stop.
    Automatic,
}

impl MoveKind {
    /// All of them.
    pub const ALL: [MoveKind; 4] = [MoveKind::Planned, MoveKind::Manual, MoveKind::Emergency, MoveKind::Automatic];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            MoveKind::Planned => "planned",
            MoveKind::Manual => "manual",
            MoveKind::Emergency => "emergency",
            MoveKind::Automatic => "automatic",
        }
    }
}

impl std::str::FromStr for MoveKind {
    type Err = String;
    fn from_str(text: &str) -> Result<MoveKind, String> {
        let known = MoveKind::ALL.into_iter().find(|kind| kind.word() == text && *kind != MoveKind::Automatic);
        known.ok_or_else(|| format!("{text:?} is no kind of failover; planned, manual and emergency are"))
    }
}

/// A rule that a failover has to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// The engine itself reaches the world.
    Engine,
    /// The site that is left is down, as several say; for a planned one: it is healthy.
    Source,
    /// The site that takes over is healthy, and has been for long enough.
    Target,
    /// What would be lost is within the limit, or was accepted.
    Loss,
    /// The copy that takes over is one of what serves, and went no way of its own.
    Lineage,
    /// What is left can no longer serve or write.
    Fence,
    /// Exactly one end takes writes afterwards.
    OnePrimary,
    /// No other manager of the database is gone round.
    Manager,
    /// The last verified backup is young enough.
    Backup,
    /// The site that takes over has the capacity.
    Capacity,
    /// The last failover of this pair is long enough ago.
    CoolDown,
    /// What the incident is taken for may be recovered in this way.
    Scenario,
    /// Nothing that the procedure needs lies at the site that is left.
    Reach,
    /// Nothing forbids changes now.
    Freeze,
    /// The people whom the plan asks for are there.
    People,
}

impl Guard {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Guard; 15] = [
        Guard::Engine,
        Guard::Source,
        Guard::Target,
        Guard::Loss,
        Guard::Lineage,
        Guard::Fence,
        Guard::OnePrimary,
        Guard::Manager,
        Guard::Backup,
        Guard::Capacity,
        Guard::CoolDown,
        Guard::Scenario,
        Guard::Reach,
        Guard::Freeze,
        Guard::People,
    ];

    /// The name, as commands and the journal have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Guard::Engine => "engine",
            Guard::Source => "source",
            Guard::Target => "target",
            Guard::Loss => "loss",
            Guard::Lineage => "lineage",
            Guard::Fence => "fence",
            Guard::OnePrimary => "one-primary",
            Guard::Manager => "manager",
            Guard::Backup => "backup",
            Guard::Capacity => "capacity",
            Guard::CoolDown => "cool-down",
            Guard::Scenario => "scenario",
            Guard::Reach => "reach",
            Guard::Freeze => "freeze",
            Guard::People => "people",
        }
    }

    /// Whether breaking the glass helps against it: two primaries, and another manager that would undo it, it never does.
    #[must_use]
    pub fn can_be_overridden(self) -> bool {
        !matches!(self, Guard::OnePrimary | Guard::Manager)
    }
}

impl std::str::FromStr for Guard {
    type Err = String;
    fn from_str(text: &str) -> Result<Guard, String> {
        Guard::ALL.into_iter().find(|guard| guard.name() == text).ok_or_else(|| {
            let known: Vec<&str> = Guard::ALL.iter().map(|guard| guard.name()).collect();
            format!("{text:?} is no guard; {} are", known.join(", "))
        })
    }
}

/// What a guard says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// It holds.
    Pass,
    /// It does not quite hold, or a person answers for it: to be seen before going on.
    Warn,
    /// It does not hold.
    Refuse,
}

/// What a guard found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Which.
    pub guard: Guard,
    /// What it says.
    pub says: Says,
    /// What it saw, with its limit.
    pub seen: Seen,
    /// Who overrode it, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Principal>,
}

/// What a guard saw, with its limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// There is nothing that it could ask about.
    NotAsked,
    /// The engine reaches the world.
    Connected,
    /// It does not.
    CutOff {
        /// What it saw.
        why: String,
    },
    /// So many looks at the site that is left say that it is down.
    Down {
        /// Those that do.
        down: usize,
        /// All that know anything or could.
        all: usize,
        /// How many it takes.
        limit: usize,
    },
    /// So much of a site is ok.
    Healthy {
        /// Parts that are ok.
        ok: usize,
        /// All parts.
        all: usize,
        /// The worst of them.
        worst: Verdict,
        /// For how long all of it has been, when all of it is.
        stable: Option<Span>,
        /// For how long it has to have been.
        limit: Span,
    },
    /// What would be lost.
    Lost {
        /// How much.
        loss: Loss,
        /// How much may be.
        limit: Span,
        /// What was accepted at a gate.
        accepted: Option<Span>,
    },
    /// How the copy that takes over is related to what serves.
    Related(Lineage),
    /// The site that is left cannot serve or write: it was fenced.
    Fenced {
        /// How.
        fence: Fence,
        /// When.
        at: Moment,
        /// Whether the engine saw it.
        seen: Witness,
    },
    /// It will be, by a step that comes before anything without return.
    WillBeFenced {
        /// The step.
        step: StepId,
    },
    /// It is not, and no step does it.
    NotFenced,
    /// Which ends take writes.
    Primaries {
        /// The sites whose end says that it does.
        sites: Vec<SiteId>,
    },
    /// Nothing would take writes afterwards: something is fenced and nothing is promoted.
    NoPrimary,
    /// Somebody else manages a database.
    ManagedBy {
        /// The component.
        component: ComponentId,
        /// Who.
        manager: Manager,
    },
    /// How old the last verified backup is.
    BackupAge {
        /// Of which data.
        name: String,
        /// How old; `None` when nobody knows.
        age: Option<Span>,
        /// How old it may be.
        limit: Span,
    },
    /// How much of its capacity the site that takes over has.
    Capacity {
        /// That much; `None` when nobody knows.
        has: Option<Share>,
        /// How much it must have.
        limit: Share,
    },
    /// How long ago the last failover of this pair was.
    LastMove {
        /// So long; `None` when there was none.
        ago: Option<Span>,
        /// How long it must be.
        limit: Span,
    },
    /// What the incident is taken for.
    Scenario {
        /// The name of the scenario that forbids it; `None` when none does.
        forbids: Option<String>,
    },
    /// What the procedure needs from the site that is left.
    Needs(Needs),
    /// Nothing is to be changed now.
    Frozen {
        /// Until when.
        until: Moment,
        /// Why.
        reason: String,
    },
    /// Roles that nobody holds, of those that the plan asks for.
    Missing {
        /// Which.
        roles: Vec<RoleId>,
    },
}

/// How something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// The engine saw it.
    Engine,
    /// A person said so.
    Person,
}

/// A site that was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fenced {
    /// How.
    pub fence: Fence,
    /// By which run.
    pub run: RunId,
    /// By which step.
    pub step: StepId,
    /// When.
    pub at: Now,
    /// How that is known.
    pub seen: Witness,
}

/// A failover that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// By which run.
    pub run: RunId,
    /// What served before.
    pub from: SiteId,
    /// What serves since.
    pub to: SiteId,
    /// When.
    pub at: Now,
    /// The components that moved; all when empty.
    #[serde(default)]
    pub components: std::collections::BTreeSet<ComponentId>,
}

/// How many failovers of a plan the state keeps.
pub const MOVES_KEPT: usize = 8;

/// A failover that is neither taken back nor said to stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// By which run.
    pub run: RunId,
    /// What served before, and is to serve again.
    pub from: SiteId,
    /// What serves now.
    pub to: SiteId,
    /// Since when.
    pub since: Now,
    /// Whether people were called because nobody decided.
    pub called: Called,
}

/// Whether people were called for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Called {
    /// Not yet.
    #[default]
    NotYet,
    /// They were.
    Yes,
}

/// A guard that somebody overrode, loudly. Also an item of the review afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glass {
    /// Which guard.
    pub guard: Guard,
    /// Who.
    pub by: Principal,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Now,
    /// Who put it back before or after it took effect.
    #[serde(default)]
    pub put_back: Option<(Principal, Now)>,
}

/// How long everybody has to say no before an override counts.
pub const GLASS_WAITS: Span = Span::from_secs(60);

/// For how long an override counts.
pub const GLASS_COUNTS: Span = Span::from_secs(60 * 60);

impl Glass {
    /// How long until it counts; nothing once it does.
    #[must_use]
    pub fn waits(&self, now: &Now) -> Span {
        GLASS_WAITS.minus(now.surely_since(&self.at))
    }

    /// Whether it counts now.
    #[must_use]
    pub fn counts(&self, now: &Now) -> bool {
        let over = now.since(&self.at).span > GLASS_WAITS.plus(GLASS_COUNTS);
        self.put_back.is_none() && self.waits(now) == Span::ZERO && !over
    }

    /// Whether it is being counted down.
    #[must_use]
    pub fn is_counted_down(&self, now: &Now) -> bool {
        self.put_back.is_none() && self.waits(now) > Span::ZERO
    }
}
