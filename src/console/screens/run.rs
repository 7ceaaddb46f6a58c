//! A run: every step with its tries and evidence, and what it wrote, to scroll.

use super::{steps, title};
use crate::console::canvas::{Canvas, Row, round, wrap};
use crate::console::edit::Focus;
use crate::console::list;
use crate::console::message::OutputId;
use crate::console::place::{Screen, View};
use crate::console::theme::Role;
use crate::core::plan::{Action, Return, Step};
use crate::core::run::{Run, StepRun, StepState};
use crate::core::template::Values;
use crate::text;

/// Whose output is shown: of the step under the cursor on the run's own screen; else of the program that runs, else of the one
/// that ended last. With the step's number and name.
pub(crate) fn wanted(view: View<'_>) -> Option<(OutputId, usize, String)> {
    let run = view.run()?;
    let of = |(index, step, done): (usize, &Step, &StepRun)| {
        let id = OutputId { run: run.id, step: step.id.clone(), attempt: done.attempts };
        (id, index + 1, step.name.clone())
    };
    let wrote = |(_, step, done): &(usize, &Step, &StepRun)| step.action.is_program() && done.attempts > 0;
    if view.place.screen == Screen::Run {
        return view.step().map(|(_, index, step, done)| (index, step, done)).filter(wrote).map(of);
    }
    let running = run.active().filter(wrote).last();
    let newest = || run.board.done.values().rev().filter_map(|place| run.at(*place as usize)).find(wrote);
    running.or_else(newest).map(of)
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    let Some(run) = view.run() else {
        title(body, view, "");
        return body.row(2, &Row::of("  nothing runs; L launches a runbook", Role::Dim));
    };
    let state = text::run_state(&view.model.state, &run.state);
    let by = view.model.name(&run.by);
    title(body, view, &format!("{} {}: {state}; launched by {by} {}", run.id, run.procedure.name, run.started.utc));
    let (width, height) = (body.width(), body.height());
    let lines = steps::lines(view, run, body.columns());
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let top = count.min(height.saturating_sub(1) / 2).max(1);
    list::draw(&mut body.part(0, 1, width, top), &lines, super::at(view, &lines), Focus::Yes);
    let y = top + 1;
    detail(&mut body.part(0, y, width, height.saturating_sub(y)), view);
}

/// All that is known of the step under the cursor.
fn detail(area: &mut Canvas<'_>, view: View<'_>) {
    let Some((run, index, step, done)) = view.step() else { return };
    area.rule(0, &Row::of(format!(" {} {} ", index + 1, step.name), Role::Strong), Role::Line);
    let width = area.columns().saturating_sub(2);
    let mut rows = facts(view, run, step, done, width);
    let height = usize::from(area.height());
    if wanted(view).is_none() {
        return rows.iter().zip(1..).for_each(|(row, y)| area.row(y, row));
    }
    // The output keeps at least half.
    rows.truncate((height / 2).max(2));
    rows.iter().zip(1..).for_each(|(row, y)| area.row(y, row));
    let y = u16::try_from(rows.len() + 1).unwrap_or(u16::MAX);
    let (columns, rest) = (area.width(), area.height().saturating_sub(y));
    output(&mut area.part(0, y, columns, rest), view);
}

fn output(area: &mut Canvas<'_>, view: View<'_>) {
    let Some((of, ..)) = wanted(view) else { return };
    let Some(output) = view.model.outputs.get(&of) else {
        return area.rule(0, &Row::of("output: fetching", Role::Dim), Role::Line);
    };
    let (lines, height) = (output.lines(), usize::from(area.height().saturating_sub(1)));
    let up = view.place.scrolled.min(lines.len().saturating_sub(height));
    let end = lines.len() - up;
    let start = end.saturating_sub(height);
    let place =
        if up > 0 { format!(", lines {} to {end} of {}; PgDn goes on", start + 1, lines.len()) } else { String::new() };
    let missing =
        if output.skipped() > 0 { format!(", first {} bytes left out", output.skipped()) } else { String::new() };
    let words = format!("output of try {}: {} bytes{missing}{place}", of.attempt, output.total());
    area.rule(0, &Row::text(words), Role::Line);
    for (line, y) in lines.get(start..end).unwrap_or_default().iter().zip(1..) {
        area.row(y, &Row::text(format!(" {line}")));
    }
}

fn facts(view: View<'_>, run: &Run, step: &Step, done: &StepRun, width: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = wrap(&does(step, &run.values), width).iter().map(|l| Row::text(format!(" {l}"))).collect();
    let (sign, role) = steps::sign(view, step, done);
    let stands = match &done.state {
        StepState::Done { how, at, took } => {
            format!("done {}, {}, took {took}", at.utc, steps::how_text(view, how))
        }
        other => text::step_state(&view.model.state, other),
    };
    let row = Row::text(" ").with(sign, role).with(format!(" {stands}"), Role::Strong);
    let tries = if done.attempts > 0 { format!("   tries: {}", done.attempts) } else { String::new() };
    rows.push(row.with(tries, Role::Dim));
    for yes in &done.confirmations {
        let loss = yes.max_loss.map_or(String::new(), |loss| format!(", accepting a loss of at most {loss}"));
        let words = format!("   {} confirmed {}, expires {}{loss}", view.model.name(&yes.by), yes.at.utc, yes.expires);
        rows.push(Row::text(words));
    }
    rows.extend(limits(step));
    rows.extend(history(view, run, step));
    rows
}

/// What a step does, with its values filled in.
pub(crate) fn does(step: &Step, values: &Values) -> String {
    let action = text::action(&step.action, values);
    match &step.action {
        Action::Manual { .. } => format!("by hand: {action}"),
        Action::Gate(_) => action,
        Action::Command { .. } => format!("runs {action}"),
        Action::Http(_) => format!("sends {action}"),
        Action::Health { .. } => format!("sees: {action}"),
        _ => action,
    }
}

fn limits(step: &Step) -> Option<Row> {
    let mut words: Vec<String> = Vec::new();
    words.extend(step.timeout.map(|limit| format!("at most {}", round(limit))));
    if step.retry.times > 0 {
        let tries =
            if step.retry.times == 1 { "1 more try".to_owned() } else { format!("{} more tries", step.retry.times) };
        words.push(format!("{tries}, {} apart", round(step.retry.every)));
    }
    words.extend(step.estimate.map(|estimate| format!("expected ~{}", round(estimate))));
    let row = (!words.is_empty()).then(|| Row::of(format!("   {}", words.join("; ")), Role::Dim));
    match step.way_back {
        Return::Open => row,
        Return::None => Some(row.unwrap_or_default().gap(3).with("NO RETURN", Role::NoReturn)),
    }
}

/// What happened to a step, oldest first.
fn history(view: View<'_>, run: &Run, step: &Step) -> Vec<Row> {
    let about = |event: &crate::core::event::Event| {
        event.run() == Some(run.id) && super::timeline::step_of(event) == Some(&step.id)
    };
    let rows = view.model.rows().filter(|entry| about(&entry.event));
    let mut rows: Vec<Row> = rows.take(12).map(|entry| Row::text("  ").and(super::entry_row(view, entry))).collect();
    rows.reverse();
    rows
}
