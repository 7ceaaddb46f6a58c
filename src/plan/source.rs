//! Bytes and characters, before any of them means anything.

use std::borrow::Cow;
use std::str::Utf8Error;

use super::fault::{At, Faults};

/// Why a character has no place in a plan: it would drive a terminal, hide, or show text in another order than it is read.
///
/// Line ends and tabs are not among them; where a field allows none, the field says so.
pub(crate) fn bad_character(c: char) -> Option<&'static str> {
    match c {
        '\t' | '\n' | '\r' => None,
        c if c.is_control() => Some("a control character"),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("a character that turns the direction of writing")
        }
        '\u{2028}' | '\u{2029}' => Some("a line end that most programs do not show"),
        '\u{feff}' => Some("a byte order mark"),
        _ => None,
    }
}

/// Notes a bad character by its code point.
pub(crate) fn note_bad_character(c: char, why: &str, at: At, faults: &Faults<'_>) {
    faults.error(at, format!("U+{:04X}, {why}, cannot stand in a plan", u32::from(c)), Some("remove it".to_owned()));
}

/// The text with each bad character noted and replaced by as many `?` as it has bytes: the rest can then be read, every place
/// still holds, and no character is reported twice.
pub(crate) fn without_bad_characters<'t>(text: &'t str, faults: &Faults<'_>) -> Cow<'t, str> {
    let mut harmless = String::new();
    let mut copied = 0;
    for (start, c) in text.char_indices() {
        // A byte order mark may begin a file.
        let Some(why) = bad_character(c).filter(|_| (start, c) != (0, '\u{feff}')) else { continue };
        let end = start + c.len_utf8();
        note_bad_character(c, why, At { start, end }, faults);
        harmless.push_str(text.get(copied..start).unwrap_or(""));
        harmless.extend(std::iter::repeat_n('?', end - start));
        copied = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    harmless.push_str(text.get(copied..).unwrap_or(""));
    Cow::Owned(harmless)
}

/// Notes the first byte that is not UTF-8.
pub(crate) fn not_utf8(bytes: &[u8], why: &Utf8Error, faults: &Faults<'_>) {
    let start = why.valid_up_to();
    let byte = bytes.get(start).copied().unwrap_or_default();
    let at = At { start, end: start + '\u{fffd}'.len_utf8() };
    let line = faults.line(at);
    faults.error(
        at,
        format!("byte {} of the file (0x{byte:02X}, in line {line}) is not UTF-8", start + 1),
        Some("save the file as UTF-8".to_owned()),
    );
}
