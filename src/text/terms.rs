//! On what terms a step is done: what it waits for, when, for what, and what becomes of it when it fails.

use super::kinds::words;
use super::{action, all_of, clean_line};
use crate::core::plan::{Capture, List, Needs, OnFailure, Order, Part, Repeat, Retry, Step, Which};
use crate::core::template::Values;

/// The terms of a step, a sentence each; none for a step that is done once, after all above it, and stops its run.
#[must_use]
pub fn terms(step: &Step, values: &Values) -> Vec<String> {
    let mut terms = Vec::new();
    if let Needs::These(needs) = &step.needs {
        let names: Vec<&str> = needs.iter().map(|id| id.as_str()).collect();
        terms.push(if names.is_empty() {
            "waits for nothing".to_owned()
        } else {
            format!("waits for {}", all_of(&names))
        });
    }
    terms.extend(step.when.as_ref().map(|condition| format!("when {condition}")));
    terms.extend(step.each.as_ref().map(|each| format!("for each {} of {}", each.name, list(&each.list, values))));
    terms.extend(step.host.as_ref().map(|host| format!("on host {}", words(std::slice::from_ref(host), values))));
    terms.extend(step.timeout.map(|timeout| format!("at most {timeout}")));
    terms.extend((step.retry != Retry::NEVER).then(|| retry(&step.retry)));
    terms.extend((step.repeat == Repeat::IsHarmless).then(|| "done again by itself when lost from sight".to_owned()));
    terms.extend(step.part.map(|part| format!("a launch can leave it out: {}", part_word(part))));
    terms.extend(step.captures.iter().map(|(name, from)| format!("gives {name}: {}", capture(from))));
    match &step.on_failure {
        OnFailure::Stop => {}
        OnFailure::Continue => terms.push("failed, the run goes on without it".to_owned()),
        OnFailure::Rollback => terms.push("failed, what was done is undone".to_owned()),
        OnFailure::Do(steps) => {
            terms.extend(
                steps.iter().map(|step| format!("failed, mended by {}: {}", step.id, action(&step.action, values))),
            );
        }
    }
    terms.extend(step.undo.as_ref().map(|undo| format!("undone by: {}", action(&undo.action, values))));
    terms.iter().map(|term| clean_line(term).into_owned()).collect()
}

fn list(list: &List, values: &Values) -> String {
    match list {
        List::Items(items) => {
            all_of(&items.iter().map(|item| words(std::slice::from_ref(item), values)).collect::<Vec<_>>())
        }
        List::Components { which, order } => {
            let which = match which {
                Which::All => "all components".to_owned(),
                Which::Affected => "the components affected".to_owned(),
                Which::These(ids) => all_of(&ids.iter().map(|id| id.as_str()).collect::<Vec<_>>()),
            };
            let order = match order {
                Order::Priority => "the more critical first",
                Order::Dependencies => "each after what it depends on",
            };
            format!("{which}, {order}")
        }
    }
}

fn retry(retry: &Retry) -> String {
    let grows = if retry.grow > 100 {
        format!(", each pause {} times as long", f64::from(retry.grow) / 100.0)
    } else {
        String::new()
    };
    let most = retry.at_most.map(|most| format!(", at most {most}")).unwrap_or_default();
    format!("tried again up to {} times, after {}{grows}{most}", retry.times, retry.every)
}

fn capture(capture: &Capture) -> String {
    match capture {
        Capture::LastLine => "the last line of output".to_owned(),
        Capture::Json(pointer) if pointer.is_empty() => "the whole JSON".to_owned(),
        Capture::Json(pointer) => format!("{pointer} of the JSON"),
        Capture::Header(name) => format!("the header {name}"),
        Capture::Column(name) => format!("the column {name}"),
        Capture::Rows => "how many rows came".to_owned(),
    }
}

fn part_word(part: Part) -> &'static str {
    match part {
        Part::Verify => "verification",
        Part::Notify => "telling people",
        Part::Dns => "names",
        Part::LoadBalancer => "load balancers",
    }
}
