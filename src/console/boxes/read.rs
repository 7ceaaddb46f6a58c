//! Something to read in full: a row of the timeline, an update, a probe.

use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Letters, Needs, Next, framed, inside};
use crate::console::place::View;
use crate::console::theme::Role;

/// A page to read.
pub(crate) struct Read {
    title: String,
    rows: Vec<Row>,
    text: String,
    top: usize,
}

impl Read {
    /// Columns that every page to read has on the narrowest screen that shows boxes whole.
    pub(crate) const WIDTH: usize = 74;

    /// Rows, then a text that is wrapped.
    pub(crate) fn new(title: impl Into<String>, rows: Vec<Row>, text: impl Into<String>) -> Read {
        Read { title: title.into(), rows, text: text.into(), top: 0 }
    }
}

impl Layer for Read {
    fn key(&mut self, key: Key, _desk: &mut Desk<'_>) -> Next {
        match key.code {
            Code::Down | Code::Char('j') => self.top += 1,
            Code::Up | Code::Char('k') => self.top = self.top.saturating_sub(1),
            Code::PageDown => self.top += 10,
            Code::PageUp => self.top = self.top.saturating_sub(10),
            Code::Esc | Code::Enter | Code::Char('q') => return Next::Close,
            _ => {}
        }
        Next::Keep
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let width = inside(page.width());
        let mut rows = self.rows.clone();
        rows.extend(wrap(&self.text, width).into_iter().map(Row::text));
        let tall = u16::try_from(rows.len() + 2).unwrap_or(u16::MAX).min(page.height().saturating_sub(6).max(6));
        framed(page, view, &Row::of(&self.title, Role::Strong), None, tall, |area| {
            let height = area.height().saturating_sub(1);
            let top = self.top.min(rows.len().saturating_sub(usize::from(height)));
            for (row, y) in rows.iter().skip(top).zip(0..height) {
                area.row(y, row);
            }
            area.row(height, &Row::of("Esc", Role::Key).with(" back", Role::Text));
        });
    }

    fn letters(&self) -> Letters {
        Letters::Keys
    }

    fn about(&self) -> String {
        self.title.clone()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }
}
