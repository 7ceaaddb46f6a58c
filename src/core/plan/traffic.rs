//! What steps do that move traffic: to servers behind a load balancer, and to addresses behind names.

use serde::{Deserialize, Serialize};

use super::super::template::Template;
use super::super::time::Span;
use super::{Given, Record};

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

/// What a server of an nginx upstream is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamRole {
    /// It is given its share.
    Serves,
    /// It is given work once all that serve are out of reach.
    Backup,
    /// It is given none.
    Down,
}

/// One server of an nginx upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamServer {
    /// Its host and port.
    pub address: Template,
    /// Its share, at least 1.
    pub weight: u32,
    /// What it is there for.
    pub role: UpstreamRole,
}

/// A page that only the new side answers in that way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// Where it is asked for.
    pub url: Template,
    /// Header lines that the answer must have, with the text of each.
    pub header: std::collections::BTreeMap<String, Template>,
    /// Text that the answer must hold.
    pub contains: Option<String>,
}

/// An upstream of nginx, in a file of its own that its settings include.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NginxUpstream {
    /// The absolute path of the file, as it stands in the plan.
    pub file: String,
    /// Its name.
    pub upstream: String,
    /// Its servers, in order; at least one.
    pub servers: Vec<UpstreamServer>,
    /// A program that says, by status 0, that all settings are valid.
    pub check: Vec<Template>,
    /// A program that has nginx load them.
    pub reload: Vec<Template>,
    /// The absolute path of the file with the number of nginx's master process: its workers must be new ones afterwards.
    pub pid_file: Option<String>,
    /// A page that must show the new side afterwards.
    pub verify: Option<Verify>,
}

/// How a change of a zone is signed (RFC 8945).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyAlgorithm {
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
}

/// A key that a name server knows, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneKey {
    /// Its name, the same at both ends.
    pub name: String,
    /// How it signs.
    pub algorithm: KeyAlgorithm,
    /// The key itself, in base64.
    pub secret: Given,
}

/// All records of one type that a name has (RFC 2136), and who must answer them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecords {
    /// The primary server of the zone: host and port.
    pub server: Template,
    /// The zone.
    pub zone: Template,
    /// The name, below the zone or with the zone at its end; `@` is the zone itself.
    pub name: Template,
    /// Their type: `A`, `AAAA`, `CNAME` or `TXT`.
    pub record: Record,
    /// How long others may keep them, in whole seconds.
    pub ttl: Span,
    /// Their values; at least one, and of a `CNAME` only one.
    pub values: Vec<Template>,
    /// Who changes them.
    pub key: ZoneKey,
    /// Hosts and ports of the servers that must answer them; the server itself when empty.
    pub until: Vec<Template>,
    /// How long that may take.
    pub within: Span,
}

/// Whether a text names a host, a zone or a key: labels of letters, digits, `-` and `_`, the first of which may be `*`, at most 63
/// each and 253 together (RFC 1035, 2.3.4); a dot at its end changes nothing.
#[must_use]
pub fn is_dns_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let is_label = |(place, label): (usize, &str)| {
        (place == 0 && label == "*") || ((1..=63).contains(&label.len()) && label.bytes().all(allowed))
    };
    name.len() <= 253 && name.split('.').enumerate().all(is_label)
}

/// Whether a text can name an upstream of nginx and stay one word of its settings: letters, digits, `-`, `_` and `.`, the first a
/// letter or digit; at most 128.
#[must_use]
pub fn is_upstream_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    name.len() <= 128 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.bytes().all(allowed)
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

    #[test]
    fn a_name_of_a_zone_is_labels_and_of_an_upstream_one_word() {
        let long = "x".repeat(64);
        for (name, dns, upstream) in [
            ("example.org", true, true),
            ("example.org.", true, true),
            ("*.example.org", true, false),
            ("_acme-challenge.www", true, false),
            ("a.*.org", false, false),
            ("a..b", false, true),
            ("", false, false),
            ("a b", false, false),
            ("a;b", false, false),
            ("a{", false, false),
            ("a\\.b", false, false),
            (&long, false, true),
        ] {
            assert_eq!((is_dns_name(name), is_upstream_name(name)), (dns, upstream), "{name:?}");
        }
    }
}
