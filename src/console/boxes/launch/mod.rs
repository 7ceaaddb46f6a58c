//! Launching a runbook: choose it, fill in what it asks, look at every step with its values, then start it.

mod choose;
mod options;
mod preview;

use std::sync::Arc;

use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::edit::Focus;
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Next, framed};
use crate::console::list;
use crate::console::message::{Answer, Effect, Ticket};
use crate::console::place::{Screen, Thing, View};
use crate::console::screens;
use crate::console::theme::Role;
use crate::core::command::{Command, Options};
use crate::core::expand;
use crate::core::ids::{IncidentId, ProcedureId};
use crate::core::plan::{Plan, PlanHash, Procedure};
use crate::core::refusal::Refusal;
use crate::core::template::Values;
use crate::text;
use crate::wire::AskedChecks;
use preview::Preview;

use super::ask::Ask;
use super::{Sent, glass};

pub(super) use choose::{anything, check};

/// The box.
pub(crate) struct Launch {
    incident: IncidentId,
    /// The plan's text when the box was opened: a newer one refuses the launch.
    hash: PlanHash,
    /// The plan as it was when the box was opened.
    plan: Arc<Plan>,
    /// Why each procedure could not be launched now, where it could not.
    refused: Vec<Option<String>>,
    chosen: usize,
    ask: Ask,
    options: options::Page,
    /// What is shown before anything acts; or why it cannot be laid out.
    preview: Option<Result<Preview, String>>,
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
    Options,
    Preview,
    /// What each guard found.
    Guards,
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
        let plan = Arc::clone(&loaded.plan);
        let first = plan.procedures.first().ok_or_else(|| "its plan has no runbook".to_owned())?;
        let chosen = looked_at.and_then(|id: ProcedureId| plan.procedures.iter().position(|p| p.id == id));
        let mut launch = Launch {
            incident: incident.id.clone(),
            hash: loaded.hash.clone(),
            refused: Vec::new(),
            chosen: chosen.unwrap_or(0),
            ask: Ask::of(&plan, &[]),
            options: options::Page::of(&plan, first),
            plan: Arc::clone(&plan),
            preview: None,
            page: Page::Choose,
            top: 0,
            sent: Sent::No,
            trouble: None,
        };
        launch.look_at_rules(view);
        launch.prepare();
        Ok(launch)
    }

    fn has_guards(&self) -> bool {
        self.preview.as_ref().and_then(|preview| preview.as_ref().ok()).is_some_and(Preview::has_guards)
    }

    fn procedure(&self) -> Option<&Procedure> {
        self.plan.procedures.get(self.chosen)
    }

    fn look_at_rules(&mut self, view: View<'_>) {
        let why = |procedure: &Procedure| {
            let command = self.start(procedure, anything(&self.plan, procedure), Options::default());
            match view.model.refuses(&command) {
                // What guards refuse as one kind of failover they may let through as another: every step shows what they found.
                Some(Refusal::Guarded { .. }) => None,
                _ => view.model.would_take(&command).err(),
            }
        };
        self.refused = self.plan.procedures.iter().map(why).collect();
    }

    fn start(&self, procedure: &Procedure, values: Values, options: Options) -> Command {
        Command::StartRun {
            incident: self.incident.clone(),
            plan: self.plan.id.clone(),
            procedure: procedure.id.clone(),
            values,
            options,
            seen: Some(self.hash.clone()),
        }
    }

    fn prepare(&mut self) {
        let Some(procedure) = self.plan.procedures.get(self.chosen) else { return };
        self.ask = Ask::of(&self.plan, &procedure.parameters);
        self.options = options::Page::of(&self.plan, procedure);
    }

    /// The launch as it stands now.
    fn asked(&self) -> Option<AskedChecks> {
        Some(AskedChecks {
            incident: self.incident.clone(),
            plan: self.plan.id.clone(),
            procedure: self.procedure()?.id.clone(),
            values: self.ask.given(),
            options: self.options.options().unwrap_or_default(),
        })
    }

    /// On to the next page; from the last one the run is launched.
    fn forward(&mut self, desk: &mut Desk<'_>) {
        self.trouble = None;
        match self.page {
            Page::Choose => match self.refused.get(self.chosen).cloned().flatten() {
                Some(why) => self.trouble = Some(why),
                None => {
                    self.prepare();
                    if self.ask.is_empty() { self.show(desk) } else { self.page = Page::Fill }
                }
            },
            Page::Fill => self.filled(desk),
            Page::Options => match self.options.options() {
                Err(why) => self.trouble = Some(why),
                Ok(_) => self.show(desk),
            },
            Page::Preview => self.launch(desk),
            Page::Guards => {}
        }
    }

    fn filled(&mut self, desk: &mut Desk<'_>) {
        if let Err(missing) = self.ask.complete() {
            return self.trouble = missing;
        }
        let resolved = self.procedure().map(|procedure| expand::resolve(&self.plan, procedure, &self.ask.given()));
        match resolved {
            Some(Err(refusal)) => self.trouble = Some(text::refusal(&refusal)),
            _ => self.show(desk),
        }
    }

    /// Shows what a launch would do, and has what it rests on looked at.
    fn show(&mut self, desk: &mut Desk<'_>) {
        (self.page, self.top) = (Page::Preview, 0);
        self.lay_out(desk.view());
        self.look(desk);
    }

    fn look(&self, desk: &mut Desk<'_>) {
        desk.effects.extend(self.asked().map(|asked| Effect::Check(Box::new(asked))));
    }

    fn lay_out(&mut self, view: View<'_>) {
        self.preview = self.asked().map(|asked| Preview::of(view, &asked));
    }

    fn launch(&mut self, desk: &mut Desk<'_>) {
        let options = match self.options.options() {
            Ok(options) => options,
            Err(why) => return self.trouble = Some(why),
        };
        let Some(command) = self.procedure().map(|procedure| self.start(procedure, self.ask.given(), options)) else {
            return;
        };
        self.sent = Sent::Waits(match self.sent {
            Sent::Unsure(ticket) => desk.send_again(ticket, command),
            _ => desk.send(command),
        });
    }

    fn back(&mut self, desk: &mut Desk<'_>) -> Next {
        self.trouble = None;
        self.sent = Sent::No;
        match self.page {
            Page::Choose => return Next::Close,
            Page::Options if self.options.options().is_err() => {
                self.prepare_options();
                self.show(desk);
            }
            Page::Options => self.show(desk),
            Page::Guards => self.page = Page::Preview,
            Page::Preview if !self.ask.is_empty() => self.page = Page::Fill,
            Page::Fill | Page::Preview => self.page = Page::Choose,
        }
        Next::Keep
    }

    /// Options as the plan has them.
    fn prepare_options(&mut self) {
        if let Some(procedure) = self.plan.procedures.get(self.chosen) {
            self.options = options::Page::of(&self.plan, procedure);
        }
    }

    fn walk(&mut self, by: isize) {
        match self.page {
            Page::Choose => {
                let last = self.plan.procedures.len().saturating_sub(1);
                self.chosen = self.chosen.saturating_add_signed(by).min(last);
            }
            Page::Fill => self.ask.walk(by),
            Page::Options => self.options.walk(by),
            Page::Guards => {}
            Page::Preview => {
                let count = self.preview.as_ref().and_then(|p| p.as_ref().ok()).map_or(0, Preview::count);
                self.top = self.top.saturating_add_signed(by).min(count.saturating_sub(1));
            }
        }
    }

    fn body(&self, area: &mut Canvas<'_>, view: View<'_>) {
        let (width, height) = (area.width(), area.height());
        match self.page {
            Page::Choose => {
                let lines = choose::lines(&self.plan, &self.refused);
                let why = self.refused.get(self.chosen).and_then(Option::as_ref).filter(|_| self.trouble.is_none());
                let why = why.map_or_else(Vec::new, |why| wrap(&format!("not now: {why}"), area.columns()));
                let foot = u16::try_from(why.len()).unwrap_or(u16::MAX).min(height / 2);
                let tall = height - foot;
                list::draw(&mut area.part(0, 0, width, tall), &lines, Some(self.chosen), Focus::Yes);
                why.iter().zip(tall..height).for_each(|(line, y)| area.row(y, &Row::of(line, Role::Warn)));
            }
            Page::Fill => self.ask.draw(area),
            Page::Options => self.options.draw(area),
            Page::Guards => {
                if let Some(Ok(preview)) = &self.preview {
                    let rows = preview.guards(view, area.columns());
                    rows.iter().zip(0..height).for_each(|(row, y)| area.row(y, row));
                }
            }
            Page::Preview => match (&self.preview, self.asked()) {
                (Some(Ok(preview)), Some(asked)) => {
                    let head = preview.head(view, &asked, area.columns());
                    head.iter().zip(0..).for_each(|(row, y)| area.row(y, row));
                    let y = u16::try_from(head.len() + 1).unwrap_or(u16::MAX);
                    let mut rest = area.part(0, y, width, height.saturating_sub(y));
                    preview.draw(&mut rest, view, &asked, self.top);
                }
                (Some(Err(why)), _) => {
                    let lines = wrap(&format!("✗ it cannot be launched so: {why}"), area.columns());
                    lines.iter().zip(0..).for_each(|(line, y)| area.row(y, &Row::of(line, Role::Bad)));
                }
                _ => {}
            },
        }
    }

    fn keys(&self) -> Row {
        if let Sent::Waits(_) = self.sent {
            return Row::of("sent, no answer yet", Role::Warn);
        }
        let keys: &[(&str, &str)] = match self.page {
            Page::Choose => &[("Enter", "goes on; nothing starts yet"), ("Up Down", "move"), ("Esc", "not now")],
            Page::Fill => &[("Enter", "shows every step; nothing starts yet"), ("Up Down", "move"), ("Esc", "back")],
            Page::Guards => &[("Esc", "back"), ("F2", "break the glass of what refuses")],
            Page::Options => &[("Space", "ticks"), ("Enter", "shows every step"), ("Up Down", "move"), ("Esc", "back")],
            Page::Preview if self.has_guards() => &[
                ("Enter", "LAUNCHES"),
                ("Up Down", "move"),
                ("F3", "options"),
                ("F4", "guards"),
                ("F5", "look"),
                ("Esc", "back"),
            ],
            Page::Preview => &[
                ("Enter", "LAUNCHES it"),
                ("Up Down", "move"),
                ("F3", "options"),
                ("F5", "checks again"),
                ("Esc", "back"),
            ],
        };
        let joined = |row: Row, (key, does): &(&str, &str)| {
            let row = if row.is_empty() { row } else { row.gap(3) };
            row.with(key, Role::Key).gap(1).with(does, Role::Text)
        };
        keys.iter().fold(Row::new(), joined)
    }
}

impl Layer for Launch {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        if let (Sent::Waits(_), true) = (self.sent, key.code != Code::Esc) {
            return Next::Keep;
        }
        match (key.code, self.page) {
            (Code::Esc, _) => return self.back(desk),
            (Code::Enter, _) => self.forward(desk),
            (Code::F(4), Page::Preview) if self.has_guards() => self.page = Page::Guards,
            (Code::F(2), Page::Guards) => {
                if let Some(guard) = self.preview.as_ref().and_then(|p| p.as_ref().ok()).and_then(Preview::glass) {
                    return glass::instead(desk, guard);
                }
            }
            (Code::F(3), Page::Preview) => self.page = Page::Options,
            (Code::F(5), Page::Preview) => self.look(desk),
            (Code::Up | Code::BackTab, _) => self.walk(-1),
            (Code::Down | Code::Tab, _) => self.walk(1),
            (Code::PageUp, _) => self.walk(-5),
            (Code::PageDown, _) => self.walk(5),
            (Code::Home, Page::Preview) => self.walk(isize::MIN),
            (Code::End, Page::Preview) => self.walk(isize::MAX),
            (Code::Char('k'), Page::Choose | Page::Preview) => self.walk(-1),
            (Code::Char('j'), Page::Choose | Page::Preview) => self.walk(1),
            (_, Page::Fill) => {
                self.ask.key(key);
                self.trouble = None;
            }
            (_, Page::Options) => {
                self.options.key(key);
                self.trouble = None;
            }
            _ => {}
        }
        Next::Keep
    }

    fn paste(&mut self, text: &str, _desk: &mut Desk<'_>) {
        if self.page == Page::Fill {
            self.ask.paste(text);
        }
    }

    fn news(&mut self, view: View<'_>) {
        match self.page {
            Page::Choose => self.look_at_rules(view),
            Page::Preview | Page::Guards => {
                let seen = self.preview.as_ref().and_then(|p| p.as_ref().ok()).map(|p| p.seq);
                if seen != Some(view.model.seq) {
                    self.lay_out(view);
                }
            }
            Page::Fill | Page::Options => {}
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer, desk: &mut Desk<'_>) -> Next {
        match self.sent.answered(ticket, answer) {
            None => Next::Ignored,
            Some(Ok(())) => {
                if let Answer::Yes(accepted) = answer {
                    desk.begun(accepted, &self.incident, Screen::WarRoom, "launched");
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
            Page::Options => format!("LAUNCH {name}: options"),
            Page::Preview => format!("LAUNCH {name}: every step"),
            Page::Guards => format!("LAUNCH {name}: guards"),
        };
        let tall = page.height().saturating_sub(6).clamp(6, 60);
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
