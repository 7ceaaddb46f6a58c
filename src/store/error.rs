//! What can go wrong with the journal.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::sqlite;

/// Why the journal cannot be opened or read.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The state directory is missing, or something else stands there.
    #[error("{} is not a directory", path.display())]
    NotADirectory {
        /// What was named as the state directory.
        path: PathBuf,
    },
    /// A newer program wrote this state directory; nothing in it was touched.
    #[error("{} has version {found}, and this program knows versions up to {known}; nothing was touched", path.display())]
    NewerVersion {
        /// The `VERSION` file, or the journal whose schema is newer.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// The `VERSION` file does not hold a number.
    #[error("{} does not hold a version number; put the file back from a backup", path.display())]
    UnreadableVersion {
        /// The `VERSION` file.
        path: PathBuf,
    },
    /// The state directory is on a file system of another machine, where locks and syncs cannot be trusted.
    #[error("{} is on {kind}, a network file system; put the state directory on a local disk", path.display())]
    NetworkFileSystem {
        /// The state directory.
        path: PathBuf,
        /// The kind of file system.
        kind: String,
    },
    /// The directory has held a journal, but the file is gone or empty.
    #[error("{} is missing; put a copy or a backup of it back", file.display())]
    Missing {
        /// Where the journal should be.
        file: PathBuf,
    },
    /// The file is damaged or is no journal.
    #[error("{} is damaged: {what}; put a copy or a backup of it back", file.display())]
    Corrupt {
        /// The journal.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The operating system refused a file operation.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("{}: {source}", file.display())]
    Database {
        /// The journal.
        file: PathBuf,
        /// The refusal.
        source: Box<sqlx::Error>,
    },
}

/// Why an append (or another write) was not done, or may not have been.
#[derive(Debug, Error)]
pub enum AppendError {
    /// The disk is full. Nothing was written; the journal can be used again, by itself, once there is space.
    #[error("the disk is full; nothing was written")]
    Full,
    /// Another process held the journal for too long. Nothing was written.
    #[error("the journal is locked by another process; nothing was written")]
    Busy,
    /// Whether the rows are on disk is not known. Every further write is refused like this until
    /// [`reopen`](super::Journal::reopen), which reads from the disk what is there.
    #[error("whether it was written is not known until the journal has been opened again{}", because(source.as_deref()))]
    OutcomeUnknown {
        /// What SQLite said; none when an earlier write left the doubt.
        source: Option<Box<sqlx::Error>>,
    },
}

fn because(source: Option<&sqlx::Error>) -> String {
    source.map(|error| format!(": {error}")).unwrap_or_default()
}

impl AppendError {
    /// What a failed write means. Only what SQLite promises to have left undone is called so.
    pub(super) fn from_sqlx(error: sqlx::Error) -> AppendError {
        match sqlite::primary_code(&error) {
            Some(sqlite::FULL) => AppendError::Full,
            Some(sqlite::BUSY | sqlite::LOCKED) => AppendError::Busy,
            _ => AppendError::OutcomeUnknown { source: Some(Box::new(error)) },
        }
    }
}
