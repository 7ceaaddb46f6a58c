//! Tasks and decisions, as the timeline and lists tell them.

use crate::core::agenda::{Decision, DecisionChange, Task, TaskChange, TaskEnd};
use crate::core::ids::IncidentId;
use crate::core::state::State;
use crate::core::time::{Now, Span};

use super::clean_line as line;

/// What became of a task: `task 2 for mike, within 15m: look at the logs`.
#[must_use]
pub fn task_change(state: &State, number: usize, change: &TaskChange) -> String {
    match change {
        TaskChange::Given { text, owner, within, report } => {
            let within = within.map(|within| format!(", within {within}")).unwrap_or_default();
            let report = report.map(|report| format!(", says in {report} how it goes")).unwrap_or_default();
            format!("task {number} for {}{within}{report}: {}", line(&state.name(owner)), line(text))
        }
        TaskChange::Ended(how) => format!("task {number} {}", task_end(how)),
    }
}

fn task_end(how: &TaskEnd) -> String {
    match how {
        TaskEnd::Done { words: None } => "is done".to_owned(),
        TaskEnd::Done { words: Some(words) } => format!("is done: {}", line(words)),
        TaskEnd::Dropped { why } => format!("is dropped: {}", line(why)),
    }
}

/// How a task stands: `LATE 4m`, `11m left`, `is done: nothing there`.
#[must_use]
pub fn task_stands(task: &Task, now: &Now) -> String {
    match (&task.end, task.late(now), task.within) {
        (Some(end), ..) => task_end(&end.how),
        (None, Some(late), _) => format!("LATE {late}"),
        (None, None, Some(within)) => format!("{} left", within.minus(now.surely_since(&task.at))),
        (None, None, None) => "open".to_owned(),
    }
}

/// What became of a decision: `decision 1: (2) wait, because the replica is behind`.
#[must_use]
pub fn decision_change(state: &State, incident: &IncidentId, number: usize, change: &DecisionChange) -> String {
    match change {
        DecisionChange::Asked { question, options, within } => {
            format!(
                "decision {number} asked: {} {}; strong objections within {within}",
                line(question),
                listed(options)
            )
        }
        DecisionChange::Objected { text } => format!("strong objection to decision {number}: {}", line(text)),
        DecisionChange::Made { option, why, again } => {
            let known = state.incidents.get(incident).and_then(|known| known.decisions.get(number.checked_sub(1)?));
            let chosen = known.and_then(|known| known.options.get(option.checked_sub(1)?));
            let chosen = chosen.map(|chosen| format!(" {}", line(chosen))).unwrap_or_default();
            let again = again.map(|again| format!("; looked at again in {again}")).unwrap_or_default();
            format!("decision {number}: ({option}){chosen}, because {}{again}", line(why))
        }
    }
}

/// How a decision stands: `objections for 40s more`, `decided: (1) go: ...`.
#[must_use]
pub fn decision_stands(decision: &Decision, now: &Now) -> String {
    let objections = match decision.objections.len() {
        0 => String::new(),
        1 => ", 1 strong objection".to_owned(),
        many => format!(", {many} strong objections"),
    };
    match (&decision.made, decision.is_due_again(now)) {
        (Some(made), due) => {
            let due = due.map(|since| format!("; to be looked at again since {since}")).unwrap_or_default();
            format!("decided: ({}), because {}{objections}{due}", made.option, line(&made.why))
        }
        (None, _) => match decision.objections_left(now) {
            Span::ZERO => format!("waits for whoever decides{objections}"),
            left => format!("strong objections for {left} more{objections}"),
        },
    }
}

/// `(1) go (2) wait`.
#[must_use]
pub fn listed(options: &[String]) -> String {
    let shown = options.iter().enumerate().map(|(place, option)| format!("({}) {}", place + 1, line(option)));
    shown.collect::<Vec<_>>().join(" ")
}
