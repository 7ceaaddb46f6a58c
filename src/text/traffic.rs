//! Steps that move traffic: what they do, and what was read back of it.

use super::all_of;
use super::step::filled;
use crate::core::plan::{HaproxyAddress, HaproxyServer, ServerState, Sessions};
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
