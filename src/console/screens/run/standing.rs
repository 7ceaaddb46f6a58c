//! How a run stands, in a line or two: never by colour alone.

use crate::console::canvas::{Row, count, wrap};
use crate::console::place::View;
use crate::console::screens::steps::PATH;
use crate::console::theme::Role;
use crate::console::waits::needs_somebody;
use crate::core::run::{Course, Run, RunResult, RunState, StepState};
use crate::text;

/// How far it has come: `5 of 9, 2 running, 1 waits`.
pub(crate) fn progress(run: &Run) -> Row {
    progress_within(run, usize::MAX)
}

/// The same, with as much of it as fits that many columns.
pub(crate) fn progress_within(run: &Run, room: usize) -> Row {
    let (have, all) = run.progress();
    let mut row = Row::of(format!("{have} of {all}"), Role::Strong);
    let waits = run.waiting().filter(|(_, step, done)| needs_somebody(run, step, done)).count();
    for (number, word, role) in [
        (run.board.running, "running", Role::Active),
        (waits, if waits == 1 { "waits" } else { "wait" }, Role::Waits),
        (run.board.failed, "failed", Role::Bad),
        (run.board.skipped, "left out", Role::Warn),
    ] {
        let words = format!("{number} {word}");
        if number > 0 && row.width() + words.len() + 2 <= room {
            row = row.with(", ", Role::Dim).with(words, role);
        }
    }
    row
}

/// When a run will end, what that rests on, and what would help when it is too late.
pub(super) fn forecast(view: View<'_>, run: &Run, width: usize) -> Vec<Row> {
    let Some((told, now)) = view.model.forecast(run).zip(view.model.now()) else { return Vec::new() };
    let mark = (!told.path.is_empty()).then(|| format!("{PATH} = critical path"));
    let rests = [Some(text::forecast_basis(&told.forecast)), mark];
    let rests: Vec<String> = rests.into_iter().flatten().filter(|words| !words.is_empty()).collect();
    let lines = [
        (Some(text::forecast(run, &told.forecast, &now)), Role::Strong),
        (text::forecast_pressed(&told.forecast, told.miss), Role::Bad),
        (Some(rests.join("; ")).filter(|words| !words.is_empty()), Role::Dim),
    ];
    let wrapped = |(words, role): (Option<String>, Role)| {
        let lines = wrap(&words.unwrap_or_default(), width.saturating_sub(3)).into_iter().take(2);
        lines.filter(|line| !line.is_empty()).map(move |line| Row::of(format!("  {line}"), role)).collect::<Vec<_>>()
    };
    lines.into_iter().flat_map(wrapped).collect()
}

/// What there is to say of a run that does not simply go on, each with a sign and a word that stand out.
pub(crate) fn banner(view: View<'_>, run: &Run, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Course::Back { by, why, at } = &run.course
        && run.is_open()
    {
        let by = view.model.name(by);
        rows.extend(loud(" « ROLLING BACK ", Role::Waits, &format!("since {}, {by}: {why}", at.utc), width));
    }
    match &run.state {
        RunState::Going => rows.extend(blocked(run, width)),
        RunState::Held { .. } if !run.guarded.is_empty() => {
            let says = text::guarded(&view.model.state, run);
            for (index, words) in says.iter().enumerate() {
                let word = if index == 0 { " ▲ HELD BY GUARDS " } else { "" };
                rows.extend(loud_within(word, Role::Bad, words, (width, 4)));
            }
            rows.push(
                Row::text("  ").with("R", Role::Key).with(" has the guards asked again and lets it go on", Role::Text),
            );
        }
        RunState::Held { by, reason, .. } if run.overdue.is_none() => {
            let why = reason.as_deref().map_or(String::new(), |reason| format!(": {reason}"));
            let says = format!("by {}{why}; nothing new starts. R lets it go on", view.model.name(by));
            rows.extend(loud(" ▲ HELD ", Role::Waits, &says, width));
        }
        RunState::Held { reason, at, .. } => {
            let why = reason.as_deref().unwrap_or("its time is over");
            let says = format!("since {}: {why}; nothing new starts. R lets it go on", at.utc);
            rows.extend(loud(" ▲ OVERDUE, HELD ", Role::Waits, &says, width));
        }
        RunState::Ended { result, .. } => {
            let (sign, role) = match result {
                RunResult::Done => (" ✓ ENDED ", Role::Good),
                RunResult::Partly { .. } => (" ! ENDED ", Role::Warn),
                RunResult::RolledBack { .. } => (" « ENDED ", Role::Warn),
                RunResult::Aborted { .. } => (" ✗ ENDED ", Role::Bad),
            };
            let stopping = if run.board.running > 0 { "; still stopping" } else { "" };
            let again = if matches!(result, RunResult::Aborted { .. }) { ". R takes it up again" } else { "" };
            let how = match result {
                // Which ones stands below.
                RunResult::RolledBack { undone, kept } => {
                    format!("ROLLED BACK: {} undone, {} left done", count(*undone, "step"), kept.len())
                }
                other => text::run_result(&view.model.state, other),
            };
            let says = format!("{how}{stopping}{again}");
            rows.extend(loud(sign, role, &says, width));
        }
    }
    rows
}

/// On the way to its end: what keeps every further step from starting.
fn blocked(run: &Run, width: usize) -> Vec<Row> {
    if run.course != Course::Forward || !run.is_blocked() {
        return Vec::new();
    }
    let stops = run
        .active()
        .find(|(_, _, seen)| seen.state.waits_for_people() && !matches!(seen.state, StepState::Waiting { .. }));
    let Some((place, _, seen)) = stops else { return Vec::new() };
    let says = format!("nothing new starts until somebody settles step {} ({})", place + 1, seen.state.word());
    loud(" ▲ STOPPED ", Role::Waits, &says, width)
}

fn loud(word: &str, role: Role, says: &str, width: usize) -> Vec<Row> {
    loud_within(word, role, says, (width, 2))
}

/// The same with as many lines as that.
fn loud_within(word: &str, role: Role, says: &str, (width, most): (usize, usize)) -> Vec<Row> {
    let lead = word.chars().count() + 2;
    let lines = wrap(says, width.saturating_sub(lead + 1));
    let row = |(index, line): (usize, &String)| {
        let row = if index == 0 { Row::text(" ").with(word, role).gap(1) } else { Row::new().gap(lead) };
        row.with(line, Role::Text)
    };
    lines.iter().take(most).enumerate().map(row).collect()
}
