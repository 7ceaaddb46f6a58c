//! A run: how it stands, every step with its tries and evidence, and what it wrote, to scroll.

mod detail;
mod standing;

use unicode_width::UnicodeWidthStr;

use super::steps::Steps;
use super::title;
use crate::console::canvas::{Canvas, Row};
use crate::console::edit::Focus;
use crate::console::list::{self, List};
use crate::console::message::OutputId;
use crate::console::place::{Screen, Thing, View};
use crate::console::theme::Role;
use crate::core::plan::Step;
use crate::core::run::StepRun;

use detail::Detail;

pub(crate) use detail::does;
pub(crate) use standing::{banner, progress_within};
use standing::{forecast, progress};

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
    let head = format!("{} {}: {}", run.id, run.procedure.name, progress(run).plain());
    let launched = format!("; launched by {} {}", view.model.name(&run.by), run.started.utc);
    // Where there is no room for all of it, who launched it stands in the timeline.
    let fits = head.width() + launched.width() + 8 <= body.columns();
    title(body, view, &format!("{head}{}", if fits { &launched } else { "" }));
    let (width, height) = (body.width(), body.height());
    let mut y = 1;
    for row in banner(view, run, body.columns()).into_iter().chain(forecast(view, run, body.columns())) {
        body.row(y, &row);
        y += 1;
    }
    let lines = Steps::of(view, run, body.columns());
    let cursor = super::at(view, &lines);
    let detail = match cursor.and_then(|at| lines.thing(at)) {
        Some(Thing::Group(_, id)) => Detail::of_group(view, run, &id),
        _ => Detail::of_step(view, body.columns()),
    };
    // What is known of the step takes what it needs, and at most half; its output takes half.
    let left = height.saturating_sub(y);
    let below = match detail.output {
        Some(_) => left / 2,
        None => detail.height().min(left / 2),
    };
    let count = u16::try_from(lines.count()).unwrap_or(u16::MAX);
    let top = count.min(left - below).max(1);
    list::draw(&mut body.part(0, y, width, top), &lines, cursor, Focus::Yes);
    y += top;
    detail.draw(&mut body.part(0, y, width, height.saturating_sub(y)), view);
}

fn output(area: &mut Canvas<'_>, view: View<'_>, of: &OutputId) {
    let Some(output) = view.model.outputs.get(of) else {
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
    let gap = match output.not_kept() {
        0 => String::new(),
        bytes => format!(", {bytes} in the middle NOT KEPT"),
    };
    let words = format!("output of try {}: {} bytes{gap}{missing}{place}", of.attempt, output.total());
    area.rule(0, &Row::text(words), Role::Line);
    for (line, y) in lines.get(start..end).unwrap_or_default().iter().zip(1..) {
        area.row(y, &Row::text(format!(" {line}")));
    }
}
