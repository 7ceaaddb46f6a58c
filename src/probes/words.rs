//! Words of the other side, made fit to stand in evidence.

use crate::text::{clean_line, cut};

/// Longest piece that evidence takes over, in characters.
const LONGEST: usize = 120;
/// How many of several things are told before the others are only counted.
const MOST: usize = 4;

/// One short line that drives no terminal.
pub(super) fn few(text: &str) -> String {
    let clean = clean_line(text);
    cut(clean.trim(), LONGEST).into_owned()
}

/// The first of several, and how many more there are: `a, b, c, d and 3 more`.
pub(super) fn some(all: &[String]) -> String {
    let told = few(&all.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", "));
    match all.len().saturating_sub(MOST) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}
