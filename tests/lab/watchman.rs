//! Nothing of a laboratory outlives it, however it ends: a watchman ends what belongs to it and takes its directory away.

use std::fs;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::programs::{self, MARK};

/// Set to anything, this leaves the directories of laboratories for somebody to look at.
const KEEP: &str = "LAB_KEEP";

/// A process that clears a directory up once this is dropped, or its owner gone.
pub struct Watchman(Child);

impl Watchman {
    /// For as long as this process lives and keeps it.
    pub fn of(dir: &Path) -> Watchman {
        Watchman(begin(dir).stdin(Stdio::piped()).spawn().unwrap())
    }
}

impl Drop for Watchman {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Has a directory cleared up once another process is gone.
pub fn until_gone(process: u32, dir: &Path) {
    let watchman = begin(dir);
    let mut command = Command::new("sh");
    command.args(["-c", "(tail --pid=\"$0\" -f /dev/null | \"$@\") &", &process.to_string()]);
    command.arg(watchman.get_program()).args(watchman.get_args());
    command.envs(watchman.get_envs().filter_map(|(name, value)| Some((name, value?)))).env_remove(KEEP);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").process_group(0);
    assert!(command.status().unwrap().success());
}

/// Not in the test's process group: what a terminal sends there is not for the watchman.
fn begin(dir: &Path) -> Command {
    let mut command = programs::command("watchman");
    command.env(MARK, dir).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").process_group(0);
    command
}

/// The program: waits for the end of its standard input.
pub fn watch() {
    let dir = PathBuf::from(programs::told(MARK));
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    let mut rounds = 0;
    while end_all(&dir) && rounds < 500 {
        rounds += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = Command::new("sh").args(["-c", "umount -l \"$1\"/*/data 2>/dev/null", "sh"]).arg(&dir).status();
    if std::env::var_os(KEEP).is_none() {
        let _ = fs::remove_dir_all(&dir);
    }
}

/// Kills everything that belongs to a laboratory; whether there was anything.
fn end_all(dir: &Path) -> bool {
    let found: Vec<u32> = processes().filter(|pid| *pid != std::process::id() && belongs(*pid, dir)).collect();
    for pid in &found {
        send(*pid, Signal::KILL);
    }
    !found.is_empty()
}

/// Whether a process was started by a laboratory. PostgreSQL's own children and the engine's steps forget the mark; these are
/// known by where they work and what they were told.
fn belongs(pid: u32, dir: &Path) -> bool {
    let text = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let says = |name: &str| {
        let dir = dir.as_os_str().as_encoded_bytes();
        text(name).windows(dir.len()).any(|part| part == dir)
    };
    let at = |name: &str| fs::read_link(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let dead = state(pid).is_none_or(|state| state == 'Z');
    let steps = || at("exe") == Path::new(env!("CARGO_BIN_EXE_warroom")) && says("cmdline");
    !dead && (says("environ") || steps() || text("comm").starts_with(b"postgres") && at("cwd").starts_with(dir))
}

/// All processes that can be seen.
pub fn processes() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The letter by which the kernel calls what a process does; none when it is gone.
pub fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Sends a signal to a process that may be gone.
pub fn send(pid: u32, signal: Signal) {
    let _ = kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal);
}
