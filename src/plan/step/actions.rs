//! What a step does: one thing of those that it could.

use crate::core::plan::{Action, Subject};
use crate::core::template::Template;

use super::{Scope, call, config, dns, haproxy, http, look, nginx, people, postgres, program, sql};
use crate::plan::fault::At;
use crate::plan::fields::Fields;
use crate::plan::values::MAX_NAME;

/// What a step can do, of which it does one.
pub(super) const KINDS: [&str; 16] = [
    "manual",
    "gate",
    "command",
    "shell",
    "http",
    "health",
    "sql",
    "postgres",
    "file",
    "wait",
    "config",
    "haproxy",
    "nginx",
    "dns",
    "notify",
    "procedure",
];

/// Who does one thing: as messages begin with it, and as they go on.
#[derive(Clone, Copy)]
pub(super) struct Doer(&'static str, &'static str);

pub(super) const STEP: Doer = Doer("a step", "the step");
pub(super) const UNDO: Doer = Doer("an undo", "the undo");
pub(super) const UNGRACEFUL: Doer = Doer("an ungraceful form", "the ungraceful form");

/// What acts.
const ACTS: &[&str] =
    &["manual", "command", "shell", "http", "sql", "postgres", "config", "haproxy", "nginx", "dns", "notify"];
/// What the engine does, and can be cut short in.
const TIMED: &[&str] =
    &["command", "shell", "http", "sql", "postgres", "file", "config", "haproxy", "nginx", "dns", "notify"];
/// What the engine can do again.
const TRIED: &[&str] =
    &["command", "shell", "http", "health", "sql", "postgres", "file", "config", "haproxy", "nginx", "dns", "notify"];
/// What the engine acts with.
const REPEATED: &[&str] =
    &["command", "shell", "http", "sql", "postgres", "config", "haproxy", "nginx", "dns", "notify"];
/// What can fail.
const FAILS: &[&str] = &[
    "manual", "command", "shell", "http", "health", "sql", "postgres", "file", "config", "haproxy", "nginx", "dns",
    "notify",
];
/// What a launch option may leave out: all but gates.
const LEFT_OUT: &[&str] = &[
    "manual",
    "command",
    "shell",
    "http",
    "health",
    "sql",
    "postgres",
    "file",
    "wait",
    "config",
    "haproxy",
    "nginx",
    "dns",
    "notify",
    "procedure",
];

/// Fields that only some kinds of step have: what they are, the kinds, and how those are called.
const BELONGS: [(&[&str], &[&str], &str); 9] = [
    (&["people", "roles", "separate", "after"], &["gate"], "a gate"),
    (&["host"], &["command", "shell", "postgres"], "a step that runs a program"),
    (&["timeout"], TIMED, "a step that the engine can cut short"),
    (&["idempotent"], REPEATED, "a step with which the engine acts"),
    (&["retry"], TRIED, "a step that the engine can do again"),
    (&["no_return", "undo"], ACTS, "a step that does something"),
    (&["on_failure"], FAILS, "a step that can fail"),
    (&["result"], &["command", "shell", "http", "sql", "postgres"], "a step that answers"),
    (&["part_of"], LEFT_OUT, "a step that a launch can leave out"),
];

/// The kind of a step or an undo: the first of those that it could be.
pub(super) fn kind(fields: &Fields<'_>) -> Option<&'static str> {
    let (first, _) = fields.present(&KINDS).into_iter().next()?;
    KINDS.into_iter().find(|kind| *kind == first)
}

/// The one thing that is done; notes when there are several or none, and fields that belong to other kinds.
pub(super) fn one(fields: &Fields<'_>, kinds: &[&'static str], doer: Doer, scope: &Scope<'_>) -> Option<Action> {
    let found: Vec<(&str, At)> = fields.present(kinds);
    if let [(first, _), (second, at), ..] = found.as_slice() {
        let what = format!("{} does one thing; this one has {first} and {second}", doer.0);
        fields.faults().error(*at, what, Some(format!("{} for each", doer.0)));
    }
    let Some((kind, _)) = found.first() else {
        let right = format!("one of {}", kinds.join(", "));
        fields.faults().error(fields.head(), format!("{} does nothing", doer.1), Some(right));
        return None;
    };
    for (names, owners, called) in BELONGS.iter().filter(|(_, owners, _)| !owners.contains(kind)) {
        for (name, at) in fields.present(names) {
            let right = format!("{name} beside {}, or left out", owners.join(", "));
            fields.faults().error(at, format!("{name} belongs to {called}, and this is a {kind} step"), Some(right));
        }
    }
    // All that are there are read, so that one with two of them has its other faults told as well.
    let mut actions: Vec<Option<Action>> = found.iter().map(|(kind, _)| read(kind, fields, scope)).collect();
    actions.swap_remove(0)
}

fn read(kind: &str, fields: &Fields<'_>, scope: &Scope<'_>) -> Option<Action> {
    let field = fields.get(KINDS.into_iter().find(|known| *known == kind)?)?;
    match kind {
        "manual" => field.told(&scope.names).map(|sentence| Action::Manual { sentence }),
        "gate" => people::gate(&field, fields, scope).map(Action::Gate),
        "command" => program::command(&field, scope),
        "shell" => program::shell(&field, scope),
        "http" => http::http(&field, scope).map(Action::Http),
        "health" => look::health(&field, scope),
        "sql" => sql::sql(&field, scope).map(Action::Sql),
        "postgres" => postgres::postgres(&field, scope).map(Action::Postgres),
        "file" => look::file(&field).map(Action::File),
        "wait" => look::wait(&field),
        "config" => config::config(&field, scope).map(Action::Config),
        "haproxy" => haproxy::haproxy(&field, scope).map(Action::Haproxy),
        "nginx" => nginx::nginx(&field, scope).map(Action::Nginx),
        "dns" => dns::dns(&field, scope).map(Action::Dns),
        "notify" => people::notice(&field, scope).map(Action::Notify),
        _ => call::call(&field, scope).map(Action::Procedure),
    }
}

/// What a step without a name is called.
pub(super) fn title(action: &Action) -> String {
    let title = match action {
        Action::Manual { sentence } => sentence.clone(),
        Action::Gate(gate) => gate.question.clone(),
        Action::Command { argv } => argv.iter().map(Template::source).collect::<Vec<_>>().join(" "),
        Action::Shell { script } => script.trim().lines().next().unwrap_or_default().to_owned(),
        Action::Http(request) => format!("{} {}", request.method, request.url),
        Action::Health { subject: Subject::Site(site), .. } => format!("{site} is healthy"),
        Action::Health { subject: Subject::Component(component), .. } => format!("{component} is healthy"),
        Action::Sql(sql) => sql.query.clone(),
        Action::Postgres(does) => postgres::title(does),
        Action::File(check) => format!("{} is as it should be", check.path),
        Action::Wait { span } => format!("Wait {span}"),
        Action::Config(config) => {
            format!("Put {}", config.files.iter().map(|file| file.to.as_str()).collect::<Vec<_>>().join(", "))
        }
        Action::Haproxy(server) => haproxy::title(server),
        Action::Nginx(upstream) => nginx::title(upstream),
        Action::Dns(records) => dns::title(records),
        Action::Notify(notice) => notice.text.source().to_owned(),
        Action::Procedure(call) => call.procedure.to_string(),
    };
    short(&title)
}

/// One line, no longer than a name.
pub(super) fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_NAME) {
        None => line,
        Some(_) => line.chars().take(MAX_NAME - 1).chain(['…']).collect(),
    }
}
