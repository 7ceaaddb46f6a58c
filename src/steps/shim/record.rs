//! What the engine and the shim write down for each other.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a shim is to run. Kept as `spec.json`, mode 0600, because the environment may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The program and its arguments, handed over as they are: no shell reads them. A program without a slash is looked up
    /// in the `PATH` of [`Spec::env`].
    pub argv: Vec<String>,
    /// The whole environment of the command: nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// Where the command starts; must exist.
    pub cwd: PathBuf,
    /// How long the command may take, on the monotonic clock; `None` for as long as it likes.
    pub timeout: Option<Duration>,
    /// From SIGTERM to SIGKILL, once the command must end.
    pub grace: Duration,
    /// How many bytes of output are kept; past it one line says so and the rest is read and dropped.
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
        Self { argv, env, cwd, timeout: None, grace: Self::GRACE, output_limit: Self::OUTPUT_LIMIT }
    }
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
    /// The file ends at the limit, and says so.
    Cut,
    /// The file could not be written to its end.
    Failed {
        /// What the system said.
        why: String,
    },
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
    /// Bytes that the command wrote and the shim read, whether kept or not.
    pub output_bytes: u64,
    /// What became of them.
    pub kept: Kept,
}

impl ExitRecord {
    /// The record of a command that never ran.
    pub(super) fn not_started(why: String) -> Self {
        Self { exit: Exit::NotStarted { why }, finished_at: now(), duration_ms: 0, output_bytes: 0, kept: Kept::Whole }
    }
}

/// The wall clock, for records that people read; nothing is timed by it.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from(std::time::SystemTime::now())
}
