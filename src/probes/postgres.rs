//! Asks a PostgreSQL server how it stands: over one connection, in one transaction, and nothing is written.

use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};

use super::database::{Url, name_not_checked, not_understood, target, word};
use super::tunnel::{Tunnel, explained, tunnel};
use super::{NotGood, Seen, Tools, rests_on};
use crate::core::health::judge::quantity;
use crate::core::plan::{Address, Limits, Measure, Place, ServerRole, Unit};
use crate::core::time::Span;

/// The server's own limit, so that a question that nobody waits for does not run on there; for the transaction only, because a
/// pooler may give the same connection to others afterwards.
const ROLE: &str = "SELECT set_config('statement_timeout', $1, true), pg_is_in_recovery()";

/// A standby that replayed all that it received is behind by nothing only while a primary streams to it.
const STANDBY: &str = "
    SELECT (CASE WHEN r.streams AND l.received <= l.replayed THEN 0
                 ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END)::float8,
           (CASE WHEN l.received IS NOT NULL THEN pg_wal_lsn_diff(l.received, l.replayed) END)::float8,
           r.streams,
           pg_is_wal_replay_paused()
    FROM (SELECT pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed) l,
         (SELECT EXISTS (SELECT FROM pg_stat_wal_receiver) AS streams) r";

/// Positions of standbys are shown to members of pg_monitor only; to others their rows are empty.
const PRIMARY: &str = "
    SELECT pg_has_role('pg_read_all_stats', 'USAGE'),
           (SELECT count(*) FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup'),
           (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))::float8 FROM pg_stat_replication),
           current_setting('archive_mode') <> 'off',
           (SELECT extract(epoch FROM clock_timestamp() - last_archived_time)::float8 FROM pg_stat_archiver),
           (SELECT coalesce(last_failed_time > last_archived_time, last_failed_time IS NOT NULL) FROM pg_stat_archiver),
           (SELECT count(*) FROM pg_replication_slots),
           (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::float8 FROM pg_replication_slots)";

pub(super) async fn look(
    (address, role): (&Address, Option<ServerRole>),
    limits: &Limits,
    timeout: Span,
    place: &Place,
    tools: Tools<'_>,
) -> Result<Seen, NotGood> {
    let url = Url::of(address).await?;
    let mut options = PgConnectOptions::from_str(url.expose()).map_err(|_| not_understood())?;
    options = options.application_name("warroom").disable_statement_logging();
    if *place != Place::Engine {
        if options.get_socket().is_some() || options.get_host().starts_with('/') {
            return Err(NotGood::Unseen("a local socket cannot be reached through a host".into()));
        }
        if matches!(options.get_ssl_mode(), PgSslMode::VerifyFull) {
            return Err(name_not_checked("sslmode=verify-ca"));
        }
    }
    let tunnel = tunnel(tools.ssh, place, &target(options.get_host(), options.get_port())).await?;
    if let Some(at) = tunnel.as_ref().map(Tunnel::address) {
        options = options.host(&at.ip().to_string()).port(at.port());
    }
    let asked = async {
        let fault = |error: sqlx::Error| url.fault(&error);
        let mut connection = PgConnection::connect_with(&options).await.map_err(fault)?;
        sqlx::raw_sql("BEGIN READ ONLY").execute(&mut connection).await.map_err(fault)?;
        let seen = ask(&mut connection, limits, timeout, role, &url).await;
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut connection).await;
        // A server notes clients that leave without a word.
        let _ = connection.close().await;
        seen
    };
    match asked.await {
        Ok(seen) => Ok(seen),
        Err(why) => Err(explained(tunnel.as_ref(), why).await),
    }
}

async fn ask(
    connection: &mut PgConnection,
    limits: &Limits,
    timeout: Span,
    expected: Option<ServerRole>,
    url: &Url<'_>,
) -> Result<Seen, NotGood> {
    let fault = |error: sqlx::Error| url.fault(&error);
    let limit = timeout.to_std().as_millis().max(1).to_string();
    let asked = sqlx::query_as(ROLE).bind(limit).persistent(false).fetch_one(&mut *connection).await;
    let (_, recovers): (String, bool) = asked.map_err(fault)?;
    let role = if recovers { ServerRole::Standby } else { ServerRole::Primary };
    if let Some(expected) = expected.filter(|expected| *expected != role) {
        return Err(NotGood::Bad(format!("{}, expected {}", word(role), word(expected))));
    }
    match role {
        ServerRole::Standby => {
            let asked = sqlx::query_as(STANDBY).persistent(false).fetch_one(connection).await;
            let (lag, behind, streams, paused) = asked.map_err(fault)?;
            let follows = Follows { lag, behind, streams, paused };
            if follows.lag.is_none() && rests_on(limits, Measure::Lag) {
                return Err(NotGood::Unseen(
                    "a standby that has not replayed a transaction yet does not tell its lag".into(),
                ));
            }
            Ok(standby(&follows))
        }
        ServerRole::Primary => {
            let asked = sqlx::query_as(PRIMARY).persistent(false).fetch_one(connection).await;
            let (sees, standbys, behind, archives, archived, archiving_fails, slots, held) = asked.map_err(fault)?;
            let leads = Leads { sees, standbys, behind, archives, archived, archiving_fails, slots, held };
            if leads.hides_standbys() && rests_on(limits, Measure::LagBytes) {
                return Err(NotGood::Unseen(HIDDEN.into()));
            }
            Ok(primary(&leads))
        }
    }
}

/// What is said where the positions of standbys are not shown.
const HIDDEN: &str = "how far standbys are is not shown to this user, who is no member of pg_monitor";

/// How a standby stands. Times in seconds, distances in bytes.
struct Follows {
    lag: Option<f64>,
    behind: Option<f64>,
    streams: bool,
    paused: bool,
}

/// How a primary stands. Times in seconds, distances in bytes.
struct Leads {
    /// Whether positions of standbys are shown to this user.
    sees: bool,
    standbys: i64,
    /// The standby that is furthest behind.
    behind: Option<f64>,
    archives: bool,
    archived: Option<f64>,
    archiving_fails: bool,
    slots: i64,
    /// What the slot that holds back most holds back.
    held: Option<f64>,
}

impl Leads {
    fn hides_standbys(&self) -> bool {
        !self.sees && self.standbys > 0
    }
}

/// Clocks of two machines may disagree: nothing is behind by less than nothing.
fn not_below_zero(value: Option<f64>) -> Option<f64> {
    value.map(|value| value.max(0.0))
}

fn standby(follows: &Follows) -> Seen {
    let (lag, behind) = (not_below_zero(follows.lag), not_below_zero(follows.behind));
    let mut words = vec!["standby".to_owned()];
    words.push(lag.map_or("lag not known".into(), |lag| format!("lag {}", quantity(lag, Unit::Time))));
    words.extend(behind.map(|behind| format!("{} behind", quantity(behind, Unit::Bytes))));
    words.extend(follows.paused.then(|| "replay paused".to_owned()));
    words.extend((!follows.streams).then(|| "no primary streams to it".to_owned()));
    let measured = [(Measure::Lag, lag), (Measure::LagBytes, behind)];
    let measured = measured.into_iter().filter_map(|(measure, value)| Some((measure, value?))).collect();
    Seen { what: words.join(", "), measured }
}

fn primary(leads: &Leads) -> Seen {
    let behind = if leads.standbys > 0 { not_below_zero(leads.behind) } else { None };
    let archived = if leads.archives { not_below_zero(leads.archived) } else { None };
    // Without a slot nothing is held back.
    let held = not_below_zero(leads.held).unwrap_or(0.0);
    let mut words = vec!["primary".to_owned()];
    words.push(match leads.standbys {
        0 => "no standby".into(),
        1 => "1 standby".into(),
        several => format!("{several} standbys"),
    });
    words.extend(behind.map(|behind| match leads.standbys {
        1 => format!("{} behind", quantity(behind, Unit::Bytes)),
        _ => format!("the last {} behind", quantity(behind, Unit::Bytes)),
    }));
    words.extend(leads.hides_standbys().then(|| HIDDEN.to_owned()));
    if leads.archives {
        words.push(
            archived.map_or("nothing archived yet".into(), |age| format!("archived {} ago", quantity(age, Unit::Time))),
        );
        words.extend(leads.archiving_fails.then(|| "archiving fails".to_owned()));
    }
    words.extend((leads.slots > 0).then(|| format!("slots hold back {}", quantity(held, Unit::Bytes))));
    let measured = [(Measure::LagBytes, behind), (Measure::ArchiveAge, archived), (Measure::SlotBytes, Some(held))];
    let measured = measured.into_iter().filter_map(|(measure, value)| Some((measure, value?))).collect();
    Seen { what: words.join(", "), measured }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standby_that_nobody_feeds_says_so() {
        let seen = standby(&Follows { lag: Some(3.0), behind: Some(1_258_291.0), streams: true, paused: false });
        assert_eq!(seen.what, "standby, lag 3s, 1.2 MiB behind");
        let cut = standby(&Follows { lag: None, behind: Some(-16.0), streams: false, paused: true });
        assert_eq!(cut.what, "standby, lag not known, 0 B behind, replay paused, no primary streams to it");
        assert_eq!(cut.measured, [(Measure::LagBytes, 0.0)].into());
    }

    #[test]
    fn what_a_primary_does_not_show_is_not_guessed() {
        let leads = Leads {
            sees: false,
            standbys: 2,
            behind: None,
            archives: true,
            archived: None,
            archiving_fails: true,
            slots: 1,
            held: Some(16_777_216.0),
        };
        let seen = primary(&leads);
        let says = "nothing archived yet, archiving fails, slots hold back 16.0 MiB";
        assert_eq!(seen.what, format!("primary, 2 standbys, {HIDDEN}, {says}"));
        assert_eq!(seen.measured, [(Measure::SlotBytes, 16_777_216.0)].into());
        let shown = primary(&Leads { sees: true, behind: Some(0.0), archives: false, ..leads });
        assert_eq!(shown.what, "primary, 2 standbys, the last 0 B behind, slots hold back 16.0 MiB");
    }
}
