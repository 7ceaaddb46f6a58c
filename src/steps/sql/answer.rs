//! What a database answered: the first row as text, the others counted, in bounded memory.

use std::fmt::Write as _;

use futures_util::{Stream, StreamExt as _};
use sqlx::Either;

use super::fault::Fault;

/// The most rows that are read.
pub(super) const MOST_ROWS: u64 = 10_000;

/// The most bytes of values that are read.
pub(super) const MOST_BYTES: usize = 1024 * 1024;

/// One value, as its database shows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Text(String),
    /// Of a type that is not read here.
    Other {
        kind: String,
    },
}

impl Cell {
    /// The text of a value, or why there is none.
    pub(super) fn text(&self) -> Result<&str, String> {
        match self {
            Cell::Text(text) => Ok(text),
            Cell::Null => Err("it is null".into()),
            Cell::Other { kind } => Err(format!("values of type {kind} are not read; cast it to text")),
        }
    }
}

/// Bytes that are no text, after a prefix that says so.
pub(super) fn hex(prefix: &str, bytes: &[u8]) -> String {
    let mut out = String::with_capacity(prefix.len() + 2 * bytes.len());
    out.push_str(prefix);
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// A row of one of the drivers.
pub(super) trait Cells {
    /// The names of its columns.
    fn names(&self) -> Vec<String>;

    /// The value at a place, and how many bytes it took.
    fn cell(&self, place: usize) -> (Cell, usize);
}

/// What came.
#[derive(Debug, Default)]
pub(super) struct Answer {
    first: Option<Vec<(String, Cell)>>,
    came: u64,
    changed: u64,
}

impl Answer {
    /// How many rows came; where none did, how many were changed.
    pub(super) fn rows(&self) -> u64 {
        if self.first.is_some() { self.came } else { self.changed }
    }

    /// A column of the first row.
    pub(super) fn cell(&self, name: &str) -> Result<&Cell, String> {
        let first = self.first.as_ref().ok_or("no row came")?;
        let found = first.iter().find(|(column, _)| column == name).map(|(_, cell)| cell);
        found.ok_or_else(|| {
            let columns: Vec<&str> = first.iter().map(|(column, _)| column.as_str()).collect();
            format!("there is no column {name}; there are {}", columns.join(", "))
        })
    }

    /// Reads what a statement brings, up to the limits.
    pub(super) async fn read<R: Cells>(
        mut rows: impl Stream<Item = Result<Either<u64, R>, sqlx::Error>> + Unpin,
        fault: impl Fn(&sqlx::Error) -> Fault,
    ) -> Result<Answer, Fault> {
        let mut answer = Answer::default();
        let mut bytes = 0_usize;
        while let Some(next) = rows.next().await {
            match next.map_err(|error| fault(&error))? {
                Either::Left(changed) => answer.changed = answer.changed.saturating_add(changed),
                Either::Right(row) => answer.take(&row, &mut bytes)?,
            }
        }
        Ok(answer)
    }

    fn take(&mut self, row: &impl Cells, bytes: &mut usize) -> Result<(), Fault> {
        self.came += 1;
        if self.came > MOST_ROWS {
            return Err(Fault::TooMuch(format!("more than {MOST_ROWS} rows came; at most that many are read")));
        }
        let names = row.names();
        let cells: Vec<(Cell, usize)> = (0..names.len()).map(|place| row.cell(place)).collect();
        *bytes = cells.iter().fold(*bytes, |sum, (_, size)| sum.saturating_add(*size));
        if *bytes > MOST_BYTES {
            return Err(Fault::TooMuch(format!("more than {MOST_BYTES} bytes came; at most that many are read")));
        }
        if self.first.is_none() {
            self.first = Some(names.into_iter().zip(cells.into_iter().map(|(cell, _)| cell)).collect());
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn of(first: Option<Vec<(&str, Cell)>>, came: u64) -> Answer {
        let named = |row: Vec<(&str, Cell)>| row.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect();
        Answer { first: first.map(named), came, changed: 0 }
    }
}
