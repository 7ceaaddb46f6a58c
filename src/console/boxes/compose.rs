//! Writing an update. What is written is kept through everything until it was sent.

use tui_textarea::{CursorMove, Input, TextArea, WrapMode};

use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::key::{Code, Key, Mods};
use crate::console::layer::{Desk, Layer, Next, framed};
use crate::console::message::{Answer, Ticket};
use crate::console::place::View;
use crate::console::theme::Role;
use crate::core::command::Command;
use crate::core::ids::IncidentId;

use super::Sent;

/// The composer.
pub(crate) struct Compose {
    incident: IncidentId,
    text: TextArea<'static>,
    sent: Sent,
    trouble: Option<String>,
}

impl Compose {
    pub(super) fn new(view: View<'_>, draft: &str) -> Result<Compose, String> {
        let incident = view.incident().ok_or_else(|| "there is no incident".to_owned())?.id.clone();
        let mut text = TextArea::new(draft.split('\n').map(str::to_owned).collect());
        text.set_wrap_mode(WrapMode::WordOrGlyph);
        text.move_cursor(CursorMove::Bottom);
        text.move_cursor(CursorMove::End);
        Ok(Compose { incident, text, sent: Sent::No, trouble: None })
    }

    fn words(&self) -> String {
        self.text.lines().join("\n")
    }

    fn keep(&mut self, desk: &mut Desk<'_>) {
        let words = self.words();
        if words.trim().is_empty() {
            desk.drafts.remove(&self.incident);
        } else {
            desk.drafts.insert(self.incident.clone(), words);
        }
        if let Sent::Unsure(_) = self.sent {
            self.sent = Sent::No;
        }
    }

    /// Puts what the engine knows behind what is written.
    fn take_draft(&mut self, desk: &mut Desk<'_>) {
        let model = desk.model;
        let known = model.state.incidents.get(&self.incident).zip(model.now());
        let Some((incident, now)) = known else { return };
        let draft = crate::text::draft(&model.state, incident, model.readings(), &now);
        self.text.move_cursor(CursorMove::Bottom);
        self.text.move_cursor(CursorMove::End);
        if !self.words().trim().is_empty() {
            self.text.insert_newline();
        }
        self.text.insert_str(draft);
        self.trouble = None;
        self.keep(desk);
    }

    fn send(&mut self, desk: &mut Desk<'_>) {
        let command = Command::SendUpdate {
            incident: self.incident.clone(),
            text: self.words(),
            channels: std::collections::BTreeSet::new(),
        };
        self.trouble = None;
        self.sent = Sent::Waits(match self.sent {
            Sent::Unsure(ticket) => desk.send_again(ticket, command),
            _ => desk.send(command),
        });
    }

    fn channels(&self, view: View<'_>) -> Row {
        let state = &view.model.state;
        let incident = state.incidents.get(&self.incident);
        let plan = incident.and_then(|i| state.plans.get(&i.plan));
        let channels: Vec<String> = plan.map_or_else(Vec::new, |loaded| {
            let kind = |id| state.channels.get(id).map_or("unknown to the engine", String::as_str);
            loaded.plan.channels.iter().map(|id| format!("{id} ({})", kind(id))).collect()
        });
        if channels.is_empty() {
            return Row::of("This plan names no channel: nothing can be sent.", Role::Bad);
        }
        Row::of("goes to ", Role::Dim).with(channels.join(", "), Role::Strong)
    }
}

/// The key as the text area understands it. Its own shortcuts that move or cut whole parts are kept to the known ones.
fn input(key: Key) -> Option<Input> {
    use tui_textarea::Key as Its;
    let its = match key.code {
        Code::Char(c) => Its::Char(c),
        Code::Enter => Its::Enter,
        Code::Backspace => Its::Backspace,
        Code::Delete => Its::Delete,
        Code::Up => Its::Up,
        Code::Down => Its::Down,
        Code::Left => Its::Left,
        Code::Right => Its::Right,
        Code::Home => Its::Home,
        Code::End => Its::End,
        Code::PageUp => Its::PageUp,
        Code::PageDown => Its::PageDown,
        Code::Tab => Its::Tab,
        Code::Esc | Code::BackTab | Code::Insert | Code::F(_) => return None,
    };
    Some(Input {
        key: its,
        ctrl: key.mods.has(Mods::CTRL),
        alt: key.mods.has(Mods::ALT),
        shift: key.mods.has(Mods::SHIFT),
    })
}

impl Layer for Compose {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        if key.code == Code::Esc {
            return Next::Close;
        }
        if let Sent::Waits(_) = self.sent {
            return Next::Keep;
        }
        if key == Key::ctrl('s') {
            self.send(desk);
        } else if key.code == Code::F(2) {
            self.take_draft(desk);
        } else if let Some(input) = input(key) {
            self.text.input(input);
            self.trouble = None;
            self.keep(desk);
        }
        Next::Keep
    }

    fn paste(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.text.insert_str(text);
        self.keep(desk);
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer, desk: &mut Desk<'_>) -> Next {
        match self.sent.answered(ticket, answer) {
            None => Next::Ignored,
            Some(Ok(())) => {
                desk.drafts.remove(&self.incident);
                desk.say("✓ update on its way; g u shows each channel", Role::Good);
                Next::Close
            }
            Some(Err(trouble)) => {
                self.trouble = Some(trouble);
                Next::Keep
            }
        }
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let incident = view.model.state.incidents.get(&self.incident);
        let number = incident.map_or(1, |i| i.updates.len() + 1);
        let title = Row::of(format!("UPDATE {number}"), Role::Strong);
        let tall = page.height().saturating_sub(8).clamp(8, 24);
        framed(page, view, &title, incident.map(AsRef::as_ref), tall, |area| {
            let (width, height) = (area.width(), area.height());
            area.row(0, &self.channels(view));
            let trouble: Vec<String> = self.trouble.as_ref().map_or_else(Vec::new, |t| wrap(t, area.columns()));
            let foot = u16::try_from(trouble.len()).unwrap_or(0).min(4) + 2;
            let mut paper = area.part(0, 2, width, height.saturating_sub(2 + foot));
            let mut text = self.text.clone();
            text.set_style(paper.style(Role::Text));
            text.set_cursor_line_style(paper.style(Role::Text));
            text.set_cursor_style(paper.style(Role::Waits));
            paper.widget(&text);
            for (line, y) in trouble.iter().zip(height.saturating_sub(foot)..) {
                area.row(y + 1, &Row::of(line, Role::Bad));
            }
            let keys = Row::of("C-s", Role::Key).with(" sends it", Role::Text).gap(4);
            let keys = keys.with("F2", Role::Key).with(" drafts it", Role::Text).gap(4);
            let keys = keys.with("Esc", Role::Key).with(" not now; it is kept", Role::Text);
            let keys =
                if matches!(self.sent, Sent::Waits(_)) { Row::of("sent, no answer yet", Role::Warn) } else { keys };
            let count = Row::of(format!("{} characters", self.words().chars().count()), Role::Dim);
            area.both(height.saturating_sub(1), &keys, &count);
        });
    }

    fn left(&self) -> &'static str {
        self.sent.left()
    }

    fn about(&self) -> String {
        "update".to_owned()
    }
}
