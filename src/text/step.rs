//! What a step does, with its values filled in: what a preview shows before anything acts.

use std::fmt::Write as _;

use crate::core::plan::{
    Action, Call, ConfigFiles, FileCheck, Format, Gate, Given, HttpRequest, Launcher, Notice, Presence, Sql, Subject,
};
use crate::core::template::{NoValue, Template, Values, fill_json};
use crate::core::time::Span;

use super::words::{people, short_hash};
use super::{all_of, any_of, clean_line, role};

/// What a step does, in one line: `POST http://router/sites/east {"weight":0}`. A value that is missing stands as `${name}`.
#[must_use]
pub fn action(action: &Action, values: &Values) -> String {
    let text = match action {
        Action::Manual { sentence } => sentence.clone(),
        Action::Gate(definition) => return gate(definition),
        Action::Command { argv } => vector(argv, values),
        Action::Shell { script } => shell(script),
        Action::Http(request) => http(request, values),
        Action::Health { subject, within, stable_for } => health(subject, *within, *stable_for, values),
        Action::Sql(asked) => sql(asked, values),
        Action::File(check) => file(check),
        Action::Wait { span } => format!("wait {span}"),
        Action::Config(files) => config(files, values),
        Action::Notify(notice) => notify(notice, values),
        Action::Procedure(call) => procedure(call, values),
    };
    clean_line(&text).into_owned()
}

/// Bytes as people read them, and never rounded where a limit is compared: `1 MiB`, `1048577 bytes`.
#[must_use]
pub fn size(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.into_iter().find(|(shift, _)| bytes > 0 && bytes.is_multiple_of(1 << shift)) {
        Some((shift, unit)) => format!("{} {unit}", bytes >> shift),
        None if bytes == 1 => "1 byte".into(),
        None => format!("{bytes} bytes"),
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

fn vector(argv: &[Template], values: &Values) -> String {
    let words: Vec<_> = argv.iter().map(|word| quoted(&filled(word, word.fill(values)))).collect();
    words.join(" ")
}

/// The first line that does something, and how many there are.
fn shell(script: &str) -> String {
    let does = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let lines: Vec<&str> = script.lines().map(str::trim).filter(does).collect();
    match lines.as_slice() {
        [] => "shell: nothing".into(),
        [only] => format!("shell: {only}"),
        [first, _] => format!("shell: {first} (and 1 more line)"),
        [first, rest @ ..] => format!("shell: {first} (and {} more lines)", rest.len()),
    }
}

fn health(subject: &Subject, within: Span, stable_for: Span, values: &Values) -> String {
    let (kind, which) = match subject {
        Subject::Site(site) => ("site", site),
        Subject::Component(component) => ("component", component),
    };
    let lasting = if stable_for == Span::ZERO { String::new() } else { format!(" for {stable_for}") };
    format!("wait until {kind} {} is healthy{lasting}, at most {within}", filled(which, which.fill(values)))
}

fn sql(sql: &Sql, values: &Values) -> String {
    let mut text = match &sql.url {
        Given::Text(url) => {
            format!("on {}: {}", without_password(&filled(url, url.fill_url(values))), sql.query.trim())
        }
        Given::Secret(_) => format!("on a database whose address is secret: {}", sql.query.trim()),
    };
    if !sql.bind.is_empty() {
        let bound: Vec<_> = sql.bind.iter().map(|value| quoted(&filled(value, value.fill(values)))).collect();
        let _ = write!(text, " with {}", bound.join(", "));
    }
    let rows = match (sql.min_rows, sql.max_rows) {
        (None, None) => None,
        (Some(least), Some(most)) if least == most => Some(rows(least)),
        (Some(least), None) => Some(format!("at least {}", rows(least))),
        (None, Some(most)) => Some(format!("at most {}", rows(most))),
        (Some(least), Some(most)) => Some(format!("{least} to {}", rows(most))),
    };
    let shown = sql.row.iter().map(|(name, value)| format!("{name} {}", quoted(&filled(value, value.fill(values)))));
    let bounded = sql.at_most.iter().map(|(name, most)| format!("{name} at most {most}"));
    let expected: Vec<String> = rows.into_iter().chain(shown).chain(bounded).collect();
    if !expected.is_empty() {
        let _ = write!(text, ", expects {}", expected.join(", "));
    }
    text
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".into() } else { format!("{count} rows") }
}

/// An address as it can be shown: without what stands between the user and the host, or as a parameter `password`.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, tail) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    // Up to the last '@', as a password that is not encoded as it should be may hold anything.
    let host = match host.rsplit_once('@').map(|(user, host)| (user.split_once(':'), host)) {
        Some((Some((user, _)), host)) => format!("{user}:***@{host}"),
        _ => host.to_owned(),
    };
    let mut tail = tail.split('&').map(|part| match part.find("password=") {
        Some(at) => format!("{}password=***", part.get(..at).unwrap_or_default()),
        None => part.to_owned(),
    });
    let first = tail.next().unwrap_or_default();
    format!("{scheme}://{host}{}", tail.fold(first, |tail, part| format!("{tail}&{part}")))
}

fn file(check: &FileCheck) -> String {
    let presence = match check.presence {
        Presence::Present => "there",
        Presence::Absent => "not there",
    };
    let rest = [
        check.owner.as_ref().map(|owner| format!("owner {owner}")),
        check.group.as_ref().map(|group| format!("group {group}")),
        check.mode.map(|mode| format!("mode {mode:04o}")),
        check.min_size.map(|least| format!("at least {}", size(least))),
        check.max_size.map(|most| format!("at most {}", size(most))),
        check.max_age.map(|most| format!("changed at most {most} ago")),
        check.format.map(|format| format_name(format).to_owned()),
        check.sha256.as_ref().map(|sum| format!("SHA-256 {}...", short_hash(sum))),
        check.free.map(|least| format!("at least {} free there", size(least))),
    ];
    let facts: Vec<String> = std::iter::once(presence.to_owned()).chain(rest.into_iter().flatten()).collect();
    format!("look at {}: {}", quoted(&check.path), facts.join(", "))
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Json => "JSON",
        Format::Yaml => "YAML",
        Format::Toml => "TOML",
    }
}

fn config(config: &ConfigFiles, values: &Values) -> String {
    let files: Vec<String> = config
        .files
        .iter()
        .map(|file| {
            let format = file.format.map(|format| format!(" as {}", format_name(format))).unwrap_or_default();
            let mode = file.mode.map(|mode| format!(" with mode {mode:04o}")).unwrap_or_default();
            format!("{} at {}{format}{mode}", quoted(&file.from), quoted(&file.to))
        })
        .collect();
    let mut text = format!("put {}", all_of(&files));
    if !config.check.is_empty() {
        let _ = write!(text, ", check with {}", vector(&config.check, values));
    }
    text.push_str("; the old files come back when anything is wrong");
    text
}

fn notify(notice: &Notice, values: &Values) -> String {
    let channels: Vec<&str> = notice.channels.iter().map(crate::core::ids::ChannelId::as_str).collect();
    let whom = if channels.is_empty() { "all channels of the plan".to_owned() } else { all_of(&channels) };
    format!("tell {whom}: {}", filled(&notice.text, notice.text.fill(values)))
}

fn procedure(call: &Call, values: &Values) -> String {
    let given: Vec<String> = call
        .values
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(&filled(value, value.fill(values)))))
        .collect();
    let with = if given.is_empty() { String::new() } else { format!(" with {}", given.join(", ")) };
    format!("do procedure {}{with}", call.procedure)
}

fn filled(template: &Template, filled: Result<String, NoValue>) -> String {
    filled.unwrap_or_else(|_| template.source().to_owned())
}

/// As a shell would need it, so that where one argument ends and the next begins can be seen.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::PutFile;

    #[test]
    fn a_step_shows_what_it_will_do_with_its_values() {
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

    fn shown(given: &Action) -> String {
        let values =
            [("site", "east"), ("nasty", "'; DROP TABLE x\u{1b}[2J")].map(|(k, v)| (k.into(), v.into())).into();
        action(given, &values)
    }

    fn template(text: &str) -> Template {
        Template::new(text).unwrap()
    }

    #[test]
    fn a_script_shows_its_first_line_that_does_something() {
        for (script, sentence) in [
            ("", "shell: nothing"),
            ("# why\n\nsystemctl stop app\n", "shell: systemctl stop app"),
            ("a\nb\n", "shell: a (and 1 more line)"),
            ("a\u{1b}[2J\n# c\nb\nc", "shell: a^[[2J (and 2 more lines)"),
        ] {
            assert_eq!(shown(&Action::Shell { script: script.into() }), sentence);
        }
    }

    #[test]
    fn a_wait_for_health_says_how_long_it_must_last() {
        let subject = Subject::Component(template("db"));
        let given = Action::Health { subject, within: Span::from_secs(120), stable_for: Span::from_secs(30) };
        assert_eq!(shown(&given), "wait until component db is healthy for 30s, at most 2m00s");
    }

    #[test]
    fn a_statement_shows_where_with_what_and_what_must_come_and_no_password() {
        let plain = Sql {
            url: Given::Text(template(
                "postgres://app:hunter2@db-${site}:5432/orders?sslmode=require&password=hunter2",
            )),
            query: "SELECT state, lag\nFROM replica WHERE name = $1".into(),
            bind: vec![template("${nasty}")],
            min_rows: Some(1),
            max_rows: Some(1),
            row: [("state".into(), template("streaming"))].into(),
            at_most: [("lag".into(), 10.0)].into(),
        };
        assert_eq!(
            shown(&Action::Sql(plain.clone())),
            "on postgres://app:***@db-east:5432/orders?sslmode=require&password=***: SELECT state, lag FROM replica \
             WHERE name = $1 with ''\\''; DROP TABLE x^[[2J', expects 1 row, state streaming, lag at most 10"
        );
        for (least, most, expected) in [
            (Some(1), None, ", expects at least 1 row"),
            (None, Some(0), ", expects at most 0 rows"),
            (Some(1), Some(3), ", expects 1 to 3 rows"),
            (None, None, ""),
        ] {
            let given = Sql {
                url: Given::Secret("env:DB".parse().unwrap()),
                bind: Vec::new(),
                row: Default::default(),
                at_most: Default::default(),
                query: "SELECT 1".into(),
                min_rows: least,
                max_rows: most,
            };
            let text = format!("on a database whose address is secret: SELECT 1{expected}");
            assert_eq!(shown(&Action::Sql(given)), text);
        }
    }

    #[test]
    fn an_address_shows_no_password() {
        for (url, shown) in [
            ("sqlite:/srv/shop.db", "sqlite:/srv/shop.db"),
            ("mysql://h/db", "mysql://h/db"),
            ("mysql://app@h/db", "mysql://app@h/db"),
            ("mysql://app:p@x@h/db", "mysql://app:***@h/db"),
            ("mysql://:p@h", "mysql://:***@h"),
            ("mysql://app:p/x@h/db", "mysql://app:***@h/db"),
            ("postgres://h/db?password=a&sslmode=require", "postgres://h/db?password=***&sslmode=require"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn a_look_at_a_file_says_all_that_is_looked_for() {
        let mut check = FileCheck {
            path: "/srv/my backup".into(),
            presence: Presence::Present,
            owner: Some("app".into()),
            group: Some("adm".into()),
            mode: Some(0o640),
            min_size: Some(1 << 20),
            max_size: Some(1_000),
            max_age: Some(Span::from_secs(3_600)),
            format: Some(Format::Json),
            sha256: Some("0123456789abcdef".into()),
            free: Some(10 << 30),
        };
        assert_eq!(
            shown(&Action::File(check.clone())),
            "look at '/srv/my backup': there, owner app, group adm, mode 0640, at least 1 MiB, at most 1000 bytes, \
             changed at most 1h00m ago, JSON, SHA-256 01234567..., at least 10 GiB free there"
        );
        check = FileCheck { presence: Presence::Absent, path: "/srv/lock".into(), ..check };
        check = FileCheck { owner: None, group: None, mode: None, min_size: None, max_size: None, ..check };
        check = FileCheck { max_age: None, format: None, sha256: None, free: None, ..check };
        assert_eq!(shown(&Action::File(check)), "look at /srv/lock: not there");
    }

    #[test]
    fn files_of_settings_say_from_where_to_where_and_that_they_come_back() {
        let put = |from: &str, to: &str, format, mode| PutFile { from: from.into(), to: to.into(), format, mode };
        let given = ConfigFiles {
            files: vec![put("/a", "/etc/a", Some(Format::Yaml), None), put("/b", "/etc/b", None, Some(0o600))],
            keep: None,
            check: ["nginx", "-t", "${site}"].map(template).into(),
        };
        assert_eq!(
            shown(&Action::Config(given)),
            "put /a at /etc/a as YAML and /b at /etc/b with mode 0600, check with nginx -t east; \
             the old files come back when anything is wrong"
        );
    }

    #[test]
    fn waits_notices_and_calls_say_what_they_do() {
        assert_eq!(shown(&Action::Wait { span: Span::from_secs(90) }), "wait 1m30s");
        let notice = |channels: &[&str]| Notice {
            text: template("${site} is\nback"),
            channels: channels.iter().map(|channel| channel.parse().unwrap()).collect(),
        };
        assert_eq!(shown(&Action::Notify(notice(&[]))), "tell all channels of the plan: east is back");
        assert_eq!(shown(&Action::Notify(notice(&["ops", "press"]))), "tell ops and press: east is back");
        let call = |values: &[(&str, &str)]| Call {
            procedure: "failover".parse().unwrap(),
            values: values.iter().map(|(name, value)| ((*name).to_owned(), template(value))).collect(),
        };
        assert_eq!(shown(&Action::Procedure(call(&[]))), "do procedure failover");
        assert_eq!(
            shown(&Action::Procedure(call(&[("to", "${site}"), ("why", "a b")]))),
            "do procedure failover with to=east, why='a b'"
        );
    }

    #[test]
    fn sizes_are_never_rounded() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_023, "1023 bytes"),
            (1 << 20, "1 MiB"),
            ((1 << 20) + 1, "1048577 bytes"),
            (3 << 40, "3 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
