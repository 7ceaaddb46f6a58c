//! The journal as lines of JSON, as `assets/journal-format.md` documents them.

use std::io::{self, Write};

use serde::Serialize;
use thiserror::Error;
use uuid::Uuid;

use super::envelope::Row;
use super::error::StoreError;
use super::hash::Hash;
use super::reader::Reader;

const PAGE: usize = 512;

/// Whether an exported entry carries its body. Without it the entry still verifies, by the body's SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// The body is written.
    Included,
    /// `null` is written in its place.
    Withheld,
}

/// Why an export stopped.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The journal could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output could not be written.
    #[error("the export could not be written: {0}")]
    Write(#[from] io::Error),
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    id: Uuid,
    at: i64,
    boot_id: &'a str,
    boot_ns: i64,
    epoch: i64,
    principal: &'a str,
    command_id: Option<Uuid>,
    stream: &'a str,
    kind: &'a str,
    body: Option<&'a str>,
    body_sha256: Hash,
    prev: Hash,
    hash: Hash,
}

impl Reader {
    /// Writes every entry as one JSON object a line; `bodies` says of each whether its body is included. Returns how many
    /// entries were written. The chain is written as it is stored, unchecked.
    pub async fn export(&self, mut out: impl Write, bodies: impl Fn(&Row) -> Bodies) -> Result<u64, ExportError> {
        let (mut last, mut entries) = (0, 0);
        loop {
            let written = self.export_after(last, PAGE, &mut out, &bodies).await?;
            if written == 0 {
                out.flush()?;
                return Ok(entries);
            }
            last += written;
            entries += written;
        }
    }

    /// Writes at most `limit` of the entries after `last`, as [`Reader::export`] does. Returns how many were written.
    pub async fn export_after(
        &self,
        last: u64,
        limit: usize,
        mut out: impl Write,
        bodies: impl Fn(&Row) -> Bodies,
    ) -> Result<u64, ExportError> {
        let page = self.rows(last, limit).await?;
        for row in &page {
            serde_json::to_writer(&mut out, &line(row, bodies(row))).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
        Ok(page.last().map_or(0, |newest| newest.seq - last))
    }
}

fn line(row: &Row, bodies: Bodies) -> Line<'_> {
    Line {
        seq: row.seq,
        id: row.id,
        at: row.at,
        boot_id: &row.boot_id,
        boot_ns: row.boot_ns,
        epoch: row.epoch,
        principal: &row.principal,
        command_id: row.command_id,
        stream: &row.stream,
        kind: &row.kind,
        body: (bodies == Bodies::Included).then_some(row.body.as_str()),
        body_sha256: row.body_sha256(),
        prev: row.prev,
        hash: row.hash,
    }
}
