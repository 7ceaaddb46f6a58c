//! What the engine and the shim write down for each other.

use std::{collections::BTreeMap, ops::Range, path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a shim is to run. Its environment and its standard input are on disk until the command has started, in files of mode
/// 0600. Secrets never are: they are handed to [`spawn`](super::spawn()) beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The program and its arguments, handed over as they are: no shell reads them. A program without a slash is looked up
    /// in the `PATH` of [`Spec::env`].
    pub argv: Vec<String>,
    /// The whole environment of the command: nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// Where the command starts; must exist.
    pub cwd: PathBuf,
    /// What the command reads on its standard input; `None` for nothing at all.
    #[serde(skip)]
    pub stdin: Option<String>,
    /// How long the command may take, on the monotonic clock; `None` for as long as it likes.
    pub timeout: Option<Duration>,
    /// From SIGTERM to SIGKILL, once the command must end.
    pub grace: Duration,
    /// How many bytes of output are kept: past it the middle goes, and the first and the last half of the limit stay, each
    /// rounded up to whole blocks of the file system.
    pub output_limit: u64,
}

impl Spec {
    /// Ten seconds between SIGTERM and SIGKILL.
    pub const GRACE: Duration = Duration::from_secs(10);
    /// 16 MiB of output kept.
    pub const OUTPUT_LIMIT: u64 = 16 * 1024 * 1024;

    /// A command without a deadline, with the usual grace and output limit.
    #[must_use]
    pub fn new(argv: Vec<String>, env: BTreeMap<String, String>, cwd: PathBuf) -> Self {
        Self { argv, env, cwd, stdin: None, timeout: None, grace: Self::GRACE, output_limit: Self::OUTPUT_LIMIT }
    }
}

/// A secret that a command is to have: beside [`Spec`], and never on disk.
#[derive(Clone)]
pub struct GivenSecret {
    /// The variable in which the command finds it.
    pub variable: String,
    /// The variable in which the command finds the path of a file that holds it, and that is nowhere but in memory: for
    /// programs that read a secret from a file. `None` for no such file.
    pub file_variable: Option<String>,
    /// The secret.
    pub value: String,
}

/// What `spec.json` holds.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    /// The boot in which it was given out: no shim of another one takes it up.
    pub(super) boot_id: String,
    /// The names of the secrets that the shim finds in its own environment; see [`secret_slot`].
    pub(super) secrets: Vec<String>,
    /// By the name of the secret, the variable for the path of its file, where it is to have one.
    #[serde(default)]
    pub(super) secret_files: BTreeMap<String, String>,
    pub(super) input: Input,
    /// The shim that had the attempt before and is gone, where this order is for another one; see [`again`](super::again()).
    #[serde(default)]
    pub(super) instead_of: Option<Pids>,
    pub(super) spec: Spec,
}

/// Where the command's standard input comes from.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Input {
    Nothing,
    /// The file `stdin`: were it lost, the command must not run on nothing.
    File,
}

/// The variable in which a shim gets the secret of this place in [`Order::secrets`]. A name of the plan's choosing could mean
/// something to the shim's own loader.
pub(super) fn secret_slot(place: usize) -> String {
    format!("WARROOM_SECRET_{place}")
}

/// Who runs an attempt. A process id alone says nothing after a reboot or a reuse: boot id and start time must agree too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pids {
    /// The shim, which is also the id of the session that everything it starts belongs to.
    pub shim_pid: i32,
    /// When the shim started, in clock ticks since boot.
    pub shim_start_time: u64,
    /// The kernel's id of the boot in which these ids mean something.
    pub boot_id: String,
    /// When the shim took the attempt up.
    pub started_at: DateTime<Utc>,
    /// The command; absent while the shim has not said that it lives.
    #[serde(flatten)]
    pub child: Option<ChildIds>,
    /// The control group that the command was put into, if it lived long enough and the system offers one.
    #[serde(default)]
    pub cgroup: Option<PathBuf>,
}

/// The command that a shim started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildIds {
    /// The command's process.
    pub child_pid: i32,
    /// When it started, in clock ticks since boot.
    pub child_start_time: u64,
    /// Its process group, which takes in whatever it starts and does not move elsewhere.
    pub pgid: i32,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Exit {
    /// The command left by itself.
    Exited {
        /// Its exit status, 0 to 255.
        code: i32,
    },
    /// A signal that the shim did not send ended the command.
    Signalled {
        /// The signal's number.
        signal: i32,
    },
    /// The deadline passed and the shim ended the command.
    TimedOut {
        /// The time that it had.
        after: Duration,
        /// What it took.
        how: Ended,
    },
    /// Somebody asked the shim to end the command, and it did.
    Stopped,
    /// The command never ran.
    NotStarted {
        /// A sentence that says why.
        why: String,
    },
}

/// What it took to end a process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// SIGTERM was enough.
    Terminated,
    /// The grace passed and SIGKILL followed.
    Killed,
}

/// What became of the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kept {
    /// All of it is in the file.
    Whole,
    /// It went over the limit: the beginning and the end are in the file, where they would be if all of it were.
    Ends {
        /// The bytes that are not: from the first one to before the one after the last.
        gap: Range<u64>,
    },
    /// The shim, which masks the output of a command with secrets, could not write the file to its end.
    Failed {
        /// What the system said.
        why: String,
    },
}

/// How far the shim's hand reached, had it had to end what the command started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// A control group: everything that the command started, at once.
    Cgroup,
    /// The command's process group, and one by one those who left it. Commands that end within moments never get a control
    /// group.
    Group,
}

/// The end of an attempt, as `exit.json` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// How it ended.
    pub exit: Exit,
    /// When the shim had seen the end.
    pub finished_at: DateTime<Utc>,
    /// From the start of the command to its end on the monotonic clock, in milliseconds.
    pub duration_ms: u64,
    /// How long the output is, in bytes, with what is not kept of it.
    pub output_bytes: u64,
    /// What became of it.
    pub kept: Kept,
    /// How far the shim's hand reached.
    pub reach: Reach,
}

impl ExitRecord {
    /// The record of a command that never ran.
    pub(super) fn not_started(why: String) -> Self {
        Self {
            exit: Exit::NotStarted { why },
            finished_at: now(),
            duration_ms: 0,
            output_bytes: 0,
            kept: Kept::Whole,
            reach: Reach::Group,
        }
    }
}

/// The wall clock, for records that people read; nothing is timed by it.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from(std::time::SystemTime::now())
}
