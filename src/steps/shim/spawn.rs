//! The engine's side of a start.

use std::{
    fs::{File, OpenOptions},
    io::{self, PipeReader, Read, Write},
    os::{fd::OwnedFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    process::{Child, Command},
};

use super::{
    cgroup, files,
    look::{Found, look},
    proc,
    record::{ExitRecord, GivenSecret, Input, Order, Pids, Spec, secret_slot},
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
    /// The shim says one word more, when its end can be read.
    words: PipeReader,
}

impl Started {
    /// Waits for the end. When this is dropped instead, the shim goes on, and [`wait`] finds it again.
    ///
    /// The end is there to be read a moment before it would outlive a power cut: whoever acts on it writes it down first.
    ///
    /// # Errors
    /// [`WaitError::Lost`] when the shim went without leaving an end.
    pub async fn wait(mut self) -> Result<ExitRecord, WaitError> {
        let mut words = pipe::Receiver::from_owned_fd(OwnedFd::from(self.words))?;
        // It either spoke or is gone.
        let _: usize = words.read(&mut [0]).await?;
        if let Found::Ended(record) = look(&self.dir)? {
            return Ok(record);
        }
        self.shim.wait().await?;
        wait(&self.dir).await
    }
}

/// Starts `spec` under a shim (`exe shim DIR`) that outlives the caller, and returns when the command lives or is known not
/// to. `dir` is made, mode 0700, and belongs to this attempt alone.
///
/// The command finds `secrets` in its environment beside [`Spec::env`], before which they go, and in files that only it and
/// those it starts have. They come by way of the shim's environment and are never on disk: with them, and only with them, the
/// shim stands between the command and its output and masks them there.
///
/// # Errors
/// [`SpawnError`]. After [`SpawnError::NotStarted`] and [`SpawnError::ShimFailed`] the attempt is used up; [`look`] and
/// [`void`](super::void) say what became of it.
pub async fn spawn(exe: &Path, dir: &Path, spec: &Spec, secrets: &[GivenSecret]) -> Result<Started, SpawnError> {
    if spec.argv.is_empty() {
        return Err(SpawnError::NoProgram);
    }
    shim_for(exe, dir, Given::First(spec.clone()), secrets).await
}

/// Starts a shim for an attempt that was given out and that no shim has taken up ([`Found::GivenOut`]), by the order that is
/// there. One that comes late all the same and this one decide between them who takes it; the other leaves.
///
/// `secrets` are those that the attempt was given out with.
///
/// # Errors
/// As of [`spawn`]; after any of them [`look`] says who has it.
pub async fn resume(exe: &Path, dir: &Path, secrets: &[GivenSecret]) -> Result<Started, SpawnError> {
    shim_for(exe, dir, Given::Before, secrets).await
}

/// Starts another shim for an attempt whose own is gone, or has ended, to run `spec` there: for commands that do no harm when
/// they are run again, as a follower of what runs elsewhere. Output follows upon what is there; where `secrets` are masked in
/// it, the command gives all of it anew, and what is there already is passed over.
///
/// # Errors
/// As of [`spawn`]. It is [`SpawnError::NotWritten`] when a shim has it.
pub async fn again(exe: &Path, dir: &Path, spec: &Spec, secrets: &[GivenSecret]) -> Result<Started, SpawnError> {
    shim_for(exe, dir, Given::Again(spec.clone()), secrets).await
}

/// The order for a shim.
enum Given {
    /// It has yet to be written down, for the first one.
    First(Spec),
    /// It was written down before.
    Before,
    /// It takes the place of the one that is there.
    Again(Spec),
}

async fn shim_for(exe: &Path, dir: &Path, given: Given, secrets: &[GivenSecret]) -> Result<Started, SpawnError> {
    // The shim works from the root directory, so that it holds no mount busy.
    let exe = std::path::absolute(exe).map_err(SpawnError::NotStarted)?;
    let dir = std::path::absolute(dir).map_err(SpawnError::NotWritten)?;
    let secrets = secrets.to_vec();
    let begun = tokio::task::spawn_blocking(move || begin(&exe, dir, given, &secrets));
    begun.await.map_err(|error| SpawnError::NotStarted(io::Error::other(error)))?
}

/// Has the shim load while the order is written down, and gives it the word to begin when that is on disk. A shim that
/// hears the pipe close instead leaves, having done nothing.
fn begin(exe: &Path, dir: PathBuf, given: Given, secrets: &[GivenSecret]) -> Result<Started, SpawnError> {
    let grown = files::create_private_dir(&dir).map_err(SpawnError::NotWritten)?;
    let given_out = dir.join(files::SPEC).try_exists().map_err(SpawnError::NotWritten)?;
    if given_out && matches!(given, Given::First(_)) {
        return Err(SpawnError::GivenOutBefore(dir));
    }
    let (begins, mut begin) = io::pipe().map_err(SpawnError::NotStarted)?;
    let (mut words, speaks) = io::pipe().map_err(SpawnError::NotStarted)?;
    let shim = open_log(&dir).and_then(|log| {
        Command::new(exe)
            .arg("shim")
            .arg(&dir)
            .env_clear()
            .envs(secrets.iter().enumerate().map(|(place, secret)| (secret_slot(place), &secret.value)))
            .current_dir("/")
            .stdin(begins)
            .stdout(speaks)
            .stderr(log)
            .spawn()
    });
    let written = match given {
        Given::First(spec) => write_down(&dir, spec, secrets),
        Given::Before => files::sync(&dir, files::SPEC),
        Given::Again(spec) => write_over(&dir, spec, secrets),
    };
    written.and_then(|()| files::sync_dirs(&grown)).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => SpawnError::GivenOutBefore(dir.clone()),
        _ => SpawnError::NotWritten(error),
    })?;
    let shim = shim.map_err(SpawnError::NotStarted)?;
    // A shim that is gone already says nothing either.
    let _ = begin.write_all(b"\n");
    let _: usize = words.read(&mut [0]).map_err(SpawnError::Unreadable)?;
    match look(&dir).map_err(SpawnError::Unreadable)? {
        Found::NotStarted | Found::GivenOut => Err(SpawnError::ShimFailed { log: read_log(&dir) }),
        found => Ok(Started { found, dir, shim, words }),
    }
}

fn open_log(dir: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(dir.join(files::LOG))
}

/// Writes the order, so that it outlives a power cut.
fn write_down(dir: &Path, spec: Spec, secrets: &[GivenSecret]) -> io::Result<()> {
    let input = match &spec.stdin {
        Some(text) => {
            files::replace_text(dir, files::STDIN, text)?;
            Input::File
        }
        None => Input::Nothing,
    };
    files::create(dir, files::SPEC, &order(spec, secrets, input, None)?)
}

/// Writes the order over the one that is there, and takes away how that one ended. When the engine dies in the midst of this,
/// the attempt looks as it did, or as one that is lost.
fn write_over(dir: &Path, spec: Spec, secrets: &[GivenSecret]) -> io::Result<()> {
    let _held = files::lock(dir)?;
    // In another boot it means nothing, and may have come to disk in part.
    let before: Option<Pids> = files::read(dir, files::PIDS).ok().flatten();
    match &before {
        Some(before) => before.cgroup.iter().for_each(|dir| cgroup::remove(dir)),
        None => files::remove(dir, files::PIDS)?,
    }
    files::replace(dir, files::SPEC, &order(spec, secrets, Input::Nothing, before)?)?;
    files::sync(dir, files::SPEC)?;
    files::remove(dir, files::EXIT)
}

fn order(spec: Spec, secrets: &[GivenSecret], input: Input, instead_of: Option<Pids>) -> io::Result<Order> {
    let file = |secret: &GivenSecret| Some((secret.variable.clone(), secret.file_variable.clone()?));
    Ok(Order {
        boot_id: proc::boot_id()?,
        secrets: secrets.iter().map(|secret| secret.variable.clone()).collect(),
        secret_files: secrets.iter().filter_map(file).collect(),
        input,
        instead_of,
        spec,
    })
}

fn read_log(dir: &Path) -> String {
    const MOST: usize = 2000;
    let log = std::fs::read(dir.join(files::LOG)).unwrap_or_default();
    let end = log.get(log.len().saturating_sub(MOST)..).unwrap_or_default();
    String::from_utf8_lossy(end).trim().to_owned()
}
