//! The engine's side of a start.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
};

use super::{
    files,
    look::{Found, look},
    proc,
    record::{ExitRecord, Input, Order, Spec, secret_slot},
    wait::{WaitError, wait},
};

/// Why an attempt was not started, or not known to be.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The argument vector is empty.
    #[error("the command names no program")]
    NoProgram,
    /// This attempt was given out before: an attempt is started once.
    #[error("{} was given out before; a repetition is a new attempt", .0.display())]
    GivenOutBefore(PathBuf),
    /// What is to be run could not be written down; nothing was started.
    #[error("the attempt could not be written down: {0}")]
    NotWritten(#[source] io::Error),
    /// The attempt is written down but its shim could not be started; nothing runs.
    #[error("the shim could not be started: {0}")]
    NotStarted(#[source] io::Error),
    /// The shim ended before it could say that the command lives.
    #[error("the shim ended before it could say that the command lives: {log}")]
    ShimFailed {
        /// What the shim said about it.
        log: String,
    },
    /// The shim was started but what it wrote could not be read.
    #[error("the started shim could not be looked at: {0}")]
    Unreadable(#[source] io::Error),
}

/// An attempt whose shim is at work, or has already ended.
#[derive(Debug)]
pub struct Started {
    /// How the attempt stood once the shim had spoken: [`Found::Running`] or [`Found::Ended`]; [`Found::Lost`] if the shim
    /// was killed at once.
    pub found: Found,
    dir: PathBuf,
    shim: Child,
}

impl Started {
    /// Waits for the end. When this is dropped instead, the shim goes on, and [`wait`] finds it again.
    ///
    /// # Errors
    /// [`WaitError::Lost`] when the shim went without leaving an end.
    pub async fn wait(mut self) -> Result<ExitRecord, WaitError> {
        self.shim.wait().await?;
        wait(&self.dir).await
    }
}

/// Starts `spec` under a shim (`exe shim DIR`) that outlives the caller, and returns when the command lives or is known not
/// to. `dir` is made, mode 0700, and belongs to this attempt alone.
///
/// `secrets` are names and values that the command finds in its environment beside [`Spec::env`], before which they go. They
/// reach it by way of the shim's environment and are never on disk: with them, and only with them, the shim stands between
/// the command and its output and masks them there.
///
/// # Errors
/// [`SpawnError`]. After [`SpawnError::NotStarted`] and [`SpawnError::ShimFailed`] the attempt is used up; [`look`] and
/// [`void`](super::void) say what became of it.
pub async fn spawn(exe: &Path, dir: &Path, spec: &Spec, secrets: &[(String, String)]) -> Result<Started, SpawnError> {
    if spec.argv.is_empty() {
        return Err(SpawnError::NoProgram);
    }
    // The shim works from the root directory, so that it holds no mount busy.
    let exe = std::path::absolute(exe).map_err(SpawnError::NotStarted)?;
    let dir = std::path::absolute(dir).map_err(SpawnError::NotWritten)?;
    let names = secrets.iter().map(|(name, _)| name.clone()).collect();
    let log = write_down(dir.clone(), spec.clone(), names).await?;
    let mut shim = Command::new(exe)
        .arg("shim")
        .arg(&dir)
        .env_clear()
        .envs(secrets.iter().enumerate().map(|(place, (_, value))| (secret_slot(place), value)))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(SpawnError::NotStarted)?;
    if let Some(mut out) = shim.stdout.take() {
        out.read(&mut [0]).await.map_err(SpawnError::Unreadable)?;
    }
    match look(&dir).map_err(SpawnError::Unreadable)? {
        Found::NotStarted | Found::GivenOut => Err(SpawnError::ShimFailed { log: read_log(&dir) }),
        found => Ok(Started { found, dir, shim }),
    }
}

/// Writes the order durably and opens the shim's log.
async fn write_down(dir: PathBuf, spec: Spec, secrets: Vec<String>) -> Result<File, SpawnError> {
    let written = tokio::task::spawn_blocking(move || {
        give_out(&dir, spec, secrets).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => SpawnError::GivenOutBefore(dir.clone()),
            _ => SpawnError::NotWritten(error),
        })?;
        let log = OpenOptions::new().append(true).create(true).mode(0o600).open(dir.join(files::LOG));
        log.map_err(SpawnError::NotStarted)
    });
    written.await.map_err(|error| SpawnError::NotWritten(io::Error::other(error)))?
}

fn give_out(dir: &Path, spec: Spec, secrets: Vec<String>) -> io::Result<()> {
    let grown = files::create_private_dir(dir)?;
    // An attempt that was given out before keeps the input that it had.
    let input = match &spec.stdin {
        Some(text) if !dir.join(files::SPEC).try_exists()? => {
            files::replace_text(dir, files::STDIN, text)?;
            Input::File
        }
        Some(_) => Input::File,
        None => Input::Nothing,
    };
    let order = Order { boot_id: proc::boot_id()?, secrets, input, spec };
    files::create(dir, files::SPEC, &order)?;
    files::sync_dirs(&grown)
}

fn read_log(dir: &Path) -> String {
    const MOST: usize = 2000;
    let log = std::fs::read(dir.join(files::LOG)).unwrap_or_default();
    let end = log.get(log.len().saturating_sub(MOST)..).unwrap_or_default();
    String::from_utf8_lossy(end).trim().to_owned()
}
