//! Who else manages a database: a failover manager, or the cloud that it is rented from. Told from what such a manager leaves to be
//! seen in the catalog; a manager is asked or paused, never gone round (EX-6).

use serde::{Deserialize, Serialize};

/// Who manages a PostgreSQL server beside the people here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manager {
    /// Patroni.
    Patroni,
    /// repmgr.
    Repmgr,
    /// pg_auto_failover.
    PgAutoFailover,
    /// Amazon RDS.
    AmazonRds,
    /// Amazon Aurora.
    AmazonAurora,
    /// Google Cloud SQL.
    CloudSql,
    /// Google AlloyDB.
    AlloyDb,
    /// Azure Database.
    Azure,
}

impl Manager {
    /// All of them.
    pub const ALL: [Manager; 8] = [
        Manager::Patroni,
        Manager::Repmgr,
        Manager::PgAutoFailover,
        Manager::AmazonRds,
        Manager::AmazonAurora,
        Manager::CloudSql,
        Manager::AlloyDb,
        Manager::Azure,
    ];

    /// One word for it, as it is asked for in the catalog.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Manager::Patroni => "patroni",
            Manager::Repmgr => "repmgr",
            Manager::PgAutoFailover => "pg_auto_failover",
            Manager::AmazonRds => "amazon_rds",
            Manager::AmazonAurora => "amazon_aurora",
            Manager::CloudSql => "cloud_sql",
            Manager::AlloyDb => "alloy_db",
            Manager::Azure => "azure",
        }
    }

    /// Whether it can be told to leave its databases to others for a while.
    #[must_use]
    pub fn can_be_paused(self) -> bool {
        matches!(self, Manager::Patroni | Manager::Repmgr | Manager::PgAutoFailover)
    }

    /// The one of that [word](Manager::word).
    #[must_use]
    pub fn of(word: &str) -> Option<Manager> {
        Manager::ALL.into_iter().find(|manager| manager.word() == word)
    }
}
