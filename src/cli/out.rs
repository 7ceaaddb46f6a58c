//! What verbs print: all of it goes through here, so that a closed pipe or a full disk ends a verb and never breaks it.

use std::fmt;
use std::io::{self, BufWriter, StdoutLock, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::Failure;
use crate::text;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON value, or one a line for what goes on.
    Json,
}

/// Which signs the reader's terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signs {
    /// All.
    Unicode,
    /// ASCII.
    Ascii,
}

/// Standard output.
pub(super) struct Out {
    to: BufWriter<StdoutLock<'static>>,
    pub(super) format: Format,
    signs: Signs,
}

impl Out {
    pub(super) fn new(format: Format) -> Out {
        Out { to: BufWriter::new(io::stdout().lock()), format, signs: signs(|name| std::env::var(name).ok()) }
    }

    /// Prints a line. Texts from outside have been cleaned by `crate::text`.
    pub(super) fn line(&mut self, line: impl fmt::Display) -> Result<(), Failure> {
        let line = line.to_string();
        let line = match self.signs {
            Signs::Unicode => line.as_str().into(),
            Signs::Ascii => text::ascii(&line),
        };
        self.bytes(line.as_bytes())?;
        self.bytes(b"\n")
    }

    /// Says a line beside what is printed, on standard error: where standard output is a program's own.
    pub(super) fn aside(&mut self, line: &str) -> Result<(), Failure> {
        let line = match self.signs {
            Signs::Unicode => line.into(),
            Signs::Ascii => text::ascii(line),
        };
        io::stderr().lock().write_all(format!("{line}\n").as_bytes()).map_err(Failure::from_write)
    }

    /// Prints bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes).map_err(Failure::from_write)
    }

    /// Prints a value as one line of JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut line =
            serde_json::to_vec(value).map_err(|e| Failure::failed(format!("cannot print the result: {e}")))?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Prints rows under each other, columns aligned; the last column runs free.
    pub(super) fn table(&mut self, rows: &[Vec<String>]) -> Result<(), Failure> {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| rows.iter().filter_map(|r| r.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
            }
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// Makes sure that what was printed is out.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.to.flush().map_err(Failure::from_write)
    }
}

/// ASCII only where the locale says so; no locale at all says nothing of UTF-8.
fn signs(variable: impl Fn(&str) -> Option<String>) -> Signs {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| variable(name).filter(|v| !v.is_empty()));
    let utf8 = locale.is_some_and(|l| {
        let l = l.to_ascii_lowercase();
        l.contains("utf-8") || l.contains("utf8")
    });
    if utf8 { Signs::Unicode } else { Signs::Ascii }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_on_signs() {
        let with = |vars: &[(&str, &str)]| {
            let vars: Vec<_> = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            signs(move |name| vars.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
        };
        assert_eq!(with(&[("LANG", "en_GB.UTF-8")]), Signs::Unicode);
        assert_eq!(with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]), Signs::Unicode);
        assert_eq!(with(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]), Signs::Ascii);
        assert_eq!(with(&[]), Signs::Ascii);
    }
}
