//! From one drawn page to the next in as few bytes as it takes.

use std::io::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier};

/// What the terminal shows, as far as the console knows.
#[derive(Debug)]
pub(crate) struct Page {
    shown: Option<Buffer>,
}

/// Begins and ends a frame that terminals which can show at once; others ignore it.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

impl Page {
    /// Nothing is known to be shown: the next frame is whole.
    pub(crate) fn new() -> Page {
        Page { shown: None }
    }

    /// Forgets what is shown, after a resize or a suspend.
    pub(crate) fn forget(&mut self) {
        self.shown = None;
    }

    /// The bytes that turn what is shown into `next`; empty when it is shown already.
    pub(crate) fn turn(&mut self, next: Buffer) -> Vec<u8> {
        let mut pen = Pen::new();
        let same_size = self.shown.as_ref().is_some_and(|shown| shown.area == next.area);
        if !same_size {
            // A fresh page is cleared, so only what is not blank has to be written.
            pen.bytes.extend_from_slice(b"\x1b[0m\x1b[2J");
            self.shown = Some(Buffer::empty(next.area));
        }
        if let Some(shown) = &mut self.shown {
            rewrite_wide_rows(shown, &next);
            for (x, y, cell) in shown.diff_iter(&next) {
                pen.put(x, y, cell);
            }
        }
        self.shown = Some(next);
        pen.finish()
    }
}

/// Half of a wide character that is overwritten leaves something that terminals do not agree on: such rows are written whole.
fn rewrite_wide_rows(shown: &mut Buffer, next: &Buffer) {
    let is_wide = |cell: &Cell| !cell.symbol().is_ascii() && unicode_width::UnicodeWidthStr::width(cell.symbol()) != 1;
    let width = usize::from(next.area.width).max(1);
    for (old, new) in shown.content.chunks_mut(width).zip(next.content.chunks(width)) {
        if old != new && old.iter().chain(new).any(is_wide) {
            // Nothing is ever drawn like this, so all of the row differs.
            for cell in old {
                cell.set_symbol(" ").modifier = Modifier::all();
            }
        }
    }
}

/// A blank page.
pub(crate) fn blank(size: Size) -> Buffer {
    Buffer::empty(Rect::from(size))
}

/// Where the terminal's cursor stands and how it writes.
struct Pen {
    bytes: Vec<u8>,
    next: Option<(u16, u16)>,
    style: (Color, Color, Modifier),
}

impl Pen {
    fn new() -> Pen {
        Pen { bytes: Vec::new(), next: None, style: (Color::Reset, Color::Reset, Modifier::empty()) }
    }

    fn put(&mut self, x: u16, y: u16, cell: &Cell) {
        match self.next {
            Some((there, row)) if row == y && there == x => {}
            // One short way right, without saying the row again.
            Some((there, row)) if row == y && there < x => self.say(format_args!("\x1b[{}C", x - there)),
            _ => self.say(format_args!("\x1b[{};{}H", y.saturating_add(1), x.saturating_add(1))),
        }
        self.restyle((cell.fg, cell.bg, cell.modifier));
        let symbol = cell.symbol();
        self.bytes.extend_from_slice(symbol.as_bytes());
        let width = u16::try_from(unicode_width::UnicodeWidthStr::width(symbol)).unwrap_or(1);
        // Terminals disagree on how wide some characters are: after anything unusual, say where to go on.
        self.next =
            (symbol.len() == 1 || width == 1 && symbol.chars().count() == 1).then(|| (x.saturating_add(width), y));
    }

    fn restyle(&mut self, style: (Color, Color, Modifier)) {
        if style == self.style {
            return;
        }
        let mut codes: Vec<String> = Vec::new();
        let (mut fg, mut bg, mut modifier) = self.style;
        if !style.2.contains(modifier) {
            codes.push("0".into());
            (fg, bg, modifier) = (Color::Reset, Color::Reset, Modifier::empty());
        }
        for (flag, code) in MODIFIERS {
            if style.2.contains(flag) && !modifier.contains(flag) {
                codes.push(code.into());
            }
        }
        if style.0 != fg {
            codes.push(colour(style.0, 30));
        }
        if style.1 != bg {
            codes.push(colour(style.1, 40));
        }
        self.style = style;
        if !codes.is_empty() {
            self.say(format_args!("\x1b[{}m", codes.join(";")));
        }
    }

    fn say(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into memory cannot fail.
        let _ = self.bytes.write_fmt(text);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.bytes.is_empty() {
            return self.bytes;
        }
        self.restyle((Color::Reset, Color::Reset, Modifier::empty()));
        [BEGIN, &self.bytes, END].concat()
    }
}

const MODIFIERS: [(Modifier, &str); 5] = [
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::REVERSED, "7"),
];

fn colour(colour: Color, base: u8) -> String {
    let named = |n: u8| format!("{}", if n < 8 { base + n } else { base + 60 + n - 8 });
    match colour {
        Color::Reset => format!("{}", base + 9),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
        Color::Indexed(n) => format!("{};5;{n}", base + 8),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::Style;

    use super::*;

    fn page(rows: &[(u16, u16, &str, Style)]) -> Buffer {
        let mut buffer = blank(Size::new(20, 4));
        for (x, y, text, style) in rows {
            buffer.set_string(*x, *y, text, *style);
        }
        buffer
    }

    #[test]
    fn what_is_shown_already_is_not_written_again() {
        let first = page(&[(0, 0, "03:29:27Z", Style::new())]);
        let mut shown = Page::new();
        assert!(!shown.turn(first.clone()).is_empty());
        assert!(shown.turn(first).is_empty());
        let next = shown.turn(page(&[(0, 0, "03:29:28Z", Style::new())]));
        assert_eq!(String::from_utf8_lossy(&next), "\x1b[?2026h\x1b[1;8H8\x1b[?2026l");
    }

    #[test]
    fn a_frame_never_asks_the_terminal_anything() {
        let bytes = Page::new().turn(page(&[(0, 0, "x", Style::new().fg(Color::Red).bold())]));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for question in ["\x1b[6n", "\x1b[c", "\x1b[5n", "\x1b[?u", "$p", "\x1b]"] {
            assert!(!text.contains(question), "{text:?}");
        }
    }

    /// What a terminal shows after a row of frames.
    fn shown(frames: &[Buffer]) -> vt100::Parser {
        let size = |n| std::num::NonZero::new(n).unwrap();
        let mut parser = vt100::Parser::new(size(4), size(20), 0);
        let mut page = Page::new();
        for frame in frames {
            parser.process(&page.turn(frame.clone()));
        }
        parser
    }

    proptest! {
        #[test]
        fn frames_one_after_another_show_what_the_last_one_alone_shows(
            frames in proptest::collection::vec(
                proptest::collection::vec((0_u16..18, 0_u16..4, "[a-c日é ]{0,8}", 0_u8..4), 0..6), 1..5)
        ) {
            let frames: Vec<Buffer> = frames.iter().map(|rows| {
                let mut buffer = blank(Size::new(20, 4));
                for (x, y, text, style) in rows {
                    let style = [Style::new(), Style::new().bold(), Style::new().fg(Color::Red), Style::new().bg(Color::Blue)][usize::from(*style)];
                    buffer.set_string(*x, *y, text, style);
                }
                buffer
            }).collect();
            let (all, last) = (shown(&frames), shown(&frames[frames.len() - 1..]));
            for (row, column) in (0..4).flat_map(|row| (0..20).map(move |column| (row, column))) {
                let look = |parser: &vt100::Parser| {
                    let cell = parser.screen().cell(row, column).unwrap().clone();
                    let text = if cell.has_contents() { cell.contents().to_owned() } else { " ".to_owned() };
                    if cell.is_wide_continuation() {
                        return (text, false, vt100::Color::Default, vt100::Color::Default);
                    }
                    (text, cell.bold(), cell.fgcolor(), cell.bgcolor())
                };
                prop_assert_eq!(look(&all), look(&last), "{} {}", row, column);
            }
        }
    }
}
