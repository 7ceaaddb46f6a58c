//! The file: one connection that writes and reads.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};

use super::pending::{Batch, Name};
use super::rows::{SCHEMA, read_failure, seconds, slot, write_failure, write_slots};
use super::{Kept, in_order};
use crate::core::health::history::{Grain, Slot};
use crate::core::ids::{PlanId, ProbeId};
use crate::core::plan::Place;
use crate::core::time::Moment;
use crate::store::sqlite;

/// The file within a state directory.
pub const FILE: &str = "history.db";

/// The largest it becomes, in bytes: 10,000 probes need a fifth of it for all that is kept.
pub const LARGEST: u64 = 1024 * 1024 * 1024;

/// What marks the file as a history of this program: "warh".
const APPLICATION_ID: i64 = 0x7761_7268;

/// The form of the file that this program writes.
const VERSION: i64 = 1;

/// How long a series whose probe is gone is remembered, in seconds: a day longer than its oldest slot.
const FORGOTTEN: i64 = 15 * 86_400;

/// How often it is noted that a series still lives, in seconds.
const SEEN_EVERY: i64 = 86_400;

/// Of what there is too much, this part of the oldest is thrown away at once.
const PART: i64 = 32;

/// Why the file cannot be written or read.
#[derive(Debug)]
pub(super) enum FileError {
    /// The disk is full.
    Full,
    /// It is damaged, or is no history.
    Damaged(String),
    /// A newer program wrote it; nothing in it was touched.
    Newer {
        /// The form that was found.
        found: i64,
    },
    /// Anything else.
    Other(String),
}

impl From<sqlx::Error> for FileError {
    fn from(error: sqlx::Error) -> FileError {
        match sqlite::primary_code(&error) {
            Some(sqlite::FULL) => FileError::Full,
            Some(sqlite::CORRUPT | sqlite::NOTADB) => FileError::Damaged(error.to_string()),
            _ => FileError::Other(error.to_string()),
        }
    }
}

type Done<T> = Result<T, FileError>;

/// The file, opened when it is first needed.
pub(super) struct File {
    path: PathBuf,
    largest: u64,
    open: Option<Open>,
}

struct Open {
    connection: SqliteConnection,
    /// The series that were written, by their number in memory: their own, and when it was last noted that they live.
    series: HashMap<u32, (i64, i64)>,
}

impl File {
    pub(super) fn new(dir: &Path, largest: u64) -> File {
        File { path: dir.join(FILE), largest, open: None }
    }

    async fn open(&mut self) -> Done<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => Open { connection: connect(&self.path).await?, series: HashMap::new() },
        };
        Ok(self.open.insert(open))
    }

    /// Writes all of it, or nothing.
    pub(super) async fn write(&mut self, batch: &Batch, now: Moment) -> Done<()> {
        let open = self.open().await?;
        let mut transaction = open.connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut found = Vec::new();
        let mut ids = HashMap::new();
        for (number, name) in &batch.names {
            let known = open.series.get(number).filter(|(_, seen)| seconds(now) < seen.saturating_add(SEEN_EVERY));
            let id = match known {
                Some((id, _)) => *id,
                None => {
                    let id = series(&mut transaction, name, seconds(now)).await?;
                    found.push((*number, (id, seconds(now))));
                    id
                }
            };
            ids.insert(*number, id);
        }
        let slots = batch.slots.iter().filter_map(|(number, slot)| Some((*ids.get(number)?, slot)));
        write_slots(&mut transaction, &slots.collect::<Vec<_>>()).await?;
        for (number, failure) in &batch.failures {
            if let Some(id) = ids.get(number) {
                write_failure(&mut transaction, *id, failure).await?;
            }
        }
        transaction.commit().await?;
        open.series.extend(found);
        Ok(())
    }

    /// What is stored of a probe.
    pub(super) async fn read(&mut self, plan: &PlanId, probe: &ProbeId, from: Moment, to: Moment) -> Done<Vec<Kept>> {
        let connection = &mut self.open().await?.connection;
        let query = sqlx::query("SELECT id, place FROM series WHERE plan = ? AND probe = ?");
        let found = query.bind(plan.to_string()).bind(probe.to_string()).fetch_all(&mut *connection).await?;
        let mut kept = Vec::new();
        for row in found {
            let id: i64 = row.try_get(0)?;
            let place = Place::from(row.try_get::<String, _>(1)?);
            let mut slots = Vec::new();
            for grain in Grain::ALL {
                slots.extend(read_slots(connection, id, grain, (from, to)).await?);
            }
            in_order(&mut slots);
            kept.push(Kept { place, slots, failure: read_failure(connection, id).await? });
        }
        Ok(kept)
    }

    /// Makes what is old coarser, and throws away what is too old or too much.
    pub(super) async fn thin(&mut self, now: Moment) -> Done<()> {
        let largest = self.largest;
        let connection = &mut self.open().await?.connection;
        for grain in Grain::ALL {
            let before = seconds(grain.old_before(now));
            match grain.coarser() {
                Some(coarser) => {
                    while let Some(at) = oldest(connection, grain).await?.filter(|at| *at < before) {
                        coarsen(connection, grain, coarser, at).await?;
                    }
                }
                None => forget(connection, grain, before).await?,
            }
        }
        for gone in [
            "DELETE FROM failure WHERE series IN (SELECT id FROM series WHERE seen < ?)",
            "DELETE FROM series WHERE seen < ?",
        ] {
            sqlx::query(gone).bind(seconds(now).saturating_sub(FORGOTTEN)).execute(&mut *connection).await?;
        }
        shrink(connection, largest).await
    }

    /// Closes it. What is in it stays as it is.
    pub(super) async fn close(&mut self) {
        if let Some(open) = self.open.take() {
            // Whoever opens it next meets the error again.
            let _ = open.connection.close().await;
        }
    }

    /// Puts a damaged file aside, over one that was put aside before; the next use begins a new one. Returns its name.
    pub(super) async fn put_aside(&mut self) -> io::Result<String> {
        self.close().await;
        let aside = format!("{FILE}.damaged");
        std::fs::rename(&self.path, self.path.with_file_name(&aside))?;
        for rest in ["-wal", "-shm"] {
            match std::fs::remove_file(self.path.with_file_name(format!("{FILE}{rest}"))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(aside)
    }
}

/// The connection, to a file of this form. A commit is not synced: what is lost with a power cut is some seconds of history.
async fn connect(path: &Path) -> Done<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(Duration::from_secs(1))
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(false)
        .pragma("cache_size", "-2048")
        .pragma("journal_size_limit", "16777216")
        .statement_cache_capacity(16)
        .thread_name(|n| format!("history-{n}"))
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    match prepare(&mut connection).await {
        Ok(()) => Ok(connection),
        Err(refusal) => {
            // Awaited, so that the file can be put aside. What closing it says is of no matter then.
            let _ = connection.close().await;
            Err(refusal)
        }
    }
}

async fn prepare(connection: &mut SqliteConnection) -> Done<()> {
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    match (id, version, tables) {
        (APPLICATION_ID, VERSION, _) => {}
        (APPLICATION_ID, found, _) if found > VERSION => return Err(FileError::Newer { found }),
        (0, 0, 0) => {
            sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await?;
            let mut transaction = connection.begin().await?;
            sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
            sqlx::raw_sql("PRAGMA application_id = 0x77617268; PRAGMA user_version = 1")
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        _ => return Err(FileError::Damaged("it is no history of this program".into())),
    }
    Ok(())
}

/// The series of that name, which still lives.
async fn series(connection: &mut SqliteConnection, name: &Name, now: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "INSERT INTO series (plan, probe, place, seen) VALUES (?, ?, ?, ?) \
         ON CONFLICT (plan, probe, place) DO UPDATE SET seen = excluded.seen RETURNING id",
    )
    .bind(name.plan.to_string())
    .bind(name.probe.to_string())
    .bind(name.place.to_string())
    .bind(now)
    .fetch_one(connection)
    .await
}

/// When the oldest slot of a grain begins; nothing where there is none.
async fn oldest(connection: &mut SqliteConnection, grain: Grain) -> sqlx::Result<Option<i64>> {
    let query = sqlx::query_scalar("SELECT min(at) FROM slot WHERE grain = ?");
    query.bind(grain.number()).fetch_one(connection).await
}

/// When the newest slot of a grain begins; nothing where there is none.
async fn newest(connection: &mut SqliteConnection, grain: Grain) -> sqlx::Result<Option<i64>> {
    let query = sqlx::query_scalar("SELECT max(at) FROM slot WHERE grain = ?");
    query.bind(grain.number()).fetch_one(connection).await
}

/// The slots of one series that lie in a stretch, at least in part. They are looked up one by one: the slots of one moment lie side
/// by side, those of one series do not.
async fn read_slots(
    connection: &mut SqliteConnection,
    series: i64,
    grain: Grain,
    (from, to): (Moment, Moment),
) -> sqlx::Result<Vec<Slot>> {
    let ends = (oldest(connection, grain).await?, newest(connection, grain).await?);
    let (Some(oldest), Some(newest)) = ends else { return Ok(Vec::new()) };
    let first = seconds(grain.start_of(from)).max(oldest);
    let last = seconds(Moment::from_micros(to.micros().saturating_sub(1))).min(newest);
    let query = sqlx::query(LOOK_UP).bind(first).bind(seconds_of(grain)).bind(last).bind(grain.number()).bind(series);
    let mut rows = query.fetch(connection);
    let mut slots = Vec::new();
    while let Some(row) = rows.try_next().await? {
        slots.push(slot(&row, 0, grain)?);
    }
    Ok(slots)
}

const LOOK_UP: &str = "\
    WITH RECURSIVE moment (at) AS (VALUES (?1) UNION ALL SELECT at + ?2 FROM moment WHERE at + ?2 <= ?3) \
    SELECT slot.at, good, degraded, bad, unseen, took, slowest, measured FROM moment CROSS JOIN slot \
    ON slot.grain = ?4 AND slot.at = moment.at AND slot.series = ?5 WHERE moment.at <= ?3";

fn seconds_of(grain: Grain) -> i64 {
    i64::try_from(grain.length().secs()).unwrap_or(i64::MAX)
}

/// Puts all slots of a grain that lie in one of the coarser grain together, the one that holds `oldest`.
async fn coarsen(connection: &mut SqliteConnection, grain: Grain, coarser: Grain, oldest: i64) -> Done<()> {
    let start = coarser.start_of(Moment::from_micros(oldest.saturating_mul(1_000_000)));
    let (from, to) = (seconds(start), seconds(start).saturating_add(seconds_of(coarser)));
    let mut together: BTreeMap<i64, Slot> = BTreeMap::new();
    {
        let mut rows = sqlx::query(IN_STRETCH).bind(grain.number()).bind(from).bind(to).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            let coarse = together.entry(row.try_get(0)?).or_insert_with(|| Slot::holding(coarser, start));
            coarse.join(&slot(&row, 1, grain)?);
        }
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    write_slots(&mut transaction, &together.iter().map(|(series, slot)| (*series, slot)).collect::<Vec<_>>()).await?;
    let gone = sqlx::query("DELETE FROM slot WHERE grain = ? AND at >= ? AND at < ?");
    gone.bind(grain.number()).bind(from).bind(to).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

const IN_STRETCH: &str = "SELECT series, at, good, degraded, bad, unseen, took, slowest, measured FROM slot \
    WHERE grain = ? AND at >= ? AND at < ? ORDER BY at";

async fn forget(connection: &mut SqliteConnection, grain: Grain, before: i64) -> Done<()> {
    let gone = sqlx::query("DELETE FROM slot WHERE grain = ? AND at < ?");
    gone.bind(grain.number()).bind(before).execute(connection).await?;
    Ok(())
}

/// Throws away the oldest until the file is no larger than it may be.
async fn shrink(connection: &mut SqliteConnection, largest: u64) -> Done<()> {
    loop {
        let query = sqlx::query_scalar(
            "SELECT (page_count - freelist_count) * page_size \
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        );
        let used: i64 = query.fetch_one(&mut *connection).await?;
        if u64::try_from(used).unwrap_or(0) <= largest {
            return Ok(());
        }
        let mut coarsest = None;
        for grain in Grain::ALL.into_iter().rev() {
            let ends = (oldest(connection, grain).await?, newest(connection, grain).await?);
            if let (Some(oldest), Some(newest)) = ends {
                coarsest = Some((grain, oldest, newest));
                break;
            }
        }
        let Some((grain, oldest, newest)) = coarsest else { return Ok(()) };
        forget(connection, grain, oldest + (newest - oldest) / PART + 1).await?;
    }
}
