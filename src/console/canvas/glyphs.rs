//! Which characters the terminal shows, and pages for those that have no more than ASCII.

use ratatui::buffer::Buffer;

/// Which characters the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// All.
    Unicode,
    /// Those of ASCII; everything else is put in ASCII form.
    Ascii,
}

impl Glyphs {
    /// What the locale says: `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    #[must_use]
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Glyphs {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|n| variable(n).filter(|v| !v.is_empty()));
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { Glyphs::Unicode } else { Glyphs::Ascii }
    }
}

/// Puts a whole page into ASCII where the terminal has no more: one place, so that no sign can be forgotten.
pub(crate) fn in_ascii(buffer: &mut Buffer) {
    let mut limit = false;
    for cell in &mut buffer.content {
        if std::mem::take(&mut limit) && cell.symbol() == " " {
            // "≤ 4s" must not become "< 4s".
            cell.set_symbol("=");
        }
        if !cell.symbol().is_ascii() {
            limit = cell.symbol() == "≤";
            let sign = ascii_sign(cell.symbol());
            cell.set_symbol(sign);
        }
    }
}

fn ascii_sign(symbol: &str) -> &'static str {
    match symbol {
        "─" | "━" => "-",
        "│" | "┃" => "|",
        "┌" | "┐" | "└" | "┘" => "+",
        "«" => "<",
        "✓" => "v",
        "✗" => "x",
        "▲" => "^",
        "·" => ".",
        "»" | "▸" => ">",
        "…" => "~",
        "≤" => "<",
        "→" => ">",
        "●" => "*",
        "○" => "o",
        "█" | "▓" => "#",
        "░" | "▂" => ".",
        "▁" => "_",
        "▃" => ":",
        "▄" => "-",
        "▅" => "=",
        "▆" => "+",
        "▇" => "*",
        "⠋" | "⠴" => "|",
        "⠙" | "⠦" => "/",
        "⠹" | "⠧" => "-",
        "⠸" | "⠇" => "\\",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_which_characters_there_are() {
        for (locale, glyphs) in [
            (&[("LANG", "en_US.UTF-8")][..], Glyphs::Unicode),
            (&[("LANG", "C.utf8")], Glyphs::Unicode),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], Glyphs::Ascii),
            (&[("LC_CTYPE", "de_DE.UTF-8"), ("LANG", "C")], Glyphs::Unicode),
            (&[], Glyphs::Ascii),
        ] {
            let found = Glyphs::of(|name| locale.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
            assert_eq!(found, glyphs, "{locale:?}");
        }
    }

    #[test]
    fn a_limit_stays_a_limit_in_ascii() {
        let mut buffer = Buffer::with_lines(["LOSS ≤ 4s, source silent ─ ✓ é"]);
        in_ascii(&mut buffer);
        assert_eq!(buffer, Buffer::with_lines(["LOSS <=4s, source silent - v ?"]));
    }
}
