//! What a step does, with its values filled in: what a preview shows before anything acts.

use std::fmt::Write as _;

use crate::core::plan::{Action, Gate, HttpRequest, Launcher, Subject};
use crate::core::template::{Template, Values, fill_json};
use crate::core::time::Span;

use super::words::people;
use super::{any_of, clean_line, kinds, role, traffic};

/// What a step does, in one line: `POST http://router/sites/east {"weight":0}`. A value that is missing stands as `${name}`.
#[must_use]
pub fn action(action: &Action, values: &Values) -> String {
    match action {
        Action::Manual { sentence } => clean_line(sentence).into_owned(),
        Action::Gate(definition) => gate(definition),
        Action::Command { argv } => clean_line(&kinds::words(argv, values)).into_owned(),
        Action::Shell { script } => clean_line(&kinds::script(script)).into_owned(),
        Action::Http(request) => clean_line(&http(request, values)).into_owned(),
        Action::Health { subject, within, stable_for } => {
            let (what, id) = match subject {
                Subject::Site(id) => ("site", id),
                Subject::Component(id) => ("component", id),
            };
            let id = clean_line(&filled(id, id.fill(values))).into_owned();
            let stable = if *stable_for > Span::ZERO { format!(" for {stable_for}") } else { String::new() };
            format!("wait until {what} {id} is healthy{stable}, at most {within}")
        }
        Action::Sql(statement) => clean_line(&kinds::sql(statement, values)).into_owned(),
        Action::File(check) => clean_line(&kinds::file(check)).into_owned(),
        Action::Wait { span } => format!("wait {span}"),
        Action::Config(config) => clean_line(&kinds::config(config, values)).into_owned(),
        Action::Haproxy(server) => clean_line(&traffic::haproxy(server, values)).into_owned(),
        Action::Nginx(upstream) => clean_line(&traffic::nginx(upstream, values)).into_owned(),
        Action::Dns(records) => clean_line(&traffic::dns(records, values)).into_owned(),
        Action::Postgres(does) => clean_line(&super::postgres::step(does, values)).into_owned(),
        Action::Notify(notice) => clean_line(&kinds::notice(notice, values)).into_owned(),
        Action::Procedure(call) => clean_line(&kinds::call(call, values)).into_owned(),
    }
}

fn gate(gate: &Gate) -> String {
    let roles: Vec<_> = gate.roles.iter().map(role).collect();
    let who = if roles.is_empty() { String::new() } else { format!(", {}", any_of(&roles)) };
    let other = if gate.launcher == Launcher::IsAnother { ", not who launched the run" } else { "" };
    format!("{}: {}{who}{other}", clean_line(&gate.question), people(gate.people.into()))
}

fn http(request: &HttpRequest, values: &Values) -> String {
    let mut text = format!("{} {}", request.method, filled(&request.url, request.url.fill_url(values)));
    if let Some(body) = &request.json {
        // Writing into a String cannot fail.
        let _ = write!(text, " {}", fill_json(body, values).unwrap_or_else(|_| body.clone()));
    }
    let status = request.status.map_or_else(|| "2xx".to_owned(), |status| status.to_string());
    let _ = write!(text, ", expects {status}");
    if let Some(contains) = &request.contains {
        let _ = write!(text, " with {contains}");
    }
    text
}

pub(super) fn filled<E>(template: &Template, filled: Result<String, E>) -> String {
    filled.unwrap_or_else(|_| template.source().to_owned())
}

/// As a shell would need it, so that where one argument ends and the next begins can be seen.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_shows_what_it_will_do_with_its_values() {
        let template = |text: &str| Template::new(text).unwrap();
        let values: Values =
            [("from", "east"), ("why", "it's down; rm -rf \u{1b}")].map(|(k, v)| (k.into(), v.into())).into();
        let request = HttpRequest {
            method: "POST".into(),
            url: template("http://router/sites/${why}"),
            headers: Default::default(),
            json: Some(serde_json::json!({"site": "${from}", "weight": 0})),
            status: Some(200),
            contains: None,
        };
        let within = Span::from_secs(30);
        for (given, sentence) in [
            (Action::Manual { sentence: "Open the bridge\nnow".into() }, "Open the bridge now"),
            (
                Action::Command { argv: ["power", "off", "${from}", "${why}", ""].map(template).into() },
                r"power off east 'it'\''s down; rm -rf ^[' ''",
            ),
            (Action::Command { argv: vec![template("${nothing}")] }, "'${nothing}'"),
            (
                Action::Http(request),
                r#"POST http://router/sites/it%27s%20down%3B%20rm%20-rf%20%1B {"site":"east","weight":0}, expects 200"#,
            ),
            (
                Action::Health { subject: Subject::Site(template("${from}")), within, stable_for: Span::ZERO },
                "wait until site east is healthy, at most 30s",
            ),
            (
                Action::Health { subject: Subject::Component(template("front")), within, stable_for: Span::ZERO },
                "wait until component front is healthy, at most 30s",
            ),
            (
                Action::Gate(Gate {
                    in_automatic: Default::default(),
                    question: "Promote West".into(),
                    people: 2,
                    roles: ["incident_commander".parse().unwrap()].into(),
                    launcher: Launcher::IsAnother,
                    after: None,
                }),
                "Promote West: 2 people, incident commander, not who launched the run",
            ),
        ] {
            assert_eq!(action(&given, &values), sentence);
        }
    }
}
