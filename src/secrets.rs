//! Secrets fetched from where they are kept, at the moment of use. They are never stored and never shown.

use std::fmt;
use std::fs::{Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::process::{ExitStatus, Stdio};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::core::secret::{SecretRef, Source};
use crate::core::time::Span;
use crate::outbound::io_reason;

/// Longest secret, in bytes.
pub const MAX_SECRET: usize = 64 * 1024;

/// How long a command may take to give a secret.
pub const COMMAND_LIMIT: Span = Span::from_secs(10);

/// A secret: shown as `***`, and wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The secret itself, for who uses it. Whoever calls this sees to it that it is written nowhere.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A secret could not be had. Holds the reference, and nothing of what was found there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret {reference} cannot be had: {why}")]
pub struct NotResolved {
    /// Where it should be.
    pub reference: SecretRef,
    /// What is in the way.
    pub why: Obstacle,
}

/// What is in the way of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The engine's environment has no such variable.
    #[error("the engine's environment has no such variable")]
    NotSet,
    /// The system does not give the file.
    #[error("the file cannot be read: {0}")]
    File(String),
    /// A directory, a pipe, a device.
    #[error("it is no regular file")]
    NotAFile,
    /// The permissions, as in `0644`.
    #[error("others than its owner can reach the file (mode {0:04o}); allow nobody else, as with chmod 600")]
    OpenToOthers(u32),
    /// The program could not be started.
    #[error("the command cannot be started: {0}")]
    NotStarted(String),
    /// The program could not be watched.
    #[error("the command cannot be followed: {0}")]
    Lost(String),
    /// It ended in another way than with status 0.
    #[error("the command failed ({0})")]
    Failed(ExitStatus),
    /// It did not end in time.
    #[error("the command gave no answer within {0}")]
    TimedOut(Span),
    /// Nothing, or a line end only.
    #[error("it is empty")]
    Empty,
    /// More than [`MAX_SECRET`].
    #[error("it has more than {MAX_SECRET} bytes")]
    TooLong,
    /// Bytes that are no UTF-8.
    #[error("it is no text in UTF-8")]
    NotText,
}

type Bytes = Zeroizing<Vec<u8>>;

/// Fetches a secret. One line end after it is no part of it. A command gets the engine's own environment and no input, and is
/// ended, with what it started, after [`COMMAND_LIMIT`].
///
/// # Errors
/// [`NotResolved`] says what is in the way.
pub async fn resolve(reference: &SecretRef) -> Result<Secret, NotResolved> {
    resolve_within(reference, COMMAND_LIMIT).await
}

async fn resolve_within(reference: &SecretRef, limit: Span) -> Result<Secret, NotResolved> {
    let bytes = match reference.source() {
        Source::Env(name) => std::env::var_os(name).map(|value| Bytes::new(value.into_vec())).ok_or(Obstacle::NotSet),
        Source::File(path) => read(path.clone()).await,
        Source::Command(argv) => run(argv, limit).await,
    };
    bytes.and_then(|bytes| secret(&bytes)).map_err(|why| NotResolved { reference: reference.clone(), why })
}

fn secret(bytes: &[u8]) -> Result<Secret, Obstacle> {
    if bytes.len() > MAX_SECRET {
        return Err(Obstacle::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Obstacle::NotText)?;
    let text = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text);
    if text.is_empty() {
        return Err(Obstacle::Empty);
    }
    Ok(Secret(SecretString::from(text)))
}

/// Room for all that is read, from the start: a buffer that grows leaves copies behind.
fn room() -> Bytes {
    Bytes::new(Vec::with_capacity(MAX_SECRET + 1))
}

async fn read(path: String) -> Result<Bytes, Obstacle> {
    tokio::task::spawn_blocking(move || read_file(&path)).await.map_err(|lost| Obstacle::File(lost.to_string()))?
}

fn read_file(path: &str) -> Result<Bytes, Obstacle> {
    let io = |error: std::io::Error| Obstacle::File(io_reason(&error));
    // Looked at before it is opened, because opening some devices acts on them; and again once open, because the name may
    // have been given to something else in between. Without waiting, because a pipe opens only when somebody writes.
    private(&std::fs::metadata(path).map_err(io)?)?;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).map_err(io)?;
    private(&file.metadata().map_err(io)?)?;
    let mut bytes = room();
    file.take(MAX_SECRET as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

fn private(metadata: &Metadata) -> Result<(), Obstacle> {
    let mode = metadata.permissions().mode() & 0o7777;
    match mode & 0o077 {
        _ if !metadata.is_file() => Err(Obstacle::NotAFile),
        0 => Ok(()),
        _ => Err(Obstacle::OpenToOthers(mode)),
    }
}

async fn run(argv: &[String], limit: Span) -> Result<Bytes, Obstacle> {
    let (program, arguments) = argv.split_first().ok_or_else(|| Obstacle::NotStarted("no program".into()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A group of its own, so that what it starts can be ended with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Obstacle::NotStarted(io_reason(&error)))?;
    let stdout = child.stdout.take().ok_or_else(|| Obstacle::Lost("it has no output".into()))?;
    let answer = tokio::time::timeout(limit.to_std(), answer(&mut child, stdout)).await;
    let answer = answer.unwrap_or(Err(Obstacle::TimedOut(limit)));
    if answer.is_err() {
        end(&child);
    }
    answer
}

async fn answer(child: &mut Child, stdout: impl AsyncRead + Unpin) -> Result<Bytes, Obstacle> {
    let lost = |error: std::io::Error| Obstacle::Lost(io_reason(&error));
    let mut bytes = room();
    stdout.take(MAX_SECRET as u64 + 1).read_to_end(&mut bytes).await.map_err(lost)?;
    if bytes.len() > MAX_SECRET {
        return Err(Obstacle::TooLong);
    }
    let status = child.wait().await.map_err(lost)?;
    if status.success() { Ok(bytes) } else { Err(Obstacle::Failed(status)) }
}

/// Ends a command's group. A child that was waited for has no id any more: its group may be another's by now.
fn end(child: &Child) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(group) = pid {
        // It may have ended in this moment.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(test)]
mod tests;
