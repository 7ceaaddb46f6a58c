//! A probe in full, as it is now: what comes while the box is open is shown.

use crate::console::canvas::{Canvas, Row};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Letters, Needs, Next, framed, inside};
use crate::console::place::View;
use crate::console::screens;
use crate::console::theme::Role;
use crate::core::ids::{PlanId, ProbeId};

/// The box.
pub(crate) struct ProbeBox {
    plan: PlanId,
    probe: ProbeId,
    top: usize,
}

impl ProbeBox {
    pub(crate) fn new(plan: PlanId, probe: ProbeId) -> ProbeBox {
        ProbeBox { plan, probe, top: 0 }
    }

    fn rows(&self, view: View<'_>, width: usize) -> Vec<Row> {
        let loaded = view.model.state.plans.get(&self.plan);
        match loaded.and_then(|loaded| Some((loaded, loaded.probe(&self.probe)?))) {
            Some((loaded, part)) => screens::probe_in_full(view, loaded, part, width),
            None => vec![Row::of("its plan has it no more", Role::Dim)],
        }
    }
}

impl Layer for ProbeBox {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        // Past its end it stays at its end: how long it is depends on the page.
        let last = self.rows(desk.view(), 40).len();
        match key.code {
            Code::Down | Code::Char('j') => self.top = (self.top + 1).min(last),
            Code::Up | Code::Char('k') => self.top = self.top.saturating_sub(1),
            Code::PageDown => self.top = (self.top + 10).min(last),
            Code::PageUp => self.top = self.top.saturating_sub(10),
            Code::Char('w') => desk.place.health.window = desk.place.health.window.next(),
            Code::Esc | Code::Enter | Code::Char('q') => {
                desk.place.health.read = None;
                return Next::Close;
            }
            _ => {}
        }
        Next::Keep
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let rows = self.rows(view, inside(page.width()));
        let tall = u16::try_from(rows.len() + 2).unwrap_or(u16::MAX).min(page.height().saturating_sub(6).max(6));
        framed(page, view, &Row::of(format!("PROBE {}", self.probe), Role::Strong), None, tall, |area| {
            let height = area.height().saturating_sub(1);
            let top = self.top.min(rows.len().saturating_sub(usize::from(height)));
            for (row, y) in rows.iter().skip(top).zip(0..height) {
                area.row(y, row);
            }
            let below = rows.len().saturating_sub(top + usize::from(height));
            let more = if below > 0 { Row::of(format!("{below} more"), Role::Dim) } else { Row::new() };
            let keys =
                Row::of("Esc", Role::Key).with(" back   ", Role::Text).with("j", Role::Key).with(" on   ", Role::Text);
            area.both(height, &keys.with("w", Role::Key).with(" how far back", Role::Text), &more);
        });
    }

    fn letters(&self) -> Letters {
        Letters::Keys
    }

    fn about(&self) -> String {
        format!("probe {}", self.probe)
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }
}
