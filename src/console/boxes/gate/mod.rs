//! A gate: what is known, what would be lost, what cannot be taken back, and the words to type.
//!
//! What is shown is kept as it was shown. When it gets worse while somebody types, what was typed is void and the box says what
//! changed; a confirmation always is of what its person saw.

mod evidence;
mod terms;
#[cfg(test)]
mod tests;

use ratatui::layout::Size;

use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::edit::{Edit, Focus};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Next, framed, inside, squeezed, tallest};
use crate::console::message::{Answer, Ticket};
use crate::console::place::View;
use crate::console::theme::Role;
use crate::console::waits::{self, Wait, Whose, is_open_gate};
use crate::core::command::Command;
use crate::core::failover::{Guard, Says};
use crate::core::gate::{View as Shown, view as look};
use crate::core::ids::{RunId, StepId};
use crate::core::loss::Loss;
use crate::core::plan::Gate;
use crate::core::refusal::Refusal;
use crate::core::run::{Run, StepRun};
use crate::core::time::{MAX_SPAN, Span};
use crate::text::Pair;

use evidence::Detail;

use super::form::Form;
use super::purpose::Purpose;
use super::{Sent, glass};

/// The box of a gate.
pub(crate) struct GateBox {
    run: RunId,
    step: StepId,
    shown: Shown,
    typed: Edit,
    /// What may be lost, where nobody can say how much would be.
    accepted: Edit,
    field: FieldAt,
    changed: Vec<String>,
    /// The first line of all evidence, while that is looked at.
    reading: Option<usize>,
    sent: Sent,
    trouble: Option<String>,
}

/// Rows of a terminal that nobody has made smaller.
const USUAL_HEIGHT: u16 = 24;

/// Its columns.
const USUAL_WIDTH: u16 = 80;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldAt {
    Typed,
    Accepted,
}

/// A gate at which a run waits: the run, its place there, its step.
type Waiting<'a> = (&'a Run, usize, &'a StepId, &'a Gate, &'a StepRun);

/// The gate in focus, else the first that the run in focus waits at.
fn at(view: View<'_>) -> Result<Waiting<'_>, String> {
    let run = view.run().ok_or_else(|| "nothing runs".to_owned())?;
    let none = || format!("{} does not wait at a gate", run.id);
    let (_, _, step, _) = view.acts_on(is_open_gate).ok_or_else(none)?;
    waiting_at(view, run.id, &step.id).ok_or_else(none)
}

/// That gate, if its run waits at it.
fn waiting_at<'a>(view: View<'a>, run: RunId, step: &StepId) -> Option<Waiting<'a>> {
    let run = view.model.state.runs.get(&run)?;
    let (index, step, gate, done) = run.gates().find(|(_, waiting, ..)| waiting.id == *step)?;
    Some((run, index, &step.id, gate, done))
}

/// Whether there is a gate that this person may open.
pub(super) fn check(view: View<'_>) -> Result<(), String> {
    let (run, index, step, gate, _) = at(view)?;
    let this = |wait: &&Wait| wait.what == waits::Waiting::Gate(run.id, step.clone());
    if view.model.waits().iter().find(this).is_some_and(|wait| wait.whose == Whose::Mine) && view.model.is_up() {
        return Ok(());
    }
    let shown = look(&view.model.state, run, index, gate, view.model.readings(), &view.model.now_of(run));
    let command = Command::Confirm {
        run: run.id,
        step: step.clone(),
        target: shown.target,
        digest: shown.digest,
        max_loss: Some(MAX_SPAN),
    };
    match view.model.refuses(&command) {
        // What a guard refuses can be looked at, declined and mended.
        Some(Refusal::Guarded { .. }) => Ok(()),
        _ => view.model.would_take(&command),
    }
}

impl GateBox {
    pub(super) fn new(view: View<'_>) -> Result<GateBox, String> {
        let (run, index, step, gate, _) = at(view)?;
        Ok(GateBox {
            run: run.id,
            step: step.clone(),
            shown: look(&view.model.state, run, index, gate, view.model.readings(), &view.model.now_of(run)),
            typed: Edit::default(),
            accepted: Edit::default(),
            field: FieldAt::Typed,
            changed: Vec::new(),
            reading: None,
            sent: Sent::No,
            trouble: None,
        })
    }

    /// What has to be typed.
    fn words(&self) -> String {
        format!("{} {}", self.shown.call_sign, self.shown.target)
    }

    /// The loss that a confirmation accepts: what was shown, in whole seconds, so that the last one may go on.
    fn ceiling(&self) -> Result<Option<Span>, String> {
        match self.shown.loss {
            None => Ok(None),
            Some(Loss::Measured(span) | Loss::AtMost(span)) => Ok(Some(span.up_to_seconds())),
            Some(Loss::Unknown) => {
                let text = self.accepted.text().trim();
                if text.is_empty() {
                    return Err("Nobody can say what would be lost: say how much you accept, as in 30s.".to_owned());
                }
                text.parse().map(Some).map_err(|bad: crate::core::time::BadSpan| format!("{bad}."))
            }
        }
    }

    /// A guard refuses: there is nothing to say yes to.
    fn is_refused(&self) -> bool {
        self.shown.guards.iter().any(|one| one.says == Says::Refuse)
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        if self.is_refused() {
            return;
        }
        if self.typed.text() != self.words() {
            let typed = self.typed.text();
            self.trouble = (!typed.is_empty()).then(|| format!("{typed:?} is not what confirms: {}", self.words()));
            return;
        }
        let max_loss = match self.ceiling() {
            Ok(ceiling) => ceiling,
            Err(trouble) => {
                (self.trouble, self.field) = (Some(trouble), FieldAt::Accepted);
                return;
            }
        };
        let command = Command::Confirm {
            run: self.run,
            step: self.step.clone(),
            target: self.shown.target.clone(),
            digest: self.shown.digest.clone(),
            max_loss,
        };
        self.trouble = None;
        self.sent = Sent::Waits(match self.sent {
            Sent::Unsure(ticket) => desk.send_again(ticket, command),
            _ => desk.send(command),
        });
    }

    /// All that has to be seen. Evidence is told word for word unless there is more of it than a terminal of the usual size holds.
    fn rows_within(&self, view: View<'_>, width: usize, height: usize) -> Vec<Row> {
        let usual = height.max(tallest(USUAL_HEIGHT));
        let fits = |detail: &Detail| squeezed(self.rows(view, width, *detail), usual).len() <= usual;
        let mut all = Detail::all(evidence::holding(&self.shown));
        let detail = all.find(fits).unwrap_or(Detail::LEAST);
        squeezed(self.rows(view, width, detail), height)
    }

    fn rows(&self, view: View<'_>, width: usize, detail: Detail) -> Vec<Row> {
        let mut rows = vec![Row::new()];
        for change in &self.changed {
            rows.extend(wrap(change, width).into_iter().map(|line| Row::of(line, Role::Bad)));
        }
        if !self.changed.is_empty() {
            rows.push(Row::of("What you had typed is void. Look again.", Role::Bad));
            rows.push(Row::new());
        }
        let pair = Pair::of_run(&view.model.state, self.run);
        rows.extend(evidence::rows(view, &self.shown, &pair, width, detail));
        rows.push(Row::new());
        rows.extend(terms::costs(view, &self.shown, width));
        rows.push(Row::new());
        match self.is_refused() {
            true => rows.extend(evidence::ways_out(&self.shown, &pair, width)),
            false => rows.extend(self.asked(view, width)),
        }
        rows.push(Row::new());
        if let Some(trouble) = &self.trouble {
            rows.extend(wrap(trouble, width).into_iter().map(|line| Row::of(line, Role::Bad)));
        }
        rows.push(self.keys());
        rows
    }

    /// Whose yes it takes, and the words to type.
    fn asked(&self, view: View<'_>, width: usize) -> Vec<Row> {
        let Some((run, _, _, gate, done)) = waiting_at(view, self.run, &self.step) else { return Vec::new() };
        let incident = view.model.state.incidents.get(&run.incident).map(AsRef::as_ref);
        let mut rows = terms::people(view, &self.shown, (incident, gate, done), width);
        let label = Row::text("Confirm: type  ").with(self.words(), Role::Strong).gap(3);
        rows.push(label.and(self.typed.row(30, focus(self.field == FieldAt::Typed))));
        if self.shown.loss == Some(Loss::Unknown) {
            let label = Row::text("and the most you accept to lose:  ");
            rows.push(label.and(self.accepted.row(12, focus(self.field == FieldAt::Accepted))));
        }
        rows
    }

    fn keys(&self) -> Row {
        if let Sent::Waits(_) = self.sent {
            return Row::of("sent, no answer yet", Role::Warn);
        }
        let mut keys = vec![("Esc", "not now"), ("F2", "decline")];
        if !self.shown.guards.is_empty() {
            keys.push(("F3", "all evidence"));
        }
        if self.glass().is_some() {
            keys.push(("F4", "break the glass"));
        }
        keys.into_iter().fold(Row::new(), |row, (key, does)| {
            let row = if row.is_empty() { row } else { row.gap(5) };
            row.with(key, Role::Key).gap(1).with(does, Role::Text)
        })
    }

    /// The first guard that refuses and can be overridden.
    fn glass(&self) -> Option<Guard> {
        let mut refused = self.shown.guards.iter().filter(|one| one.says == Says::Refuse);
        refused.find(|one| one.guard.can_be_overridden()).map(|one| one.guard)
    }

    /// All evidence, word for word.
    fn everything(&self, view: View<'_>, width: usize) -> Vec<Row> {
        let pair = Pair::of_run(&view.model.state, self.run);
        evidence::rows(view, &self.shown, &pair, width, Detail::EACH)
    }

    /// A key while all evidence is looked at: nothing of it acts.
    fn read(&mut self, key: Key, desk: &Desk<'_>, top: usize) {
        let last = self.everything(desk.view(), inside(USUAL_WIDTH)).len().saturating_sub(1);
        let by = |by: isize| Some(top.saturating_add_signed(by).min(last));
        self.reading = match key.code {
            Code::Esc | Code::F(3) => None,
            Code::Up | Code::Char('k') => by(-1),
            Code::Down | Code::Char('j') => by(1),
            Code::PageUp => by(-10),
            Code::PageDown => by(10),
            _ => Some(top),
        };
    }

    fn draw_everything(&self, area: &mut Canvas<'_>, view: View<'_>, top: usize) {
        let last = area.height().saturating_sub(1);
        let rows = self.everything(view, area.columns());
        rows.iter().skip(top).zip(1..last.saturating_sub(1)).for_each(|(row, y)| area.row(y, row));
        let keys = Row::of("Esc", Role::Key).with(" back to the gate", Role::Text).gap(4);
        area.row(last, &keys.with("Up Down", Role::Key).with(" move", Role::Text));
    }
}

fn focus(here: bool) -> Focus {
    if here { Focus::Yes } else { Focus::No }
}

impl Layer for GateBox {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        if let Some(top) = self.reading {
            self.read(key, desk, top);
            return Next::Keep;
        }
        match key.code {
            Code::Esc => return Next::Close,
            _ if matches!(self.sent, Sent::Waits(_)) => {}
            Code::F(3) if !self.shown.guards.is_empty() => self.reading = Some(0),
            Code::F(2) => {
                let decline = Purpose::Decline(self.run, self.step.clone());
                return Next::Replace(Box::new(Form::new(decline)));
            }
            Code::Enter => self.submit(desk),
            Code::Tab | Code::Up | Code::Down | Code::BackTab => {
                self.field = match self.field {
                    FieldAt::Typed if self.shown.loss == Some(Loss::Unknown) => FieldAt::Accepted,
                    _ => FieldAt::Typed,
                };
            }
            Code::F(4) => {
                if let Some(guard) = self.glass() {
                    return glass::instead(desk, guard);
                }
            }
            _ if self.is_refused() => {}
            _ => {
                let edit = if self.field == FieldAt::Typed { &mut self.typed } else { &mut self.accepted };
                edit.key(key);
                self.trouble = None;
            }
        }
        Next::Keep
    }

    fn paste(&mut self, _text: &str, _desk: &mut Desk<'_>) {
        self.trouble = Some("Pasted text does not confirm: type it.".to_owned());
    }

    fn news(&mut self, view: View<'_>) {
        let Some((run, index, _, gate, _)) = waiting_at(view, self.run, &self.step) else {
            self.trouble = Some("The run no longer waits at this gate. Esc leaves.".to_owned());
            self.typed.clear();
            return;
        };
        let now = look(&view.model.state, run, index, gate, view.model.readings(), &view.model.now_of(run));
        let changed = evidence::differences(view, &Pair::of_run(&view.model.state, self.run), &self.shown, &now);
        if !changed.is_empty() {
            self.changed = changed;
            self.typed.clear();
            self.accepted.clear();
            self.shown = now;
            return;
        }
        // What moves all the time, and what is better than shown: nothing typed is lost by that.
        self.shown.guards = now.guards;
        if now.loss.and_then(Loss::ceiling) < self.shown.loss.and_then(Loss::ceiling) {
            (self.shown.loss, self.shown.window) = (now.loss, now.window);
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer, desk: &mut Desk<'_>) -> Next {
        match self.sent.answered(ticket, answer) {
            None => Next::Ignored,
            Some(Ok(())) => {
                desk.say(format!("✓ gate {} confirmed", self.shown.number), Role::Good);
                Next::Close
            }
            Some(Err(trouble)) => {
                self.trouble = Some(trouble);
                self.news(desk.view());
                Next::Keep
            }
        }
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let incident = view.model.state.runs.get(&self.run).and_then(|r| view.model.state.incidents.get(&r.incident));
        let width = inside(page.width());
        let rows = self.rows_within(view, width, tallest(page.height()));
        let title = Row::of(format!("GATE {}  {}", self.shown.number, self.shown.question), Role::Strong);
        let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        framed(page, view, &title, incident.map(AsRef::as_ref), height, |area| {
            if let Some(top) = self.reading {
                return self.draw_everything(area, view, top);
            }
            let last = area.height().saturating_sub(1);
            for (row, y) in rows.iter().zip(0..area.height()) {
                area.row(y, row);
            }
            if rows.len() > usize::from(area.height()) {
                let words = format!("All of it takes {} rows: make the window larger. Esc not now", rows.len() + 10);
                area.row(last, &Row::text(" ".repeat(area.columns())));
                area.row(last, &Row::of(words, Role::Waits));
            }
        });
    }

    fn fits(&self, size: Size, view: View<'_>) -> bool {
        self.rows_within(view, inside(size.width), tallest(size.height)).len() <= tallest(size.height)
    }

    fn left(&self) -> &'static str {
        self.sent.left()
    }

    fn about(&self) -> String {
        format!("gate {}", self.shown.number)
    }
}
