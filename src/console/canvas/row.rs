//! Words in a row: cleaned on their way in, measured and cut.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::theme::Role;
use crate::text::clean_line;

/// Words in a row, each with its meaning.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row(Vec<(String, Role)>);

impl Row {
    pub(crate) fn new() -> Row {
        Row::default()
    }

    /// Plain words.
    pub(crate) fn text(words: impl AsRef<str>) -> Row {
        Row::new().with(words, Role::Text)
    }

    /// Words of that meaning.
    pub(crate) fn of(words: impl AsRef<str>, role: Role) -> Row {
        Row::new().with(words, role)
    }

    /// With more words at its end.
    pub(crate) fn with(mut self, words: impl AsRef<str>, role: Role) -> Row {
        let words = words.as_ref();
        if !words.is_empty() {
            self.0.push((clean_line(words).into_owned(), role));
        }
        self
    }

    /// With spaces up to that column; at least one.
    pub(crate) fn tab(self, column: usize) -> Row {
        let gap = column.saturating_sub(self.width()).max(1);
        self.gap(gap)
    }

    /// With that many spaces.
    pub(crate) fn gap(mut self, spaces: usize) -> Row {
        self.0.push((" ".repeat(spaces), Role::Text));
        self
    }

    /// With all words of another row.
    pub(crate) fn and(mut self, other: Row) -> Row {
        self.0.extend(other.0);
        self
    }

    /// Cut at that many columns.
    pub(crate) fn cut(self, width: usize) -> Row {
        if self.width() <= width {
            return self;
        }
        let mut left = width.saturating_sub(1);
        let mut kept = Vec::new();
        let mut last = Role::Text;
        for (words, role) in self.0 {
            let head = head(&words, left).to_owned();
            let whole = head.len() == words.len();
            left -= head.width();
            last = role;
            kept.push((head, role));
            if !whole {
                break;
            }
        }
        if width > 0 {
            kept.push(("…".into(), last));
        }
        Row(kept)
    }

    /// Its words, each with its meaning.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&str, Role)> {
        self.0.iter().map(|(words, role)| (words.as_str(), *role))
    }

    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(words, _)| words.width()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its words alone.
    pub(crate) fn plain(&self) -> String {
        self.0.iter().map(|(words, _)| words.as_str()).collect()
    }
}

/// As much of the beginning as fits that many columns.
pub(super) fn head(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_cut_where_it_does_not_fit_and_says_so() {
        assert_eq!(Row::text("abcdef").cut(6).plain(), "abcdef");
        assert_eq!(Row::text("abc").with("defg", Role::Bad).cut(6).plain(), "abcde…");
        assert_eq!(Row::text("日本語").cut(4).plain(), "日…");
        assert_eq!(Row::text("abc").cut(0).plain(), "");
    }

    #[test]
    fn text_from_outside_is_cleaned_on_its_way_in() {
        assert_eq!(Row::text("a\u{1b}[2Jb\u{202e}c\n").plain(), "a^[[2Jb<U+202E>c ");
    }
}
