//! How the journal's file is opened, and what SQLite's result codes mean here.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};

use super::error::StoreError;

pub(super) const BUSY: i32 = 5;
pub(super) const LOCKED: i32 = 6;
pub(crate) const CORRUPT: i32 = 11;
pub(crate) const FULL: i32 = 13;
pub(crate) const NOTADB: i32 = 26;

/// A writer of another process holds the file for one commit; longer than this means that something is wrong there.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// SQLite's result code without its extension, if SQLite gave one.
pub(crate) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// What a failed read or open of `file` means.
pub(super) fn store_error(file: &Path, error: sqlx::Error) -> StoreError {
    match primary_code(&error) {
        Some(CORRUPT | NOTADB) => StoreError::Corrupt { file: file.to_owned(), what: error.to_string() },
        _ => StoreError::Database { file: file.to_owned(), source: Box::new(error) },
    }
}

/// Small caches: the engine asks for pages of rows, and the newest are in the kernel's cache anyway.
fn common(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(false)
        .thread_name(|n| format!("journal-{n}"))
        .disable_statement_logging()
}

/// The one connection that writes. Write-ahead logging is turned on once the file is known to be a journal.
pub(super) fn writer(file: &Path) -> SqliteConnectOptions {
    common(file)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-1024")
        // A burst may grow the write-ahead log; this gives the space back after the next checkpoint.
        .pragma("journal_size_limit", "16777216")
        .statement_cache_capacity(16)
}

/// Two read-only connections, opened when first asked for and closed after a minute without use.
pub(super) fn readers(file: &Path) -> SqlitePool {
    let options =
        common(file).read_only(true).pragma("cache_size", "-512").statement_cache_capacity(8).row_buffer_size(256);
    SqlitePoolOptions::new()
        .max_connections(2)
        .test_before_acquire(false)
        .idle_timeout(Duration::from_secs(60))
        .max_lifetime(None)
        .connect_lazy_with(options)
}
