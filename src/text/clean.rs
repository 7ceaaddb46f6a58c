//! Text from outside, made harmless: what it holds can be read, and nothing of it can drive a terminal or hide.
//!
//! What is replaced becomes visible: `^[` for an escape character, `<U+202E>` for a character that turns text around. The
//! replacements are ASCII, so that they read the same on every terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

use crate::core::unseen::is_unseen;

/// Marks that may stand upon one character; more of them in a row would run over neighbouring lines.
const MAX_MARKS: usize = 4;

/// What becomes of line ends and tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaks {
    /// Shown as `^J`, `^M` and `^I`.
    Shown,
    /// A space each; a line end of two characters counts once.
    Spaces,
    /// Line ends stay, all of one sort; a tab becomes spaces.
    Kept,
}

/// Text with everything replaced that could drive a terminal or hide: control characters, line ends included, characters that
/// turn the direction of writing, that have no width, or that separate lines and paragraphs.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    replace(text, Breaks::Shown)
}

/// [`clean`] for a text that has to fit one line: line ends and tabs become spaces.
#[must_use]
pub fn clean_line(text: &str) -> Cow<'_, str> {
    replace(text, Breaks::Spaces)
}

/// [`clean`] for a text of several lines: line ends stay, as `\n`, and a tab becomes spaces up to the next multiple of eight
/// columns.
#[must_use]
pub fn clean_block(text: &str) -> Cow<'_, str> {
    replace(text, Breaks::Kept)
}

/// At most `limit` characters of a text; one that was longer ends in `...`.
#[must_use]
pub fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if text.chars().nth(limit).is_none() {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(limit.saturating_sub(3)).collect();
    Cow::Owned(format!("{}...", kept.trim_end()))
}

/// The signs that this module's neighbours use beyond ASCII, in ASCII: for terminals that have no more.
#[must_use]
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let sign = |c: char| match c {
        '·' | '▂' => '.',
        '✗' => 'x',
        '▁' => '_',
        '▃' => ':',
        '▄' => '-',
        '▅' => '=',
        '▆' => '+',
        '▇' => '*',
        '█' => '#',
        other => other,
    };
    Cow::Owned(text.replace("≤ ", "<=").chars().map(sign).collect())
}

fn replace(text: &str, breaks: Breaks) -> Cow<'_, str> {
    if text.bytes().all(|b| (b' '..0x7f).contains(&b)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut column, mut marks) = (0_usize, 0_usize);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let width = c.width().unwrap_or(0);
        marks = if width == 0 { marks + 1 } else { 0 };
        match c {
            '\r' | '\n' if breaks != Breaks::Shown => {
                if c == '\r' {
                    // "\r\n" is one line end.
                    chars.next_if_eq(&'\n');
                }
                out.push(if breaks == Breaks::Kept { '\n' } else { ' ' });
                (column, marks) = (0, 0);
                continue;
            }
            '\t' if breaks == Breaks::Spaces => out.push(' '),
            '\t' if breaks == Breaks::Kept => {
                let spaces = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
                continue;
            }
            c if must_show(c) || marks > MAX_MARKS => {
                // What is shown instead is ASCII: a column for each byte.
                let before = out.len();
                show(c, &mut out);
                column += out.len() - before;
                continue;
            }
            c => out.push(c),
        }
        column += width;
    }
    Cow::Owned(out)
}

/// Whether a character must not reach a terminal as it is.
fn must_show(c: char) -> bool {
    c.is_control() || is_unseen(c)
}

fn show(c: char, out: &mut String) {
    let code = u32::from(c);
    match (code, u8::try_from(code)) {
        (0..0x20, Ok(byte)) => {
            out.push('^');
            out.push(char::from(byte + 0x40));
        }
        (0x7f, _) => out.push_str("^?"),
        _ => {
            // Writing into a String cannot fail.
            let _ = write!(out, "<U+{code:04X}>");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_drive_a_terminal_is_shown_instead() {
        for (text, cleaned) in [
            ("plain text", "plain text"),
            ("Grüße, 日本, é", "Grüße, 日本, é"),
            ("\u{1b}[31mred\u{1b}[0m", "^[[31mred^[[0m"),
            ("\u{1b}]52;c;AAAA\u{7}", "^[]52;c;AAAA^G"),
            ("\u{9b}31m", "<U+009B>31m"),
            ("nul\0del\u{7f}", "nul^@del^?"),
            ("a\u{202e}txt.exe", "a<U+202E>txt.exe"),
            ("a\u{2066}b\u{2069}", "a<U+2066>b<U+2069>"),
            ("ze\u{200b}ro", "ze<U+200B>ro"),
            ("a\u{34f}b\u{17b4}c\u{fff0}d\u{1bca0}", "a<U+034F>b<U+17B4>c<U+FFF0>d<U+1BCA0>"),
            ("a\u{2028}b\u{2029}c\u{85}d", "a<U+2028>b<U+2029>c<U+0085>d"),
            ("two\nlines\tand a tab\r\n", "two^Jlines^Iand a tab^M^J"),
            ("z\u{300}\u{301}\u{302}\u{303}\u{304}", "z\u{300}\u{301}\u{302}\u{303}<U+0304>"),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    #[test]
    fn what_nobody_sees_is_shown() {
        for c in crate::core::unseen::all() {
            assert_eq!(clean(&c.to_string()), format!("<U+{:04X}>", u32::from(c)));
        }
    }

    #[test]
    fn a_line_has_no_line_ends_and_a_block_keeps_them() {
        for (text, line, block) in [
            ("one\ntwo\r\nthree\rfour", "one two three four", "one\ntwo\nthree\nfour"),
            ("a\tb", "a b", "a       b"),
            ("12345678\tb\n\tc", "12345678 b  c", "12345678        b\n        c"),
            ("\u{1b}\t日\tb", "^[ 日 b", "^[      日      b"),
            ("\u{1b}[2J\n", "^[[2J ", "^[[2J\n"),
        ] {
            assert_eq!(clean_line(text), line, "{text:?}");
            assert_eq!(clean_block(text), block, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abc...");
        assert_eq!(cut("äöü ßäöü", 7), "äöü...");
        assert_eq!(ascii("≤ 4s, source silent"), "<=4s, source silent");
        assert_eq!(ascii("··██!✗? ▁▂▃▄▅▆▇█"), "..##!x? _.:-=+*#");
    }

    proptest! {
        #[test]
        fn nothing_dangerous_survives_and_cleaning_twice_changes_nothing(text in any::<String>()) {
            for cleaned in [clean(&text), clean_line(&text)] {
                prop_assert!(!cleaned.chars().any(must_show), "{cleaned:?}");
                prop_assert!(clean(&cleaned) == cleaned, "{cleaned:?}");
            }
            let block = clean_block(&text);
            prop_assert!(!block.chars().any(|c| c != '\n' && must_show(c)), "{block:?}");
            prop_assert!(clean_block(&block) == block, "{block:?}");
        }

        #[test]
        fn a_cut_text_fits(text in any::<String>(), limit in 3_usize..50) {
            prop_assert!(cut(&text, limit).chars().count() <= limit);
        }
    }
}
