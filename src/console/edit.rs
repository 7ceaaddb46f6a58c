//! One line of typing.

use super::canvas::Row;
use super::key::{Code, Key};
use super::theme::Role;

/// A line that is being typed, with its cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Edit {
    text: String,
    /// In characters from the beginning.
    cursor: usize,
}

/// Longest line, in characters.
const LONGEST: usize = 2_000;

impl Edit {
    pub(crate) fn with(text: &str) -> Edit {
        Edit { text: text.to_owned(), cursor: text.chars().count() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn clear(&mut self) {
        *self = Edit::default();
    }

    /// Takes a key; answers whether it meant something here.
    pub(crate) fn key(&mut self, key: Key) -> bool {
        match key.code {
            _ if key.text().is_some() => key.text().into_iter().for_each(|c| self.insert(c)),
            Code::Backspace if self.cursor > 0 => self.remove(self.cursor - 1),
            Code::Backspace => {}
            Code::Delete => self.remove_here(),
            Code::Left => self.cursor = self.cursor.saturating_sub(1),
            Code::Right => self.cursor = (self.cursor + 1).min(self.text.chars().count()),
            Code::Home => self.cursor = 0,
            Code::End => self.cursor = self.text.chars().count(),
            Code::Char('a') if key == Key::ctrl('a') => self.cursor = 0,
            Code::Char('e') if key == Key::ctrl('e') => self.cursor = self.text.chars().count(),
            Code::Char('u') if key == Key::ctrl('u') => self.clear(),
            Code::Char('w') if key == Key::ctrl('w') => self.remove_word(),
            _ => return false,
        }
        true
    }

    /// Takes a text at once; line ends become spaces.
    pub(crate) fn paste(&mut self, text: &str) {
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).for_each(|c| self.insert(c));
    }

    fn insert(&mut self, c: char) {
        if self.text.chars().count() < LONGEST {
            let at = self.byte(self.cursor);
            self.text.insert(at, c);
            self.cursor += 1;
        }
    }

    fn remove(&mut self, at: usize) {
        let byte = self.byte(at);
        if byte < self.text.len() {
            self.text.remove(byte);
            self.cursor = at;
        }
    }

    fn remove_here(&mut self) {
        self.remove(self.cursor);
    }

    fn remove_word(&mut self) {
        while self.cursor > 0 && self.before() == Some(' ') {
            self.remove(self.cursor - 1);
        }
        while self.cursor > 0 && self.before() != Some(' ') {
            self.remove(self.cursor - 1);
        }
    }

    fn before(&self) -> Option<char> {
        self.text.chars().nth(self.cursor.checked_sub(1)?)
    }

    fn byte(&self, at: usize) -> usize {
        self.text.char_indices().nth(at).map_or(self.text.len(), |(byte, _)| byte)
    }

    /// As it is shown in that many columns: its end, where it is longer, with a cursor where it has the focus.
    pub(crate) fn row(&self, width: usize, focus: Focus) -> Row {
        let chars: Vec<char> = self.text.chars().collect();
        // Half of the width is kept in front of the cursor, so that what is typed stays in sight.
        let start = if chars.len() < width { 0 } else { self.cursor.saturating_sub(width.saturating_sub(1)) };
        let shown: Vec<char> = chars.iter().copied().skip(start).take(width).collect();
        let part = |from: usize, to: usize| {
            shown.get(from..to.min(shown.len())).unwrap_or_default().iter().collect::<String>()
        };
        if focus == Focus::No {
            return Row::of(part(0, shown.len()), Role::Text);
        }
        let cursor = self.cursor - start;
        let under = shown.get(cursor).copied().unwrap_or(' ').to_string();
        let row = Row::of(part(0, cursor), Role::Input).with(under, Role::Waits);
        row.with(part(cursor + 1, shown.len()), Role::Input)
    }
}

/// Whether something has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_edit_a_line() {
        for (keys, text) in [
            ("a b c", "abc"),
            ("a b c Left Bs", "ac"),
            ("a b c Home Del", "bc"),
            ("a b Home x End y", "xaby"),
            ("a b C-u c", "c"),
            ("é 日 Left Bs", "日"),
            ("a Space b c C-w d", "a d"),
        ] {
            let mut edit = Edit::default();
            for key in keys.split(' ') {
                assert!(edit.key(key.parse().unwrap()), "{key}");
            }
            assert_eq!(edit.text(), text, "{keys}");
        }
    }

    #[test]
    fn keys_that_mean_nothing_here_are_left_to_others() {
        for key in ["Enter", "Esc", "Tab", "F2", "C-s", "Up"] {
            assert!(!Edit::default().key(key.parse().unwrap()), "{key}");
        }
    }
}
