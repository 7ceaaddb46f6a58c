//! What a plan says lies at a site beside what its probes look at there (NX-14).

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::super::ids::ChannelId;
use super::super::people::Person;
use super::super::secret::SecretRef;

/// What lies at a site, and is gone with it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Holds {
    /// Hosts as steps and addresses name them.
    pub hosts: Vec<Hosts>,
    /// Absolute paths, such as mounts, under which everything is kept there.
    pub paths: Vec<String>,
    /// References to secrets, or how they begin up to a blank or `/`: `command:vault` is every secret that `vault` is asked for.
    pub secrets: Vec<String>,
    /// Channels that are run there.
    pub channels: BTreeSet<ChannelId>,
    /// People who work there: their names in the engine's settings, or `uid:NUMBER`.
    pub people: BTreeSet<String>,
    /// Whether an engine with its journal is there.
    pub engine: Housed,
}

/// Whether an engine is at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Housed {
    /// Not as far as the plan says.
    #[default]
    NotSaid,
    /// It is.
    Here,
}

impl Holds {
    /// The entry that a host falls under. `host` is a name or an address, without user, brackets and port.
    #[must_use]
    pub fn host(&self, host: &str) -> Option<&Hosts> {
        self.hosts.iter().find(|hosts| hosts.include(host))
    }

    /// The path that another lies under.
    #[must_use]
    pub fn path(&self, path: &str) -> Option<&str> {
        let under = |known: &&String| {
            let rest = path.strip_prefix(known.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.paths.iter().find(under).map(String::as_str)
    }

    /// The entry that a secret falls under.
    #[must_use]
    pub fn secret(&self, secret: &SecretRef) -> Option<&str> {
        let secret = secret.to_string();
        let begins = |known: &&String| {
            let rest = secret.strip_prefix(known.as_str());
            rest.is_some_and(|rest| rest.is_empty() || known.ends_with('/') || rest.starts_with([' ', '/']))
        };
        self.secrets.iter().find(begins).map(String::as_str)
    }

    /// Whether somebody works there.
    #[must_use]
    pub fn person(&self, person: &Person) -> bool {
        self.people.contains(&person.name) || self.people.contains(&person.principal.to_string())
    }
}

/// Hosts by their name, a pattern of names in which `*` stands for anything, their address, or a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hosts {
    text: String,
    extent: Extent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Extent {
    /// In small letters.
    Named(String),
    /// An address with how many of its first bits count.
    Network(IpAddr, u8),
}

/// Why a text names no hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHosts {
    /// Nothing, or nothing but `*`.
    #[error("it names no host, or every one")]
    All,
    /// A character that stands in no name.
    #[error("{0:?} cannot stand in the name of a host")]
    BadCharacter(char),
    /// `/` behind something else than an address, or with too many bits.
    #[error("it is no network")]
    NoNetwork,
}

impl Hosts {
    /// Takes a text as hosts: `bastion-2`, `*.east.example`, `10.0.1.5`, `10.0.1.0/24`, `fd00:1::/32`.
    ///
    /// # Errors
    /// [`BadHosts`] says what is wrong.
    pub fn new(text: impl Into<String>) -> Result<Hosts, BadHosts> {
        let text = text.into();
        let extent = extent(&text)?;
        Ok(Hosts { text, extent })
    }

    /// Whether a host is one of them; by its name or address, without user, brackets and port.
    #[must_use]
    pub fn include(&self, host: &str) -> bool {
        match &self.extent {
            Extent::Named(pattern) => fits(pattern, &host.trim_end_matches('.').to_ascii_lowercase()),
            Extent::Network(network, bits) => host.parse().is_ok_and(|host| is_in(*network, *bits, host)),
        }
    }
}

fn extent(text: &str) -> Result<Extent, BadHosts> {
    if let Some((address, bits)) = text.split_once('/') {
        let network: IpAddr = address.parse().map_err(|_| BadHosts::NoNetwork)?;
        let bits = bits.parse().ok().filter(|bits| (1..=width(network)).contains(bits));
        return bits.map(|bits| Extent::Network(network, bits)).ok_or(BadHosts::NoNetwork);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Extent::Network(address, width(address)));
    }
    if text.chars().all(|c| c == '*') {
        return Err(BadHosts::All);
    }
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_' | '*')) {
        Some(bad) => Err(BadHosts::BadCharacter(bad)),
        None => Ok(Extent::Named(text.trim_end_matches('.').to_ascii_lowercase())),
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn is_in(network: IpAddr, bits: u8, host: IpAddr) -> bool {
    let shifted = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) >> (32 - bits.min(32)),
        IpAddr::V6(v6) => v6.to_bits().checked_shr(128 - u32::from(bits)).unwrap_or(0),
    };
    network.is_ipv4() == host.is_ipv4() && shifted(network) == shifted(host)
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return left.ends_with(piece);
        }
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    true
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl TryFrom<String> for Hosts {
    type Error = BadHosts;
    fn try_from(text: String) -> Result<Hosts, BadHosts> {
        Hosts::new(text)
    }
}

impl From<Hosts> for String {
    fn from(hosts: Hosts) -> String {
        hosts.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_by_pattern_address_or_network() {
        for (hosts, host, expected) in [
            ("bastion-2", "bastion-2", true),
            ("bastion-2", "Bastion-2.", true),
            ("bastion-2", "bastion-22", false),
            ("*.east.example", "api.east.example", true),
            ("*.east.example", "east.example", false),
            ("*.east.example", "api.east.example.org", false),
            ("web-*-east", "web-1-east", true),
            ("web-*-east", "web-east", false),
            ("*east*", "db-east-1", true),
            ("*east*", "db-west-1", false),
            ("a*a", "a", false),
            ("10.0.1.5", "10.0.1.5", true),
            ("10.0.1.0/24", "10.0.1.200", true),
            ("10.0.1.0/24", "10.0.2.1", false),
            ("10.0.1.0/24", "db", false),
            ("10.0.0.0/8", "fd00::1", false),
            ("fd00:1::/32", "fd00:1:2::3", true),
            ("fd00:1::/32", "fd00:2::3", false),
            ("::1", "::1", true),
        ] {
            assert_eq!(Hosts::new(hosts).unwrap().include(host), expected, "{hosts} {host}");
        }
    }

    #[test]
    fn what_names_no_host_or_every_one_is_refused() {
        for (text, why) in [
            ("", BadHosts::All),
            ("**", BadHosts::All),
            ("a b", BadHosts::BadCharacter(' ')),
            ("root@db", BadHosts::BadCharacter('@')),
            ("db:22", BadHosts::BadCharacter(':')),
            ("10.0.1.0/33", BadHosts::NoNetwork),
            ("10.0.1.0/0", BadHosts::NoNetwork),
            ("10.0.1/24", BadHosts::NoNetwork),
            ("db/24", BadHosts::NoNetwork),
        ] {
            assert_eq!(Hosts::new(text), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_path_holds_what_is_under_it_and_a_secret_what_begins_so() {
        let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let holds = Holds {
            paths: text(&["/mnt/east/"]),
            secrets: text(&["env:EAST", "command:vault kv", "file:/run/east/"]),
            ..Holds::default()
        };
        for (path, expected) in
            [("/mnt/east", true), ("/mnt/east/a/b", true), ("/mnt/eastern/a", false), ("/mnt", false)]
        {
            assert_eq!(holds.path(path).is_some(), expected, "{path}");
        }
        for (secret, expected) in [
            ("env:EAST", true),
            ("env:EAST_DSN", false),
            ("command:vault kv get db", true),
            ("command:vault kvs", false),
            ("file:/run/east/db", true),
            ("file:/run/eastern", false),
        ] {
            assert_eq!(holds.secret(&secret.parse().unwrap()).is_some(), expected, "{secret}");
        }
    }
}
