//! One engine for one state directory.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use thiserror::Error;

const FILE: &str = "engine.lock";
/// More than the holder ever writes; a longer file is not read to its end.
const LONGEST: u64 = 256;

/// How long the lock of a process that is gone is waited for.
const LEFT_BEHIND: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(5);

/// The directory that holds one engine's journal, socket and outputs.
#[derive(Debug)]
pub struct StateDir;

/// The state directory is this process's own until this is dropped or the process ends.
#[derive(Debug)]
pub struct StateLock {
    file: File,
    dir: PathBuf,
}

/// The process that has a state directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Since when it has the directory, to the second.
    pub since: DateTime<Utc>,
}

/// Why a state directory could not be locked.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is in use by {}", dir.display(), describe(holder.as_ref()))]
    Held {
        /// The state directory.
        dir: PathBuf,
        /// Who has it; none in the instant before the holder has written its name.
        holder: Option<Holder>,
    },
    /// The directory or the lock file could not be made or used.
    #[error("{}: {source}", path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
}

fn describe(holder: Option<&Holder>) -> String {
    match holder {
        Some(Holder { pid, since }) => format!("process {pid} since {}", stamp(since)),
        None => "another process".to_owned(),
    }
}

fn stamp(moment: &DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl StateDir {
    /// Makes `dir` if it is missing (mode 0700, as its missing parents) and takes it for this process.
    ///
    /// The lock is the kernel's (flock on `engine.lock`, closed in children that are executed): it ends with the process,
    /// however that ends. One that was killed as it began another leaves the lock to that one for the moment before it is
    /// executed; so, if the process that the file names is gone, its lock is waited for, at most five seconds.
    pub fn lock(dir: &Path) -> Result<StateLock, LockError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| LockError::Io { path, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io(dir))?;
        let dir = fs::canonicalize(dir).map_err(io(dir))?;
        let path = dir.join(FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io(&path))?;
        let until = Instant::now() + LEFT_BEHIND;
        while let Err(errno) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if errno != rustix::io::Errno::WOULDBLOCK {
                return Err(io(&path)(errno.into()));
            }
            let holder = read_holder(&mut file);
            if !holder.is_some_and(|holder| is_gone(holder.pid)) || Instant::now() >= until {
                return Err(LockError::Held { dir, holder });
            }
            std::thread::sleep(AGAIN);
        }
        write_holder(&mut file).map_err(io(&path))?;
        Ok(StateLock { file, dir })
    }
}

impl StateLock {
    /// The directory that is locked, as an absolute path without links.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for StateLock {
    fn drop(&mut self) {
        // A name left behind would outlive its truth. Failing is harmless: only the lock counts.
        let _ = self.file.set_len(0);
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    let since = DateTime::<Utc>::from(SystemTime::now());
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("pid {}\nsince {}\n", std::process::id(), stamp(&since)).as_bytes())
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.strip_prefix("pid ")?.parse().ok()?;
    let since = DateTime::parse_from_rfc3339(lines.next()?.strip_prefix("since ")?).ok()?.to_utc();
    Some(Holder { pid, since })
}

/// Whether a process has ended; not if that cannot be told.
fn is_gone(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    match pidfd_open(pid, PidfdFlags::empty()) {
        Err(errno) => errno == rustix::io::Errno::SRCH,
        Ok(process) => {
            let mut ended = [PollFd::new(&process, PollFlags::IN)];
            poll(&mut ended, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1)
        }
    }
}
