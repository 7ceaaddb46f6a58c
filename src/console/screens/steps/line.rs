//! One line of a run: sign, number, lanes, name, what is known of it, how long it took.

use super::Steps;
use super::rows::{Shown, has_folds, is_folded};
use super::tally::{Standing, Tally};
use crate::console::canvas::{Row, round};
use crate::console::list::Line;
use crate::console::model::whole;
use crate::console::place::{Thing, View};
use crate::console::shape::{What, label};
use crate::console::theme::Role;
use crate::console::waits::{is_open_gate, needs_somebody};
use crate::core::ids::StepId;
use crate::core::plan::{Action, Gate, Return, Step};
use crate::core::run::{How, Run, StepRun, StepState, Then};
use crate::core::time::{Now, Span};
use crate::text;

/// The spinner's pictures, four a second.
const SPINNER: [&str; 8] = ["⠋", "⠙", "⠹", "⠸", "⠴", "⠦", "⠧", "⠇"];

/// The mark of a step on the critical path: those decide the end of the run.
pub(crate) const PATH: &str = "●path";

/// The line at that place.
pub(super) fn line(steps: &Steps<'_>, at: usize) -> Line {
    let run = steps.run;
    let step = |place: usize| run.at(place);
    let line = match steps.rows.get(at) {
        Some(Shown::Node(node)) => match steps.shape.node(*node).map(|n| &n.what) {
            Some(What::Step(place)) => step(*place as usize).map(|found| of_step(steps, at, *node, found)),
            Some(What::Group(id, name)) => Some(of_group(steps, at, *node, id, name)),
            None => None,
        },
        Some(Shown::Undo(place)) => step(*place).map(|found| of_undo(steps, found)),
        Some(Shown::Kept(place)) => step(*place).map(|(place, step, _)| kept(steps, place, step)),
        Some(Shown::More(count)) => {
            Some(Line::only(Row::of(format!("   and {count} more steps STAY DONE"), Role::Warn)))
        }
        Some(Shown::Back) => {
            let ended = !run.is_open();
            let word = if ended { "WENT BACK" } else { "GOES BACK" };
            let row =
                Row::of(" «", Role::Warn).with(format!(" {word}: what was done is undone, newest first"), Role::Strong);
            Some(Line::only(row))
        }
        Some(Shown::Forth) => Some(Line::only(Row::of(" ─ the steps as they went", Role::Dim))),
        None => None,
    };
    line.unwrap_or_else(|| Line::only(Row::new()))
}

/// Sign and number, before a name.
fn lead(steps: &Steps<'_>, (sign, role): (&str, Role), number: Option<usize>) -> Row {
    let digits = steps.digits;
    let number = number.map_or_else(String::new, |number| number.to_string());
    Row::text(" ").with(sign, role).with(format!(" {number:>digits$} "), Role::Dim)
}

/// What is known of a step, with a mark where it decides the end.
fn marked(steps: &Steps<'_>, places: impl Iterator<Item = usize>, finding: Row) -> Row {
    match steps.on_path(places) {
        true if finding.is_empty() => Row::of(PATH, Role::Strong),
        true => Row::of(PATH, Role::Strong).gap(1).and(finding),
        false => finding,
    }
}

fn with_finding(steps: &Steps<'_>, row: Row, finding: Row) -> Row {
    if finding.is_empty() {
        return row;
    }
    row.cut(steps.column.saturating_sub(1)).tab(steps.column).and(finding)
}

fn of_step(steps: &Steps<'_>, at: usize, node: u32, (place, step, done): (usize, &Step, &StepRun)) -> Line {
    let (view, run) = (steps.view, steps.run);
    let calls = has_folds(run, steps.shape, node);
    // Once a call is begun, it stands as the steps under it stand.
    let tally = (calls && matches!(done.state, StepState::Running { .. } | StepState::Done { .. }))
        .then(|| Tally::of(run, steps.shape, node));
    let given_up = is_given_up(run, step, done);
    let sign = match &tally {
        Some(tally) => together(view, tally),
        None if given_up => ("·", Role::Dim),
        None => sign(view, step, done),
    };
    let row = lead(steps, sign, Some(place + 1)).and(steps.rail(at));
    let row = if calls { row.with(fold(steps, node), Role::Key) } else { row };
    let row = row.and(name(run, step, done, steps.shape.name(node, step)));
    // A call stands for its steps where they are folded away.
    let stands_for = if !calls {
        1
    } else if is_folded(view, run, steps.shape, node) {
        usize::MAX
    } else {
        0
    };
    let places = steps.shape.places(node).take(stands_for);
    let finding = match tally {
        Some(tally) => tally.row(),
        None if given_up => Row::of("nobody is asked any more", Role::Dim),
        None => finding(view, run, step, done),
    };
    let finding = marked(steps, places, finding);
    let before_no_return = steps.node(at).is_some_and(|node| node.before_no_return);
    let right = if calls { Row::new() } else { right(view, step, done, before_no_return) };
    Line::of(Thing::Step(run.id, step.id.clone()), with_finding(steps, row, finding)).right(right)
}

/// Whether a step waited for people, and its run went another way.
fn is_given_up(run: &Run, step: &Step, done: &StepRun) -> bool {
    matches!(done.state, StepState::Waiting { .. }) && !needs_somebody(run, step, done)
}

fn name(run: &Run, step: &Step, done: &StepRun, words: &str) -> Row {
    let role = match &done.state {
        StepState::Pending | StepState::NotNeeded { .. } => Role::Dim,
        StepState::Done { .. } | StepState::Skipped { .. } => Role::Text,
        _ => Role::Strong,
    };
    let waits = is_open_gate(step, done) && !is_given_up(run, step, done);
    let label_role = match &step.action {
        Action::Gate(_) if waits => Role::Waits,
        Action::Gate(_) => role,
        _ => Role::Dim,
    };
    // The mark of a gate that waits ends before the blank behind it.
    let label = label(step);
    let row = Row::of(label.trim_end(), label_role);
    let row = if label.is_empty() { row } else { row.gap(1) };
    row.with(words, role)
}

fn of_group(steps: &Steps<'_>, at: usize, node: u32, id: &StepId, name: &str) -> Line {
    let tally = Tally::of(steps.run, steps.shape, node);
    let role = if tally.standing() == Standing::Pending { Role::Dim } else { Role::Text };
    let row = lead(steps, together(steps.view, &tally), None).and(steps.rail(at));
    let row = row.with(fold(steps, node), Role::Key).with(name, role);
    let stands_for = if is_folded(steps.view, steps.run, steps.shape, node) { usize::MAX } else { 0 };
    let finding = marked(steps, steps.shape.places(node).take(stands_for), tally.row());
    Line::of(Thing::Group(steps.run.id, id.clone()), with_finding(steps, row, finding))
}

/// The mark of what can be unfolded, or folded.
fn fold(steps: &Steps<'_>, node: u32) -> &'static str {
    if is_folded(steps.view, steps.run, steps.shape, node) { "+ " } else { "- " }
}

fn together(view: View<'_>, tally: &Tally) -> (&'static str, Role) {
    match tally.standing() {
        Standing::Pending => ("·", Role::Dim),
        Standing::Running => (spinner(view.model.at), Role::Active),
        Standing::Waits => ("▲", Role::Waits),
        Standing::Failing | Standing::Failed => ("✗", Role::Bad),
        Standing::Unknown => ("?", Role::Unknown),
        Standing::Skipped => ("!", Role::Warn),
        Standing::NotNeeded => ("»", Role::Dim),
        Standing::Done => ("✓", Role::Good),
    }
}

fn of_undo(steps: &Steps<'_>, (place, step, done): (usize, &Step, &StepRun)) -> Line {
    let row = lead(steps, sign(steps.view, step, done), Some(place + 1)).and(name(steps.run, step, done, &step.name));
    let finding = finding(steps.view, steps.run, step, done);
    let right = right(steps.view, step, done, false);
    Line::of(Thing::Step(steps.run.id, step.id.clone()), with_finding(steps, row, finding)).right(right)
}

fn kept(steps: &Steps<'_>, place: usize, step: &Step) -> Line {
    let row = lead(steps, ("!", Role::Warn), Some(place + 1)).with(&step.name, Role::Text);
    let why = match step.way_back {
        Return::None => "STAYS DONE: NO RETURN from here",
        Return::Open if steps.run.undo_of(&step.id).is_some() => "STAYS DONE: before NO RETURN",
        Return::Open => "STAYS DONE: no undo",
    };
    Line::only(with_finding(steps, row, Row::of(why, Role::Warn)))
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
fn finding(view: View<'_>, run: &Run, step: &Step, done: &StepRun) -> Row {
    let state = &view.model.state;
    match &done.state {
        StepState::Pending => Row::new(),
        StepState::Waiting { .. } => match &step.action {
            Action::Gate(gate) => gate_row(view, gate, done),
            _ => Row::of("waits: T says what became of it", Role::Waits),
        },
        StepState::Running { .. } => {
            let tries = if done.attempts > 1 { format!(", try {}", done.attempts) } else { String::new() };
            let host = run.host_of(step).map_or(String::new(), |host| format!(" on {host}"));
            Row::of(format!("running{host}{tries}"), Role::Active)
        }
        StepState::Pausing { since, pause, why, .. } => {
            let left = view.model.now().map(|now| pause.minus(now.since(since).span)).unwrap_or_default();
            Row::of(format!("{}, again in {left}", text::failure(why)), Role::Warn)
        }
        StepState::Done { how, .. } => {
            Row::of(how_text(view, how), if matches!(how, How::Said { .. }) { Role::Warn } else { Role::Text })
        }
        StepState::Failed { why, then: Then::Waits, .. } => {
            Row::of(format!("FAILED {}", text::failure(why)), Role::Bad)
        }
        StepState::Failed { why, then: Then::GoesOn, .. } => {
            Row::of(format!("FAILED, went on: {}", text::failure(why)), Role::Bad)
        }
        StepState::Unknown { what, .. } => Row::of(format!("UNKNOWN {what}"), Role::Unknown),
        StepState::NotNeeded { .. } => Row::of(text::step_state(state, &done.state), Role::Dim),
        StepState::Skipped { .. } | StepState::Declined { .. } => {
            Row::of(text::step_state(state, &done.state), Role::Warn)
        }
    }
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
fn right(view: View<'_>, step: &Step, done: &StepRun, before_no_return: bool) -> Row {
    let settled = done.state.is_settled();
    let mut row = Row::new();
    if step.way_back == Return::None && !settled {
        row = row.with("NO RETURN", Role::NoReturn).gap(2);
    }
    if matches!(step.action, Action::Gate(_)) && !settled && before_no_return {
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
