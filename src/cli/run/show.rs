//! `warroom run list` and `warroom run show`

use super::super::out::{Format, Out};
use super::super::{Outcome, find};
use crate::core::ids::RunId;
use crate::core::plan::{Action, Return};
use crate::core::run::{Run, StepState};
use crate::core::state::State;
use crate::text;
use crate::wire::Snapshot;

pub(super) fn list(snapshot: &Snapshot, out: &mut Out) -> Outcome {
    let state = &snapshot.state;
    if out.format == Format::Json {
        return out.json(&state.runs.values().rev().collect::<Vec<_>>());
    }
    if state.runs.is_empty() {
        return out.line("no runs");
    }
    let rows: Vec<_> = state.runs.values().rev().map(|run| row(state, run)).collect();
    out.table(&rows)
}

fn row(state: &State, run: &Run) -> Vec<String> {
    let (settled, all) = run.progress();
    let call_sign = state.incidents.get(&run.incident).map_or_else(String::new, |i| i.call_sign.to_string());
    vec![
        run.id.to_string(),
        text::run_state(state, &run.state),
        format!("{settled}/{all}"),
        call_sign,
        text::clean_line(&run.procedure.name).into_owned(),
        format!("{} by {}", run.started.utc.dated(), text::clean_line(&state.name(&run.by))),
    ]
}

pub(super) fn show(snapshot: &Snapshot, id: RunId, out: &mut Out) -> Outcome {
    let state = &snapshot.state;
    let run = find::run(state, id)?;
    if out.format == Format::Json {
        return out.json(run);
    }
    out.line(row(state, run).join("  "))?;
    for (index, (step, done)) in run.pairs().enumerate() {
        let (name, kind) = (text::clean_line(&step.name), step.action.kind());
        let tries = if done.attempts > 1 { format!("   try {}", done.attempts) } else { String::new() };
        let no_return = if step.way_back == Return::None { "   NO RETURN" } else { "" };
        let how = text::step_state(state, &done.state);
        out.line(format!(
            "{} {:>2} {kind:<7} {name} ({}): {how}{tries}{no_return}",
            sign(&done.state),
            index + 1,
            step.id
        ))?;
        if let (Action::Gate(gate), StepState::Waiting { .. }) = (&step.action, &done.state) {
            out.line(format!("     {}", text::gate(state, gate, done)))?;
        }
    }
    for (_, step, done) in run.waiting() {
        out.line(format!("waits for people: {} ({})", step.id, done.state.word()))?;
    }
    Ok(())
}

/// One character that says how a step stands.
fn sign(state: &StepState) -> char {
    match state {
        StepState::Pending => '.',
        StepState::Waiting { .. } => '^',
        StepState::Running { .. } | StepState::Pausing { .. } => '>',
        StepState::Done { .. } => 'v',
        StepState::Failed { .. } | StepState::Declined { .. } => 'x',
        StepState::Unknown { .. } => '?',
        StepState::Skipped { .. } | StepState::NotNeeded { .. } => '-',
    }
}
