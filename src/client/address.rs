//! Where an engine listens.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::core::people::Mode;

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket of this machine.
    Socket {
        /// Its path.
        path: PathBuf,
        /// Whose engine listens there; decides what would help when it does not answer.
        mode: Mode,
    },
    /// Plain HTTP on this machine's loopback: `host:port`.
    Http(String),
}

/// Why a text is no address of an engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address of an engine; write http://127.0.0.1:PORT")]
pub struct BadAddress(String);

impl Address {
    /// The socket of a personal engine in that state directory.
    #[must_use]
    pub fn in_state(state: &std::path::Path) -> Address {
        Address::Socket { path: state.join("engine.sock"), mode: Mode::Personal }
    }

    /// A socket of a demo that leads to its engine.
    pub(crate) fn in_demo(path: PathBuf) -> Address {
        Address::Socket { path, mode: Mode::Personal }
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    /// Reads `http://HOST:PORT`, where HOST is a loopback: nothing on this path is encrypted.
    fn from_str(text: &str) -> Result<Address, BadAddress> {
        let bad = || BadAddress(text.to_owned());
        let authority = text.strip_prefix("http://").ok_or_else(bad)?.trim_end_matches('/');
        let (host, port) = authority.rsplit_once(':').ok_or_else(bad)?;
        let port: u16 = port.parse().map_err(|_| bad())?;
        match host {
            "127.0.0.1" | "localhost" | "[::1]" => Ok(Address::Http(format!("{host}:{port}"))),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Socket { path, .. } => write!(f, "{}", path.display()),
            Address::Http(authority) => write!(f, "http://{authority}"),
        }
    }
}
