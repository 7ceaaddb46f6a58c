//! How a program under a shim begins, or never does.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::program::{adopt, follow};
use super::shim::{self, Exit, ExitRecord, Found, SpawnError};
use super::{Job, secrets};
use crate::core::observe::StepEnd;
use crate::core::run::Failure;

/// How soon a shim is looked for again that is about to say that it has its attempt.
const SOON: Duration = Duration::from_millis(10);

/// How soon it is tried again on a full disk.
const AGAIN: Duration = Duration::from_secs(1);

/// The disk is full: nothing has begun, and it can be tried again.
pub(super) struct DiskFull;

/// Why a program has not begun.
pub(super) enum NotBegun {
    /// There was no space to write down what is to be run.
    DiskFull,
    /// Something that will not be otherwise by itself: a sentence.
    Because(String),
}

impl NotBegun {
    /// Something of it could not be written.
    pub(super) fn unwritten(what: &str, why: &io::Error) -> NotBegun {
        if is_full(why) {
            NotBegun::DiskFull
        } else {
            NotBegun::Because(format!("{what} cannot be written down: {why}"))
        }
    }
}

impl From<SpawnError> for NotBegun {
    fn from(why: SpawnError) -> NotBegun {
        match &why {
            SpawnError::NotWritten(io) | SpawnError::NotStarted(io) if is_full(io) => NotBegun::DiskFull,
            _ => NotBegun::Because(why.to_string()),
        }
    }
}

fn is_full(why: &io::Error) -> bool {
    matches!(why.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Waits before it is tried again on a full disk; no longer than until the run is over.
pub(super) async fn space(job: &Job) {
    tracing::warn!(run = %job.run.id, step = %job.step.id, "a program cannot be written down: the disk is full");
    tokio::select! {
        () = job.over() => {}
        () = tokio::time::sleep(AGAIN) => {}
    }
}

/// An engine was killed between giving the program out and its start. It has never run: another shim takes it up by the same
/// order. One that comes late all the same and this one decide between them who has it.
pub(super) async fn take_up(job: &Job) -> Result<StepEnd, DiskFull> {
    let secrets = match secrets::of_program(job).await {
        Ok(secrets) => secrets,
        Err(why) => return failed(job, NotBegun::Because(why.to_string())).await,
    };
    match shim::resume(&job.exe, &job.dir, &secrets).await {
        Ok(started) => Ok(follow(job, started.wait()).await),
        Err(why) => failed(job, why.into()).await,
    }
}

/// It could not be started, unless a shim has it all the same.
pub(super) async fn failed(job: &Job, why: NotBegun) -> Result<StepEnd, DiskFull> {
    let NotBegun::Because(why) = why else { return Err(DiskFull) };
    Ok(match settle(&job.dir, &why).await? {
        Ok(Found::NotStarted) => StepEnd::Bad(Failure::NotStarted { why }),
        Ok(_) => adopt(job).await,
        Err(why) => unreadable(&why),
    })
}

/// The run ended before the program began: it never begins, and if it does all the same it is ended.
pub(super) async fn call_off(job: &Job) -> Result<StepEnd, DiskFull> {
    Ok(match settle(&job.dir, "its run was over before it was started").await? {
        Ok(Found::NotStarted | Found::Ended(ExitRecord { exit: Exit::NotStarted { .. }, .. })) => {
            StepEnd::Bad(Failure::Stopped)
        }
        Ok(_) => adopt(job).await,
        Err(why) => unreadable(&why),
    })
}

/// Calls off what was given out, for good, unless a shim has taken it up. How it stands then is never [`Found::GivenOut`].
async fn settle(dir: &Path, why: &str) -> Result<io::Result<Found>, DiskFull> {
    loop {
        let stands = match shim::look(dir) {
            Ok(Found::GivenOut) => shim::void(dir, why).and_then(|_| shim::look(dir)),
            stands => stands,
        };
        match stands {
            // A shim has it and has yet to say so.
            Ok(Found::GivenOut) => tokio::time::sleep(SOON).await,
            Err(why) if is_full(&why) => return Err(DiskFull),
            stands => return Ok(stands),
        }
    }
}

/// Nobody can say how it stands.
pub(super) fn unreadable(why: &io::Error) -> StepEnd {
    StepEnd::Lost(format!("its files cannot be read: {why}"))
}
