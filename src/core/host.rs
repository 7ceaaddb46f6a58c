//! The name of a host that is reached over ssh.

use std::fmt;
use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};

/// Why a text cannot name a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHost {
    /// Nothing in it, or nothing before or behind its `@`.
    #[error("the name of a host is empty; it reads HOST or USER@HOST")]
    Empty,
    /// Longer than [`MAX_HOST`].
    #[error("the name of a host has {0} characters; at most {MAX_HOST} are allowed")]
    TooLong(usize),
    /// Its user or host part begins with `-`, which ssh could take for an option.
    #[error("{0:?} begins with '-'; the name of a host or user cannot")]
    Option(String),
    /// A character that cannot stand in it.
    #[error("{0:?} cannot stand in the name of a host; letters, digits, '.', '_' and '-' can")]
    BadCharacter(char),
    /// A colon outside brackets.
    #[error("a host's port belongs into ssh's configuration; an IPv6 address stands in brackets, as in [fe80::1]")]
    Colon,
    /// Brackets around something else than an IPv6 address.
    #[error("{0:?} is no IPv6 address; brackets are for those, as in [fe80::1]")]
    BadAddress(String),
}

/// Longest name of a host with its user, in characters.
pub const MAX_HOST: usize = 255;

/// A host as ssh is given it: `db-west`, `deploy@db-west.example`, `root@[fe80::1]`; an alias of ssh's configuration too.
///
/// It holds nothing that ssh could take for an option or a shell for more than a word.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(Box<str>);

impl Host {
    /// Takes a text as the name of a host.
    ///
    /// # Errors
    /// [`BadHost`] says what is wrong.
    pub fn new(text: impl AsRef<str>) -> Result<Self, BadHost> {
        let text = text.as_ref();
        let length = text.chars().count();
        if length > MAX_HOST {
            return Err(BadHost::TooLong(length));
        }
        let (user, host) = split(text);
        if let Some(user) = user {
            check_word(user)?;
        }
        check_host(host)?;
        Ok(Self(text.into()))
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as ssh takes it: an address without its brackets.
    #[must_use]
    pub fn destination(&self) -> String {
        self.0.replace(['[', ']'], "")
    }
}

fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, text),
    }
}

fn check_host(host: &str) -> Result<(), BadHost> {
    let Some(inside) = host.strip_prefix('[') else {
        return check_word(host);
    };
    let bad = || BadHost::BadAddress(host.into());
    let address = inside.strip_suffix(']').ok_or_else(bad)?;
    let (address, zone) = address.split_once('%').unwrap_or((address, "0"));
    address.parse::<Ipv6Addr>().map_err(|_| bad())?;
    check_word(zone)
}

fn check_word(word: &str) -> Result<(), BadHost> {
    if word.is_empty() {
        return Err(BadHost::Empty);
    }
    if word.starts_with('-') {
        return Err(BadHost::Option(word.into()));
    }
    match word.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-')) {
        Some(':') => Err(BadHost::Colon),
        Some(bad) => Err(BadHost::BadCharacter(bad)),
        None => Ok(()),
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.0)
    }
}

impl std::str::FromStr for Host {
    type Err = BadHost;
    fn from_str(text: &str) -> Result<Self, BadHost> {
        Self::new(text)
    }
}

impl TryFrom<String> for Host {
    type Error = BadHost;
    fn try_from(text: String) -> Result<Self, BadHost> {
        Self::new(text)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> String {
        host.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_an_address_or_an_alias_with_or_without_its_user() {
        for (good, destination) in [
            ("db-west", "db-west"),
            ("deploy@db-west.example", "deploy@db-west.example"),
            ("10.0.1.5", "10.0.1.5"),
            ("root@[fe80::1%eth0]", "root@fe80::1%eth0"),
            ("[::1]", "::1"),
            ("a_b.c", "a_b.c"),
        ] {
            assert_eq!(Host::new(good).map(|host| host.destination()), Ok(destination.into()));
        }
    }

    #[test]
    fn nothing_that_ssh_or_a_shell_could_take_for_more_than_a_name_passes() {
        for (bad, why) in [
            ("", BadHost::Empty),
            ("@db", BadHost::Empty),
            ("root@", BadHost::Empty),
            ("-oProxyCommand=touch", BadHost::Option("-oProxyCommand=touch".into())),
            ("-l@db", BadHost::Option("-l".into())),
            ("root@-F", BadHost::Option("-F".into())),
            ("a b", BadHost::BadCharacter(' ')),
            ("a\nb", BadHost::BadCharacter('\n')),
            ("$(reboot)", BadHost::BadCharacter('$')),
            ("a;b", BadHost::BadCharacter(';')),
            ("a`b`", BadHost::BadCharacter('`')),
            ("a@b@c", BadHost::BadCharacter('@')),
            ("d\u{fc}b", BadHost::BadCharacter('\u{fc}')),
            ("a%h", BadHost::BadCharacter('%')),
            ("ssh://db", BadHost::Colon),
            ("db:22", BadHost::Colon),
            ("::1", BadHost::Colon),
            ("[::1", BadHost::BadAddress("[::1".into())),
            ("[-oX]", BadHost::BadAddress("[-oX]".into())),
            ("[fe80::1%-x]", BadHost::Option("-x".into())),
        ] {
            assert_eq!(Host::new(bad), Err(why), "{bad:?}");
        }
        assert_eq!(Host::new("a".repeat(256)), Err(BadHost::TooLong(256)));
        assert!(Host::new("a".repeat(255)).is_ok());
    }

    #[test]
    fn a_host_that_was_kept_is_checked_again_when_read() {
        let host = Host::new("root@db").unwrap();
        let kept = serde_json::to_string(&host).unwrap();
        assert_eq!(kept, "\"root@db\"");
        assert_eq!(serde_json::from_str::<Host>(&kept).unwrap(), host);
        assert!(serde_json::from_str::<Host>("\"-oProxyCommand=x\"").is_err());
    }
}
