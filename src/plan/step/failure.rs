//! What happens when a step fails: tries, what its failure means, and how it is taken back.

use crate::core::plan::{OnFailure, Retry, Undo, Ungraceful};
use crate::core::time::Span;

use super::{Reader, Scope, actions};
use crate::plan::fields::{Field, Shape};
use crate::plan::names::{Doing, Names};
use crate::plan::outline::Stands;
use crate::plan::resolve::{LONGEST, SHORTEST};
use crate::plan::tree::Value;

const RETRY: Shape = Shape { what: "a retry", fields: &["times", "every", "backoff", "at_most"] };
const HANDLER: Shape = Shape { what: "a handler", fields: &["do"] };
const FORM: &[&str] = &[
    "manual", "command", "shell", "http", "sql", "postgres", "config", "haproxy", "nginx", "dns", "notify", "timeout",
    "retry", "host",
];
const UNDO: Shape = Shape { what: "an undo", fields: FORM };
const UNGRACEFUL: Shape = Shape { what: "an ungraceful form", fields: FORM };

/// What can take a step back, of which an undo does one.
const UNDOES: [&str; 11] =
    ["manual", "command", "shell", "http", "sql", "postgres", "config", "haproxy", "nginx", "dns", "notify"];

/// What a failure can mean in one word; a step that mends cannot have the last.
const WORDS: [(&str, Word); 3] = [("stop", Word::Stop), ("continue", Word::Continue), ("rollback", Word::Rollback)];

#[derive(Clone, Copy)]
enum Word {
    Stop,
    Continue,
    Rollback,
}

const MOST_RETRIES: u64 = 100;
const RETRY_EVERY: Span = Span::from_secs(5);

/// Tries: how many, or also how far apart.
pub(super) fn retry(field: &Field<'_>) -> Option<Retry> {
    let count = |f: &Field<'_>| f.whole(1..=MOST_RETRIES).and_then(|n| u32::try_from(n).ok());
    if let Value::Scalar { .. } = field.node.value {
        return Some(Retry { times: count(field)?, every: RETRY_EVERY, ..Retry::NEVER });
    }
    let fields = field.fields(RETRY)?;
    let times = fields.need("times", "3").and_then(|f| count(&f));
    let every = fields.get("every").map_or(Some(RETRY_EVERY), |f| f.span_within(SHORTEST, LONGEST));
    let grow = fields.get("backoff").map_or(Some(Retry::NEVER.grow), |f| f.factor());
    let at_most = fields.get("at_most").map(|f| {
        let longest = f.span_within(SHORTEST, LONGEST)?;
        match every.filter(|every| *every > longest) {
            Some(every) => {
                f.wrong(format!("{longest} is shorter than every, {every}"), Some(format!("{every} or more")))
            }
            None => Some(longest),
        }
    });
    Some(Retry { times: times?, every: every?, grow: grow?, at_most: at_most.flatten() })
}

/// A word, or steps that mend. Steps that mend are not mended themselves.
pub(super) fn on_failure(field: &Field<'_>, step: usize, reader: &Reader<'_>) -> Option<OnFailure> {
    let mends = matches!(reader.stands(step), Stands::Mends(_));
    match field.node.value {
        Value::Scalar { .. } => {
            let words = if mends { &WORDS[..2] } else { &WORDS[..] };
            Some(match field.choice(words)? {
                Word::Stop => OnFailure::Stop,
                Word::Continue => OnFailure::Continue,
                Word::Rollback => OnFailure::Rollback,
            })
        }
        Value::Map(_) if mends => {
            let what = "a step that mends another has no steps that mend it";
            field.wrong(what, Some("on_failure: stop, or continue".to_owned()))
        }
        Value::Map(_) => {
            let handler = field.fields(HANDLER)?.need("do", "a list of steps that mend it")?;
            Some(OnFailure::Do(reader.handler(&handler, step)))
        }
        Value::List(_) => {
            let right = "stop, continue, rollback, or {do: [steps]}".to_owned();
            field.wrong_type("a word, or steps that mend", Some(right))
        }
    }
}

/// How a step is taken back: one thing to do. The step's own results are known by then.
pub(super) fn undo(field: &Field<'_>, scope: &Scope<'_>) -> Option<Undo> {
    let scope = Scope { names: Names { doing: Doing::Undo, ..scope.names }, ..*scope };
    form(field, UNDO, actions::UNDO, &scope)
}

/// How a step is done in an emergency: `skip`, or one other thing to do.
pub(super) fn ungraceful(field: &Field<'_>, scope: &Scope<'_>) -> Option<Ungraceful> {
    match field.node.value {
        Value::Scalar { .. } => field.choice(&[("skip", ())]).map(|()| Ungraceful::LeftOut),
        _ => form(field, UNGRACEFUL, actions::UNGRACEFUL, scope).map(|form| Ungraceful::Instead(Box::new(form))),
    }
}

fn form(field: &Field<'_>, shape: Shape, doer: actions::Doer, scope: &Scope<'_>) -> Option<Undo> {
    let fields = field.fields(shape)?;
    let action = actions::one(&fields, &UNDOES, doer, scope);
    let timeout = fields.get("timeout").map(|f| f.span_within(SHORTEST, LONGEST));
    let retry = fields.get("retry").map_or(Some(Retry::NEVER), |f| retry(&f));
    let host = fields.get("host").map(|f| super::program::host(&f, scope));
    Some(Undo { action: action?, timeout: timeout.flatten(), retry: retry?, host: host.flatten() })
}
