//! Practice only: a fault for a part of the range.

use crate::console::canvas::{Canvas, Row};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Needs, Next, framed};
use crate::console::message::Effect;
use crate::console::place::{Screen, Thing, View};
use crate::console::screens;
use crate::console::theme::Role;
use crate::range::Fault;

/// The box.
pub(crate) struct FaultBox {
    path: String,
    faults: Vec<Option<String>>,
    at: usize,
}

fn chosen(view: View<'_>) -> Result<String, String> {
    if view.place.screen != Screen::Range {
        return Err("faults are for the practice range: g x".to_owned());
    }
    match screens::chosen(view) {
        Some(Thing::Part(path)) => Ok(path),
        _ => Err("nothing is chosen".to_owned()),
    }
}

/// Whether a part of the range is chosen.
pub(super) fn check(view: View<'_>) -> Result<(), String> {
    chosen(view).map(|_| ())
}

impl FaultBox {
    pub(super) fn new(view: View<'_>) -> Result<FaultBox, String> {
        let path = chosen(view)?;
        let range = view.model.range.as_ref().and_then(|range| range.as_ref().ok());
        let now = range.and_then(|range| screens::fault_of(range, &path));
        let all = Fault::ALL.iter().filter(|fault| path != "inbox" || **fault == Fault::Down);
        let mut faults: Vec<Option<String>> = vec![None];
        faults.extend(all.map(|fault| Some(fault.to_string())));
        // The cursor stands on what would change something.
        let at = if now.is_some() { 0 } else { 1.min(faults.len().saturating_sub(1)) };
        Ok(FaultBox { path, faults, at })
    }
}

impl Layer for FaultBox {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        let last = self.faults.len().saturating_sub(1);
        match key.code {
            Code::Esc => return Next::Close,
            Code::Up | Code::Char('k') => self.at = self.at.saturating_sub(1),
            Code::Down | Code::Char('j') => self.at = (self.at + 1).min(last),
            Code::Enter => {
                let fault = self.faults.get(self.at).cloned().flatten();
                desk.effects.push(Effect::Fault { path: self.path.clone(), fault });
                return Next::Close;
            }
            _ => {}
        }
        Next::Keep
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let height = u16::try_from(self.faults.len()).unwrap_or(8) + 3;
        let title = Row::of(format!("FAULT FOR {}", self.path), Role::Strong);
        framed(page, view, &title, None, height, |area| {
            for (index, (fault, y)) in self.faults.iter().zip(1..).enumerate() {
                let (sign, role) = if index == self.at { ("● ", Role::Strong) } else { ("○ ", Role::Dim) };
                area.row(y, &Row::of(sign, role).with(fault.as_deref().unwrap_or("none: as it should be"), role));
            }
            let keys = Row::of("Enter", Role::Key).with(" sets it", Role::Text).gap(4);
            let y = area.height().saturating_sub(1);
            area.row(y, &keys.with("Esc", Role::Key).with(" not now", Role::Text));
        });
    }

    fn about(&self) -> String {
        "fault".to_owned()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }
}
