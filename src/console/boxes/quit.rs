//! Leaving while something waits.

use crate::console::canvas::{Canvas, Row};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Letters, Needs, Next, framed};
use crate::console::message::Effect;
use crate::console::place::View;
use crate::console::theme::Role;
use crate::console::waits::mine;

/// Asks before it leaves.
pub(crate) struct Quit;

impl Layer for Quit {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        match key.code {
            Code::Enter => {
                desk.effects.push(Effect::Quit);
                Next::Close
            }
            Code::Esc => Next::Close,
            _ => Next::Keep,
        }
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let waits = mine(view.model);
        let mut rows = vec![Row::new(), Row::text("The engine goes on without this console. This waits for you:")];
        rows.extend(
            waits.iter().take(5).map(|w| Row::of(" ▲ ", Role::Waits).with(format!(" {}", w.says), Role::Strong)),
        );
        rows.push(Row::new());
        let keys = Row::of("Enter", Role::Key).with(" leaves all the same", Role::Text).gap(4);
        rows.push(keys.with("Esc", Role::Key).with(" stay", Role::Text));
        let height = u16::try_from(rows.len()).unwrap_or(8);
        framed(page, view, &Row::of("LEAVE", Role::Strong), view.incident().map(AsRef::as_ref), height, |area| {
            for (row, y) in rows.iter().zip(0..) {
                area.row(y, row);
            }
        });
    }

    fn letters(&self) -> Letters {
        Letters::Keys
    }

    fn about(&self) -> String {
        "quit".to_owned()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }
}
