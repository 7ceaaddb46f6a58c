//! A home of its own for each test: the program in it, its engine, and what is left of either.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::terminal::{PATIENCE, Size, Terminal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_warroom");

/// A home; the engine in it is stopped when this is dropped.
pub struct Home {
    dir: TempDir,
}

impl Home {
    pub fn new() -> Home {
        Home { dir: tempfile::tempdir().unwrap() }
    }

    /// A home with an engine on the plan of these tests.
    pub fn with_plan() -> Home {
        let home = Home::new();
        DirBuilder::new().recursive(true).mode(0o700).create(home.state()).unwrap();
        // Nobody listens there: an update is owed for good.
        let settings = "[outbound]\nallow = [\"127.0.0.1\"]\n[channels.inbox]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\n";
        std::fs::write(home.state().join("config.toml"), settings).unwrap();
        home.good(&["plan", "load", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/story/plan.yml")]);
        home
    }

    /// A home with an incident, and a run of its plan's procedure that waits for a person.
    pub fn with_run() -> Home {
        let home = Home::with_plan();
        home.good(&["incident", "declare", "--plan", "shop", "--title", "Payments fail"]);
        home.good(&["run", "start", "shop", "by-hand"]);
        home
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn state(&self) -> PathBuf {
        self.path().join(".local/state/warroom")
    }

    fn environment(&self) -> [(&'static str, String); 6] {
        let dir = self.path().to_str().unwrap().to_owned();
        [
            ("HOME", dir.clone()),
            ("TMPDIR", dir),
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("COLORTERM", "truecolor".to_owned()),
        ]
    }

    /// The program on a terminal.
    pub fn open(&self, size: Size, args: &[&str]) -> Terminal {
        self.open_with(size, args, &[])
    }

    /// The program on a terminal, with something else in its environment.
    pub fn open_with(&self, size: Size, args: &[&str], variables: &[(&str, &str)]) -> Terminal {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(args);
        command.env_clear();
        self.environment().iter().for_each(|(name, value)| command.env(name, value));
        variables.iter().for_each(|(name, value)| command.env(name, value));
        Terminal::start(size, command)
    }

    /// Runs a verb that has to succeed; what it printed.
    pub fn good(&self, args: &[&str]) -> String {
        let mut command = Command::new(PROGRAM);
        command.args(args).env_clear().envs(self.environment()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Kills the engine as a power cut would.
    pub fn kill_engine(&self) {
        let status: serde_json::Value = serde_json::from_str(&self.good(&["engine", "status", "--json"])).unwrap();
        let pid = Pid::from_raw(i32::try_from(status["pid"].as_i64().unwrap()).unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        eventually("the engine is gone", || Stat::of(pid).is_none_or(|stat| stat.state == 'Z').then_some(()));
    }

    /// Waits until nothing that was started in this home runs any more, and no demo's directory is left in it.
    pub fn is_deserted(&self) {
        eventually("no process and no directory is left", || {
            let demo = std::fs::read_dir(self.path())
                .unwrap()
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("warroom-demo"));
            (self.processes().is_empty() && !demo).then_some(())
        });
    }

    /// Every process that knows this home by its environment or its arguments.
    fn processes(&self) -> Vec<String> {
        let needle = self.path().to_str().unwrap();
        let knows = |pid: &str| {
            ["environ", "cmdline"].iter().any(|file| {
                let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
                String::from_utf8_lossy(&bytes).contains(needle)
            })
        };
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| name.bytes().all(|b| b.is_ascii_digit()) && knows(name)).collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let mut command = Command::new(PROGRAM);
        command.args(["engine", "stop"]).env_clear().envs(self.environment());
        // There may be none.
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// What the kernel says of a process.
#[derive(Debug, Clone, Copy)]
pub struct Stat {
    /// `R`, `S`, `T`, `Z` and so on.
    pub state: char,
    /// Hundredths of a second on a processor.
    pub ticks: u64,
}

impl Stat {
    pub fn of(pid: Pid) -> Option<Stat> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Stat { state: fields.first()?.chars().next()?, ticks: number(11)? + number(12)? })
    }
}

/// Waits for a condition and hands back what it found.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
