//! What a remote step is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::super::durable;
use super::files;
use crate::core::host::Host;

/// How ssh is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The program; looked up in `PATH` if it has no slash.
    pub program: PathBuf,
    /// A configuration to read in place of the user's and the system's.
    pub config: Option<PathBuf>,
    /// Where the sockets of shared connections are; made, mode 0700. When its name is too long for sockets, a directory of the
    /// user's under `$XDG_RUNTIME_DIR` or `/tmp` is taken instead.
    pub control_dir: PathBuf,
}

impl Settings {
    /// The system's ssh with the user's configuration.
    #[must_use]
    pub fn new(control_dir: PathBuf) -> Self {
        Self { program: "ssh".into(), config: None, control_dir }
    }
}

/// The name of one attempt at a step, the same nowhere else: engine, run, step, attempt. It is a directory's name on the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(Box<str>);

/// A text that cannot be a [`Key`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot name a remote step; 1 to 200 letters, digits, '.', '_' and '-' can, the first a letter or digit")]
pub struct BadKey(String);

impl Key {
    /// Takes a text as a key: 1 to 200 of `A-Z a-z 0-9 . _ -`, the first a letter or digit.
    ///
    /// # Errors
    /// [`BadKey`] when it has another form.
    pub fn new(text: impl AsRef<str>) -> Result<Self, BadKey> {
        let text = text.as_ref();
        let fits = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.len() <= 200
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if fits { Ok(Self(text.into())) } else { Err(BadKey(text.into())) }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Key {
    type Error = BadKey;
    fn try_from(text: String) -> Result<Self, BadKey> {
        Self::new(text)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        key.0.into()
    }
}

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// A program and its arguments, handed over as they are. A program without a slash is looked up in the `PATH` there.
    Command {
        /// The program first.
        argv: Vec<String>,
    },
    /// A script for the host's `sh`.
    Script {
        /// Its text.
        text: String,
    },
}

/// A step on another host, as `remote.json` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteSpec {
    /// How ssh is called.
    pub settings: Settings,
    /// Where.
    pub host: Host,
    /// Under which name.
    pub key: Key,
    /// What.
    pub work: Work,
    /// Added to the environment that the host gives a session; the step starts in the account's home directory.
    pub env: BTreeMap<String, String>,
    /// Names of further variables, whose values the follower finds in its own environment.
    pub secrets: BTreeSet<String>,
    /// By the name of a secret variable, the variable for the path of a file with its value. The host has such files only where
    /// it has a file system in memory (`/dev/shm`), and six at most, the first by name: it stores no secret.
    #[serde(default)]
    pub secret_files: BTreeMap<String, String>,
    /// From SIGTERM to SIGKILL on the host, once the command must end. The shim over the follower must give it longer.
    pub grace: Duration,
    /// How long a cut connection is tried again; `None` for as long as the follower lives.
    pub patience: Option<Duration>,
}

/// Why a step cannot be run on another host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSpec {
    /// The argument vector is empty, or its first element is.
    #[error("the command names no program")]
    NoProgram,
    /// The program begins with `-`, which a shell could take for an option.
    #[error("the program {0:?} begins with '-'")]
    Option(String),
    /// A NUL cannot be handed to a program.
    #[error("there is a NUL in {0}")]
    Nul(String),
    /// Not what a shell takes as the name of a variable, or one that it keeps for itself.
    #[error("{0:?} cannot be set as a variable on another host")]
    Variable(String),
    /// Both an open and a secret value.
    #[error("the variable {0} is set both openly and as a secret")]
    Twice(String),
}

/// Why a step was not written down.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It cannot be run.
    #[error(transparent)]
    Bad(#[from] BadSpec),
    /// There is one already (`AlreadyExists`), or it could not be written.
    #[error("the remote step could not be written down: {0}")]
    Io(#[from] io::Error),
}

/// Variables that a shell on the host would refuse to have set, or go wrong with.
const SHELLS_OWN: [&str; 7] = ["BASHOPTS", "BASH_VERSINFO", "EUID", "IFS", "PPID", "SHELLOPTS", "UID"];

impl RemoteSpec {
    /// Ten seconds from SIGTERM to SIGKILL on the host.
    pub const GRACE: Duration = Duration::from_secs(10);

    /// A step without variables, with the usual grace and patience without end.
    #[must_use]
    pub fn new(settings: Settings, host: Host, key: Key, work: Work) -> Self {
        let (env, secrets, secret_files) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { settings, host, key, work, env, secrets, secret_files, grace: Self::GRACE, patience: None }
    }

    /// Whether it can be run.
    ///
    /// # Errors
    /// [`BadSpec`] is the first fault.
    pub fn check(&self) -> Result<(), BadSpec> {
        match &self.work {
            Work::Command { argv } => check_argv(argv)?,
            Work::Script { text } => no_nul("the script", text)?,
        }
        for (name, value) in &self.env {
            no_nul(&format!("the variable {name:?}"), value)?;
        }
        let files = || self.secret_files.iter().flat_map(|(name, path)| [name, path]);
        if let Some(bad) = self.env.keys().chain(&self.secrets).chain(files()).find(|name| !is_variable(name)) {
            return Err(BadSpec::Variable(bad.clone()));
        }
        match self.secrets.iter().chain(self.secret_files.values()).find(|name| self.env.contains_key(*name)) {
            Some(name) => Err(BadSpec::Twice(name.clone())),
            None => Ok(()),
        }
    }
}

fn check_argv(argv: &[String]) -> Result<(), BadSpec> {
    let program = argv.first().filter(|program| !program.is_empty()).ok_or(BadSpec::NoProgram)?;
    if program.starts_with('-') {
        return Err(BadSpec::Option(program.clone()));
    }
    argv.iter().try_for_each(|word| no_nul("an argument", word))
}

fn no_nul(what: &str, text: &str) -> Result<(), BadSpec> {
    if text.contains('\0') { Err(BadSpec::Nul(what.into())) } else { Ok(()) }
}

/// The names that begin with `wr_` are the far side's own.
fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with("wr_")
        && !SHELLS_OWN.contains(&name)
}

/// Writes `spec` durably into `dir`, which is made if need be. Done once, before the follower is first started.
///
/// # Errors
/// [`WriteError`].
pub fn write_spec(dir: &Path, spec: &RemoteSpec) -> Result<(), WriteError> {
    spec.check()?;
    durable::private_dir(dir)?;
    Ok(durable::create(dir, files::SPEC, spec)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(argv: &[&str]) -> RemoteSpec {
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        let (host, key) = (Host::new("db").unwrap(), Key::new("e1.R7.promote.1").unwrap());
        RemoteSpec::new(Settings::new("/tmp/c".into()), host, key, Work::Command { argv })
    }

    #[test]
    fn a_key_is_one_name_of_a_directory() {
        for bad in ["", ".", "..", "a/b", "-a", "a b", "a\n", "\u{e9}", &"a".repeat(201)] {
            assert!(Key::new(bad).is_err(), "{bad:?}");
        }
        assert!(Key::new("9f3c-R7-promote.2").is_ok());
    }

    #[test]
    fn what_a_shell_would_not_hand_over_as_it_is_is_refused() {
        assert_eq!(spec(&[]).check(), Err(BadSpec::NoProgram));
        assert_eq!(spec(&[""]).check(), Err(BadSpec::NoProgram));
        assert_eq!(spec(&["-a", "x"]).check(), Err(BadSpec::Option("-a".into())));
        assert_eq!(spec(&["a", "x\0"]).check(), Err(BadSpec::Nul("an argument".into())));
        for bad in ["", "1A", "A-B", "A B", "A=B", "A\n", "wr_dir", "IFS", "PPID"] {
            let mut spec = spec(&["a"]);
            spec.env.insert(bad.into(), "x".into());
            assert_eq!(spec.check(), Err(BadSpec::Variable(bad.into())));
        }
        let mut spec = spec(&["a", "-x", ""]);
        spec.env.insert("PATH".into(), "/bin".into());
        spec.secrets.insert("TOKEN".into());
        assert_eq!(spec.check(), Ok(()));
        spec.secrets.insert("PATH".into());
        assert_eq!(spec.check(), Err(BadSpec::Twice("PATH".into())));
    }

    #[test]
    fn a_step_is_written_down_once_and_its_directory_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("r1/s1");
        write_spec(&dir, &spec(&["true"])).unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        let again = write_spec(&dir, &spec(&["false"]));
        assert!(matches!(again, Err(WriteError::Io(why)) if why.kind() == io::ErrorKind::AlreadyExists));
    }
}
