//! The chain, recomputed.

use std::fmt;
use std::path::Path;

use thiserror::Error;

use super::envelope::{Head, Row};
use super::error::StoreError;
use super::hash::Hash;
use super::reader::{Malformed, Reader, decode};

/// Rows read at once. Each page is a read of its own, so that a long check never holds up the writer's checkpoints.
const PAGE: i64 = 512;

/// A journal whose chain holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many entries were checked: all that there were when the check began.
    pub entries: u64,
    /// The last of them. A chain cannot show that entries are missing at its end: compare with a head noted elsewhere.
    pub head: Head,
}

/// The first entry that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("entry {seq}: {fault}")]
pub struct Broken {
    /// The entry.
    pub seq: u64,
    /// How.
    pub fault: Fault,
}

/// How an entry does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is none with this number, but there are later ones; the next has the number `next`.
    Missing {
        /// The number that follows the gap.
        next: u64,
    },
    /// There is none with this number, and a snapshot of a later entry shows that there was: the end was cut off.
    CutOff,
    /// A column holds a value that is never written there.
    Malformed {
        /// The column.
        column: &'static str,
    },
    /// Its body or another of its columns is not what was hashed.
    Contents,
    /// Its contents are what was hashed, as the next entry shows, but the stored hash is another.
    Hash,
    /// Its contents and hash are as written, but the stored hash of the entry before is another.
    Prev,
    /// It is whole in itself, but was written after another entry than the one that now stands before it.
    Chain,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Missing { next } => write!(f, "missing; the next entry is {next}"),
            Fault::CutOff => write!(f, "missing, with all after it; a snapshot shows that they were there"),
            Fault::Malformed { column } => write!(f, "its {column} is malformed"),
            Fault::Contents => write!(f, "its body or another column was changed"),
            Fault::Hash => write!(f, "its hash was changed"),
            Fault::Prev => write!(f, "its hash of the entry before was changed"),
            Fault::Chain => write!(f, "it does not continue the entry before it"),
        }
    }
}

/// Why a journal was not found whole.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// An entry does not hold.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The journal could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Verifies the journal in `dir` by itself, read-only; an engine may have it open.
pub async fn verify(dir: &Path) -> Result<Verified, VerifyError> {
    Reader::open(dir).await?.verify().await
}

impl Reader {
    /// Recomputes the chain from the first entry to the newest, and names the first that does not hold.
    pub async fn verify(&self) -> Result<Verified, VerifyError> {
        let newest = self.newest_seq().await?;
        let mut head = Head::GENESIS;
        while head.seq < newest {
            let query = sqlx::query("SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?");
            let query = query.bind(head.seq.cast_signed()).bind(PAGE);
            let page = query.fetch_all(&self.pool()).await.map_err(|error| self.error(error))?;
            for stored in &page {
                head = match decode(stored) {
                    Ok(row) if row.seq > newest => break,
                    Ok(row) => match follow(head, &row) {
                        Ok(head) => head,
                        Err(fault) => return Err(self.explain(&row, head, fault).await?.into()),
                    },
                    Err(Malformed { seq, column }) => {
                        return Err(Broken { seq, fault: Fault::Malformed { column } }.into());
                    }
                };
            }
        }
        self.require_snapshotted(head).await?;
        Ok(Verified { entries: head.seq, head })
    }

    async fn newest_seq(&self) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM journal");
        let seq: i64 = query.fetch_one(&self.pool()).await.map_err(|error| self.error(error))?;
        Ok(seq.cast_unsigned())
    }

    /// Tells a changed hash from changed contents, by what the next entry says was the hash.
    async fn explain(&self, row: &Row, before: Head, fault: Fault) -> Result<Broken, StoreError> {
        let fault = match fault {
            Fault::Contents => {
                let query = sqlx::query_scalar("SELECT prev FROM journal WHERE seq = ?");
                let query = query.bind((row.seq + 1).cast_signed());
                let next: Option<Vec<u8>> =
                    query.fetch_optional(&self.pool()).await.map_err(|error| self.error(error))?;
                match next {
                    Some(prev) if prev == row.computed_hash().as_bytes() => Fault::Hash,
                    _ => Fault::Contents,
                }
            }
            other => other,
        };
        let seq = if let Fault::Missing { .. } = fault { before.seq + 1 } else { row.seq };
        Ok(Broken { seq, fault })
    }

    /// A snapshot of a later entry than the last shows that entries were cut off.
    async fn require_snapshotted(&self, head: Head) -> Result<(), VerifyError> {
        let query = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM snapshot WHERE seq > ?");
        let query = query.bind(self.stored_head().await?.seq.cast_signed());
        let seq: i64 = query.fetch_one(&self.pool()).await.map_err(|error| self.error(error))?;
        match seq {
            0 => Ok(()),
            _ => Err(Broken { seq: head.seq + 1, fault: Fault::CutOff }.into()),
        }
    }
}

/// The head after `row`, if it follows `before`.
fn follow(before: Head, row: &Row) -> Result<Head, Fault> {
    if row.seq != before.seq + 1 {
        return Err(Fault::Missing { next: row.seq });
    }
    let whole = row.computed_hash() == row.hash;
    match (whole, row.prev == before.hash) {
        (true, true) => Ok(row.as_head()),
        (true, false) => Err(Fault::Chain),
        (false, true) => Err(Fault::Contents),
        (false, false) if computed_after(row, before.hash) == row.hash => Err(Fault::Prev),
        (false, false) => Err(Fault::Contents),
    }
}

fn computed_after(row: &Row, prev: Hash) -> Hash {
    Row { prev, ..row.clone() }.computed_hash()
}
