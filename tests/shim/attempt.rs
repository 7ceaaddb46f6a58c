//! One attempt in a directory of its own, and what the tests ask of processes.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Pid;
use tempfile::TempDir;
use warroom::steps::shim::{
    ExitRecord, Found, GivenSecret, Pids, Spec, Started, clean_environment, read_output, spawn,
};

/// Longer than any wait here takes on a busy machine; a test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One attempt in a directory of its own.
pub struct Attempt {
    pub home: TempDir,
    pub spec: Spec,
    pub secrets: Vec<GivenSecret>,
}

impl Attempt {
    pub fn new<const N: usize>(argv: [&str; N]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let argv = argv.map(str::to_owned).to_vec();
        let spec = Spec::new(argv, clean_environment([]), home.path().to_path_buf());
        Self { home, spec, secrets: Vec::new() }
    }

    pub fn script(text: &str) -> Self {
        Self::new(["sh", "-c", text])
    }

    pub fn dir(&self) -> PathBuf {
        self.home.path().join("runs/r1/step.1")
    }

    pub async fn spawn(&self) -> Started {
        spawn(exe(), &self.dir(), &self.spec, &self.secrets).await.unwrap()
    }

    pub async fn finish(&self) -> ExitRecord {
        finish(self.spawn().await).await
    }

    pub fn output(&self) -> String {
        let chunk = read_output(&self.dir(), 0, usize::MAX).unwrap();
        assert_eq!(chunk.bytes.len() as u64, chunk.total);
        String::from_utf8(chunk.bytes).unwrap()
    }

    /// Waits until the command has said this much.
    pub async fn says(&self, text: &str) {
        until(text, || self.dir().join("output").exists() && self.output().contains(text)).await;
    }

    /// A file in the working directory of the command.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A file that engine and shim share.
    pub fn record(&self, name: &str) -> String {
        fs::read_to_string(self.dir().join(name)).unwrap()
    }
}

pub async fn finish(started: Started) -> ExitRecord {
    tokio::time::timeout(PATIENCE, started.wait()).await.unwrap().unwrap()
}

pub fn exe() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_warroom"))
}

/// A shim that was given the word to begin, run to its end.
pub fn shim_by_hand(dir: &Path) -> Output {
    let mut command = Command::new(exe());
    command.arg("shim").arg(dir).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut shim = command.spawn().unwrap();
    shim.stdin.take().unwrap().write_all(b"\n").unwrap();
    shim.wait_with_output().unwrap()
}

pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "this did not come about: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub fn running(started: &Started) -> Pids {
    match &started.found {
        Found::Running(pids) => pids.clone(),
        other => panic!("not running: {other:?}"),
    }
}

pub fn pid(raw: i32) -> Pid {
    Pid::from_raw(raw).unwrap()
}

pub fn pid_in(path: &Path) -> i32 {
    fs::read_to_string(path).unwrap().trim().parse().unwrap()
}

pub fn is_gone(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.rsplit(')').next().unwrap().trim_start().starts_with('Z')
}

/// Says by name what cannot be tried here, past the capture of test output.
pub fn skip(what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
}
