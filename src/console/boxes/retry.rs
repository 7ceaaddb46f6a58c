//! Trying a step again with other values: those that it had stand there already, and only what is changed is sent.

use super::Sent;
use super::ask::Ask;
use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Next, framed};
use crate::console::message::{Answer, Ticket};
use crate::console::place::View;
use crate::console::screens;
use crate::console::theme::Role;
use crate::console::waits::is_open_gate;
use crate::core::command::Command;
use crate::core::ids::{RunId, StepId};
use crate::core::param::ParamKind;
use crate::core::plan::{Need, Parameter, Step};
use crate::core::run::{Run, StepRun};
use crate::core::template::Values;
use crate::text;

/// The box.
pub(crate) struct Retry {
    run: RunId,
    step: StepId,
    title: String,
    ask: Ask,
    sent: Sent,
    trouble: Option<String>,
}

/// The failed, unknown or declined step that a retry would be of.
fn step(view: View<'_>) -> Result<(&Run, usize, &Step), String> {
    let run = view.run().ok_or_else(|| "nothing runs".to_owned())?;
    let waits = |step: &Step, done: &StepRun| done.state.waits_for_people() && !is_open_gate(step, done);
    // A gate that was declined is in focus while what it was declined for is what has to be tried again.
    let works = view.acts_on(|step, done| waits(step, done) && !step.action.is_for_people());
    let found = works.or_else(|| view.acts_on(waits));
    let (_, place, step, _) = found.ok_or_else(|| format!("no step of {} has failed", run.id))?;
    Ok((run, place, step))
}

/// Whether the step in focus can be tried again with other values.
pub(super) fn check(view: View<'_>) -> Result<(), String> {
    let (run, place, step) = step(view)?;
    if parameters(run, step).is_empty() {
        return Err(format!("step {} has no values to change", place + 1));
    }
    view.model.would_take(&Command::Retry { run: run.id, step: step.id.clone(), values: Values::new() })
}

/// The values of a step that somebody may change, those first that show in what it does.
fn parameters(run: &Run, step: &Step) -> Vec<Parameter> {
    if step.action.is_for_people() {
        return Vec::new();
    }
    let values = run.values_of(step);
    let of_run = |name: &str| {
        let known = run.procedure.parameters.iter().find(|p| p.name == name);
        known.filter(|_| step.origin.under.is_none() && !step.origin.values.contains_key(name))
    };
    let is_secret = |name: &str| {
        step.origin.secrets.contains_key(name) || of_run(name).is_some_and(|p| p.kind == ParamKind::Secret)
    };
    let shows = |name: &str| {
        let other: Values =
            values.iter().map(|(n, v)| (n.clone(), if n == name { format!("{v}'") } else { v.clone() })).collect();
        let host = |values: &Values| step.host.as_ref().and_then(|host| host.fill(values).ok());
        text::action(&step.action, &other) != text::action(&step.action, &values) || host(&other) != host(&values)
    };
    let mut all: Vec<Parameter> = values
        .iter()
        .filter(|(name, _)| !is_secret(name))
        .map(|(name, value)| Parameter {
            need: Need::Default(value.clone()),
            ..of_run(name).cloned().unwrap_or_else(|| Parameter {
                name: name.clone(),
                description: Some("known here as the run laid it out, or as an earlier step found it".to_owned()),
                kind: ParamKind::Text,
                need: Need::Required,
            })
        })
        .collect();
    all.sort_by_key(|parameter| !shows(&parameter.name));
    all
}

impl Retry {
    pub(super) fn new(view: View<'_>) -> Result<Retry, String> {
        let (run, place, step) = step(view)?;
        Retry::of(view, run.id, &step.id).ok_or_else(|| format!("step {} has no values to change", place + 1))
    }

    /// For that step, where it has values.
    pub(super) fn of(view: View<'_>, run: RunId, step: &StepId) -> Option<Retry> {
        let known = view.model.state.runs.get(&run)?;
        let (place, found, _) = known.find(step)?;
        let parameters = parameters(known, found);
        let plan = &view.model.state.plans.get(&known.plan)?.plan;
        let title = format!("TRY AGAIN, OTHER VALUES: {} {}", place + 1, found.name);
        (!parameters.is_empty()).then(|| Retry {
            run,
            step: step.clone(),
            title,
            ask: Ask::of(plan, &parameters),
            sent: Sent::No,
            trouble: None,
        })
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        if let Err(missing) = self.ask.complete() {
            return self.trouble = missing;
        }
        let command = Command::Retry { run: self.run, step: self.step.clone(), values: self.ask.changed() };
        if let Err(why) = desk.model.would_take(&command) {
            return self.trouble = Some(why);
        }
        self.trouble = None;
        self.sent = Sent::Waits(match self.sent {
            Sent::Unsure(ticket) => desk.send_again(ticket, command),
            _ => desk.send(command),
        });
    }

    /// What the step would do with what is filled in now.
    fn would_do(&self, view: View<'_>, width: usize) -> Vec<Row> {
        let run = view.model.state.runs.get(&self.run);
        let Some((run, (_, step, _))) = run.and_then(|run| Some((run, run.find(&self.step)?))) else {
            return Vec::new();
        };
        let mut values = run.values_of(step);
        values.extend(self.ask.changed());
        let host = step.host.as_ref().and_then(|host| host.fill(&values).ok());
        let host = host.map_or(String::new(), |host| format!(" on {host}"));
        let words = format!("{}{host}", screens::does(step, &values));
        let changed = self.ask.changed().len();
        let mut rows: Vec<Row> =
            wrap(&words, width).into_iter().take(3).map(|line| Row::of(line, Role::Strong)).collect();
        let says = match changed {
            0 => "nothing is changed: it is tried again as it was".to_owned(),
            1 => "1 value is changed, for this step alone".to_owned(),
            n => format!("{n} values are changed, for this step alone"),
        };
        rows.push(Row::of(says, if changed > 0 { Role::Warn } else { Role::Dim }));
        rows
    }
}

impl Layer for Retry {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        match key.code {
            Code::Esc => return Next::Close,
            _ if matches!(self.sent, Sent::Waits(_)) => {}
            Code::Enter => self.submit(desk),
            Code::Up | Code::BackTab => self.ask.walk(-1),
            Code::Down | Code::Tab => self.ask.walk(1),
            _ => {
                if self.ask.key(key) {
                    self.changed();
                }
            }
        }
        Next::Keep
    }

    fn paste(&mut self, text: &str, _desk: &mut Desk<'_>) {
        self.ask.paste(text);
        self.changed();
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer, desk: &mut Desk<'_>) -> Next {
        match self.sent.answered(ticket, answer) {
            None => Next::Ignored,
            Some(Ok(())) => {
                desk.say("✓ tried again", Role::Good);
                Next::Close
            }
            Some(Err(trouble)) => {
                self.trouble = Some(trouble);
                Next::Keep
            }
        }
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let run = view.model.state.runs.get(&self.run);
        let incident = run.and_then(|run| view.model.state.incidents.get(&run.incident));
        let tall = page.height().saturating_sub(6).clamp(6, 30);
        framed(page, view, &Row::of(&self.title, Role::Strong), incident.map(AsRef::as_ref), tall, |area| {
            let (width, height) = (area.width(), area.height());
            let mut foot = self.would_do(view, area.columns());
            foot.extend(self.trouble.iter().flat_map(|t| wrap(t, area.columns())).map(|line| Row::of(line, Role::Bad)));
            let below = u16::try_from(foot.len() + 2).unwrap_or(u16::MAX).min(height);
            self.ask.draw(&mut area.part(0, 1, width, height.saturating_sub(below + 1)));
            let y = height.saturating_sub(below);
            foot.iter().zip(y..).for_each(|(row, y)| area.row(y, row));
            area.row(height.saturating_sub(1), &self.keys());
        });
    }

    fn left(&self) -> &'static str {
        self.sent.left()
    }

    fn about(&self) -> String {
        format!("try {} again", self.step)
    }
}

impl Retry {
    fn keys(&self) -> Row {
        if let Sent::Waits(_) = self.sent {
            return Row::of("sent, no answer yet", Role::Warn);
        }
        let row = Row::of("Enter", Role::Key).with(" tries it again", Role::Text).gap(3);
        row.with("Up Down", Role::Key)
            .with(" move", Role::Text)
            .gap(3)
            .with("Esc", Role::Key)
            .with(" not now", Role::Text)
    }

    /// What was sent without an answer was something else: it has to be asked anew.
    fn changed(&mut self) {
        self.trouble = None;
        if let Sent::Unsure(_) = self.sent {
            self.sent = Sent::No;
        }
    }
}
