//! Faults as people read them: place, sentence, the line itself with the spot marked, and what would be right.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

use super::fault::{Fault, Level, Lines};
use super::source::bad_character;

/// Most characters of a source line that are shown.
const WINDOW: usize = 100;
/// How many of them stand before the place, in a line that is cut.
const BEFORE: usize = 30;

/// Writes faults one under the other. Nothing of `name` or `text` can drive a terminal in what is returned.
#[must_use]
pub fn render(name: &str, text: &str, faults: &[Fault]) -> String {
    let lines = Lines::new(text);
    let name = clean(name);
    let mut out = String::new();
    for (i, fault) in faults.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        // Writing into a String cannot fail.
        let _ = one(&mut out, &name, &lines, fault);
    }
    out
}

fn one(out: &mut String, name: &str, lines: &Lines<'_>, fault: &Fault) -> std::fmt::Result {
    let place = fault.place;
    let level = match fault.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    writeln!(out, "{name}:{}:{}: {level}: {}", place.line, place.column, clean(&fault.what))?;
    let gutter = lines.count().to_string().len().max(4);
    let shown = Shown::new(lines.line(place.line), place.column, place.length);
    if !shown.text.trim().is_empty() {
        writeln!(out, "{:>gutter$} | {}", place.line, shown.text)?;
        writeln!(out, "{:gutter$} | {:indent$}{}", "", "", "^".repeat(shown.width), indent = shown.indent)?;
    }
    match &fault.right {
        Some(right) => writeln!(out, "{:gutter$} right: {}", "", clean(right)),
        None => Ok(()),
    }
}

/// The part of a line that is shown, and where the marks go, in columns of the terminal.
struct Shown {
    text: String,
    indent: usize,
    width: usize,
}

impl Shown {
    fn new(line: &str, column: usize, length: usize) -> Shown {
        let at = column.saturating_sub(1);
        let long = line.chars().nth(WINDOW).is_some();
        let from = if long { at.saturating_sub(BEFORE) } else { 0 };
        let window: Vec<char> = line.chars().skip(from).take(WINDOW).map(harmless).collect();
        let cut_after = long && line.chars().nth(from + WINDOW).is_some();
        let (mut text, mut indent) = (String::new(), 0);
        if from > 0 {
            text.push('…');
            indent += 1;
        }
        text.extend(&window);
        if cut_after {
            text.push('…');
        }
        let columns = |chars: &[char]| chars.iter().map(|c| c.width().unwrap_or(0)).sum::<usize>();
        let first = (at - from).min(window.len());
        let last = first.saturating_add(length).min(window.len());
        indent += columns(window.get(..first).unwrap_or(&[]));
        Shown { text, indent, width: columns(window.get(first..last).unwrap_or(&[])).max(1) }
    }
}

/// One character for each, so that columns stay where they were.
fn harmless(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        c if bad_character(c).is_some() => '\u{fffd}',
        c => c,
    }
}

fn clean(text: &str) -> String {
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Place;

    fn rendered(name: &str, text: &str, line: usize, column: usize, length: usize) -> String {
        let fault = Fault {
            level: Level::Error,
            place: Place { line, column, length },
            what: "wrong".to_owned(),
            right: Some("right".to_owned()),
        };
        render(name, text, &[fault])
    }

    #[test]
    fn the_marks_stand_under_the_place() {
        assert_eq!(
            rendered("a.yml", "x: 1\nkey:\tbad value\n", 2, 6, 3),
            "a.yml:2:6: error: wrong\n   2 | key: bad value\n     |      ^^^\n     right: right\n"
        );
    }

    #[test]
    fn wide_characters_move_the_marks() {
        let out = rendered("a.yml", "名前: 悪い", 1, 5, 2);
        assert!(out.contains("   1 | 名前: 悪い\n     |       ^^^^\n"), "{out}");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}BAD{}", "a".repeat(5_000), "b".repeat(5_000));
        let out = rendered("a.yml", &text, 1, 5_001, 3);
        let (line, marks) = (out.lines().nth(1).unwrap(), out.lines().nth(2).unwrap());
        assert_eq!(line, format!("   1 | …{}BAD{}…", "a".repeat(30), "b".repeat(67)));
        assert_eq!(line.chars().position(|c| c == 'B'), marks.chars().position(|c| c == '^'));
        assert!(marks.ends_with("^^^"));
    }

    #[test]
    fn nothing_in_a_file_or_its_name_drives_the_terminal() {
        let out = rendered("a\u{1b}[31m.yml", "key: \u{1b}]0;x\u{7}\u{202e}", 1, 6, 1);
        assert!(out.chars().all(|c| c == '\n' || bad_character(c).is_none()), "{out:?}");
    }

    #[test]
    fn a_place_at_the_end_of_the_file_has_a_mark() {
        assert!(rendered("a.yml", "key: [", 1, 7, 0).contains("   1 | key: [\n     |       ^\n"));
        assert!(!rendered("a.yml", "", 1, 1, 0).contains('|'));
    }
}
