//! Launching a runbook: choose it, fill in what it asks, look at every step with its values, then start it.

use crate::console::canvas::{Canvas, Row, count, round, wrap};
use crate::console::edit::{Edit, Focus};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Next, framed};
use crate::console::list::{self, Line};
use crate::console::message::{Answer, Ticket};
use crate::console::place::{Screen, Thing, View};
use crate::console::screens;
use crate::console::theme::Role;
use crate::core::command::{Command, Options};
use crate::core::expand;
use crate::core::ids::{IncidentId, PlanId, ProcedureId};
use crate::core::plan::{Need, Plan, PlanHash, Procedure};
use crate::core::template::Values;

use super::Sent;

/// The box.
pub(crate) struct Launch {
    incident: IncidentId,
    plan: PlanId,
    /// The plan's text when the box was opened: a newer one refuses the launch.
    hash: PlanHash,
    /// The plan as it was when the box was opened.
    whole: std::sync::Arc<Plan>,
    procedures: Vec<Procedure>,
    chosen: usize,
    edits: Vec<Edit>,
    field: usize,
    page: Page,
    /// The first line of the preview that is shown.
    top: usize,
    sent: Sent,
    trouble: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Choose,
    Fill,
    Preview,
}

/// Whether anything can be launched in the incident in focus.
pub(super) fn check(view: View<'_>) -> Result<(), String> {
    let incident = view.incident().ok_or_else(|| "there is no incident: D declares one first".to_owned())?;
    let loaded = view.loaded().ok_or_else(|| "its plan is not loaded".to_owned())?;
    let command = |procedure: &Procedure| Command::StartRun {
        incident: incident.id.clone(),
        plan: incident.plan.clone(),
        procedure: procedure.id.clone(),
        values: anything(&loaded.plan, procedure),
        options: Options::default(),
        seen: None,
    };
    let mut answers = loaded.plan.procedures.iter().map(|p| view.model.would_take(&command(p)));
    let first = answers.next().ok_or_else(|| "its plan has no runbook".to_owned())?;
    if answers.any(|answer| answer.is_ok()) { Ok(()) } else { first }
}

/// Values that stand in while only the rules are asked.
fn anything(plan: &Plan, procedure: &Procedure) -> Values {
    procedure.parameters.iter().map(|p| (p.name.clone(), expand::stand_in(plan, p))).collect()
}

impl Launch {
    pub(super) fn new(view: View<'_>) -> Result<Launch, String> {
        let incident = view.incident().ok_or_else(|| "there is no incident".to_owned())?;
        let loaded = view.loaded().ok_or_else(|| "its plan is not loaded".to_owned())?;
        let looked_at = match screens::chosen(view) {
            Some(Thing::Procedure(_, procedure)) if view.place.screen == Screen::Runbooks => Some(procedure),
            _ if view.place.screen == Screen::Procedure => view.place.procedure.clone().map(|(_, procedure)| procedure),
            _ => None,
        };
        let procedures = loaded.plan.procedures.clone();
        let chosen = looked_at.and_then(|id: ProcedureId| procedures.iter().position(|p| p.id == id));
        let mut launch = Launch {
            incident: incident.id.clone(),
            plan: loaded.plan.id.clone(),
            hash: loaded.hash.clone(),
            whole: std::sync::Arc::clone(&loaded.plan),
            procedures,
            chosen: chosen.unwrap_or(0),
            edits: Vec::new(),
            field: 0,
            page: Page::Choose,
            top: 0,
            sent: Sent::No,
            trouble: None,
        };
        launch.prepare();
        Ok(launch)
    }

    fn procedure(&self) -> Option<&Procedure> {
        self.procedures.get(self.chosen)
    }

    fn prepare(&mut self) {
        let edit = |need: &Need| match need {
            Need::Default(value) => Edit::with(value),
            Need::Required => Edit::default(),
        };
        self.edits = self.procedure().map_or_else(Vec::new, |p| p.parameters.iter().map(|p| edit(&p.need)).collect());
        self.field = 0;
    }

    fn given(&self) -> Values {
        let Some(procedure) = self.procedure() else { return Values::new() };
        let pairs = procedure.parameters.iter().zip(&self.edits);
        // What was left empty takes its default.
        let given = pairs.filter(|(_, edit)| !edit.text().trim().is_empty());
        given.map(|(parameter, edit)| (parameter.name.clone(), edit.text().to_owned())).collect()
    }

    fn command(&self) -> Option<Command> {
        Some(Command::StartRun {
            incident: self.incident.clone(),
            plan: self.plan.clone(),
            procedure: self.procedure()?.id.clone(),
            values: self.given(),
            options: Options::default(),
            seen: Some(self.hash.clone()),
        })
    }

    /// On to the next page; from the last one the run is launched.
    fn forward(&mut self, desk: &mut Desk<'_>) {
        self.trouble = None;
        let Some(procedure) = self.procedure() else { return };
        match self.page {
            Page::Choose => {
                let command = Command::StartRun {
                    incident: self.incident.clone(),
                    plan: self.plan.clone(),
                    procedure: procedure.id.clone(),
                    values: anything(&self.whole, procedure),
                    options: Options::default(),
                    seen: Some(self.hash.clone()),
                };
                match desk.model.would_take(&command) {
                    Err(why) => self.trouble = Some(why),
                    Ok(()) => {
                        self.page = if procedure.parameters.is_empty() { Page::Preview } else { Page::Fill };
                        self.top = 0;
                        self.prepare();
                    }
                }
            }
            Page::Fill => match expand::resolve(&self.whole, procedure, &self.given()) {
                Err(refusal) => self.trouble = Some(crate::text::refusal(&refusal)),
                Ok(_) => self.page = Page::Preview,
            },
            Page::Preview => {
                let Some(command) = self.command() else { return };
                self.sent = Sent::Waits(match self.sent {
                    Sent::Unsure(ticket) => desk.send_again(ticket, command),
                    _ => desk.send(command),
                });
            }
        }
    }

    fn back(&mut self) -> Next {
        self.trouble = None;
        self.sent = Sent::No;
        let parameters = self.procedure().is_some_and(|p| !p.parameters.is_empty());
        self.page = match self.page {
            Page::Choose => return Next::Close,
            Page::Preview if parameters => Page::Fill,
            Page::Fill | Page::Preview => Page::Choose,
        };
        Next::Keep
    }

    fn walk(&mut self, by: isize) {
        match self.page {
            Page::Choose => {
                let last = self.procedures.len().saturating_sub(1);
                self.chosen = self.chosen.saturating_add_signed(by).min(last);
            }
            Page::Fill => self.field = self.field.saturating_add_signed(by).min(self.edits.len().saturating_sub(1)),
            Page::Preview => {
                let last = self.procedure().map_or(0, |p| p.steps.len().saturating_sub(1));
                self.top = self.top.saturating_add_signed(by).min(last);
            }
        }
    }

    fn choices(&self, view: View<'_>) -> Vec<Line> {
        let lines = self.procedures.iter().map(|procedure| {
            let command = Command::StartRun {
                incident: self.incident.clone(),
                plan: self.plan.clone(),
                procedure: procedure.id.clone(),
                values: anything(&self.whole, procedure),
                options: Options::default(),
                seen: None,
            };
            let steps = count(procedure.steps.len(), "step");
            let time = procedure.estimated_duration.map_or(String::new(), |d| format!(", ~{}", round(d)));
            let can = view.model.would_take(&command);
            let role = if can.is_ok() { Role::Strong } else { Role::Dim };
            let row =
                Row::text("  ").with(&procedure.name, role).cut(34).tab(36).with(format!("{steps}{time}"), Role::Dim);
            let row = match &can {
                Ok(()) => row,
                Err(why) => row.gap(2).with(format!("not now: {why}"), Role::Warn),
            };
            Line::of(Thing::Procedure(self.plan.clone(), procedure.id.clone()), row)
        });
        lines.collect()
    }

    fn preview(&self, width: usize) -> Vec<Row> {
        let Some(procedure) = self.procedure() else { return Vec::new() };
        let values =
            expand::resolve(&self.whole, procedure, &self.given()).map(|given| given.values).unwrap_or_default();
        let mut rows = Vec::new();
        for (index, step) in procedure.steps.iter().enumerate().skip(self.top) {
            let gate = matches!(step.action, crate::core::plan::Action::Gate(_));
            let row = Row::of(format!("{:>2} ", index + 1), Role::Dim);
            let row = row.with(if gate { "GATE " } else { "" }, Role::NoReturn).with(&step.name, Role::Strong).gap(2);
            rows.push(row.and(screens::marks(step)));
            let does = wrap(&screens::does(step, &values), width.saturating_sub(5));
            rows.extend(does.into_iter().take(3).map(|line| Row::of(format!("   {line}"), Role::Text)));
        }
        rows
    }

    fn body(&self, area: &mut Canvas<'_>, view: View<'_>) {
        let (width, height) = (area.width(), area.height());
        match self.page {
            Page::Choose => {
                let lines = self.choices(view);
                list::draw(&mut area.part(0, 0, width, height), &lines, Some(self.chosen), Focus::Yes);
            }
            Page::Fill => {
                let parameters = self.procedure().map_or(&[][..], |p| &p.parameters);
                let pairs = parameters.iter().zip(&self.edits).enumerate();
                for ((index, (parameter, edit)), y) in pairs.zip((0..height).step_by(2)) {
                    let here = index == self.field;
                    let row =
                        Row::of(if here { "▸ " } else { "  " }, Role::Key).with(&parameter.name, Role::Strong).tab(20);
                    let focus = if here { Focus::Yes } else { Focus::No };
                    area.row(y, &row.and(edit.row(usize::from(width).saturating_sub(22), focus)));
                    area.row(
                        y + 1,
                        &Row::of(format!("    {}", parameter.description.as_deref().unwrap_or("")), Role::Dim),
                    );
                }
            }
            Page::Preview => {
                for (row, y) in self.preview(usize::from(width)).iter().zip(0..height) {
                    area.row(y, row);
                }
            }
        }
    }

    fn keys(&self) -> Row {
        if let Sent::Waits(_) = self.sent {
            return Row::of("sent, no answer yet", Role::Warn);
        }
        let (does, back) = match self.page {
            Page::Choose => (" goes on; nothing starts yet", " not now"),
            Page::Fill => (" shows every step; nothing starts yet", " back"),
            Page::Preview => (" LAUNCHES it", " back"),
        };
        let row = Row::of("Enter", Role::Key).with(does, Role::Text).gap(4);
        row.with("Up Down", Role::Key).with(" move", Role::Text).gap(4).with("Esc", Role::Key).with(back, Role::Text)
    }
}

impl Layer for Launch {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        if let (Sent::Waits(_), Code::Esc) = (self.sent, key.code) {
            return Next::Close;
        }
        if let Sent::Waits(_) = self.sent {
            return Next::Keep;
        }
        match key.code {
            Code::Esc => return self.back(),
            Code::Enter => self.forward(desk),
            Code::Up | Code::BackTab => self.walk(-1),
            Code::Down | Code::Tab => self.walk(1),
            Code::PageUp => self.walk(-5),
            Code::PageDown => self.walk(5),
            Code::Char('k') if self.page != Page::Fill => self.walk(-1),
            Code::Char('j') if self.page != Page::Fill => self.walk(1),
            _ if self.page == Page::Fill => {
                if let Some(edit) = self.edits.get_mut(self.field) {
                    edit.key(key);
                    self.trouble = None;
                }
            }
            _ => {}
        }
        Next::Keep
    }

    fn paste(&mut self, text: &str, _desk: &mut Desk<'_>) {
        if let (Page::Fill, Some(edit)) = (self.page, self.edits.get_mut(self.field)) {
            edit.paste(text.trim_end());
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer, desk: &mut Desk<'_>) -> Next {
        match self.sent.answered(ticket, answer) {
            None => Next::Ignored,
            Some(Ok(())) => {
                if let Answer::Yes(accepted) = answer {
                    desk.place.run = accepted.run;
                    desk.place.incident = Some(self.incident.clone());
                    desk.place.panel = crate::console::place::Panel::Now;
                    desk.place.go(Screen::WarRoom);
                    let run = accepted.run.map_or(String::new(), |run| run.to_string());
                    desk.say(format!("✓ {run} launched"), Role::Good);
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
        let name = self.procedure().map_or("", |p| p.name.as_str());
        let title = match self.page {
            Page::Choose => "LAUNCH A RUNBOOK".to_owned(),
            Page::Fill => format!("LAUNCH {name}: what it asks"),
            Page::Preview => format!("LAUNCH {name}: every step"),
        };
        let tall = page.height().saturating_sub(6).clamp(6, 30);
        framed(page, view, &Row::of(title, Role::Strong), incident.map(AsRef::as_ref), tall, |area| {
            let (width, height) = (area.width(), area.height());
            let trouble = self.trouble.as_ref().map_or_else(Vec::new, |t| wrap(t, area.columns()));
            let foot = u16::try_from(trouble.len()).unwrap_or(0).min(5) + 2;
            self.body(&mut area.part(0, 1, width, height.saturating_sub(foot + 1)), view);
            for (line, y) in trouble.iter().zip(height.saturating_sub(foot)..) {
                area.row(y + 1, &Row::of(line, Role::Bad));
            }
            area.row(height.saturating_sub(1), &self.keys());
        });
    }

    fn left(&self) -> &'static str {
        self.sent.left()
    }

    fn about(&self) -> String {
        "launch".to_owned()
    }
}
