//! How a server stands: what it is, how far it is, whose history it holds, who manages it. Reads only.

use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use crate::core::lineage::{Line, Lsn};
use crate::core::manager::Manager;
use crate::core::plan::ServerRole;
use crate::core::time::Span;

/// How a server stands.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) role: ServerRole,
    /// What it has for good: flushed by a primary, received or replayed by a standby.
    pub(crate) lsn: Lsn,
    /// Of a standby: what it has replayed.
    pub(crate) replayed: Lsn,
    /// Of a standby: whether a server streams to it now.
    pub(crate) streams: bool,
    /// Of a standby: since when, in seconds, it has replayed nothing newer, unless it has replayed all.
    pub(crate) lag: Option<f64>,
    pub(crate) line: Option<Line>,
    pub(crate) manager: Option<Manager>,
}

/// What is asked of every server, with the rights that the other questions need.
///
/// What a primary acknowledged it has flushed, unless commits are asynchronous: then only what was inserted is sure to hold it.
const BASE: &str = "
    SELECT pg_is_in_recovery(),
           (CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                 WHEN a.synchronous THEN pg_current_wal_flush_lsn()
                 ELSE pg_current_wal_insert_lsn() END)::text,
           coalesce(pg_last_wal_replay_lsn(), '0/0')::text,
           r.streams,
           (CASE WHEN r.streams AND pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() THEN 0
                 ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END)::float8,
           (CASE WHEN NOT a.synchronous THEN pg_size_bytes(current_setting('wal_segment_size')) END),
           has_function_privilege('pg_control_system()', 'EXECUTE')
             AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE')
             AND has_function_privilege('pg_control_recovery()', 'EXECUTE'),
           has_function_privilege('pg_ls_waldir()', 'EXECUTE'),
           has_function_privilege('pg_read_file(text,bigint,bigint,boolean)', 'EXECUTE')
    FROM (SELECT current_setting('synchronous_commit') <> 'off' AND NOT EXISTS (
            SELECT FROM pg_db_role_setting WHERE 'synchronous_commit=off' = ANY (setconfig)) AS synchronous) a,
         (SELECT EXISTS (SELECT FROM pg_stat_wal_receiver) AS streams) r";

/// The timeline that a standby has received is told by who receives; once nobody does, by the pieces of the log that it has.
const PRIMARY_LINE: &str = "
    SELECT system_identifier::text, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
    FROM pg_control_system()";
const STANDBY_LINE: &str = "
    SELECT s.system_identifier::text,
           greatest(c.timeline_id, r.min_recovery_end_timeline, (SELECT received_tli FROM pg_stat_wal_receiver))
    FROM pg_control_system() s, pg_control_checkpoint() c, pg_control_recovery() r";
const NEWEST_PIECE: &str = "
    SELECT max(('x' || substr(name, 1, 8))::bit(32)::int) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'";
const HISTORY: &str = "SELECT pg_read_file('pg_wal/' || lpad(upper(to_hex($1)), 8, '0') || '.history', 0, 65536, true)";

/// Managers by what they leave to be seen. Application names are shown to every user, settings for superusers to those alone.
const MANAGER: &str = "
    SELECT CASE
      WHEN EXISTS (SELECT FROM pg_proc WHERE proname = 'aurora_version') THEN 'amazon_aurora'
      WHEN EXISTS (SELECT FROM pg_settings WHERE name LIKE 'rds.%') THEN 'amazon_rds'
      WHEN EXISTS (SELECT FROM pg_settings WHERE name LIKE 'alloydb.%') THEN 'alloy_db'
      WHEN EXISTS (SELECT FROM pg_settings WHERE name LIKE 'cloudsql.%') THEN 'cloud_sql'
      WHEN EXISTS (SELECT FROM pg_settings WHERE name LIKE 'azure.%') THEN 'azure'
      WHEN EXISTS (SELECT FROM pg_stat_activity WHERE application_name ILIKE 'patroni%')
        OR EXISTS (SELECT FROM pg_settings WHERE name = 'cluster_name' AND setting ILIKE '%patroni%')
        OR EXISTS (SELECT FROM pg_settings WHERE name = 'config_file' AND setting ILIKE '%patroni%')
        OR EXISTS (SELECT FROM pg_settings WHERE sourcefile LIKE '%/postgresql.base.conf') THEN 'patroni'
      WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'pgautofailover')
        OR EXISTS (SELECT FROM pg_roles WHERE rolname LIKE 'pgautofailover\\_%')
        OR EXISTS (SELECT FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting LIKE '%pgautofailover%')
        OR EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'pgautofailover%') THEN 'pg_auto_failover'
      WHEN EXISTS (SELECT FROM pg_namespace WHERE nspname = 'repmgr')
        OR EXISTS (SELECT FROM pg_extension WHERE extname = 'repmgr')
        OR EXISTS (SELECT FROM pg_database WHERE datname = 'repmgr')
        OR EXISTS (SELECT FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting LIKE '%repmgr%')
        OR EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'repmgr%') THEN 'repmgr'
    END";

/// Asks a server how it stands, in one transaction that reads only; the server gives up on what takes it longer than `limit`.
pub(crate) async fn ask(connection: &mut PgConnection, limit: Span) -> Result<Standing, sqlx::Error> {
    sqlx::raw_sql("BEGIN READ ONLY").execute(&mut *connection).await?;
    let standing = in_transaction(connection, limit).await;
    sqlx::raw_sql("ROLLBACK").execute(connection).await?;
    standing
}

async fn in_transaction(connection: &mut PgConnection, limit: Span) -> Result<Standing, sqlx::Error> {
    // For the transaction only, because a pooler may give the same connection to others afterwards.
    let set = sqlx::query("SELECT set_config('statement_timeout', $1, true)").bind(limit.millis().max(1).to_string());
    set.persistent(false).execute(&mut *connection).await?;
    let base = sqlx::query(BASE).persistent(false).fetch_one(&mut *connection).await?;
    let role = if base.try_get(0)? { ServerRole::Standby } else { ServerRole::Primary };
    let streams: bool = base.try_get(3)?;
    let rights = Rights { control: base.try_get(6)?, pieces: base.try_get(7)?, files: base.try_get(8)? };
    let line = if rights.control { line(connection, role, streams, &rights).await? } else { None };
    let lsn = position(&base, 1)?;
    let manager: Option<String> = sqlx::query_scalar(MANAGER).persistent(false).fetch_one(connection).await?;
    Ok(Standing {
        role,
        lsn: match base.try_get::<Option<i64>, _>(5)?.filter(|_| role == ServerRole::Primary) {
            Some(segment) => lsn.without_header(segment.unsigned_abs()),
            None => lsn,
        },
        replayed: position(&base, 2)?,
        streams,
        lag: base.try_get::<Option<f64>, _>(4)?.map(|lag| lag.max(0.0)),
        line,
        manager: manager.as_deref().and_then(Manager::of),
    })
}

/// What the user may ask.
struct Rights {
    control: bool,
    pieces: bool,
    files: bool,
}

async fn line(
    connection: &mut PgConnection,
    role: ServerRole,
    streams: bool,
    rights: &Rights,
) -> Result<Option<Line>, sqlx::Error> {
    let asked = if role == ServerRole::Primary { PRIMARY_LINE } else { STANDBY_LINE };
    let row = sqlx::query(asked).persistent(false).fetch_one(&mut *connection).await?;
    let (system, mut timeline): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
    if role == ServerRole::Standby && !streams && rights.pieces {
        let newest: Option<i32> =
            sqlx::query_scalar(NEWEST_PIECE).persistent(false).fetch_one(&mut *connection).await?;
        timeline = timeline.max(newest.unwrap_or(timeline));
    }
    let history = match timeline {
        1 => Some(Vec::new()),
        _ if rights.files => {
            let asked: Option<String> =
                sqlx::query_scalar(HISTORY).bind(timeline).persistent(false).fetch_one(connection).await?;
            asked.and_then(|text| Line::read_history(&text))
        }
        _ => None,
    };
    Ok(u32::try_from(timeline).ok().map(|timeline| Line { system, timeline, history }))
}

/// A position; a standby that has neither received nor replayed anything has none, and is at the start.
fn position(row: &PgRow, place: usize) -> Result<Lsn, sqlx::Error> {
    let text: Option<String> = row.try_get(place)?;
    let no_position = |why| sqlx::Error::Decode(Box::new(why));
    text.map_or(Ok(Lsn::default()), |text| text.parse().map_err(no_position))
}
