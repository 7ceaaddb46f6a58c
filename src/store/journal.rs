//! The one writer.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::envelope::{Draft, Head, Row};
use super::error::{AppendError, StoreError};
use super::insert::{execute, insert};
use super::reader::{FILE, Reader, inspect, read_head};
use super::{snapshot, sqlite, version};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");
/// What marks the file as a journal of this program: "warr".
const APPLICATION_ID: i64 = 0x7761_7272;

/// The journal of one state directory, open for writing. Reads as its [`Reader`] does.
#[derive(Debug)]
pub struct Journal {
    file: PathBuf,
    /// None while it is being opened again, and after that has failed.
    writer: Option<SqliteConnection>,
    last_write: LastWrite,
    head: Head,
    reader: Reader,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastWrite {
    Settled,
    InDoubt,
}

impl Journal {
    /// Opens the journal in `dir`, or makes it if the directory was never used. The caller holds the directory's
    /// [`StateLock`](super::StateLock).
    ///
    /// Refuses, and leaves untouched: what is not a directory, a newer version, a network file system, a directory that has
    /// lost its journal, a damaged file or one that is no journal.
    pub async fn open(dir: &Path) -> Result<Journal, StoreError> {
        let (dir, found) = inspect(dir)?;
        let file = dir.join(FILE);
        let options = sqlite::writer(&file).create_if_missing(found.is_none());
        let mut writer = connect(&file, &options).await?;
        match settle(&mut writer).await {
            // Reading goes on while the disk is full. The first append that succeeds settles what was there.
            Err(error) if sqlite::primary_code(&error) != Some(sqlite::FULL) => {
                return Err(sqlite::store_error(&file, error));
            }
            _ => {}
        }
        let head = read_head(&mut writer, &file).await?;
        if found.is_none() {
            version::write(&dir)?;
        }
        let reader = Reader::new(&file);
        Ok(Journal { file, writer: Some(writer), last_write: LastWrite::Settled, head, reader })
    }

    /// The head: what the last successful append, open or reopen left on disk.
    pub fn head(&self) -> Head {
        self.head
    }

    /// A reader that can be used, and cloned, apart from the journal.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Appends all of `drafts` in one transaction, or none. When this returns, they are on disk.
    ///
    /// After [`AppendError::OutcomeUnknown`], and if the returned future is dropped before its end, every further write is
    /// refused until [`reopen`](Journal::reopen); after the other errors the journal can be used on.
    pub async fn append(&mut self, drafts: Vec<Draft>) -> Result<Vec<Row>, AppendError> {
        let mut head = self.head;
        let mut rows = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let row = Row::seal(draft, head);
            head = row.as_head();
            rows.push(row);
        }
        if rows.is_empty() {
            return Ok(rows);
        }
        let written = insert(self.begin_write()?, &rows).await;
        self.end_write(written).await?;
        self.head = head;
        Ok(rows)
    }

    /// Saves what the entries up to `head` fold to, and throws older snapshots and those of other protocols away.
    pub async fn save_snapshot(&mut self, head: Head, protocol: u32, body: &[u8]) -> Result<(), AppendError> {
        let written = snapshot::save(self.begin_write()?, head, protocol, body).await;
        self.end_write(written).await
    }

    /// Drops the connections, opens the journal again and reads from disk what is there: what an append of unknown outcome
    /// has written is now in the journal for good, or is not and never will be. If it fails, it is to be tried again.
    pub async fn reopen(&mut self) -> Result<Head, StoreError> {
        self.last_write = LastWrite::InDoubt;
        if let Some(writer) = self.writer.take() {
            // Awaited, so that a statement still on its way has run. That it may report an error is why we are here.
            let _ = writer.close().await;
        }
        self.reader.reconnect();
        let mut writer = connect(&self.file, &sqlite::writer(&self.file)).await?;
        settle(&mut writer).await.map_err(|error| sqlite::store_error(&self.file, error))?;
        self.head = read_head(&mut writer, &self.file).await?;
        self.writer = Some(writer);
        self.last_write = LastWrite::Settled;
        Ok(self.head)
    }

    /// Closes the connections and waits until they are closed. Nothing depends on it but the tidiness of the directory: after
    /// it, all is in the one file.
    pub async fn close(self) {
        self.reader.pool().close().await;
        if let Some(writer) = self.writer {
            // Everything acknowledged is on disk already, and whoever opens next will meet the error again.
            let _ = writer.close().await;
        }
    }

    /// The connection, if nothing is in doubt. Until [`end_write`](Journal::end_write), everything is.
    fn begin_write(&mut self) -> Result<&mut SqliteConnection, AppendError> {
        match &mut self.writer {
            Some(writer) if self.last_write == LastWrite::Settled => {
                self.last_write = LastWrite::InDoubt;
                Ok(writer)
            }
            _ => Err(AppendError::OutcomeUnknown { source: None }),
        }
    }

    async fn end_write(&mut self, written: sqlx::Result<()>) -> Result<(), AppendError> {
        let error = match written {
            Ok(()) => {
                self.last_write = LastWrite::Settled;
                return Ok(());
            }
            Err(error) => AppendError::from_sqlx(error),
        };
        if matches!(error, AppendError::Full | AppendError::Busy) && self.head_is_stored().await {
            self.last_write = LastWrite::Settled;
            return Err(error);
        }
        match error {
            AppendError::Full | AppendError::Busy => Err(AppendError::OutcomeUnknown { source: None }),
            unknown => Err(unknown),
        }
    }

    async fn head_is_stored(&mut self) -> bool {
        match &mut self.writer {
            Some(writer) => read_head(writer, &self.file).await.is_ok_and(|head| head == self.head),
            None => false,
        }
    }
}

impl Deref for Journal {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

async fn connect(file: &Path, options: &SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    let mut writer = options.connect().await.map_err(|error| sqlite::store_error(file, error))?;
    if let Err(refusal) = prepare(&mut writer, file).await {
        // Awaited, so that what SQLite keeps beside the file while it is open is gone again.
        let _ = writer.close().await;
        return Err(refusal);
    }
    Ok(writer)
}

/// Refuses what is no journal before anything is written to it; then brings it to the newest schema.
async fn prepare(writer: &mut SqliteConnection, file: &Path) -> Result<(), StoreError> {
    let error = |error| sqlite::store_error(file, error);
    let id = sqlx::query_scalar("PRAGMA application_id");
    let id: i64 = id.fetch_one(&mut *writer).await.map_err(error)?;
    let tables = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema");
    let tables: i64 = tables.fetch_one(&mut *writer).await.map_err(error)?;
    if id != APPLICATION_ID && tables > 0 {
        let what = "it is no journal of this program".to_owned();
        return Err(StoreError::Corrupt { file: file.to_owned(), what });
    }
    execute(writer, "PRAGMA journal_mode = WAL").await.map_err(error)?;
    if id != APPLICATION_ID {
        // Before there are tables: a kill between the migrations' own table and the first migration leaves a journal to go on with.
        execute(writer, "PRAGMA application_id = 0x77617272").await.map_err(error)?;
    }
    // Not `run`: the future of its generic `acquire` could not be sent to another thread.
    MIGRATIONS.run_direct(None, writer, false).await.map_err(|error| migration_error(file, error))
}

fn migration_error(file: &Path, error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(found) => StoreError::NewerVersion {
            path: file.to_owned(),
            found: u32::try_from(found).unwrap_or(u32::MAX),
            known: version::VERSION,
        },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => sqlite::store_error(file, error),
        other => StoreError::Corrupt { file: file.to_owned(), what: other.to_string() },
    }
}

/// One small durable write, which makes final what the write-ahead log showed when it was opened.
///
/// What an earlier process or a failed commit left in the log may be visible without having been synced, or may lie behind
/// the visible end and come back at the next recovery. A commit syncs the first and overwrites the second.
async fn settle(writer: &mut SqliteConnection) -> sqlx::Result<()> {
    execute(writer, "PRAGMA user_version = 1").await
}
