//! A history as people read it: one line a move or an event.

use std::sync::{Arc, Mutex};

use warroom::core::command::Command;
use warroom::core::event::Event;
use warroom::core::ids::Principal;
use warroom::core::refusal::Refusal;
use warroom::core::state::Entry;

/// Where lines go; nowhere, at no cost, unless somebody reads them.
#[derive(Debug, Clone, Default)]
pub struct Log(Option<Arc<Mutex<Vec<String>>>>);

/// Longest line, in characters.
const WIDEST: usize = 240;

impl Log {
    /// One that is kept.
    pub fn kept() -> Log {
        Log(Some(Arc::default()))
    }

    pub fn line(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.0 {
            lines.lock().unwrap().push(line().replace('\n', " ").chars().take(WIDEST).collect());
        }
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.as_ref().map(|lines| lines.lock().unwrap().clone()).unwrap_or_default()
    }
}

/// What somebody asked for, and whether it was granted.
pub fn asked(by: &Principal, command: &Command, refused: Option<&Refusal>) -> String {
    let command = match command {
        Command::LoadPlan { read: Some((plan, hash)), .. } => format!("LoadPlan {} {}", plan.id, hash.0),
        other => format!("{other:?}"),
    };
    match refused {
        None => format!("{by} asks: {command}"),
        Some(why) => format!("{by} asks: {command} -- refused: {why:?}"),
    }
}

/// An entry of the journal.
pub fn entry(entry: &Entry) -> String {
    let what = match &entry.event {
        Event::StepStarted { run, step, attempt } => format!("{run} {step} begins, try {attempt}"),
        Event::StepSucceeded { run, step, attempt, .. } => format!("{run} {step} is done, try {attempt}"),
        Event::StepFailed { run, step, attempt, why, again } => {
            format!("{run} {step} failed, try {attempt}, again {again:?}: {why:?}")
        }
        Event::StepLost { run, step, attempt, .. } => format!("{run} {step} is lost from sight, try {attempt}"),
        Event::StepRegained { run, step, attempt } => format!("{run} {step} is seen again, try {attempt}"),
        Event::StepNotNeeded { run, step, why } => format!("{run} {step} is not needed: {why}"),
        Event::StepSkipped { run, step, .. } => format!("{run} {step} is left out"),
        Event::RunStarted { run, procedure, graph, components, .. } => {
            let rows: Vec<(_, Vec<u32>)> = graph.as_ref().map(|g| (**g).clone().into()).unwrap_or_default();
            let steps = procedure.as_ref().map(|p| p.steps.as_slice()).unwrap_or_default();
            let rows: Vec<String> = rows
                .iter()
                .zip(steps)
                .map(|((id, needs), step)| format!("{id}({}){needs:?}", step.action.kind()))
                .collect();
            format!("{run} begins on {components:?}: {}", rows.join(" "))
        }
        other => format!("{other:?}"),
    };
    format!("  {} {} {}: {what}", entry.seq, entry.at.utc, entry.by)
}
