//! A box with a few fields and one command.

use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::edit::{Edit, Focus};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Letters, Next, framed, inside, squeezed, tallest};
use crate::console::message::{Answer, Ticket};
use crate::console::place::View;
use crate::console::theme::Role;
use crate::core::command::{Command, Declared};

use super::Sent;
use super::purpose::{Filled, Purpose, Way};
use super::retry::Retry;

/// Something to fill in.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    label: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Words { edit: Edit, required: bool },
    Choice { options: Vec<String>, at: usize },
}

impl Field {
    pub(crate) fn words(label: &'static str) -> Field {
        Field { label, kind: Kind::Words { edit: Edit::default(), required: false } }
    }

    pub(crate) fn required(mut self) -> Field {
        if let Kind::Words { required, .. } = &mut self.kind {
            *required = true;
        }
        self
    }

    pub(crate) fn choice(label: &'static str, options: Vec<String>, at: usize) -> Field {
        Field { label, kind: Kind::Choice { options, at } }
    }

    fn missing(&self) -> bool {
        matches!(&self.kind, Kind::Words { edit, required: true } if edit.text().trim().is_empty())
    }
}

/// A form.
pub(crate) struct Form {
    purpose: Purpose,
    fields: Vec<Field>,
    at: usize,
    sent: Sent,
    trouble: Option<String>,
}

impl Form {
    pub(crate) fn new(purpose: Purpose) -> Form {
        let fields = purpose.fields();
        let needed = |field: &Field| matches!(field.kind, Kind::Words { required: true, .. });
        let at = fields.iter().position(needed).unwrap_or(0);
        Form { purpose, fields, at, sent: Sent::No, trouble: None }
    }

    fn filled(&self) -> Filled {
        let mut choices = self.fields.iter().filter_map(|f| match &f.kind {
            Kind::Choice { at, .. } => Some(*at),
            Kind::Words { .. } => None,
        });
        let mut words = self.fields.iter().filter_map(|f| match &f.kind {
            Kind::Words { edit, .. } => Some(edit.text().to_owned()),
            Kind::Choice { .. } => None,
        });
        Filled {
            first: choices.next().unwrap_or(0),
            second: choices.next().unwrap_or(0),
            words: words.next().unwrap_or_default(),
            more: words.next().unwrap_or_default(),
        }
    }

    fn submit(&mut self, desk: &mut Desk<'_>) -> Next {
        if let Sent::Waits(_) = self.sent {
            return Next::Keep;
        }
        if let Some(missing) = self.fields.iter().position(Field::missing) {
            self.at = missing;
            let label = self.fields.get(missing).map_or("", |f| f.label).to_lowercase();
            self.trouble = Some(format!("It needs a {label}: type it, then Enter."));
            return Next::Keep;
        }
        let Some(command) = self.purpose.command(&self.filled()) else {
            self.trouble = self.purpose.unreadable(&self.filled());
            return Next::Keep;
        };
        if needs_words(&command) {
            self.at = self.fields.len().saturating_sub(1);
            self.trouble = Some("It needs a reason: type it, then Enter.".to_owned());
            return Next::Keep;
        }
        self.trouble = None;
        self.sent = Sent::Waits(match self.sent {
            Sent::Unsure(ticket) => desk.send_again(ticket, command),
            _ => desk.send(command),
        });
        Next::Keep
    }

    fn turn(&mut self, by: isize) {
        if let Some(Field { kind: Kind::Choice { options, at }, .. }) = self.fields.get_mut(self.at) {
            let count = options.len().max(1) as isize;
            *at = (*at as isize).saturating_add(by).rem_euclid(count).unsigned_abs();
            self.changed();
        }
    }

    /// What was sent without an answer was something else: it has to be asked anew.
    fn changed(&mut self) {
        if let Sent::Unsure(_) = self.sent {
            self.sent = Sent::No;
        }
    }

    fn walk(&mut self, by: isize) {
        let count = self.fields.len().max(1) as isize;
        self.at = (self.at as isize).saturating_add(by).rem_euclid(count).unsigned_abs();
    }

    /// What is known, the fields and the keys; where not all of it fits, less of what is known.
    fn rows(&self, view: View<'_>, width: usize, height: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let label = self.fields.iter().map(|f| f.label.len()).max().unwrap_or(0) + 2;
        for (index, field) in self.fields.iter().enumerate() {
            rows.extend(field_rows(field, index == self.at, label, width));
        }
        if !self.fields.is_empty() {
            rows.push(Row::new());
        }
        if let Some(trouble) = &self.trouble {
            rows.extend(wrap(trouble, width).into_iter().map(|line| Row::of(line, Role::Bad)));
            rows.push(Row::new());
        }
        rows.push(self.keys(view));
        let mut known = self.purpose.says(view, &self.filled(), width);
        let room = height.saturating_sub(rows.len());
        if known.len() > room {
            known.truncate(room.saturating_sub(1));
            known.push(Row::of("and more: g s shows every step", Role::Dim));
        }
        let blank = || std::iter::once(Row::new());
        squeezed(blank().chain(known).chain(blank()).chain(rows).collect(), height)
    }

    fn keys(&self, view: View<'_>) -> Row {
        if let Sent::Waits(_) = self.sent {
            return Row::of("sent, no answer yet", Role::Warn);
        }
        let (_, does) = self.purpose.words(view);
        let mut row = Row::of("Enter", Role::Key).with(format!(" {does}"), Role::Text).gap(3);
        if self.fields.len() > 1 {
            row = row.with("Tab", Role::Key).with(" next", Role::Text).gap(3);
        }
        if matches!(self.fields.get(self.at).map(|f| &f.kind), Some(Kind::Choice { .. })) {
            row = row.with("Up Down", Role::Key).with(" choose", Role::Text).gap(3);
        }
        if self.dismissible().is_some() {
            row = row.with("F2", Role::Key).with(" it is none", Role::Text).gap(3);
        }
        if self.retry(view).is_some() {
            row = row.with("F4", Role::Key).with(" other values", Role::Text).gap(3);
        }
        row.with("Esc", Role::Key).with(" not now", Role::Text)
    }

    /// The step could be tried again with other values.
    fn retry(&self, view: View<'_>) -> Option<Retry> {
        match &self.purpose {
            Purpose::Step(run, step, ways) if ways.contains(&Way::Retry) => Retry::of(view, *run, step),
            _ => None,
        }
    }

    /// The proposal that could be dismissed instead of declared.
    fn dismissible(&self) -> Option<Purpose> {
        let Purpose::Declare(what, _) = &self.purpose else { return None };
        match &what.get(self.filled().first)?.0 {
            Declared::Proposal(id) => Some(Purpose::Dismiss(id.clone())),
            Declared::Plan(_) => None,
        }
    }
}

/// A choice may need words that the field itself does not ask for.
fn needs_words(command: &Command) -> bool {
    matches!(command, Command::Skip { reason, .. } | Command::RuleOutScenario { reason, .. } if reason.is_empty())
}

fn field_rows(field: &Field, here: bool, label: usize, width: usize) -> Vec<Row> {
    let focus = if here { Focus::Yes } else { Focus::No };
    let marker = if here { "▸" } else { " " };
    let head = Row::of(marker, Role::Key).with(format!(" {:<label$}", field.label), Role::Dim);
    let room = width.saturating_sub(head.width());
    match &field.kind {
        Kind::Words { edit, required } => {
            let hint = if *required { "(needed)" } else { "(may stay empty)" };
            let typed = edit.row(room.max(1), focus);
            let row = head.and(typed);
            vec![if edit.text().is_empty() { row.gap(1).with(hint, Role::Dim) } else { row }]
        }
        // A short choice is shown whole while it has the keys.
        Kind::Choice { options, at } if here && options.len() <= 6 => {
            let mut rows = Vec::new();
            for (index, option) in options.iter().enumerate() {
                let (sign, role) = if index == *at { ("● ", Role::Strong) } else { ("○ ", Role::Dim) };
                let lead = if index == 0 { head.clone() } else { Row::new().gap(head.width()) };
                rows.push(lead.with(sign, role).with(option, role));
            }
            rows
        }
        Kind::Choice { options, at } => {
            let option = options.get(*at).map_or("", String::as_str);
            let of = format!("  ({} of {})", at + 1, options.len());
            vec![head.with(option, Role::Strong).with(of, Role::Dim)]
        }
    }
}

impl Layer for Form {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        if key.code == Code::Esc {
            return Next::Close;
        }
        if let Sent::Waits(_) = self.sent {
            return Next::Keep;
        }
        match key.code {
            Code::Enter => return self.submit(desk),
            Code::Tab => self.walk(1),
            Code::BackTab => self.walk(-1),
            Code::F(2) => {
                if let Some(dismiss) = self.dismissible() {
                    return Next::Replace(Box::new(Form::new(dismiss)));
                }
            }
            Code::F(4) => {
                if let Some(retry) = self.retry(desk.view()) {
                    return Next::Replace(Box::new(retry));
                }
            }
            code => match self.fields.get_mut(self.at).map(|f| &mut f.kind) {
                Some(Kind::Words { edit, .. }) => {
                    let before = edit.text().to_owned();
                    match code {
                        Code::Up => self.walk(-1),
                        Code::Down => self.walk(1),
                        _ if edit.key(key) && edit.text() != before => self.changed(),
                        _ => {}
                    }
                }
                Some(Kind::Choice { .. }) => match code {
                    Code::Up | Code::Left | Code::Char('k') => self.turn(-1),
                    Code::Down | Code::Right | Code::Char('j') => self.turn(1),
                    _ => {}
                },
                None => {}
            },
        }
        Next::Keep
    }

    fn paste(&mut self, text: &str, _desk: &mut Desk<'_>) {
        if let Some(Field { kind: Kind::Words { edit, .. }, .. }) = self.fields.get_mut(self.at) {
            edit.paste(text.trim_end());
            self.changed();
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer, desk: &mut Desk<'_>) -> Next {
        match self.sent.answered(ticket, answer) {
            None => Next::Ignored,
            Some(Ok(())) => {
                let (title, _) = self.purpose.words(desk.view());
                desk.say(format!("✓ {}", title.to_lowercase()), Role::Good);
                if let (Purpose::Declare(..), Answer::Yes(accepted)) = (&self.purpose, answer) {
                    desk.place.incident.clone_from(&accepted.incident);
                    desk.place.go(crate::console::place::Screen::WarRoom);
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
        let (title, _) = self.purpose.words(view);
        let filled = self.filled();
        let incident = self.purpose.incident(view, &filled);
        let width = inside(page.width());
        let rows = self.rows(view, width, tallest(page.height()));
        let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        framed(page, view, &Row::of(title, Role::Strong), incident, height, |area| {
            for (row, y) in rows.iter().zip(0..) {
                area.row(y, row);
            }
        });
    }

    fn letters(&self) -> Letters {
        match self.fields.get(self.at).map(|f| &f.kind) {
            Some(Kind::Words { .. }) => Letters::Text,
            _ => Letters::Keys,
        }
    }

    fn left(&self) -> &'static str {
        self.sent.left()
    }

    fn about(&self) -> String {
        match &self.purpose {
            Purpose::Declare(..) => "declare".to_owned(),
            Purpose::Dismiss(_) => "dismiss".to_owned(),
            Purpose::Cancel(_) => "cancel".to_owned(),
            Purpose::Close(..) => "close".to_owned(),
            Purpose::Reopen(_) => "reopen".to_owned(),
            Purpose::Commit(_) => "commit".to_owned(),
            Purpose::PutBack(..) => "glass".to_owned(),
            Purpose::Emergency(run) => format!("emergency {run}"),
            Purpose::Began(..) => "began".to_owned(),
            Purpose::Assign(..) => "assign".to_owned(),
            Purpose::Note(_) => "note".to_owned(),
            Purpose::Scenario(..) => "scenario".to_owned(),
            Purpose::Step(_, step, _) => format!("step {step}"),
            Purpose::Skip(_, step) => format!("leave out {step}"),
            Purpose::RollBack(run) => format!("roll back {run}"),
            Purpose::Decline(_, step) => format!("decline {step}"),
            Purpose::Withdraw(_, step) => format!("withdraw {step}"),
            Purpose::Hold(run) => format!("hold {run}"),
            Purpose::Resume(run) => format!("resume {run}"),
            Purpose::Abort(run) => format!("abort {run}"),
            Purpose::Update(_) => "update".to_owned(),
            Purpose::PausePart(..) => "pause".to_owned(),
            Purpose::ResumePart(..) => "resume".to_owned(),
            Purpose::Disarm(_) => "disarm".to_owned(),
            Purpose::Arm(_) => "arm".to_owned(),
        }
    }
}
