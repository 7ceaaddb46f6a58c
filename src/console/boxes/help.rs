//! Every key, out of the table of actions.

use crate::console::actions::{ACTIONS, Sort};
use crate::console::canvas::{Canvas, Row};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Letters, Needs, Next, framed};
use crate::console::place::View;
use crate::console::theme::Role;

/// The help.
#[derive(Default)]
pub(crate) struct Help {
    top: usize,
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (sort, title) in
        [(Sort::Asks, "Capital letters open a box; only a box acts"), (Sort::Shows, "Small letters move and show")]
    {
        rows.push(Row::of(title, Role::Strong));
        for action in ACTIONS.iter().filter(|action| action.sort == sort && !action.keys.is_empty()) {
            let keys = action.keys.join(" or ");
            rows.push(Row::of(format!("  {keys}"), Role::Key).tab(18).with(action.doc, Role::Text));
        }
        rows.push(Row::new());
    }
    rows
}

impl Layer for Help {
    fn key(&mut self, key: Key, _desk: &mut Desk<'_>) -> Next {
        let last = rows().len().saturating_sub(1);
        self.top = match key.code {
            Code::Down | Code::Char('j') => self.top + 1,
            Code::Up | Code::Char('k') => self.top.saturating_sub(1),
            Code::PageDown | Code::Char(' ') => self.top + 10,
            Code::PageUp => self.top.saturating_sub(10),
            Code::Esc | Code::Enter | Code::Char('q' | '?') => return Next::Close,
            _ => self.top,
        }
        .min(last);
        Next::Keep
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let rows = rows();
        let tall = page.height().saturating_sub(6).clamp(6, 50);
        let left = Row::of("KEYS", Role::Strong).with("   Down goes on, Esc leaves", Role::Dim);
        framed(page, view, &left, None, tall, |area| {
            // The end of the list stays at the foot of the box.
            let height = usize::from(area.height());
            let top = self.top.min(rows.len().saturating_sub(height));
            for (row, y) in rows.iter().skip(top).zip(0..area.height()) {
                area.row(y, row);
            }
        });
    }

    fn letters(&self) -> Letters {
        Letters::Keys
    }

    fn about(&self) -> String {
        "help".to_owned()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }
}
