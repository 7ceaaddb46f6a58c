//! Steps that move traffic: what they do, and what was read back of it.

use std::fmt::Write as _;

use super::step::filled;
use super::{all_of, kinds};
use crate::core::plan::{
    DnsRecords, HaproxyAddress, HaproxyServer, NginxUpstream, Record, ServerState, Sessions, UpstreamRole,
};
use crate::core::run::Change;
use crate::core::template::{Template, Values};

/// `set shop/east of HAProxy at /run/haproxy.sock to weight 0 and drain, then wait until its sessions are gone`.
pub(super) fn haproxy(set: &HaproxyServer, values: &Values) -> String {
    let value = |template: &Template| filled(template, template.fill(values));
    let at = match &set.address {
        HaproxyAddress::Socket(path) => path.clone(),
        HaproxyAddress::Port(port) => value(port),
    };
    let weight = set.weight.map(|weight| format!("weight {weight}"));
    let state = set.state.map(|state| state.word().to_owned());
    let so: Vec<String> = [weight, state].into_iter().flatten().collect();
    let server = format!("{}/{} of HAProxy at {at}", value(&set.backend), value(&set.server));
    let last = set.sessions.map(|sessions| match sessions {
        Sessions::End => "cut its sessions until none is left",
        Sessions::Wait => "wait until its sessions are gone",
    });
    match (so.is_empty(), last) {
        (true, last) => format!("{server}: {}", last.unwrap_or_default()),
        (false, None) => format!("set {server} to {}", all_of(&so)),
        (false, Some(last)) => format!("set {server} to {}, then {last}", all_of(&so)),
    }
}

/// `shop/east has weight 0, drain, DOWN, no sessions`.
pub(super) fn server_set(
    server: &str,
    weight: u32,
    state: ServerState,
    status: &str,
    sessions: u64,
    change: Change,
) -> String {
    let sessions = match sessions {
        0 => "no sessions".to_owned(),
        1 => "1 session".to_owned(),
        sessions => format!("{sessions} sessions"),
    };
    // It says the same in words of its own.
    let status = if status.eq_ignore_ascii_case(state.word()) { String::new() } else { format!("{status}, ") };
    format!("{server} has weight {weight}, {}, {status}{sessions}{}", state.word(), already(change))
}

/// What is said behind what was found.
fn already(change: Change) -> &'static str {
    match change {
        Change::Made => "",
        Change::AlreadySo => "; it was so already",
    }
}

/// `put upstream shop with 10.0.2.5:80 at /etc/nginx/shop.conf, check with nginx -t, load with nginx -s reload, then see new workers`.
pub(super) fn nginx(upstream: &NginxUpstream, values: &Values) -> String {
    let servers = upstream.servers.iter().map(|server| {
        let weight = if server.weight == 1 { String::new() } else { format!(" (weight {})", server.weight) };
        let role = match server.role {
            UpstreamRole::Serves => "",
            UpstreamRole::Backup => " (backup)",
            UpstreamRole::Down => " (down)",
        };
        format!("{}{weight}{role}", filled(&server.address, server.address.fill(values)))
    });
    let mut text = format!(
        "put upstream {} with {} at {}, check with {}, load with {}",
        upstream.upstream,
        all_of(&servers.collect::<Vec<_>>()),
        upstream.file,
        kinds::words(&upstream.check, values),
        kinds::words(&upstream.reload, values),
    );
    let page = upstream.verify.as_ref().map(|verify| {
        let header = verify.header.iter().map(|(name, text)| format!("{name}: {}", filled(text, text.fill(values))));
        let shows: Vec<String> = header.chain(verify.contains.clone()).collect();
        format!("{} with {}", filled(&verify.url, verify.url.fill_url(values)), all_of(&shows))
    });
    let seen: Vec<String> = upstream.pid_file.iter().map(|_| "new workers".to_owned()).chain(page).collect();
    // Writing into a String cannot fail.
    let _ = write!(text, ", then see {}", all_of(&seen));
    text
}

/// `upstream shop with 2 servers is loaded, 4 new workers, answered 200`.
pub(super) fn upstream_loaded(
    upstream: &str,
    servers: usize,
    workers: Option<usize>,
    answered: Option<u16>,
    change: Change,
) -> String {
    let mut text = format!("upstream {upstream} with {} is loaded", counted(servers, "server"));
    if let Some(workers) = workers {
        let _ = write!(text, ", {}", counted(workers, "new worker"));
    }
    if let Some(status) = answered {
        let _ = write!(text, ", answered {status}");
    }
    text + already(change)
}

/// `set A of www in example.org at ns1:53 to 10.0.2.5 (kept 30s), signed with failover, then ask ns1:53 until all answer it, at
/// most 2m00s`.
pub(super) fn dns(records: &DnsRecords, values: &Values) -> String {
    let value = |template: &Template| filled(template, template.fill(values));
    let all = |templates: &[Template]| all_of(&templates.iter().map(value).collect::<Vec<_>>());
    let server = value(&records.server);
    let until = if records.until.is_empty() { server.clone() } else { all(&records.until) };
    let name = match records.name.source() {
        "@" => value(&records.zone),
        _ => format!("{} in {}", value(&records.name), value(&records.zone)),
    };
    format!(
        "set {} of {name} at {server} to {} (kept {}), signed with {}, then ask {until} until it is answered, at most {}",
        records.record.word(),
        all(&records.values),
        records.ttl,
        records.key.name,
        records.within,
    )
}

/// `www.example.org A 10.0.2.5, answered by 2 servers`.
pub(super) fn names_answered(name: &str, record: Record, values: &[String], servers: usize, change: Change) -> String {
    let (record, values, servers) = (record.word(), values.join(", "), counted(servers, "server"));
    format!("{name} {record} {values}, answered by {servers}{}", already(change))
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
