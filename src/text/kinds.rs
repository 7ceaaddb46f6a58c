//! What steps of the kinds with many fields do, in one line each.

use std::fmt::Write as _;

use super::all_of;
use super::step::{filled, quoted};
use crate::core::plan::{Call, ConfigFiles, FileCheck, Format, Given, Notice, Presence, Sql};
use crate::core::template::{Template, Values};

/// `ask postgres://db/shop: SELECT 1; expects 1 row`.
pub(super) fn sql(sql: &Sql, values: &Values) -> String {
    let query = sql.query.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = format!("ask {}: {query}", database(&sql.url, values));
    if !sql.bind.is_empty() {
        let bound: Vec<String> = sql.bind.iter().map(|value| quoted(&filled(value, value.fill(values)))).collect();
        let _ = write!(text, " with {}", bound.join(", "));
    }
    let mut expected = match (sql.min_rows, sql.max_rows) {
        (None, None) => Vec::new(),
        (Some(1), Some(1)) => vec!["1 row".to_owned()],
        (Some(min), Some(max)) if min == max => vec![format!("{min} rows")],
        (Some(min), Some(max)) => vec![format!("{min} to {max} rows")],
        (Some(min), None) => vec![format!("at least {min} rows")],
        (None, Some(max)) => vec![format!("at most {max} rows")],
    };
    expected
        .extend(sql.row.iter().map(|(name, value)| format!("{name} {}", quoted(&filled(value, value.fill(values))))));
    expected.extend(sql.at_most.iter().map(|(name, most)| format!("{name} at most {most}")));
    if !expected.is_empty() {
        let _ = write!(text, ", expects {}", all_of(&expected));
    }
    text
}

/// Where a database is, without who asks it and how they show it.
pub(super) fn database(url: &Given, values: &Values) -> String {
    let url = match url {
        Given::Secret(secret) => return format!("the database of {secret}"),
        Given::Text(url) => filled(url, url.fill_url(values)),
    };
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// `look at /etc/app.yml: mode 0640, yaml`.
pub(super) fn file(check: &FileCheck) -> String {
    let mut must: Vec<String> = Vec::new();
    match check.presence {
        Presence::Absent => must.push("not there".to_owned()),
        Presence::Present => must.push("there".to_owned()),
    }
    let mut say = |what: &str, value: Option<String>| must.extend(value.map(|value| format!("{what}{value}")));
    say("owner ", check.owner.clone());
    say("group ", check.group.clone());
    say("mode ", check.mode.map(mode));
    say("at least ", check.min_size.map(size));
    say("at most ", check.max_size.map(size));
    say("changed within ", check.max_age.map(|span| span.to_string()));
    say("reads as ", check.format.map(|format| word(format).to_owned()));
    say("sha256 ", check.sha256.as_ref().map(|digits| digits.chars().take(12).chain(['…']).collect()));
    say("free below it ", check.free.map(size));
    format!("look at {}: {}", check.path, must.join(", "))
}

/// `put /srv/app.yml at /etc/app.yml, then check with app --check`.
pub(super) fn config(config: &ConfigFiles, values: &Values) -> String {
    let put = |file: &crate::core::plan::PutFile| {
        let mode = file.mode.map(|bits| format!(" ({})", mode(bits))).unwrap_or_default();
        format!("{} at {}{mode}", file.from, file.to)
    };
    let mut text = format!("put {}", all_of(&config.files.iter().map(put).collect::<Vec<_>>()));
    if let Some(keep) = &config.keep {
        let _ = write!(text, ", safety copies in {keep}");
    }
    if !config.check.is_empty() {
        let _ = write!(text, ", then check with {}", words(&config.check, values));
    }
    text
}

/// `tell ops and pager: West serves`.
pub(super) fn notice(notice: &Notice, values: &Values) -> String {
    let channels: Vec<&str> = notice.channels.iter().map(|channel| channel.as_str()).collect();
    let whom = if channels.is_empty() { "the channels of the plan".to_owned() } else { all_of(&channels) };
    format!("tell {whom}: {}", filled(&notice.text, notice.text.fill(values)))
}

/// `do procedure names with zone=west`.
pub(super) fn call(call: &Call, values: &Values) -> String {
    let given: Vec<String> = call
        .values
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(&filled(value, value.fill(values)))))
        .collect();
    let with = if given.is_empty() { String::new() } else { format!(" with {}", given.join(" ")) };
    format!("do procedure {}{with}", call.procedure)
}

/// The first line of a script, and how many there are.
pub(super) fn script(script: &str) -> String {
    let lines = script.trim().lines().count();
    let first = script.trim().lines().next().unwrap_or_default();
    if lines > 1 { format!("script of {lines} lines: {first} …") } else { format!("script: {first}") }
}

/// A program and its arguments.
pub(super) fn words(argv: &[Template], values: &Values) -> String {
    argv.iter().map(|word| quoted(&filled(word, word.fill(values)))).collect::<Vec<_>>().join(" ")
}

fn mode(bits: u32) -> String {
    format!("{bits:04o}")
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Json => "JSON",
        Format::Yaml => "YAML",
        Format::Toml => "TOML",
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::Action;

    /// What a preview says of each step of a plan with those, and on what terms.
    fn said(steps: &str) -> String {
        let plan = format!(
            "plan_name: a\nchannels: [ops]\ncomponents: [{{component_id: a, name: A, type: api}}]\nrecovery_procedures:\n\
             - procedure_id: p\n  name: P\n  parameters: [{{name: at, default: west}}]\n  steps:\n{steps}\n\
             - {{procedure_id: q, name: Q, parameters: [{{name: zone}}], steps: [Look]}}\n"
        );
        let reading = crate::plan::read("plan.yml", plan.as_bytes());
        let plan = reading.plan.unwrap_or_else(|| panic!("{:?}", reading.faults));
        let values: Values = [("at".to_owned(), "west".to_owned())].into();
        let lines = plan.procedures[0].steps.iter().flat_map(|step| {
            let terms = crate::text::terms(step, &values).into_iter().map(|term| format!("  {term}"));
            std::iter::once(crate::text::action(&step.action, &values)).chain(terms)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_kind_of_step_says_what_it_will_do_and_on_what_terms() {
        let steps = r#"
  - {id: lag, sql: {url: "postgres://me:secret@db/shop?password=x", query: "SELECT lag\n FROM r WHERE at = $1", bind: ["${at}"], expect: {rows: 1, at_most: {lag: 5}}}, result: {lag: {column: lag}}, part_of: verify}
  - {needs: [], sql: {url: {secret: "env:DSN"}, query: DELETE FROM x}, timeout: 3s, idempotent: true}
  - {needs: [lag], file: {path: /a, mode: "0640", owner: root, min_size: 10MiB, max_size: 2GB, format: json, free: 1500B, max_age: 1d}}
  - {file: {path: /a, present: false}, when: lag < 5, on_failure: continue}
  - {wait: 30s}
  - {shell: "set -e\ntrue", for_each: [a, b], host: "${item}", retry: {times: 3, every: 2s, backoff: 1.5, at_most: 10s}}
  - {config: {files: [{from: /x, to: /y, mode: "0600"}], keep: /z, check: [app, "${at}"]}, on_failure: rollback}
  - {haproxy: {socket: "lb:9999", backend: shop, server: "${at}", weight: 0, state: drain, sessions: wait}}
  - {haproxy: {socket: /run/h.sock, backend: shop, server: east, weight: 100}}
  - {haproxy: {socket: /run/h.sock, backend: shop, server: east, sessions: end}}
  - {nginx: {file: /etc/n.conf, upstream: shop, servers: [{address: "${at}:80", weight: 3}, {address: "h:80", backup: true}], check: [nginx, -t], reload: [nginx, -s, reload], pid_file: /run/n.pid, verify: {url: "http://h/${at}", header: {x-site: "${at}"}, contains: ok}}}
  - {dns: {server: "ns1:53", zone: example.org, name: www, ttl: 30s, values: [10.0.0.1, 10.0.0.2], key: {name: k, secret: {secret: "env:K"}}, until: ["ns1:53", "ns2:53"]}}
  - {dns: {server: "ns1:53", zone: example.org, name: "@", record: TXT, ttl: 30s, values: ["${at}"], key: {name: k, secret: {secret: "env:K"}}}}
  - {notify: "To ${at}", for_each: {components: affected}}
  - {procedure: {id: q, with: {zone: "${at} 1"}}}
  - {command: [a], undo: {command: [b, "${at}"]}, on_failure: {do: [{notify: {text: No, channels: [pager]}}]}}
  - {health: {component: a, within: 2m, stable_for: 30s}}"#;
        insta::assert_snapshot!(said(steps));
    }

    #[test]
    fn a_script_of_one_line_is_shown_whole() {
        let values = Values::new();
        assert_eq!(crate::text::action(&Action::Shell { script: "true\n".into() }, &values), "script: true");
    }
}
