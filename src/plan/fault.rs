//! What is wrong with a plan file, where, and what would be right.

use std::cell::{Cell, RefCell};

use serde::{Deserialize, Serialize};

/// Whether a plan with such a fault can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It cannot.
    Error,
    /// It can; somebody should look.
    Warning,
}

/// Where in the text: lines and columns counted from 1, columns and length in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The first character; one past the last where something is missing at the end of a line.
    pub column: usize,
    /// How many characters of that line; 0 where there is nothing to point at.
    pub length: usize,
}

/// One thing that is wrong or doubtful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// How bad.
    pub level: Level,
    /// Where.
    pub place: Place,
    /// What is wrong, with the value and the limit. Free of control characters.
    pub what: String,
    /// What would be right. Free of control characters.
    pub right: Option<String>,
}

/// A range of bytes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl At {
    /// The beginning of the file.
    pub(crate) const START: At = At { start: 0, end: 0 };
}

/// Most faults that are listed: beyond that a person mends and looks again.
const MAX_FAULTS: usize = 500;

/// The faults found so far in one text.
pub(crate) struct Faults<'s> {
    lines: Lines<'s>,
    list: RefCell<Vec<Fault>>,
    unlisted: Cell<usize>,
    failed: Cell<bool>,
}

impl<'s> Faults<'s> {
    pub(crate) fn new(text: &'s str) -> Faults<'s> {
        Faults { lines: Lines::new(text), list: RefCell::default(), unlisted: Cell::default(), failed: Cell::default() }
    }

    /// Notes what makes the plan unusable.
    pub(crate) fn error(&self, at: At, what: impl Into<String>, right: Option<String>) {
        self.failed.set(true);
        self.note(Level::Error, at, what.into(), right);
    }

    /// Notes what is doubtful.
    pub(crate) fn warning(&self, at: At, what: impl Into<String>, right: Option<String>) {
        self.note(Level::Warning, at, what.into(), right);
    }

    /// The line that something stands on, for messages that point at a second place.
    pub(crate) fn line(&self, at: At) -> usize {
        self.lines.place(at).line
    }

    /// What stands there.
    pub(crate) fn source(&self, at: At) -> &'s str {
        self.lines.text.get(at.start..at.end).unwrap_or("")
    }

    /// Whether the list is full: then nothing costly need be said any more.
    pub(crate) fn is_full(&self) -> bool {
        self.list.borrow().len() >= MAX_FAULTS
    }

    fn note(&self, level: Level, at: At, what: String, right: Option<String>) {
        if self.is_full() {
            self.unlisted.set(self.unlisted.get() + 1);
            return;
        }
        let fault = Fault { level, place: self.lines.place(at), what, right };
        let mut list = self.list.borrow_mut();
        // What an alias repeats is read once for each alias, and is wrong once.
        if !list.contains(&fault) {
            list.push(fault);
        }
    }

    /// All of them in the order of the file, and whether any is an error.
    pub(crate) fn finish(self) -> (Vec<Fault>, bool) {
        let mut list = self.list.into_inner();
        list.sort_by_key(|fault| (fault.place.line, fault.place.column));
        if let (unlisted @ 1.., Some(last)) = (self.unlisted.get(), list.last()) {
            let level = if self.failed.get() { Level::Error } else { Level::Warning };
            let what = format!("{unlisted} more faults are not listed; at most {MAX_FAULTS} are");
            list.push(Fault { level, place: last.place, what, right: Some("mend these first".to_owned()) });
        }
        (list, self.failed.get())
    }
}

/// Where the lines of a text begin, to find the place of a byte.
pub(crate) struct Lines<'s> {
    text: &'s str,
    starts: Vec<usize>,
}

impl<'s> Lines<'s> {
    pub(crate) fn new(text: &'s str) -> Lines<'s> {
        let bytes = text.as_bytes();
        // A line ends as YAML has it: with \n, \r\n, or \r alone.
        let ends = bytes.iter().enumerate().filter_map(|(i, byte)| match byte {
            b'\n' => Some(i + 1),
            b'\r' if bytes.get(i + 1) != Some(&b'\n') => Some(i + 1),
            _ => None,
        });
        Lines { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// How many lines there are; at least one.
    pub(crate) fn count(&self) -> usize {
        self.starts.len()
    }

    /// A line without its end, counted from 1; empty for lines that are not there.
    pub(crate) fn line(&self, number: usize) -> &'s str {
        let Some(start) = number.checked_sub(1).and_then(|i| self.starts.get(i)) else { return "" };
        let end = self.starts.get(number).copied().unwrap_or(self.text.len());
        self.text.get(*start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    pub(crate) fn place(&self, at: At) -> Place {
        let number = self.starts.partition_point(|start| *start <= at.start).max(1);
        let start = self.starts.get(number - 1).copied().unwrap_or(0);
        let line = self.line(number);
        let from = floor(line, at.start.saturating_sub(start));
        let to = floor(line, at.end.saturating_sub(start)).max(from);
        let (before, within) = (line.get(..from).unwrap_or(""), line.get(from..to).unwrap_or(""));
        Place { line: number, column: before.chars().count() + 1, length: within.trim_end().chars().count() }
    }
}

/// The last border between characters that is not after `index`.
fn floor(line: &str, index: usize) -> usize {
    let mut index = index.min(line.len());
    while !line.is_char_boundary(index) {
        index -= 1;
    }
    index
}
