//! Reading beside the writer, in pages.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::TryStreamExt;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Executor, Row as _, Sqlite, SqlitePool};
use uuid::Uuid;

use super::envelope::{Head, Row};
use super::error::StoreError;
use super::hash::Hash;
use super::snapshot::{self, Snapshot};
use super::{filesystem, sqlite, version};

/// The journal's file within a state directory.
pub(super) const FILE: &str = "journal.db";

/// Reads a journal, in the process that writes it or in another. Clones share two read-only connections.
#[derive(Debug, Clone)]
pub struct Reader {
    file: Arc<Path>,
    pool: Arc<RwLock<SqlitePool>>,
}

/// A stored row with a value that no writer of a journal stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) seq: u64,
    pub(super) column: &'static str,
}

impl Reader {
    /// Opens the journal in `dir` for reading only; an engine may have it open. Refuses as
    /// [`Journal::open`](super::Journal::open) does, and where there is no journal.
    pub async fn open(dir: &Path) -> Result<Reader, StoreError> {
        let (dir, version) = inspect(dir)?;
        let file = dir.join(FILE);
        if version.is_none() {
            return Err(StoreError::Missing { file });
        }
        let reader = Reader::new(&file);
        reader.stored_head().await?;
        Ok(reader)
    }

    /// A reader whose connections are opened when they are first needed.
    pub(super) fn new(file: &Path) -> Reader {
        Reader { file: file.into(), pool: Arc::new(RwLock::new(sqlite::readers(file))) }
    }

    /// Lets the connections go, for this reader and its clones; the next read opens new ones.
    pub(super) fn reconnect(&self) {
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = sqlite::readers(&self.file);
    }

    pub(super) fn pool(&self) -> SqlitePool {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn error(&self, error: sqlx::Error) -> StoreError {
        sqlite::store_error(&self.file, error)
    }

    /// The head as it is on disk now.
    pub async fn stored_head(&self) -> Result<Head, StoreError> {
        read_head(&self.pool(), &self.file).await
    }

    /// The rows after `from`, oldest first, at most `limit`.
    pub async fn rows(&self, from: u64, limit: usize) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query("SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?");
        self.page(query.bind(signed(from)).bind(bound(limit))).await
    }

    /// The rows before `seq`, newest first, at most `limit`; only those of `streams` unless it is empty.
    pub async fn rows_before(&self, seq: u64, limit: usize, streams: &[&str]) -> Result<Vec<Row>, StoreError> {
        if streams.is_empty() {
            let query = sqlx::query("SELECT * FROM journal WHERE seq < ? ORDER BY seq DESC LIMIT ?");
            return self.page(query.bind(signed(seq)).bind(bound(limit))).await;
        }
        // One walk down the index for each stream: SQLite would read all rows of several streams before sorting them.
        let mut rows = Vec::new();
        for stream in streams.iter().collect::<HashSet<_>>() {
            let query = sqlx::query("SELECT * FROM journal WHERE stream = ? AND seq < ? ORDER BY seq DESC LIMIT ?");
            let query = query.bind((*stream).to_owned()).bind(signed(seq)).bind(bound(limit));
            rows.append(&mut self.page(query).await?);
        }
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.seq));
        rows.truncate(limit);
        Ok(rows)
    }

    /// The newest `last` commands that gave rows, newest first, each with the last `seq` that it gave.
    pub async fn command_ids(&self, last: usize) -> Result<Vec<(Uuid, u64)>, StoreError> {
        // Backwards through the table: the index is in the order of the ids, which clients mint.
        let query = sqlx::query(
            "SELECT command_id, seq FROM journal NOT INDEXED WHERE command_id IS NOT NULL ORDER BY seq DESC",
        );
        let pool = self.pool();
        let mut found = pool.fetch(query);
        let (mut seen, mut commands) = (HashSet::new(), Vec::new());
        while commands.len() < last {
            let Some(row) = found.try_next().await.map_err(|error| self.error(error))? else {
                break;
            };
            let (command, seq) = decode_command(&row).map_err(|malformed| self.malformed(malformed))?;
            if seen.insert(command) {
                commands.push((command, seq));
            }
        }
        Ok(commands)
    }

    /// The rows that the command `id` gave, however long ago, oldest first, at most `limit`.
    pub async fn rows_of_command(&self, id: Uuid, limit: usize) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query("SELECT * FROM journal WHERE command_id = ? ORDER BY seq LIMIT ?");
        self.page(query.bind(id.to_string()).bind(bound(limit))).await
    }

    /// The last `seq` that the command `id` gave, however long ago; none if it gave no row.
    pub async fn command_seq(&self, id: Uuid) -> Result<Option<u64>, StoreError> {
        let query = sqlx::query_scalar("SELECT max(seq) FROM journal WHERE command_id = ?").bind(id.to_string());
        let seq: Option<i64> = query.fetch_one(&self.pool()).await.map_err(|error| self.error(error))?;
        Ok(seq.map(i64::cast_unsigned))
    }

    /// The newest snapshot of `protocol`. One whose entry is not in the journal with its hash, or whose bytes have changed,
    /// is passed over.
    pub async fn latest_snapshot(&self, protocol: u32) -> Result<Option<Snapshot>, StoreError> {
        let pool = self.pool();
        let mut found = pool.fetch(sqlx::query(snapshot::LATEST).bind(protocol));
        while let Some(row) = found.try_next().await.map_err(|error| self.error(error))? {
            if let Some(snapshot) = snapshot::decode(&row) {
                return Ok(Some(snapshot));
            }
        }
        Ok(None)
    }

    async fn page(&self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<Vec<Row>, StoreError> {
        let found = query.fetch_all(&self.pool()).await.map_err(|error| self.error(error))?;
        found.iter().map(|row| decode(row).map_err(|malformed| self.malformed(malformed))).collect()
    }

    fn malformed(&self, Malformed { seq, column }: Malformed) -> StoreError {
        StoreError::Corrupt { file: self.file.to_path_buf(), what: format!("entry {seq} has a malformed {column}") }
    }
}

/// Refuses a directory that cannot hold a journal, and one that has lost its own. Returns its absolute path and the version
/// that it has, none if it is new.
pub(super) fn inspect(dir: &Path) -> Result<(PathBuf, Option<u32>), StoreError> {
    let Ok(dir) = fs::canonicalize(dir).and_then(|dir| fs::read_dir(&dir).map(|_| dir)) else {
        return Err(StoreError::NotADirectory { path: dir.to_owned() });
    };
    let version = version::read(&dir)?;
    filesystem::require_local(&dir)?;
    let file = dir.join(FILE);
    // Asked of the directory: opening the file here would, on closing, drop the locks of SQLite in this process.
    let length = fs::metadata(&file).map_or(0, |data| data.len());
    if version.is_some() && length == 0 {
        return Err(StoreError::Missing { file });
    }
    Ok((dir, version))
}

/// The head as it is on disk.
pub(super) async fn read_head<'c>(
    connection: impl Executor<'c, Database = Sqlite>,
    file: &Path,
) -> Result<Head, StoreError> {
    let query = sqlx::query("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1");
    let found = query.fetch_optional(connection).await.map_err(|error| sqlite::store_error(file, error))?;
    let Some(row) = found else {
        return Ok(Head::GENESIS);
    };
    let decode = || Some(Head { seq: unsigned(&row, 0)?, hash: hash(&row, 1)? });
    decode()
        .ok_or_else(|| StoreError::Corrupt { file: file.to_owned(), what: "the newest entry is malformed".to_owned() })
}

fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn unsigned(row: &SqliteRow, column: usize) -> Option<u64> {
    row.try_get::<i64, _>(column).ok()?.try_into().ok()
}

fn hash(row: &SqliteRow, column: usize) -> Option<Hash> {
    row.try_get::<&[u8], _>(column).ok()?.try_into().ok()
}

/// An id in just the spelling that is written: another one would be hashed as this one.
fn uuid(row: &SqliteRow, column: usize) -> Option<Uuid> {
    spelled(row.try_get(column).ok()?)
}

fn spelled(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(id)
}

fn command(row: &SqliteRow, column: usize) -> Option<Option<Uuid>> {
    match row.try_get::<Option<&str>, _>(column).ok()? {
        Some(text) => spelled(text).map(Some),
        None => Some(None),
    }
}

fn decode_command(row: &SqliteRow) -> Result<(Uuid, u64), Malformed> {
    let seq = unsigned(row, 1).ok_or(Malformed { seq: 0, column: "seq" })?;
    let id = uuid(row, 0).ok_or(Malformed { seq, column: "command_id" })?;
    Ok((id, seq))
}

/// Reads a row of the whole table, columns in their order there.
pub(super) fn decode(row: &SqliteRow) -> Result<Row, Malformed> {
    let seq = unsigned(row, 0).ok_or(Malformed { seq: 0, column: "seq" })?;
    let bad = |column| Malformed { seq, column };
    let text = |column, name| row.try_get::<String, _>(column).map_err(|_| bad(name));
    let number = |column, name| row.try_get::<i64, _>(column).map_err(|_| bad(name));
    Ok(Row {
        seq,
        id: uuid(row, 1).ok_or(bad("id"))?,
        at: number(2, "at")?,
        boot_id: text(3, "boot_id")?,
        boot_ns: number(4, "boot_ns")?,
        epoch: number(5, "epoch")?,
        principal: text(6, "principal")?,
        command_id: command(row, 7).ok_or(bad("command_id"))?,
        stream: text(8, "stream")?,
        kind: text(9, "kind")?,
        body: text(10, "body")?,
        prev: hash(row, 11).ok_or(bad("prev"))?,
        hash: hash(row, 12).ok_or(bad("hash"))?,
    })
}
