//! What people are told of PostgreSQL servers.

use crate::core::lineage::{Lineage, NotKnown};
use crate::core::manager::Manager;
use crate::core::plan::{Fencing, Given, Postgres};
use crate::core::run::{News, Proof};
use crate::core::template::Values;

use super::clean_line;
use super::kinds::database;
use super::step::filled;

/// What a step does: `promote postgres://west.db/shop`.
pub(super) fn step(action: &Postgres, values: &Values) -> String {
    let at = |given: &Given| database(given, values);
    match action {
        Postgres::Lag { url, within, bytes, .. } => {
            let within = within.map(|within| format!(" {within}"));
            let bytes = bytes.map(|bytes| format!(" {bytes} bytes"));
            let most: Vec<String> = within.into_iter().chain(bytes).collect();
            format!("{} is behind by at most{}", at(url), most.join(" and"))
        }
        Postgres::Choose { of } => {
            let names: Vec<&str> = of.iter().map(|replica| replica.name.as_str()).collect();
            format!("choose the best of {}", names.join(", "))
        }
        Postgres::Fence { url, how: Fencing::Stop { cluster, .. } } => {
            format!("stop {}, whose data is in {}", at(url), cluster.data)
        }
        Postgres::Fence { url, how: Fencing::ReadOnly } => format!("have {} take no writes by default", at(url)),
        Postgres::Promote { url, .. } => format!("promote {}", at(url)),
        Postgres::Follow { url, primary, .. } => format!("have {} follow {}", at(url), at(primary)),
        Postgres::Rewind { url, from, .. } => format!("rewind {} to follow {}", at(url), at(from)),
        Postgres::DropSlots { url, named } => {
            let names: Vec<String> = named.iter().map(|name| filled(name, name.fill(values))).collect();
            format!("drop unused slots {} of {}", names.join(", "), at(url))
        }
    }
}

/// What was seen of servers: `promoted, timeline 2`.
pub(super) fn proof(proof: &Proof) -> String {
    let already = |news: &News, done: &str, was: &str| if *news == News::Done { done } else { was }.to_owned();
    match proof {
        Proof::Behind { lag: Some(lag), bytes } => format!("{lag} and {bytes} bytes behind"),
        Proof::Behind { lag: None, bytes } => format!("{bytes} bytes behind"),
        Proof::Chosen { best, of } => {
            let places = of.iter().map(|(name, lsn)| match lsn {
                Some(lsn) => format!("{} has {lsn}", clean_line(name)),
                None => format!("{} does not answer", clean_line(name)),
            });
            format!("{} is the best: {}", clean_line(best), places.collect::<Vec<_>>().join(", "))
        }
        Proof::Stopped => "stopped, and nobody is let in".into(),
        Proof::ReadOnly => "new transactions are read-only by default".into(),
        Proof::Promoted { timeline, news } => {
            let timeline = timeline.map(|timeline| format!(", timeline {timeline}")).unwrap_or_default();
            format!("{}, takes writes{timeline}", already(news, "promoted", "primary already"))
        }
        Proof::Follows { whom, lsn, news } => {
            format!("{} {}, has {lsn}", already(news, "follows", "follows already"), clean_line(whom))
        }
        Proof::Dropped { slots } if slots.is_empty() => "there are no such slots".into(),
        Proof::Dropped { slots } => format!("dropped {}", clean_line(&slots.join(", "))),
    }
}

/// How the target's data stands to the source's.
#[must_use]
pub fn lineage(lineage: &Lineage) -> String {
    match lineage {
        Lineage::Same => "on the same timeline".into(),
        Lineage::Behind => "on an older timeline, and can follow".into(),
        Lineage::Ahead => "on a later timeline; the source has nothing that it lacks".into(),
        Lineage::Diverged { at } => format!("diverged at {at}"),
        Lineage::OtherCluster => "never the same cluster".into(),
        Lineage::Unknown { why } => match why {
            NotKnown::NoAnswer => "not known: one of them has not answered".into(),
            NotKnown::NoLine => "not known: one of them does not tell its timeline".into(),
            NotKnown::NoHistory { timeline } => {
                format!("not known: the history of timeline {timeline} cannot be read there")
            }
            NotKnown::TwoPrimaries => "not known: both take writes on a timeline of the same number".into(),
        },
    }
}

/// The name of a manager.
#[must_use]
pub fn manager(manager: Manager) -> &'static str {
    match manager {
        Manager::Patroni => "Patroni",
        Manager::Repmgr => "repmgr",
        Manager::PgAutoFailover => "pg_auto_failover",
        Manager::AmazonRds => "Amazon RDS",
        Manager::AmazonAurora => "Amazon Aurora",
        Manager::CloudSql => "Google Cloud SQL",
        Manager::AlloyDb => "Google AlloyDB",
        Manager::Azure => "Azure Database",
    }
}

/// What to do about a manager that owns a database: have it act, or pause it.
#[must_use]
pub fn ask_manager(owner: Manager) -> String {
    let (act, pause) = match owner {
        Manager::Patroni => ("patronictl switchover, or failover", Some("patronictl pause --wait")),
        Manager::Repmgr => ("repmgr standby switchover, or promote", Some("repmgr service pause")),
        Manager::PgAutoFailover => {
            ("pg_autoctl perform switchover, or failover", Some("pg_autoctl enable maintenance"))
        }
        Manager::AmazonRds => ("aws rds promote-read-replica, or reboot-db-instance --force-failover", None),
        Manager::AmazonAurora => ("aws rds failover-db-cluster", None),
        Manager::CloudSql => ("gcloud sql instances promote-replica, or failover", None),
        Manager::AlloyDb => ("gcloud alloydb clusters promote, or instances failover", None),
        Manager::Azure => ("az postgres flexible-server replica promote, or restart --failover Forced", None),
    };
    let paused = pause.map(|pause| format!("; or pause it in a step before ({pause}) and say manager: paused"));
    format!("{} manages this database: have it act ({act}){}", manager(owner), paused.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::lineage::Lsn;
    use crate::core::plan::{Cluster, Managed, Replica, StopMode};
    use crate::core::template::Template;
    use crate::core::time::Span;

    #[test]
    fn what_a_step_does_shows_where_and_never_who_asks() {
        let url = |text: &str| Given::Text(Template::new(text).unwrap());
        let (west, east) =
            (|| url("postgres://app:hunter2@${to}.db/shop"), || Given::Secret("env:EAST".parse().unwrap()));
        let cluster = || Cluster { data: "/srv/pg".into(), config: None };
        let values: Values = [("to".to_owned(), "west".to_owned())].into();
        let manager = Managed::Acts;
        for (does, sentence) in [
            (
                Postgres::Lag { url: west(), primary: None, within: Some(Span::from_secs(15)), bytes: Some(9) },
                "postgres://west.db/shop is behind by at most 15s and 9 bytes",
            ),
            (
                Postgres::Choose {
                    of: vec![
                        Replica { name: "west".into(), url: west() },
                        Replica { name: "north".into(), url: west() },
                    ],
                },
                "choose the best of west, north",
            ),
            (
                Postgres::Fence { url: east(), how: Fencing::Stop { cluster: cluster(), mode: StopMode::Fast } },
                "stop the database of env:EAST, whose data is in /srv/pg",
            ),
            (
                Postgres::Fence { url: west(), how: Fencing::ReadOnly },
                "have postgres://west.db/shop take no writes by default",
            ),
            (Postgres::Promote { url: west(), manager }, "promote postgres://west.db/shop"),
            (
                Postgres::Follow { url: east(), primary: west(), slot: None, manager },
                "have the database of env:EAST follow postgres://west.db/shop",
            ),
            (
                Postgres::Rewind { url: east(), from: west(), cluster: cluster(), manager },
                "rewind the database of env:EAST to follow postgres://west.db/shop",
            ),
            (
                Postgres::DropSlots {
                    url: west(),
                    named: vec![Template::new("old_*").unwrap(), Template::new("${to}").unwrap()],
                },
                "drop unused slots old_*, west of postgres://west.db/shop",
            ),
        ] {
            assert_eq!(step(&does, &values), sentence);
        }
    }

    #[test]
    fn what_was_seen_is_told_with_its_values() {
        let (lag, lsn) = (Some(Span::from_secs(3)), Lsn(0x300_0060));
        for (seen, sentence) in [
            (Proof::Behind { lag, bytes: 9 }, "3s and 9 bytes behind"),
            (Proof::Behind { lag: None, bytes: 0 }, "0 bytes behind"),
            (
                Proof::Chosen {
                    best: "west".into(),
                    of: vec![("west".into(), Some(lsn)), ("north\u{1b}".into(), None)],
                },
                "west is the best: west has 0/3000060, north^[ does not answer",
            ),
            (Proof::Stopped, "stopped, and nobody is let in"),
            (Proof::ReadOnly, "new transactions are read-only by default"),
            (Proof::Promoted { timeline: Some(2), news: News::Done }, "promoted, takes writes, timeline 2"),
            (Proof::Promoted { timeline: None, news: News::Already }, "primary already, takes writes"),
            (Proof::Follows { whom: "h:5432".into(), lsn, news: News::Done }, "follows h:5432, has 0/3000060"),
            (
                Proof::Follows { whom: "h:5432".into(), lsn, news: News::Already },
                "follows already h:5432, has 0/3000060",
            ),
            (Proof::Dropped { slots: vec!["a".into(), "b".into()] }, "dropped a, b"),
            (Proof::Dropped { slots: Vec::new() }, "there are no such slots"),
        ] {
            assert_eq!(proof(&seen), sentence);
        }
    }

    #[test]
    fn a_lineage_says_what_is_known_and_a_manager_what_to_do() {
        let unknown = |why| Lineage::Unknown { why };
        for (known, sentence) in [
            (Lineage::Same, "on the same timeline"),
            (Lineage::Behind, "on an older timeline, and can follow"),
            (Lineage::Ahead, "on a later timeline; the source has nothing that it lacks"),
            (Lineage::Diverged { at: Lsn(0x300_0060) }, "diverged at 0/3000060"),
            (Lineage::OtherCluster, "never the same cluster"),
            (unknown(NotKnown::NoAnswer), "not known: one of them has not answered"),
            (unknown(NotKnown::NoLine), "not known: one of them does not tell its timeline"),
            (unknown(NotKnown::NoHistory { timeline: 3 }), "not known: the history of timeline 3 cannot be read there"),
            (unknown(NotKnown::TwoPrimaries), "not known: both take writes on a timeline of the same number"),
        ] {
            assert_eq!(lineage(&known), sentence);
        }
        for owner in Manager::ALL {
            assert_eq!(ask_manager(owner).contains("manager: paused"), owner.can_be_paused(), "{owner:?}");
        }
    }
}
