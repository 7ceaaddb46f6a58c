//! What the entries up to one fold to, kept so that a long journal opens fast.

use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::envelope::Head;
use super::hash::Hash;
use super::insert::{execute, finish};

/// A stored state, as it was after one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The entry after which it was taken.
    pub head: Head,
    /// The bytes that were saved.
    pub body: Vec<u8>,
}

/// The newest snapshot of a protocol whose entry is in the journal with the same hash.
pub(super) const LATEST: &str = "SELECT s.seq, s.hash, s.body_sha256, s.body FROM snapshot s \
    JOIN journal j ON j.seq = s.seq AND j.hash = s.hash WHERE s.protocol = ? ORDER BY s.seq DESC";

/// Reads a row of [`LATEST`]; none if its bytes are not those that were saved.
pub(super) fn decode(row: &SqliteRow) -> Option<Snapshot> {
    let seq: i64 = row.try_get(0).ok()?;
    let hash: &[u8] = row.try_get(1).ok()?;
    let body_sha256: &[u8] = row.try_get(2).ok()?;
    let body: Vec<u8> = row.try_get(3).ok()?;
    if Hash::of(&body).as_bytes() != body_sha256 {
        return None;
    }
    let head = Head { seq: u64::try_from(seq).ok()?, hash: Hash::try_from(hash).ok()? };
    Some(Snapshot { head, body })
}

/// Saves a snapshot and throws away all but it and the one before it.
pub(super) async fn save(
    connection: &mut SqliteConnection,
    head: Head,
    protocol: u32,
    body: &[u8],
) -> sqlx::Result<()> {
    execute(connection, "BEGIN IMMEDIATE").await?;
    let saved = async {
        sqlx::query("INSERT OR REPLACE INTO snapshot (seq, hash, protocol, body_sha256, body) VALUES (?, ?, ?, ?, ?)")
            .bind(head.seq.cast_signed())
            .bind(head.hash.as_bytes().to_vec())
            .bind(protocol)
            .bind(Hash::of(body).as_bytes().to_vec())
            .bind(body.to_vec())
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "DELETE FROM snapshot WHERE seq <> ?1 AND seq IS NOT \
             (SELECT max(seq) FROM snapshot WHERE seq < ?1 AND protocol = ?2)",
        )
        .bind(head.seq.cast_signed())
        .bind(protocol)
        .execute(&mut *connection)
        .await?;
        execute(&mut *connection, "COMMIT").await
    }
    .await;
    finish(connection, saved).await
}
