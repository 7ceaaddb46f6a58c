//! Every action by name; what cannot be done now says why.

use crate::console::actions::{ACTIONS, Action};
use crate::console::canvas::{Canvas, Row};
use crate::console::edit::{Edit, Focus};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Needs, Next, framed};
use crate::console::list::{self, Line};
use crate::console::place::View;
use crate::console::theme::Role;

/// The palette.
pub(crate) struct Palette {
    words: Edit,
    /// Each action with what stands against it now.
    actions: Vec<(&'static Action, Result<(), String>)>,
    at: usize,
}

impl Palette {
    /// With what stands against each action when it was opened.
    pub(crate) fn new(check: impl Fn(&'static Action) -> Result<(), String>) -> Palette {
        let actions = ACTIONS.iter().map(|action| (action, check(action))).collect();
        Palette { words: Edit::default(), actions, at: 0 }
    }

    /// Those whose name, line or identifier hold all that was typed; a name that begins so comes first.
    fn found(&self) -> Vec<&(&'static Action, Result<(), String>)> {
        let typed = self.words.text().to_lowercase();
        let holds = |action: &Action| {
            let all = format!("{} {} {}", action.id, action.name, action.doc).to_lowercase();
            typed.split_whitespace().all(|word| all.contains(word))
        };
        let mut found: Vec<_> = self.actions.iter().filter(|(action, _)| holds(action)).collect();
        found.sort_by_key(|(action, _)| !typed.is_empty() && !action.name.starts_with(&typed));
        found
    }
}

impl Layer for Palette {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        let last = self.found().len().saturating_sub(1);
        match key.code {
            Code::Esc => return Next::Close,
            Code::Up | Code::BackTab => self.at = self.at.saturating_sub(1),
            Code::Down | Code::Tab => self.at = (self.at + 1).min(last),
            Code::PageUp => self.at = self.at.saturating_sub(10),
            Code::PageDown => self.at = (self.at + 10).min(last),
            Code::Enter => {
                return match self.found().get(self.at) {
                    Some((action, Ok(()))) => Next::Act(action.id),
                    Some((_, Err(why))) => {
                        desk.say(format!("not now: {why}"), Role::Warn);
                        Next::Keep
                    }
                    None => Next::Keep,
                };
            }
            _ => {
                if self.words.key(key) {
                    self.at = 0;
                }
            }
        }
        Next::Keep
    }

    fn paste(&mut self, text: &str, _desk: &mut Desk<'_>) {
        self.words.paste(text.trim_end());
        self.at = 0;
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let tall = page.height().saturating_sub(8).clamp(6, 30);
        framed(page, view, &Row::of("ACTIONS", Role::Strong), view.incident().map(AsRef::as_ref), tall, |area| {
            let (width, height) = (area.width(), area.height());
            area.row(0, &Row::of(": ", Role::Key).and(self.words.row(40, Focus::Yes)));
            let lines: Vec<Line> = self.found().into_iter().map(|(action, can)| line(action, can)).collect();
            list::draw(&mut area.part(0, 2, width, height.saturating_sub(2)), &lines, Some(self.at), Focus::Yes);
        });
    }

    fn about(&self) -> String {
        "palette".to_owned()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }
}

fn line(action: &'static Action, can: &Result<(), String>) -> Line {
    let role = if can.is_ok() { Role::Strong } else { Role::Dim };
    let row = Row::text("  ").with(action.name, role).tab(18);
    let row = match can {
        Ok(()) => row.with(action.doc, Role::Text),
        Err(why) => row.with(format!("not now: {why}"), Role::Warn),
    };
    // Lists choose things; here any thing will do, as the cursor is kept by its place.
    let thing = crate::console::place::Thing::Part(action.id.to_owned());
    Line::of(thing, row).right(Row::of(format!(" {}", action.keys.first().unwrap_or(&"")), Role::Key))
}
