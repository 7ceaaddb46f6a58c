//! The initial assessment (TR-4): how everything stands, to look at before it is written to the incident.

use super::Sent;
use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Next, framed, inside};
use crate::console::message::{Answer, Ticket};
use crate::console::place::View;
use crate::console::screens::head::verdict_role;
use crate::console::theme::Role;
use crate::core::command::Command;
use crate::core::health::{Readings, Verdict};
use crate::core::ids::{IncidentId, PlanId};
use crate::core::impact::{Assessment, assess};
use crate::text;

/// Columns of the names before the words.
const LABEL: usize = 14;

/// The box.
pub(crate) struct Assess {
    plan: PlanId,
    /// The incident that it is written to; why it is written to none.
    to: Result<IncidentId, String>,
    found: Option<Assessment>,
    /// The second in which that was found: it changes no more often than somebody can read.
    second: Option<u64>,
    top: usize,
    sent: Sent,
    trouble: Option<String>,
}

/// Whether there is anything to assess.
pub(super) fn check(view: View<'_>) -> Result<(), String> {
    view.loaded().map(|_| ()).ok_or_else(|| "no plan is loaded".to_owned())
}

impl Assess {
    pub(super) fn new(view: View<'_>) -> Result<Assess, String> {
        let plan = view.loaded().ok_or_else(|| "no plan is loaded".to_owned())?.plan.id.clone();
        let incident = view.incident().map(|i| i.id.clone()).ok_or_else(|| "no incident is open".to_owned());
        let to = incident.and_then(|incident| {
            view.model.would_take(&Command::Assess { incident: incident.clone() }).map(|()| incident)
        });
        let mut made = Assess { plan, to, found: None, second: None, top: 0, sent: Sent::No, trouble: None };
        made.look(view);
        Ok(made)
    }

    fn look(&mut self, view: View<'_>) {
        let (Some(loaded), Some(now)) = (view.model.state.plans.get(&self.plan), view.model.now()) else { return };
        let second = Some(view.model.at.secs());
        if self.found.is_none() || self.second != second {
            let incident = self.to.as_ref().ok().and_then(|id| view.model.state.incidents.get(id));
            let incident = incident.map(AsRef::as_ref);
            // A console is sent no looks unasked, and those that it has may be old: the engine compares them when it writes.
            self.found = Some(assess(&view.model.state, loaded, incident, &Readings::default(), &now));
            self.second = second;
        }
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        let Ok(incident) = &self.to else { return };
        let command = Command::Assess { incident: incident.clone() };
        self.trouble = None;
        self.sent = Sent::Waits(match self.sent {
            Sent::Unsure(ticket) => desk.send_again(ticket, command),
            _ => desk.send(command),
        });
    }

    fn rows(&self, width: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for said in self.found.iter().flat_map(text::assessment) {
            let indent = " ".repeat(said.depth);
            let role = said.verdict.filter(|v| *v != Verdict::Ok).map_or(Role::Text, verdict_role);
            let name = if said.depth == 0 { Role::Strong } else { role };
            for (index, line) in wrap(&said.words, width.saturating_sub(LABEL)).into_iter().enumerate() {
                let label = if index == 0 { format!("{indent}{}", said.label) } else { String::new() };
                rows.push(Row::of(label, name).cut(LABEL - 1).tab(LABEL).with(line, role));
            }
        }
        rows
    }

    /// What stands under the assessment and always shows: trouble, then the keys.
    fn under(&self, width: usize) -> Vec<Row> {
        let told = match (&self.trouble, &self.to) {
            (Some(trouble), _) => wrap(trouble, width).into_iter().map(|line| Row::of(line, Role::Bad)).collect(),
            (None, Err(why)) => vec![Row::of(format!("Nothing is written: {why}."), Role::Warn)],
            (None, Ok(_)) => Vec::new(),
        };
        let keys = match (self.sent, &self.to) {
            (Sent::Waits(_), _) => Row::of("sent, no answer yet", Role::Warn),
            (_, Ok(_)) => {
                Row::of("Enter", Role::Key).with(" writes it to the incident", Role::Text).gap(3).and(leave())
            }
            (_, Err(_)) => leave(),
        };
        told.into_iter().chain([keys]).collect()
    }
}

fn leave() -> Row {
    Row::of("j k", Role::Key).with(" up, down", Role::Text).gap(3).with("Esc", Role::Key).with(" back", Role::Text)
}

impl Layer for Assess {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        match key.code {
            Code::Esc => return Next::Close,
            Code::Enter if !matches!(self.sent, Sent::Waits(_)) => self.submit(desk),
            Code::Down | Code::Char('j') => self.top += 1,
            Code::Up | Code::Char('k') => self.top = self.top.saturating_sub(1),
            Code::PageDown => self.top += 10,
            Code::PageUp => self.top = self.top.saturating_sub(10),
            _ => {}
        }
        self.top = self.top.min(self.rows(1).len());
        Next::Keep
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer, desk: &mut Desk<'_>) -> Next {
        match self.sent.answered(ticket, answer) {
            None => Next::Ignored,
            Some(Ok(())) => {
                desk.say("✓ assessment written to the incident", Role::Good);
                Next::Close
            }
            Some(Err(trouble)) => {
                self.trouble = Some(trouble);
                Next::Keep
            }
        }
    }

    fn news(&mut self, view: View<'_>) {
        self.look(view);
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let width = inside(page.width());
        let (rows, under) = (self.rows(width), self.under(width));
        let wanted = rows.len() + 1 + under.len();
        let most = page.height().saturating_sub(6).max(6);
        let tall = u16::try_from(wanted).unwrap_or(u16::MAX).min(most);
        let incident = self.to.as_ref().ok().and_then(|id| view.model.state.incidents.get(id));
        framed(page, view, &Row::of("ASSESSMENT", Role::Strong), incident.map(AsRef::as_ref), tall, |area| {
            let room = usize::from(area.height()).saturating_sub(under.len());
            let top = self.top.min(rows.len().saturating_sub(room));
            let shown = rows.iter().skip(top).take(room);
            for (row, y) in shown.zip(0..) {
                area.row(y, row);
            }
            let foot = area.height().saturating_sub(u16::try_from(under.len()).unwrap_or(u16::MAX));
            for (row, y) in under.iter().zip(foot..) {
                area.row(y, row);
            }
            if rows.len() > room {
                let seen = format!(" {} to {} of {} ", top + 1, top + room.min(rows.len()), rows.len());
                let x = area.width().saturating_sub(u16::try_from(seen.len()).unwrap_or(u16::MAX));
                area.put(x, area.height().saturating_sub(1), &Row::of(seen, Role::Dim));
            }
        });
    }

    fn left(&self) -> &'static str {
        self.sent.left()
    }

    fn about(&self) -> String {
        "assessment".to_owned()
    }
}
