//! Running a program that no runbook has, as a step of its own in the journal.

use super::Sent;
use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::edit::{Edit, Focus};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Next, framed, inside, squeezed, tallest};
use crate::console::message::{Answer, Ticket};
use crate::console::place::{Screen, View};
use crate::console::theme::Role;
use crate::console::words::{shell_signs, split};
use crate::core::command::Command;
use crate::core::ids::IncidentId;

/// The box.
pub(crate) struct Improvise {
    incident: IncidentId,
    host: Edit,
    line: Edit,
    field: At,
    sent: Sent,
    trouble: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Host,
    Line,
}

/// Arguments that are shown one by one.
const SHOWN: usize = 8;

/// Whether this person may do it in the incident in focus.
pub(super) fn check(view: View<'_>) -> Result<(), String> {
    let incident = view.incident().ok_or_else(|| "there is no incident: D declares one first".to_owned())?;
    let argv = vec!["true".to_owned()];
    view.model.would_take(&Command::Improvise { incident: incident.id.clone(), host: None, argv })
}

impl Improvise {
    pub(super) fn new(view: View<'_>) -> Result<Improvise, String> {
        let incident = view.incident().ok_or_else(|| "there is no incident".to_owned())?.id.clone();
        let (host, line) = (Edit::default(), Edit::default());
        Ok(Improvise { incident, host, line, field: At::Line, sent: Sent::No, trouble: None })
    }

    fn host(&self) -> Option<String> {
        Some(self.host.text().trim().to_owned()).filter(|host| !host.is_empty())
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        let argv = match split(self.line.text()) {
            Ok(argv) if argv.is_empty() => {
                return self.trouble = Some("It needs a program: type it, then Enter.".to_owned());
            }
            Ok(argv) => argv,
            Err(bad) => return self.trouble = Some(format!("Not sent: {bad}.")),
        };
        let command = Command::Improvise { incident: self.incident.clone(), host: self.host(), argv };
        if let Err(why) = desk.model.would_take(&command) {
            return self.trouble = Some(why);
        }
        self.trouble = None;
        self.sent = Sent::Waits(match self.sent {
            Sent::Unsure(ticket) => desk.send_again(ticket, command),
            _ => desk.send(command),
        });
    }

    fn rows(&self, width: usize) -> Vec<Row> {
        let mut rows = vec![Row::new()];
        let warning =
            "NO RUNBOOK says this. It runs at once, as you type it, under your name, and stands in the journal.";
        rows.extend(wrap(warning, width).into_iter().map(|line| Row::of(line, Role::Warn)));
        rows.push(Row::new());
        for (label, edit, at, empty) in [
            ("Host", &self.host, At::Host, "empty: the engine's own host"),
            ("Command", &self.line, At::Line, "a program and its arguments; quotes hold words together"),
        ] {
            let here = self.field == at;
            let focus = if here { Focus::Yes } else { Focus::No };
            let row = Row::of(if here { "▸ " } else { "  " }, Role::Key).with(format!("{label:<10}"), Role::Dim);
            let typed = edit.row(width.saturating_sub(13), focus);
            let row = row.and(typed);
            rows.push(if edit.text().is_empty() { row.gap(1).with(empty, Role::Dim) } else { row });
        }
        rows.push(Row::new());
        rows.extend(self.arguments(width));
        if let Some(trouble) = &self.trouble {
            rows.push(Row::new());
            rows.extend(wrap(trouble, width).into_iter().map(|line| Row::of(line, Role::Bad)));
        }
        rows.push(Row::new());
        rows.push(match self.sent {
            Sent::Waits(_) => Row::of("sent, no answer yet", Role::Warn),
            _ => Row::of("Enter", Role::Key)
                .with(" RUNS it now", Role::Text)
                .gap(3)
                .with("Tab", Role::Key)
                .with(" next", Role::Text)
                .gap(3)
                .with("Esc", Role::Key)
                .with(" not now", Role::Text),
        });
        rows
    }

    /// What the program would get, word by word.
    fn arguments(&self, width: usize) -> Vec<Row> {
        let argv = match split(self.line.text()) {
            Ok(argv) => argv,
            Err(bad) => return vec![Row::of(format!("✗ {bad}"), Role::Bad)],
        };
        let mut rows = Vec::new();
        for (index, word) in argv.iter().take(SHOWN).enumerate() {
            let what = if index == 0 { "runs".to_owned() } else { format!("argument {index}") };
            let word = Row::of(format!("{word:?}"), Role::Strong).cut(width.saturating_sub(16));
            rows.push(Row::of(format!("  {what}"), Role::Dim).tab(16).and(word));
        }
        if argv.len() > SHOWN {
            rows.push(Row::of(format!("  and {} more arguments", argv.len() - SHOWN), Role::Dim));
        }
        let signs: String = shell_signs(self.line.text()).iter().map(|sign| format!("{sign} ")).collect();
        if !signs.is_empty() {
            let words = format!("! no shell reads this; handed on as it stands: {signs}");
            rows.extend(wrap(&words, width).into_iter().map(|line| Row::of(line, Role::Warn)));
        }
        rows
    }

    /// What was sent without an answer was something else: it has to be asked anew.
    fn changed(&mut self) {
        self.trouble = None;
        if let Sent::Unsure(_) = self.sent {
            self.sent = Sent::No;
        }
    }
}

impl Layer for Improvise {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        match key.code {
            Code::Esc => return Next::Close,
            _ if matches!(self.sent, Sent::Waits(_)) => {}
            Code::Enter => self.submit(desk),
            Code::Tab | Code::BackTab | Code::Up | Code::Down => {
                self.field = if self.field == At::Host { At::Line } else { At::Host };
            }
            _ => {
                let edit = if self.field == At::Host { &mut self.host } else { &mut self.line };
                if edit.key(key) {
                    self.changed();
                }
            }
        }
        Next::Keep
    }

    fn paste(&mut self, text: &str, _desk: &mut Desk<'_>) {
        let edit = if self.field == At::Host { &mut self.host } else { &mut self.line };
        edit.paste(text.trim_end());
        self.changed();
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer, desk: &mut Desk<'_>) -> Next {
        match self.sent.answered(ticket, answer) {
            None => Next::Ignored,
            Some(Ok(())) => {
                if let Answer::Yes(accepted) = answer {
                    desk.begun(accepted, &self.incident, Screen::Run, "off the script, running");
                }
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
        let rows = squeezed(self.rows(inside(page.width())), tallest(page.height()));
        let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        let title = Row::of("OFF THE SCRIPT: NO RUNBOOK", Role::NoReturn);
        framed(page, view, &title, incident.map(AsRef::as_ref), height, |area| {
            for (row, y) in rows.iter().zip(0..) {
                area.row(y, row);
            }
        });
    }

    fn left(&self) -> &'static str {
        self.sent.left()
    }

    fn about(&self) -> String {
        "off the script".to_owned()
    }
}
