//! What steps do that move traffic: to servers behind a load balancer, and to addresses behind names.

use serde::{Deserialize, Serialize};

use super::super::template::Template;

/// The largest weight that HAProxy gives to a server.
pub const HAPROXY_MOST_WEIGHT: u32 = 256;

/// Where HAProxy listens for its runtime API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaproxyAddress {
    /// A Unix socket: its absolute path, as it stands in the plan.
    Socket(String),
    /// A host and a port.
    Port(Template),
}

/// Whether a server behind a load balancer is given work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// As its weight and its health checks say.
    Ready,
    /// Only by those who are bound to it already.
    Drain,
    /// Not at all.
    Maint,
}

/// What becomes of the sessions that a server still has; a step that says so ends once there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sessions {
    /// They are cut.
    End,
    /// They end by themselves.
    Wait,
}

/// A server of HAProxy and how it is to be. What is not said stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HaproxyServer {
    /// Where its HAProxy is.
    pub address: HaproxyAddress,
    /// The backend that it belongs to.
    pub backend: Template,
    /// Its name there.
    pub server: Template,
    /// Its weight, from 0 to [`HAPROXY_MOST_WEIGHT`].
    pub weight: Option<u32>,
    /// Whether it is given work.
    pub state: Option<ServerState>,
    /// What becomes of its sessions.
    pub sessions: Option<Sessions>,
}

impl ServerState {
    /// The word for it, in plans and to HAProxy.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ServerState::Ready => "ready",
            ServerState::Drain => "drain",
            ServerState::Maint => "maint",
        }
    }
}

/// Whether a text can name a backend or a server of HAProxy: letters, digits, `-`, `_`, `.` and `:` (its configuration manual,
/// 1.1), so that it stays one word of a command; at most 128 of them.
#[must_use]
pub fn is_haproxy_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    (1..=128).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_of_a_command() {
        for (name, is) in [
            ("shop", true),
            ("shop-2.east_1:a", true),
            ("", false),
            ("a b", false),
            ("a\nshutdown", false),
            ("a;b", false),
            ("a/b", false),
            ("é", false),
            (&"x".repeat(129), false),
        ] {
            assert_eq!(is_haproxy_name(name), is, "{name:?}");
        }
    }
}
