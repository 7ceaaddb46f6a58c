//! How a run stands: what it waits for, what went wrong, what comes next.

use super::{all_of, any_of, clean_line, failure, role, run_state, step_state, verdict};
use crate::core::ids::{RunId, StepId};
use crate::core::plan::Action;
use crate::core::run::Run;
use crate::core::state::State;
use crate::core::status::{Error, Next, Wait};

/// Most things that one line says.
const SHOWN: usize = 3;

/// What a run waits for, in a line: `waits for the program of step stop: 12s of 2m00s`.
#[must_use]
pub fn waits(state: &State, run: &Run, waits: &[Wait]) -> String {
    let shown: Vec<String> = waits.iter().take(SHOWN).map(|one| wait(state, run, one)).collect();
    match waits.len() {
        0 => "waits for nothing: it is over".to_owned(),
        all if all > SHOWN => format!("waits for {}; and {} more", shown.join("; "), all - SHOWN),
        _ => format!("waits for {}", shown.join("; ")),
    }
}

/// One thing that a run waits for, as it goes on behind `waits for`.
#[must_use]
pub fn wait(state: &State, run: &Run, wait: &Wait) -> String {
    let sentence = match wait {
        Wait::Held { by, since, reason } => {
            let why = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("a person to resume it, held by {} since {}{why}", state.name(by), since.utc)
        }
        Wait::Confirmation { step, have, needs, roles } => {
            let who = |(of, holder): &(_, Option<_>)| {
                let name = holder.as_ref().map_or("nobody yet".into(), |who| state.name(who));
                format!("{} ({name})", role(of))
            };
            let roles: Vec<String> = roles.iter().map(who).collect();
            let whom = if roles.is_empty() { "anybody who may".to_owned() } else { any_of(&roles) };
            let names: Vec<_> = have.iter().map(|who| state.name(who)).collect();
            let names = if names.is_empty() { String::new() } else { format!(" ({})", all_of(&names)) };
            format!("people at {}: {} of {needs}{names}; {whom}", titled(run, step), have.len())
        }
        Wait::Hand { step } => format!("a person to do {}", titled(run, step)),
        Wait::Decision { step } => format!("a person to settle {}: {}", titled(run, step), stands(state, run, step)),
        Wait::Work { step, kind, host, lasts, limit } => {
            let what = match *kind {
                "command" | "shell" => "the program of ",
                "http" => "the answer to ",
                "sql" => "the database in ",
                _ => "",
            };
            let host = host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
            let limit = limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
            format!("{what}step {step}{host}: {lasts}{limit}")
        }
        Wait::Health { step, not_ok, ok, good_for, stable_for, lasts, within } => {
            let bad: Vec<String> = not_ok.iter().map(|(probe, is)| format!("{probe} ({})", verdict(*is))).collect();
            match good_for {
                Some(good_for) if not_ok.is_empty() => {
                    format!("the health in step {step} to hold: all {ok} probes ok for {good_for} of {stable_for}")
                }
                _ if bad.is_empty() => format!("health in step {step}, which nothing looks at: {lasts} of {within}"),
                _ => format!("{} to be ok in step {step}: {lasts} of {within}", super::some_of(&bad, SHOWN)),
            }
        }
        Wait::Guards { step, refused } => {
            let pair = super::Pair::of_run(state, run.id);
            let found: Vec<String> = refused.iter().map(|finding| super::guard_sentence(&pair, finding)).collect();
            format!("guards of step {step}: {}", found.join("; "))
        }
        Wait::Time { step, left, of } => format!("time to pass in step {step}: {left} of {of} left"),
        Wait::Again { step, left, attempt, of, why } => {
            format!("try {attempt} of {of} of step {step}, in {left}: {}", failure(why))
        }
        Wait::Channels { step, channels } => {
            let names: Vec<&str> = channels.iter().map(|channel| channel.as_str()).collect();
            let names = if names.is_empty() { "channels".to_owned() } else { all_of(&names) };
            format!("{names} to take the words of step {step}")
        }
        Wait::Lane { step, lanes } => format!("{} of the run, for step {step}", one_lane(*lanes)),
        Wait::HostLane { step, host, lanes, taken_by } => {
            let runs: Vec<String> = taken_by.iter().map(RunId::to_string).collect();
            format!("{} on {host}, taken by {}, for step {step}", one_lane(*lanes), all_of(&runs))
        }
        Wait::Connection { step, since, why } => {
            format!("the engine to be connected again, cut off since {}: {why}; step {step} looks then", since.utc)
        }
        Wait::Sight { step, what } => format!("step {step} to be seen to have ended: {what}; it is done again then"),
        Wait::Engine { step } => format!("the engine to begin step {step}"),
    };
    clean_line(&sentence).into_owned()
}

/// What went wrong first: `step stop: FAILED: exit 1`.
#[must_use]
pub fn status_error(state: &State, error: &Error) -> String {
    format!("step {}: {}", error.step, step_state(state, &error.state))
}

/// Something for people to do, as an order: `confirm or decline at step go, Promote West`.
#[must_use]
pub fn next_step(state: &State, run: &Run, next: &Next) -> String {
    let sentence = match next {
        Next::Resume => "resume the run, or abort it".to_owned(),
        Next::Confirm(step) => format!("confirm or decline at {}", titled(run, step)),
        Next::Do(step) => format!("do {}", titled(run, step)),
        Next::Settle(step) => format!("settle {}: {}", titled(run, step), stands(state, run, step)),
        Next::Decide => format!("find another way: {}", run_state(state, &run.state)),
        Next::Watch(left) => format!("watch the front door hold for {left} more"),
        Next::Tell if run.is_open() => "send an update: nobody was told since the run began".to_owned(),
        Next::Tell => "send an update: nobody was told since the run ended".to_owned(),
        Next::FailBack(Some(procedure)) => format!("fail back when that is safe, by {procedure}"),
        Next::FailBack(None) => "fail back when that is safe; the plan has no procedure for it".to_owned(),
        Next::Close => "close the incident".to_owned(),
    };
    clean_line(&sentence).into_owned()
}

fn one_lane(lanes: u32) -> String {
    if lanes == 1 { "the only lane".to_owned() } else { format!("one of {lanes} lanes") }
}

/// `step go, Promote West`.
fn titled(run: &Run, id: &StepId) -> String {
    let step = run.find(id).map(|(_, step, _)| step);
    let title = step.map(|step| match &step.action {
        Action::Gate(gate) => gate.question.as_str(),
        Action::Manual { sentence } => sentence.as_str(),
        _ => step.name.as_str(),
    });
    title.map_or_else(|| format!("step {id}"), |title| format!("step {id}, {title}"))
}

fn stands(state: &State, run: &Run, id: &StepId) -> String {
    run.find(id).map(|(_, _, seen)| step_state(state, &seen.state)).unwrap_or_default()
}
