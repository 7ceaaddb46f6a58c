//! A standby follows another server.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row as _};
use tokio::time::Instant;

use super::choose::position;
use super::promote::takes_writes;
use super::server::Server;
use super::{Seen, Work, refused, results, unmanaged, wrong};
use crate::core::lineage::{Lineage, Lsn, related};
use crate::core::plan::{Given, Managed, ServerRole};
use crate::core::run::{Failure, News, Proof};
use crate::core::template::Template;
use crate::postgres::PASSFILE;
use crate::text;

/// What a standby says of the server that streams to it; nothing where none does.
const RECEIVER: &str = "
    SELECT status = 'streaming', coalesce(sender_host, ''), coalesce(sender_port, 0), coalesce(slot_name, ''),
           coalesce(pg_last_wal_receive_lsn(), '0/0')::text
    FROM pg_stat_wal_receiver WHERE status IS NOT NULL";

/// Keeps what comes, which may hold a password, out of the server's own log.
const UNLOGGED: &str =
    "SET log_statement = 'none'; SET log_min_duration_statement = -1; SET log_min_error_statement = 'panic';
    SET log_min_duration_sample = -1; SET pg_stat_statements.track = 'none'";

/// Writes a line into a file that only the server can read, in its data directory; quoted by the server. The characters that the
/// format needs are none that a line can have.
const PASSWORD: &str =
    r"SELECT format('COPY (SELECT %L) TO PROGRAM %L WITH (FORMAT csv, DELIMITER E''\x01'', QUOTE E''\x02'')', $1, $2)";

/// Two settings of a standby; quoted by the server.
const SETTINGS: &str = "SELECT format('ALTER SYSTEM SET primary_conninfo = %L', $1), format('ALTER SYSTEM SET primary_slot_name = %L', $2)";

const SLOT: &str = "SELECT pg_create_physical_replication_slot($1, true)
    WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)";

impl Work<'_> {
    pub(super) async fn follow(
        &self,
        (url, primary): (&Given, &Given),
        slot: Option<&Template>,
        manager: Managed,
    ) -> Seen {
        let deadline = self.deadline();
        let (standby, primary) = (self.server(url)?, self.server(primary)?);
        let slot = slot.map(|slot| self.filled(slot)).transpose()?.unwrap_or_default();
        let standing = standby.standing(deadline).await?;
        if standing.role == ServerRole::Primary {
            let shown = standby.conninfo.shown();
            return Err(refused(format!("{shown} is a primary: rewind makes a standby of it once it is stopped")));
        }
        // One that nobody can ask, with a user for replication alone, is not compared.
        if let Ok(leads) = primary.standing(deadline).await {
            let lineage = related(&position(&leads, &self.job.since), &position(&standing, &self.job.since));
            if matches!(lineage, Lineage::Diverged { .. } | Lineage::OtherCluster | Lineage::Ahead) {
                return Err(refused(format!("it cannot follow: {}", text::postgres::lineage(&lineage))));
            }
        }
        let news = match self.streams(&standby, &primary, &slot, deadline).await {
            Ok(_) => News::Already,
            Err(_) => {
                unmanaged(&standing, manager)?;
                self.repoint(&standby, &primary, &slot, deadline).await?;
                News::Done
            }
        };
        let lsn = self.follows(&standby, &primary, &slot, deadline).await?;
        let whom = primary.conninfo.shown();
        Ok((Proof::Follows { whom, lsn, news }, results([("lsn", Some(lsn.to_string()))])))
    }

    /// Sets whom it follows, and has it read that.
    async fn repoint(&self, standby: &Server, primary: &Server, slot: &str, deadline: Instant) -> Result<(), Failure> {
        if !slot.is_empty() {
            let mut connection = primary.connect(deadline).await?;
            let made = sqlx::query(SLOT).bind(slot).persistent(false).execute(&mut connection);
            primary.in_time(deadline, made).await?;
        }
        let mut connection = standby.connect(deadline).await?;
        standby.in_time(deadline, sqlx::raw_sql(UNLOGGED).execute(&mut connection)).await?;
        if let Some(line) = primary.conninfo.password_line() {
            let program = format!("umask 077 && cat >{PASSFILE}.new && mv {PASSFILE}.new {PASSFILE}");
            let asked = sqlx::query(PASSWORD).bind(line).bind(program).persistent(false).fetch_one(&mut connection);
            let row = standby.in_time(deadline, asked).await?;
            said(&mut connection, standby, &row, 0, deadline).await?;
        }
        let conninfo = primary.conninfo.of_standby();
        let asked = sqlx::query(SETTINGS).bind(conninfo).bind(slot).persistent(false).fetch_one(&mut connection);
        let row = standby.in_time(deadline, asked).await?;
        for place in 0..2 {
            said(&mut connection, standby, &row, place, deadline).await?;
        }
        standby.in_time(deadline, sqlx::raw_sql("SELECT pg_reload_conf()").execute(&mut connection)).await.map(drop)
    }

    /// Waits until it streams from there, and until what is written there arrives, where anything can be written.
    pub(super) async fn follows(
        &self,
        standby: &Server,
        primary: &Server,
        slot: &str,
        deadline: Instant,
    ) -> Result<Lsn, Failure> {
        let streams = self.until(deadline, || self.streams(standby, primary, slot, deadline)).await?;
        let Ok(written) = takes_writes(primary, deadline.min(Instant::now() + super::server::PATIENCE.to_std())).await
        else {
            return Ok(streams);
        };
        let written: Lsn = written.parse().map_err(|why: crate::core::lineage::BadLsn| wrong(why.to_string()))?;
        self.until(deadline, || async {
            match self.streams(standby, primary, slot, deadline).await? {
                lsn if lsn >= written => Ok(lsn),
                lsn => {
                    Err(wrong(format!("it streams, and what was written at {written} does not arrive: it has {lsn}")))
                }
            }
        })
        .await
    }

    /// Up to where it has received, if it streams from there.
    async fn streams(&self, standby: &Server, primary: &Server, slot: &str, deadline: Instant) -> Result<Lsn, Failure> {
        let mut connection = standby.connect(deadline).await?;
        let asked = sqlx::query(RECEIVER).persistent(false).fetch_optional(&mut connection);
        let Some(row) = standby.in_time(deadline, asked).await? else {
            return Err(wrong("no server streams to it, or its user may not see which (pg_read_all_stats)"));
        };
        let unread = |error: sqlx::Error| wrong(error.to_string());
        let (is_streaming, host, port): (bool, String, i32) =
            (row.try_get(0).map_err(unread)?, row.try_get(1).map_err(unread)?, row.try_get(2).map_err(unread)?);
        let used: String = row.try_get(3).map_err(unread)?;
        let lsn: String = row.try_get(4).map_err(unread)?;
        let wanted = &primary.conninfo;
        if !is_streaming || (host.as_str(), port) != (wanted.host.as_str(), i32::from(wanted.port)) {
            return Err(wrong(format!("it does not stream from {}, but is with {host}:{port}", wanted.shown())));
        }
        if !slot.is_empty() && used != slot {
            return Err(wrong(format!("it uses the slot {used:?}, not {slot:?}")));
        }
        lsn.parse().map_err(|why: crate::core::lineage::BadLsn| wrong(why.to_string()))
    }
}

/// Has the server do the statement that it put together.
async fn said(
    connection: &mut PgConnection,
    standby: &Server,
    row: &PgRow,
    place: usize,
    deadline: Instant,
) -> Result<(), Failure> {
    let statement: String = row.try_get(place).map_err(|error| wrong(error.to_string()))?;
    let text = AssertSqlSafe(statement);
    standby.in_time(deadline, sqlx::raw_sql(text).execute(connection)).await.map(drop)
}
