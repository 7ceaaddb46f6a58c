//! Which engine a client means: named by flag or variable, else the shared one of this machine, else the caller's own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::core::people::Mode;

use super::{Address, BadAddress};

/// The settings of a shared engine: where they exist, one is configured.
pub const SHARED_CONFIG: &str = "/etc/warroom/config.toml";

/// Where a shared engine listens.
pub const SHARED_SOCKET: &str = "/run/warroom/engine.sock";

/// What is looked at to find the engine. Gathered once, so that finding it is a pure function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `--engine URL`.
    pub engine: Option<String>,
    /// `--state DIR`, else `WARROOM_STATE`.
    pub state: Option<PathBuf>,
    /// Whether this machine has a shared engine configured.
    pub shared: Shared,
    /// `XDG_STATE_HOME`.
    pub xdg_state_home: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
}

/// Whether this machine has a shared engine configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shared {
    /// It has.
    Configured,
    /// It has not.
    #[default]
    Absent,
}

/// The engine that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Where it listens.
    pub address: Address,
    /// Its state directory, when it is the caller's own and may be started by a client.
    pub own_state: Option<PathBuf>,
}

/// Why nobody knows which engine is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// Neither `--state`, `WARROOM_STATE`, `XDG_STATE_HOME` nor `HOME` says where the state is.
    #[error(
        "nothing says where the state is: neither XDG_STATE_HOME nor HOME is set; name a directory with --state DIR"
    )]
    NoHome,
    /// `--engine` is not an address.
    #[error("--engine: {0}")]
    Address(#[from] BadAddress),
}

impl Surroundings {
    /// What flags, environment and file system say.
    #[must_use]
    pub fn gather(engine: Option<String>, state: Option<PathBuf>) -> Surroundings {
        // An empty variable is none (XDG base directories); a relative path there is to be ignored.
        let variable = |name| std::env::var_os(name).filter(|v: &OsString| !v.is_empty()).map(PathBuf::from);
        let shared = if Path::new(SHARED_CONFIG).exists() { Shared::Configured } else { Shared::Absent };
        Surroundings {
            engine,
            state: state.or_else(|| variable("WARROOM_STATE")),
            shared,
            xdg_state_home: variable("XDG_STATE_HOME").filter(|p| p.is_absolute()),
            home: variable("HOME"),
        }
    }

    /// Finds the engine. A shared engine that is configured is the one that is meant, dead or alive.
    ///
    /// # Errors
    /// [`LocateError`] when nothing says where it is.
    pub fn locate(&self) -> Result<Located, LocateError> {
        if let Some(url) = &self.engine {
            return Ok(Located { address: url.parse()?, own_state: None });
        }
        if self.state.is_none() && self.shared == Shared::Configured {
            let address = Address::Socket { path: SHARED_SOCKET.into(), mode: Mode::Shared };
            return Ok(Located { address, own_state: None });
        }
        let state = self.own_state()?;
        Ok(Located { address: Address::in_state(&state), own_state: Some(state) })
    }

    /// The state directory of an engine of one's own.
    ///
    /// # Errors
    /// [`LocateError::NoHome`] when nothing says where it is.
    pub fn own_state(&self) -> Result<PathBuf, LocateError> {
        if let Some(state) = &self.state {
            // Sockets and engines outlive the directory that a shell stood in.
            return Ok(std::path::absolute(state).unwrap_or_else(|_| state.clone()));
        }
        let base = self.xdg_state_home.clone().or_else(|| self.home.as_ref().map(|home| home.join(".local/state")));
        base.map(|base| base.join("warroom")).ok_or(LocateError::NoHome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(state: &str) -> Located {
        Located { address: Address::in_state(Path::new(state)), own_state: Some(state.into()) }
    }

    #[test]
    fn what_is_named_comes_first_then_the_shared_engine_then_ones_own() {
        let home = Surroundings { home: Some("/home/ada".into()), ..Surroundings::default() };
        let xdg = Surroundings { xdg_state_home: Some("/xdg".into()), ..home.clone() };
        let shared = Surroundings { shared: Shared::Configured, ..xdg.clone() };
        let named = Surroundings { state: Some("/tmp/w".into()), ..shared.clone() };
        let remote = Surroundings { engine: Some("http://127.0.0.1:8088/".into()), ..named.clone() };
        let socket = Address::Socket { path: SHARED_SOCKET.into(), mode: Mode::Shared };
        for (given, expected) in [
            (home, own("/home/ada/.local/state/warroom")),
            (xdg, own("/xdg/warroom")),
            (shared, Located { address: socket, own_state: None }),
            (named, own("/tmp/w")),
            (remote, Located { address: Address::Http("127.0.0.1:8088".into()), own_state: None }),
        ] {
            assert_eq!(given.locate(), Ok(expected));
        }
        assert_eq!(Surroundings::default().locate(), Err(LocateError::NoHome));
    }

    #[test]
    fn an_address_is_plain_http_on_the_loopback() {
        for good in ["http://127.0.0.1:1", "http://localhost:65535", "http://[::1]:80/"] {
            assert!(good.parse::<Address>().is_ok(), "{good}");
        }
        for bad in ["", "127.0.0.1:1", "https://127.0.0.1:1", "http://127.0.0.1", "http://10.0.0.1:1", "http://h:99999"]
        {
            assert_eq!(bad.parse::<Address>(), Err(bad.parse::<Address>().unwrap_err()), "{bad}");
        }
        assert_eq!(
            "https://x:1".parse::<Address>().unwrap_err().to_string(),
            "\"https://x:1\" is no address of an engine; write http://127.0.0.1:PORT"
        );
    }
}
