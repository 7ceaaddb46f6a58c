//! A piece of the page, and the only way to put words on it: everything is cleaned, measured and clipped here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::theme::{Role, Theme};
use crate::core::time::Span;
use crate::text::clean_line;

/// How the page looks on this terminal.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// Colours by meaning.
    pub(crate) theme: Theme,
    /// Whether signs and lines may leave ASCII.
    pub(crate) glyphs: Glyphs,
}

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
fn head(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// A length of time as an author would write it: `30m`, not `30m00s`.
pub(crate) fn round(span: Span) -> String {
    let text = span.to_string();
    for (exact, rounded) in [("m00s", "m"), ("h00m", "h"), ("d00h", "d")] {
        if let Some(head) = text.strip_suffix(exact) {
            return format!("{head}{rounded}");
        }
    }
    text
}

/// How many of something there are: `1 step`, `9 steps`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Words wrapped at spaces into lines of at most that many columns; line ends stay, long words are cut.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = crate::text::clean_block(text);
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let mut word = word;
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            while word.width() > width {
                // A character wider than the line must not hold everything up.
                let cut = head(word, width).len().max(word.chars().next().map_or(1, char::len_utf8));
                lines.push(word.get(..cut).unwrap_or_default().to_owned());
                word = word.get(cut..).unwrap_or_default();
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Nothing of what stood there before shines through.
const FRESH: Style = Style::reset();

/// A piece of the page.
pub(crate) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    look: &'a Look,
}

impl<'a> Canvas<'a> {
    /// All of a page.
    pub(crate) fn new(buffer: &'a mut Buffer, look: &'a Look) -> Canvas<'a> {
        let area = buffer.area;
        Canvas { buffer, area, look }
    }

    pub(crate) fn width(&self) -> u16 {
        self.area.width
    }

    pub(crate) fn height(&self) -> u16 {
        self.area.height
    }

    /// Its width as rows measure.
    pub(crate) fn columns(&self) -> usize {
        usize::from(self.area.width)
    }

    /// The part of it that begins there, as large as is left of what is asked.
    pub(crate) fn part(&mut self, x: u16, y: u16, width: u16, height: u16) -> Canvas<'_> {
        let (x, y) = (x.min(self.area.width), y.min(self.area.height));
        let area = Rect {
            x: self.area.x + x,
            y: self.area.y + y,
            width: width.min(self.area.width - x),
            height: height.min(self.area.height - y),
        };
        Canvas { buffer: self.buffer, area, look: self.look }
    }

    /// A row from the left edge.
    pub(crate) fn row(&mut self, y: u16, row: &Row) {
        self.put(0, y, row);
    }

    /// A row from that column on, cut at the right edge.
    pub(crate) fn put(&mut self, x: u16, y: u16, row: &Row) {
        if y >= self.area.height || x >= self.area.width {
            return;
        }
        let room = usize::from(self.area.width - x);
        let (mut at, y, end) = (self.area.x + x, self.area.y + y, self.area.right());
        for (words, role) in row.clone().cut(room).0 {
            let left = usize::from(end.saturating_sub(at));
            at = self.buffer.set_stringn(at, y, words, left, FRESH.patch(self.look.theme.style(role))).0;
        }
    }

    /// A row at each edge; the right one comes whole, the left one takes what is left.
    pub(crate) fn both(&mut self, y: u16, left: &Row, right: &Row) {
        let width = self.columns();
        let right = right.clone().cut(width);
        let room = width.saturating_sub(right.width() + usize::from(!right.is_empty()));
        self.row(y, &left.clone().cut(room));
        let x = u16::try_from(width - right.width()).unwrap_or(self.area.width);
        self.put(x, y, &right);
    }

    /// A line across with words in it.
    pub(crate) fn rule(&mut self, y: u16, words: &Row, role: Role) {
        if y >= self.area.height {
            return;
        }
        let line = Row::of("─".repeat(self.columns()), role);
        self.row(y, &line);
        self.put(1, y, words);
    }

    /// Gives a row the look of what is under the cursor; words keep their colours.
    pub(crate) fn select(&mut self, y: u16) {
        let style = self.look.theme.style(Role::Selection);
        for x in 0..self.area.width {
            if y < self.area.height
                && let Some(cell) = self.buffer.cell_mut((self.area.x + x, self.area.y + y))
            {
                // What stands out by its ground keeps it; what stands out by its colour keeps that.
                let fg = cell.fg;
                if cell.bg == Color::Reset && !cell.modifier.contains(Modifier::REVERSED) {
                    cell.set_style(style);
                }
                if fg != Color::Reset {
                    cell.set_fg(fg);
                }
            }
        }
    }

    /// A frame around a blank page, and the page.
    pub(crate) fn frame(&mut self, left: &Row, right: &Row, role: Role) -> Canvas<'_> {
        let (width, height) = (self.area.width, self.area.height);
        ratatui::widgets::Widget::render(ratatui::widgets::Clear, self.area, self.buffer);
        if width < 4 || height < 3 {
            return self.part(0, 0, width, height);
        }
        let bar = "─".repeat(usize::from(width) - 2);
        for (y, from, to) in [(0, '┌', '┐'), (height - 1, '└', '┘')] {
            self.row(y, &Row::of(format!("{from}{bar}{to}"), role));
        }
        for y in 1..height - 1 {
            self.row(y, &Row::of("│", role));
            self.put(width - 1, y, &Row::of("│", role));
        }
        let mut top = self.part(2, 0, width - 4, 1);
        let padded = |row: &Row| if row.is_empty() { Row::new() } else { Row::text(" ").and(row.clone()).gap(1) };
        top.both(0, &padded(left), &padded(right));
        self.part(2, 1, width - 4, height - 2)
    }

    /// A box of at most that size in the middle, below the first rows of the page.
    pub(crate) fn middle(&mut self, width: u16, height: u16, below: u16) -> Canvas<'_> {
        let below = below.min(self.area.height);
        let (width, height) = (width.min(self.area.width), height.min(self.area.height - below));
        let x = (self.area.width - width) / 2;
        let y = below + (self.area.height - below - height) / 2;
        self.part(x, y, width, height)
    }

    /// The look of a meaning, for widgets that draw themselves.
    pub(crate) fn style(&self, role: Role) -> Style {
        self.look.theme.style(role)
    }

    /// Lets a widget draw itself over the whole piece.
    pub(crate) fn widget(&mut self, widget: impl ratatui::widgets::Widget) {
        if self.area.width > 0 && self.area.height > 0 {
            widget.render(self.area, self.buffer);
        }
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
        "░" => ".",
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
    fn a_row_is_cut_where_it_does_not_fit_and_says_so() {
        assert_eq!(Row::text("abcdef").cut(6).plain(), "abcdef");
        assert_eq!(Row::text("abc").with("defg", Role::Bad).cut(6).plain(), "abcde…");
        assert_eq!(Row::text("日本語").cut(4).plain(), "日…");
        assert_eq!(Row::text("abc").cut(0).plain(), "");
    }

    #[test]
    fn a_limit_stays_a_limit_in_ascii() {
        let mut buffer = Buffer::with_lines(["LOSS ≤ 4s, source silent ─ ✓ é"]);
        in_ascii(&mut buffer);
        assert_eq!(buffer, Buffer::with_lines(["LOSS <=4s, source silent - v ?"]));
    }

    #[test]
    fn words_are_wrapped_and_long_ones_cut() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(wrap("日本", 1), ["日", "本", ""]);
    }

    #[test]
    fn text_from_outside_is_cleaned_on_its_way_in() {
        assert_eq!(Row::text("a\u{1b}[2Jb\u{202e}c\n").plain(), "a^[[2Jb<U+202E>c ");
    }
}
