//! Disasters that a plan is prepared for: how likely, how bad, by which methods they are recovered from, and what shows them
//! (VO-1, TR-3, DL-11).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::ids::{ProcedureId, ScenarioId};
use super::super::time::Span;
use super::super::when::Condition;
use super::Severity;

/// A disaster that a plan is prepared for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its identifier.
    pub id: ScenarioId,
    /// Its name for people.
    pub name: String,
    /// What sort of disaster it is.
    pub disaster: Disaster,
    /// How likely.
    pub probability: Probability,
    /// How bad.
    pub impact: Severity,
    /// Recovery time objective in it; the components' own when not given.
    pub rto: Option<Span>,
    /// Recovery point objective in it, likewise.
    pub rpo: Option<Span>,
    /// How it is recovered from.
    pub method: Method,
    /// All methods that it may be recovered by.
    pub allows: BTreeSet<Method>,
    /// The way out of it, in words.
    pub strategy: Option<String>,
    /// How long recovery should take.
    pub estimate: Option<Span>,
    /// The procedure that recovers from it.
    pub procedure: Option<ProcedureId>,
    /// What shows it; `None`: only people can tell.
    pub trigger: Option<Trigger>,
}

/// What shows that a scenario has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// What has to be the case.
    pub when: Condition,
    /// For how long without a break.
    pub held_for: Span,
    /// What the engine does then.
    pub then: Then,
}

/// What the engine does when a trigger has held long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Proposes an incident: a person declares or dismisses it.
    #[default]
    Propose,
    /// Declares it.
    Declare,
    /// Declares it, and launches its failover once that was counted down.
    Failover,
}

/// How likely a scenario is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probability {
    /// Once in several years.
    Low,
    /// Once a year or a few times.
    Medium,
    /// Every month.
    High,
}

impl Probability {
    /// All of them, the likeliest first.
    pub const ALL: [Probability; 3] = [Probability::High, Probability::Medium, Probability::Low];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Probability::Low => "low",
            Probability::Medium => "medium",
            Probability::High => "high",
        }
    }
}

impl Scenario {
    /// One with what is usual for its disaster, that only people can tell.
    #[must_use]
    pub fn usual(id: ScenarioId, name: impl Into<String>, disaster: Disaster) -> Scenario {
        let usual = disaster.usual();
        Scenario {
            id,
            name: name.into(),
            disaster,
            probability: usual.probability,
            impact: usual.impact,
            rto: usual.rto,
            rpo: usual.rpo,
            method: usual.method,
            allows: usual.allows.iter().copied().collect(),
            strategy: None,
            estimate: None,
            procedure: None,
            trigger: None,
        }
    }

    /// How much it matters, by how likely and how bad it is.
    #[must_use]
    pub fn risk(&self) -> Severity {
        risk(self.probability, self.impact)
    }
}

/// The risk matrix (TR-3): a field for each probability and impact.
#[must_use]
pub fn risk(probability: Probability, impact: Severity) -> Severity {
    use Severity::{Critical, High, Low, Medium};
    match (probability, impact) {
        (Probability::High, Critical | High) | (Probability::Medium, Critical) => Critical,
        (Probability::High, Medium) | (Probability::Medium, High) | (Probability::Low, Critical) => High,
        (Probability::High, Low) | (Probability::Medium, Medium) | (Probability::Low, High) => Medium,
        (Probability::Medium | Probability::Low, Low) | (Probability::Low, Medium) => Low,
    }
}

/// A way to recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Another site serves.
    Failover,
    /// The newest backup.
    Restore,
    /// A backup from before the damage, clean and beyond anybody's reach.
    PointInTime,
    /// Made anew.
    Rebuild,
    /// Started anew.
    Restart,
    /// Traffic takes another way.
    Reroute,
    /// Another supplier.
    BackupProvider,
    /// Service goes on with less, from what is at hand.
    OfflineMode,
    /// People do by hand what machines did.
    ManualProcessing,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 9] = [
        Method::Failover,
        Method::Restore,
        Method::PointInTime,
        Method::Rebuild,
        Method::Restart,
        Method::Reroute,
        Method::BackupProvider,
        Method::OfflineMode,
        Method::ManualProcessing,
    ];

    /// As plan files write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Method::Failover => "failover",
            Method::Restore => "restore",
            Method::PointInTime => "point_in_time",
            Method::Rebuild => "rebuild",
            Method::Restart => "restart",
            Method::Reroute => "reroute",
            Method::BackupProvider => "backup_provider",
            Method::OfflineMode => "offline_mode",
            Method::ManualProcessing => "manual_processing",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Method::PointInTime => "an earlier point in time",
            Method::BackupProvider => "another supplier",
            Method::OfflineMode => "offline mode",
            Method::ManualProcessing => "work by hand",
            other => other.code(),
        })
    }
}

/// A sort of disaster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disaster {
    /// A machine fails.
    ServerFailure,
    /// A whole site is gone.
    DataCentreOutage,
    /// A database server fails; its data are whole.
    DatabaseFailure,
    /// Data are wrong.
    DatabaseCorruption,
    /// Programs fail.
    ApplicationFailure,
    /// A store fails.
    StorageFailure,
    /// Lines, names or addresses fail.
    NetworkFailure,
    /// Somebody broke in.
    SecurityBreach,
    /// Fire, flood, earthquake.
    NaturalDisaster,
    /// Somebody deleted or changed what they should not have.
    HumanError,
    /// A supplier fails.
    ThirdPartyFailure,
    /// Too few people can work.
    WorkforceLoss,
}

/// What is usual for a sort of disaster; a plan may say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// How likely.
    pub probability: Probability,
    /// How bad.
    pub impact: Severity,
    /// Recovery time objective.
    pub rto: Option<Span>,
    /// Recovery point objective.
    pub rpo: Option<Span>,
    /// How it is recovered from.
    pub method: Method,
    /// All methods that fit.
    pub allows: &'static [Method],
}

impl Disaster {
    /// All of them.
    pub const ALL: [Disaster; 12] = [
        Disaster::ServerFailure,
        Disaster::DataCentreOutage,
        Disaster::DatabaseFailure,
        Disaster::DatabaseCorruption,
        Disaster::ApplicationFailure,
        Disaster::StorageFailure,
        Disaster::NetworkFailure,
        Disaster::SecurityBreach,
        Disaster::NaturalDisaster,
        Disaster::HumanError,
        Disaster::ThirdPartyFailure,
        Disaster::WorkforceLoss,
    ];

    /// As plan files write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Disaster::ServerFailure => "server_failure",
            Disaster::DataCentreOutage => "data_centre_outage",
            Disaster::DatabaseFailure => "database_failure",
            Disaster::DatabaseCorruption => "database_corruption",
            Disaster::ApplicationFailure => "application_failure",
            Disaster::StorageFailure => "storage_failure",
            Disaster::NetworkFailure => "network_failure",
            Disaster::SecurityBreach => "security_breach",
            Disaster::NaturalDisaster => "natural_disaster",
            Disaster::HumanError => "human_error",
            Disaster::ThirdPartyFailure => "third_party_failure",
            Disaster::WorkforceLoss => "workforce_loss",
        }
    }

    /// Whether a whole site is gone in it.
    #[must_use]
    pub fn takes_a_site(self) -> bool {
        matches!(self, Disaster::DataCentreOutage | Disaster::NaturalDisaster)
    }

    /// Whether the damage is in the data, so that a failover or the newest copy would only bring it along.
    #[must_use]
    pub fn is_in_the_data(self) -> bool {
        matches!(self, Disaster::DatabaseCorruption | Disaster::HumanError | Disaster::SecurityBreach)
    }

    /// What is usual: the catalogue of VO-1, with the scenarios of TR-3 where that has none.
    #[must_use]
    pub fn usual(self) -> Usual {
        use Method::{
            BackupProvider, Failover, ManualProcessing, OfflineMode, PointInTime, Rebuild, Reroute, Restart, Restore,
        };
        use Probability as P;
        use Severity as S;
        let (probability, impact, rto, rpo, allows): (P, S, Option<u64>, Option<u64>, &[Method]) = match self {
            Disaster::ServerFailure => {
                (P::High, S::Medium, Some(120), Some(15), &[Failover, Restart, Restore, Rebuild])
            }
            Disaster::DataCentreOutage => {
                (P::Medium, S::High, Some(240), Some(60), &[Failover, Restore, Rebuild, ManualProcessing])
            }
            Disaster::DatabaseFailure => (P::Medium, S::High, Some(120), None, &[Failover, Restart, Restore, Rebuild]),
            Disaster::DatabaseCorruption => (P::Low, S::High, Some(360), Some(30), &[PointInTime, Rebuild]),
            Disaster::ApplicationFailure => {
                (P::High, S::Medium, Some(30), None, &[Restart, Rebuild, Reroute, Failover])
            }
            Disaster::StorageFailure => (P::Medium, S::High, Some(240), None, &[Restore, Failover, Rebuild]),
            Disaster::NetworkFailure => (P::Medium, S::Medium, Some(60), Some(0), &[Reroute, Failover, BackupProvider]),
            Disaster::SecurityBreach => (P::Low, S::Critical, Some(480), Some(0), &[PointInTime, Rebuild, OfflineMode]),
            Disaster::NaturalDisaster => {
                (P::Low, S::Critical, Some(720), Some(120), &[Failover, Restore, Rebuild, ManualProcessing])
            }
            Disaster::HumanError => (P::Medium, S::High, None, None, &[PointInTime, ManualProcessing]),
            Disaster::ThirdPartyFailure => {
                (P::Medium, S::High, Some(240), None, &[BackupProvider, OfflineMode, ManualProcessing, Failover])
            }
            Disaster::WorkforceLoss => (P::Low, S::Medium, None, None, &[ManualProcessing, BackupProvider]),
        };
        let span = |minutes: Option<u64>| minutes.map(|minutes| Span::from_secs(minutes * 60));
        let method = allows.first().copied().unwrap_or(ManualProcessing);
        Usual { probability, impact, rto: span(rto), rpo: span(rpo), method, allows }
    }
}

impl fmt::Display for Disaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.code().replace('_', " "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_risk_matrix_is_that_of_the_field() {
        use Severity::{Critical, High, Low, Medium};
        let table = [
            (Probability::High, [Critical, Critical, High, Medium]),
            (Probability::Medium, [Critical, High, Medium, Low]),
            (Probability::Low, [High, Medium, Low, Low]),
        ];
        for (probability, row) in table {
            assert_eq!(Severity::ALL.map(|impact| risk(probability, impact)), row, "{probability:?}");
        }
    }

    #[test]
    fn nothing_that_is_in_the_data_is_failed_over_or_restored_from_the_newest_copy() {
        for disaster in Disaster::ALL {
            let usual = disaster.usual();
            let carries = usual.allows.iter().any(|m| matches!(m, Method::Failover | Method::Restore));
            assert!(!(disaster.is_in_the_data() && carries), "{disaster}");
            assert!(usual.allows.contains(&usual.method), "{disaster}");
        }
    }

    #[test]
    fn the_catalogue_has_the_objectives_of_the_field() {
        let minutes = |span: Option<Span>| span.map(|span| span.to_std().as_secs() / 60);
        for (disaster, rto, rpo) in [
            (Disaster::ServerFailure, 120, 15),
            (Disaster::DataCentreOutage, 240, 60),
            (Disaster::DatabaseCorruption, 360, 30),
            (Disaster::NetworkFailure, 60, 0),
            (Disaster::SecurityBreach, 480, 0),
            (Disaster::NaturalDisaster, 720, 120),
        ] {
            let usual = disaster.usual();
            assert_eq!((minutes(usual.rto), minutes(usual.rpo)), (Some(rto), Some(rpo)), "{disaster}");
        }
    }
}
