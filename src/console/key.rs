//! Keys as the console understands them, and how they are written: `H`, `C-p`, `S-Tab`, `Esc`, `g w`.

use std::fmt;
use std::str::FromStr;

/// What was pressed, without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    /// A character, as the terminal sent it: capitals are capitals.
    Char(char),
    /// Return.
    Enter,
    /// Escape on its own.
    Esc,
    /// Tab.
    Tab,
    /// Shift and tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// F1 to F12.
    F(u8),
}

/// What was held down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Mods(u8);

impl Mods {
    /// Nothing.
    pub(crate) const NONE: Mods = Mods(0);
    /// Shift; only told of keys that are no characters.
    pub(crate) const SHIFT: Mods = Mods(1);
    /// Alt.
    pub(crate) const ALT: Mods = Mods(2);
    /// Control.
    pub(crate) const CTRL: Mods = Mods(4);

    /// From the number that terminals put into their sequences (a bit set, plus one).
    #[must_use]
    pub(crate) fn from_parameter(parameter: u16) -> Mods {
        Mods(u8::try_from(parameter.saturating_sub(1) & 7).unwrap_or(0))
    }

    /// Both together.
    #[must_use]
    pub(crate) const fn and(self, other: Mods) -> Mods {
        Mods(self.0 | other.0)
    }

    /// Whether all of `other` is held.
    #[must_use]
    pub(crate) const fn has(self, other: Mods) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Which.
    pub(crate) code: Code,
    /// With what held down.
    pub(crate) mods: Mods,
}

impl Key {
    /// A key with nothing held down.
    #[must_use]
    pub(crate) const fn plain(code: Code) -> Key {
        Key { code, mods: Mods::NONE }
    }

    /// A character.
    #[must_use]
    pub(crate) const fn char(c: char) -> Key {
        Key::plain(Code::Char(c))
    }

    /// Control and a small letter.
    #[must_use]
    pub(crate) const fn ctrl(c: char) -> Key {
        Key { code: Code::Char(c), mods: Mods::CTRL }
    }

    /// The character that it would write into a text.
    #[must_use]
    pub(crate) fn text(self) -> Option<char> {
        match self.code {
            Code::Char(c) if self.mods == Mods::NONE => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, prefix) in [(Mods::CTRL, "C-"), (Mods::ALT, "M-"), (Mods::SHIFT, "S-")] {
            if self.mods.has(held) {
                f.write_str(prefix)?;
            }
        }
        match self.code {
            Code::Char(' ') => f.write_str("Space"),
            Code::Char(c) => write!(f, "{c}"),
            Code::BackTab => f.write_str("S-Tab"),
            Code::Backspace => f.write_str("Bs"),
            Code::Delete => f.write_str("Del"),
            Code::Insert => f.write_str("Ins"),
            Code::PageUp => f.write_str("PgUp"),
            Code::PageDown => f.write_str("PgDn"),
            Code::F(n) => write!(f, "F{n}"),
            code => write!(f, "{code:?}"),
        }
    }
}

/// A text that names no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key; keys read like H, C-p, Esc, S-Tab or F2")]
pub(crate) struct BadKey(String);

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Key, BadKey> {
        let (mut rest, mut mods) = (text, Mods::NONE);
        for (prefix, held) in [("C-", Mods::CTRL), ("M-", Mods::ALT)] {
            if let Some(tail) = rest.strip_prefix(prefix).filter(|tail| !tail.is_empty()) {
                (rest, mods) = (tail, mods.and(held));
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => Code::Char(c),
            _ => named(rest).ok_or_else(|| BadKey(text.to_owned()))?,
        };
        Ok(Key { code, mods })
    }
}

fn named(name: &str) -> Option<Code> {
    Some(match name {
        "Space" => Code::Char(' '),
        "Enter" => Code::Enter,
        "Esc" => Code::Esc,
        "Tab" => Code::Tab,
        "S-Tab" => Code::BackTab,
        "Bs" => Code::Backspace,
        "Del" => Code::Delete,
        "Ins" => Code::Insert,
        "Up" => Code::Up,
        "Down" => Code::Down,
        "Left" => Code::Left,
        "Right" => Code::Right,
        "Home" => Code::Home,
        "End" => Code::End,
        "PgUp" => Code::PageUp,
        "PgDn" => Code::PageDown,
        _ => Code::F(name.strip_prefix('F')?.parse().ok().filter(|n| (1..=12).contains(n))?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_as_it_is_written() {
        for text in ["H", "C-p", "M-x", "Esc", "S-Tab", "Space", "F2", "F12", "PgDn", "-", ":", "?"] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
        for bad in ["", "F13", "Hyper", "gg"] {
            assert!(bad.parse::<Key>().is_err(), "{bad:?}");
        }
    }
}
