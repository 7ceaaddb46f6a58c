//! The engine's settings: `config.toml` in the state directory, or the file that `--config` names.
//!
//! ```toml
//! mode = "shared"                        # personal when left out
//! socket = "/run/warroom/engine.sock"    # STATE/engine.sock when left out
//! group = "warroom"                      # who may connect, besides the engine's own user
//!
//! [[people]]                             # `engine::people` says more, of tokens too
//! name = "ada"
//! principal = "uid:1000"
//! access = ["commander", "production"]
//!
//! [ssh]                                  # both may be left out
//! program = "/usr/bin/ssh"
//! config = "/etc/warroom/ssh_config"     # that of the engine's user when left out
//!
//! [connection]                           # what always answers: where none does, the engine itself is cut off
//! anchors = ["10.0.0.1:53", "10.1.0.1:53"]
//!
//! [hooks]                                # alerts from outside; `engine::hooks` says more
//! listen = "127.0.0.1:9099"
//!
//! [outbound]                             # hosts on this machine that words may go to, by name
//! allow = ["localhost"]
//!
//! [channels.ops]                         # `channels::settings` says more
//! kind = "webhook"
//! url = "https://chat.example/hook"
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::hooks::HooksSettings;
use super::people::PersonSettings;
use crate::channels::settings::ChannelSettings;
use crate::core::ids::{ChannelId, Principal};
use crate::core::people::{Access, Mode, Person};
use crate::steps::remote;

/// The settings of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whom it serves.
    pub mode: Mode,
    /// Where it listens; `engine.sock` in the state directory when not said.
    pub socket: Option<PathBuf>,
    /// The group that may connect, by name or number; only the engine's own user when not said.
    pub group: Option<String>,
    /// The people whom it knows, in shared mode.
    pub people: Vec<PersonSettings>,
    /// Its channels.
    pub channels: BTreeMap<ChannelId, ChannelSettings>,
    /// Where their words may go.
    pub outbound: OutboundSettings,
    /// How other hosts are reached.
    pub ssh: SshSettings,
    /// How the engine knows that it is cut off.
    pub connection: ConnectionSettings,
    /// Where alerts come in from outside.
    pub hooks: HooksSettings,
}

/// How the engine knows that it is cut off itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionSettings {
    /// `host:port` of what always takes connections, best at several places. Where none does, the engine is cut off: all that it
    /// looks at is unknown. Without any it never takes itself to be.
    pub anchors: Vec<String>,
}

/// Where words may go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundSettings {
    /// Hosts, as channels name them, that may be on this machine.
    pub allow: Vec<String>,
}

/// How other hosts are reached.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SshSettings {
    /// The ssh program; the one in `PATH` when not said.
    pub program: Option<PathBuf>,
    /// Its configuration; that of the engine's user when not said.
    pub config: Option<PathBuf>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the settings in {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The file does not say what settings say.
    #[error("the settings in {} have a fault: {why}", path.display())]
    Faulty {
        /// The file.
        path: PathBuf,
        /// What and where.
        why: String,
    },
}

impl Config {
    /// How other hosts are reached by the engine of a state directory.
    #[must_use]
    pub fn ssh(&self, dir: &Path) -> remote::Settings {
        let mut settings = remote::Settings::new(dir.join("ssh"));
        if let Some(program) = &self.ssh.program {
            settings.program.clone_from(program);
        }
        settings.config.clone_from(&self.ssh.config);
        settings
    }

    /// Reads the file, or takes the defaults when it is the state directory's own and is not there.
    ///
    /// # Errors
    /// It cannot be read, has a fault, or a file that was named is missing.
    pub fn read(state: &Path, named: Option<&Path>) -> Result<Config, ConfigError> {
        let path = named.map_or_else(|| state.join("config.toml"), Path::to_path_buf);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(why) if why.kind() == io::ErrorKind::NotFound && named.is_none() => return Ok(Config::default()),
            Err(why) => return Err(ConfigError::Unreadable { path, why }),
        };
        let config: Config =
            toml::from_str(&text).map_err(|why| ConfigError::Faulty { path: path.clone(), why: why.to_string() })?;
        config.check().map_err(|why| ConfigError::Faulty { path, why })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if self.mode == Mode::Personal && !self.people.is_empty() {
            return Err("people are named, and the mode is personal; write mode = \"shared\"".into());
        }
        if self.mode == Mode::Shared && self.people.is_empty() {
            return Err("the mode is shared and nobody is named; add [[people]]".into());
        }
        super::people::check(&self.people)?;
        for (name, channel) in &self.channels {
            channel.check().map_err(|why| format!("channel {name}: {why}"))?;
        }
        self.hooks.check()
    }

    /// The people whom the engine knows: in personal mode the one who runs it, with every access.
    #[must_use]
    pub fn people(&self, own_uid: u32) -> Vec<Person> {
        match self.mode {
            Mode::Shared => self.people.iter().map(PersonSettings::person).collect(),
            Mode::Personal => vec![Person {
                principal: Principal::Uid(own_uid),
                name: login_name(own_uid),
                access: Access::ALL.into_iter().collect(),
            }],
        }
    }
}

/// The login name of an account, for show; its number when the system has none.
#[must_use]
pub fn login_name(uid: u32) -> String {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    field_where(&accounts, 2, &uid.to_string(), 0).unwrap_or_else(|| format!("uid {uid}"))
}

/// The number of a group given by name or number; `None` when the system has none of that name.
#[must_use]
pub fn group_number(group: &str) -> Option<u32> {
    let groups = || std::fs::read_to_string("/etc/group").unwrap_or_default();
    group.parse().ok().or_else(|| field_where(&groups(), 0, group, 2)?.parse().ok())
}

/// In a colon-separated table, the `wanted` field of the first line whose field at `place` is `value`.
fn field_where(table: &str, place: usize, value: &str, wanted: usize) -> Option<String> {
    table
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find_map(|fields| (fields.get(place) == Some(&value)).then(|| fields.get(wanted).map(|f| (*f).to_owned()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "[[hooks.tokens]]\nname='am'\n\
                         sha256='0000000000000000000000000000000000000000000000000000000000000000'\nplans=['shop']\n";

    const MAIL: &str = "[channels.x]\nkind='email'\nserver='smtp.example:587'\nfrom='War room <a@example>'\nto=['b@example']\n\
                        user='a'\npassword='file:/p'\n";

    #[test]
    fn hooks_are_off_and_on_loopback_a_token_is_enough() {
        assert_eq!(read("").unwrap().hooks, HooksSettings::default());
        assert!(read(TOKEN).unwrap().hooks.listen.is_none());
        for listen in ["[hooks]\nlisten='127.0.0.1:9099'\n", "[hooks]\nlisten='[::1]:9099'\n"] {
            assert_eq!(read(&format!("{listen}{TOKEN}")).unwrap().hooks.tokens.len(), 1);
        }
        let tls = "[hooks]\nlisten='0.0.0.0:9099'\ntls={cert='c',key='k'}\n";
        assert!(read(&format!("{tls}{TOKEN}expires=2027-01-01T00:00:00Z\n")).is_err(), "a moment is a text");
        let hooks = read(&format!("{tls}{TOKEN}expires='2027-01-01T00:00:00Z'\n")).unwrap().hooks;
        assert!(hooks.tokens[0].expires.is_some());
    }

    fn read(text: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        Config::read(dir.path(), None)
    }

    #[test]
    fn without_settings_the_engine_serves_the_one_who_runs_it() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::read(dir.path(), None).unwrap();
        let people = config.people(1234);
        assert_eq!(people.len(), 1);
        assert_eq!(people[0].principal, Principal::Uid(1234));
        assert_eq!(people[0].access.len(), Access::ALL.len());
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("other.toml");
        assert!(matches!(Config::read(dir.path(), Some(&missing)), Err(ConfigError::Unreadable { .. })));
    }

    #[test]
    fn faults_say_what_would_be_right() {
        for (text, part) in [
            ("mode = \"shared\"", "add [[people]]"),
            ("[[people]]\nname='a'\nprincipal='uid:1'\naccess=[]", "mode = \"shared\""),
            ("mode='shared'\n[[people]]\nname='a'\nprincipal='engine'\naccess=[]", "uid:NUMBER"),
            (
                "mode='shared'\n[[people]]\nname='a'\nprincipal='uid:1'\naccess=[]\n[[people]]\nname='b'\nprincipal='uid:1'\naccess=[]",
                "one person, one account",
            ),
            ("mode='shared'\n[[people]]\nname='a'\nprincipal='token:a'\naccess=[]", "uid:NUMBER"),
            ("[hooks]\nlisten='0.0.0.0:9099'", "beyond this host, without TLS and tokens"),
            (&format!("[hooks]\nlisten='[::]:9099'\n{TOKEN}"), "give hooks.tls a certificate"),
            ("[hooks]\nlisten='10.0.0.1:9099'\ntls={cert='c',key='k'}", "add [[hooks.tokens]]"),
            ("[hooks]\nlisten='127.0.0.1:9099'", "warroom token create NAME"),
            ("[hooks]\nlisten='localhost:9099'", "invalid socket address"),
            (&format!("{TOKEN}{TOKEN}"), "two tokens are called am"),
            (&TOKEN.replace("'shop'", ""), "write plans = [\"PLAN\"]"),
            (&TOKEN.replace("00", "0"), "64 hexadecimal digits, not 32"),
            (&TOKEN.replace("00", "zz"), "64 hexadecimal digits"),
            (&format!("{TOKEN}expires='soon'"), "expires"),
            ("chanels = 1", "unknown field `chanels`"),
            ("[channels.x]\nkind='pigeon'", "unknown variant `pigeon`"),
            ("[channels.x]\nkind='webhook'\nurl='chat.example'", "an address begins with https://"),
            ("[channels.x]\nkind='slack'\nchannel='C1'\ntoken='xoxb-1-2'", "it is no reference to a secret"),
            (MAIL, ""),
            (&MAIL.replace(":587", ""), "smtp.example:587"),
            (&MAIL.replace("password", "#"), "write both or neither"),
            (&format!("{MAIL}tls='none'"), "a password would go in the clear"),
            (&MAIL.replace("b@example", "b"), "is no address of e-mail"),
            (&MAIL.replace("'b@example'", ""), "names nobody"),
        ] {
            if part.is_empty() {
                assert!(read(text).is_ok(), "{text}");
                continue;
            }
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
