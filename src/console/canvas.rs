//! A piece of the page, and the only way to put words on it: everything is cleaned, measured and clipped here.

mod glyphs;
mod row;
mod wording;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::theme::{Role, Theme};
pub(crate) use glyphs::{Glyphs, in_ascii};
pub(crate) use row::Row;
pub(crate) use wording::{count, round, wrap};

/// How the page looks on this terminal.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// Colours by meaning.
    pub(crate) theme: Theme,
    /// Whether signs and lines may leave ASCII.
    pub(crate) glyphs: Glyphs,
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
        for (words, role) in row.clone().cut(room).parts() {
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
