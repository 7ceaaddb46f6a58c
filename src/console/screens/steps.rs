//! The steps of a run: what was done, what is being done, what comes.

use unicode_width::UnicodeWidthStr;

use crate::console::canvas::{Row, round};
use crate::console::list::Line;
use crate::console::model::whole;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::plan::{Action, Gate, Return, Step};
use crate::core::run::{Failure, How, Run, StepRun, StepState};
use crate::core::time::{Now, Span};
use crate::text;

/// The spinner's pictures, four a second.
const SPINNER: [&str; 8] = ["⠋", "⠙", "⠹", "⠸", "⠴", "⠦", "⠧", "⠇"];

/// Every step of a run, one line each.
pub(crate) fn lines(view: View<'_>, run: &Run, width: usize) -> Vec<Line> {
    // As wide as the longest name, but never so wide that findings have no room. It depends on the plan alone: nothing moves
    // sideways while the run goes on.
    let name = |step: &Step| step.name.width() + if matches!(step.action, Action::Gate(_)) { 11 } else { 6 };
    let longest = run.procedure.steps.iter().map(name).max().unwrap_or(0);
    let column = (longest + 1).clamp(20, (width * 9 / 20).max(20));
    let pairs = run.pairs().enumerate();
    pairs.map(|(index, (step, done))| line(view, run, index, (step, done), column)).collect()
}

fn line(view: View<'_>, run: &Run, index: usize, (step, done): (&Step, &StepRun), column: usize) -> Line {
    let (sign, role) = sign(view, step, done);
    let pending = matches!(done.state, StepState::Pending);
    let name_role = match (&done.state, pending) {
        (_, true) => Role::Dim,
        (StepState::Done { .. } | StepState::Skipped { .. }, _) => Role::Text,
        _ => Role::Strong,
    };
    let digits = if run.steps.len() > 9 { 2 } else { 1 };
    let mut row = Row::text(" ").with(sign, role).with(format!(" {:>digits$} ", index + 1), Role::Dim);
    if let Action::Gate(_) = step.action {
        let waits = matches!(done.state, StepState::Waiting { .. });
        row = row.with("GATE", if waits { Role::Waits } else { name_role }).gap(1);
    }
    row = row.with(&step.name, name_role);
    let finding = finding(view, step, done);
    row = if finding.is_empty() { row } else { row.cut(column.saturating_sub(1)).tab(column).and(finding) };
    Line::of(Thing::Step(run.id, step.id.clone()), row).right(right(view, run, index, (step, done)))
}

/// The sign of a step, and its look.
pub(crate) fn sign(view: View<'_>, step: &Step, done: &StepRun) -> (&'static str, Role) {
    match &done.state {
        StepState::Pending => ("·", Role::Dim),
        StepState::Waiting { .. } => ("▲", Role::Waits),
        StepState::Running { .. } => (spinner(view.model.at), Role::Active),
        StepState::Pausing { .. } => ("!", Role::Warn),
        StepState::Done { how: How::Said { .. }, .. } if matches!(step.action, Action::Manual { .. }) => {
            ("✓", Role::Good)
        }
        StepState::Done { how: How::Said { .. }, .. } => ("!", Role::Warn),
        StepState::Done { .. } => ("✓", Role::Good),
        StepState::Failed { .. } => ("✗", Role::Bad),
        StepState::Unknown { .. } => ("?", Role::Unknown),
        StepState::Skipped { .. } => ("»", Role::Warn),
        StepState::NotNeeded { .. } => ("»", Role::Dim),
        StepState::Declined { .. } => ("✗", Role::Warn),
    }
}

/// The spinner's picture at that moment of the console's own clock.
pub(crate) fn spinner(at: Span) -> &'static str {
    let index = usize::try_from(at.millis() / 250).unwrap_or(0) % SPINNER.len();
    SPINNER.get(index).copied().unwrap_or("*")
}

/// What is known of a step, in a few words.
fn finding(view: View<'_>, step: &Step, done: &StepRun) -> Row {
    let state = &view.model.state;
    match &done.state {
        StepState::Pending => Row::new(),
        StepState::Waiting { .. } => match &step.action {
            Action::Gate(gate) => gate_row(view, gate, done),
            _ => Row::of("waits: T says what became of it", Role::Waits),
        },
        StepState::Running { .. } => {
            let tries = if done.attempts > 1 { format!(", try {}", done.attempts) } else { String::new() };
            Row::of(format!("running{tries}"), Role::Active)
        }
        StepState::Pausing { since, pause, why, .. } => {
            let left = view.model.now().map(|now| pause.minus(now.since(since).span)).unwrap_or_default();
            Row::of(format!("{}, again in {left}", text::failure(why)), Role::Warn)
        }
        StepState::Done { how, .. } => {
            Row::of(how_text(view, how), if matches!(how, How::Said { .. }) { Role::Warn } else { Role::Text })
        }
        StepState::Failed { why, .. } => Row::of(format!("FAILED {}", failed(why)), Role::Bad),
        StepState::Unknown { what, .. } => Row::of(format!("UNKNOWN {what}"), Role::Unknown),
        StepState::NotNeeded { .. } => Row::of(text::step_state(state, &done.state), Role::Dim),
        StepState::Skipped { .. } | StepState::Declined { .. } => {
            Row::of(text::step_state(state, &done.state), Role::Warn)
        }
    }
}

fn failed(why: &Failure) -> String {
    text::failure(why)
}

/// How it is known that a step is done; the person at this console is `you`.
pub(crate) fn how_text(view: View<'_>, how: &How) -> String {
    match how {
        How::Said { by, note } => {
            let note = note.as_deref().map_or(String::new(), |note| format!(": {note}"));
            format!("said by {}{note}", view.model.name(by))
        }
        How::Opened { by } => {
            let names: Vec<String> = by.iter().map(|who| view.model.name(who)).collect();
            format!("opened by {}", text::all_of(&names))
        }
        How::Seen(_) => text::how(&view.model.state, how),
    }
}

fn gate_row(view: View<'_>, gate: &Gate, done: &StepRun) -> Row {
    let names: Vec<String> = done.confirmations.iter().map(|c| view.model.name(&c.by)).collect();
    let by = if names.is_empty() { String::new() } else { format!(": {}", text::all_of(&names)) };
    Row::of(format!("{} of {}{by}", done.confirmations.len(), gate.people), Role::Strong)
}

/// How long it took or is expected to take, and whether there is a way back.
fn right(view: View<'_>, run: &Run, index: usize, (step, done): (&Step, &StepRun)) -> Row {
    let follows = run.procedure.steps.get(index + 1..).unwrap_or_default();
    let settled = done.state.is_settled();
    let mut row = Row::new();
    if step.way_back == Return::None && !settled {
        row = row.with("NO RETURN", Role::NoReturn).gap(2);
    }
    if matches!(step.action, Action::Gate(_)) && !settled && follows.iter().any(|s| s.way_back == Return::None) {
        return row.with("NO RETURN AFTER", Role::NoReturn).gap(1);
    }
    let time = match &done.state {
        StepState::Done { took, .. } => Row::of(took.to_string(), Role::Dim),
        StepState::Running { since } => Row::of(lasted(view.model.now(), since), Role::Active).and(of_estimate(step)),
        StepState::Pending => step.estimate.map_or_else(Row::new, |e| Row::of(format!("~{}", round(e)), Role::Dim)),
        _ => Row::new(),
    };
    row.and(time).gap(1)
}

fn of_estimate(step: &Step) -> Row {
    step.estimate.map_or_else(Row::new, |e| Row::of(format!(" of ~{}", round(e)), Role::Dim))
}

/// How long something lasts already.
pub(crate) fn lasted(now: Option<Now>, since: &Now) -> String {
    let span = now.map(|now| whole(now.since(since).span));
    span.map(|span| span.to_string()).unwrap_or_default()
}
