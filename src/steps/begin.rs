//! How a program under a shim begins, or never does.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::Job;
use super::program::adopt;
use super::shim::{self, Exit, ExitRecord, Found, SpawnError, Spec, Started};
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

/// Waits before it is tried again on a full disk.
pub(super) async fn space() {
    tracing::warn!("a program cannot be written down: the disk is full");
    tokio::time::sleep(AGAIN).await;
}

/// Has a shim take the program up: by this order, or by the one that an engine wrote down that was killed before any shim
/// took it. One whose run is over meanwhile is ended again.
pub(super) async fn give_out(job: &Job, spec: &Spec, secrets: &[(String, String)]) -> Result<Started, NotBegun> {
    let started = match shim::look(&job.dir) {
        Ok(Found::GivenOut) => shim::resume(&job.exe, &job.dir, secrets).await,
        _ => shim::spawn(&job.exe, &job.dir, spec, secrets).await,
    }?;
    // Whoever ends the run after this look finds the shim by its directory.
    if is_over(job) {
        stop(&started.found);
    }
    Ok(started)
}

/// Whether the run has ended since the step began.
pub(super) fn is_over(job: &Job) -> bool {
    job.state.borrow().runs.get(&job.run.id).is_some_and(|run| !run.is_open())
}

fn stop(found: &Found) {
    if let Found::Running(pids) = found
        && let Err(why) = shim::stop(pids)
    {
        tracing::error!(%why, shim = pids.shim_pid, "a command cannot be ended");
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
    Ok(match settle(&job.dir, "its run was over").await? {
        Ok(Found::NotStarted | Found::Ended(ExitRecord { exit: Exit::NotStarted { .. }, .. })) => {
            StepEnd::Bad(Failure::Stopped)
        }
        Ok(found) => {
            stop(&found);
            adopt(job).await
        }
        Err(why) => unreadable(&why),
    })
}

/// Calls off what was given out, for good, unless a shim has taken it up. How it stands then is never [`Found::GivenOut`].
async fn settle(dir: &Path, why: &str) -> Result<io::Result<Found>, DiskFull> {
    loop {
        match shim::void(dir, why).and_then(|_| shim::look(dir)) {
            // A shim has it and has yet to say so.
            Ok(Found::GivenOut) => tokio::time::sleep(SOON).await,
            Err(why) if is_full(&why) => return Err(DiskFull),
            found => return Ok(found),
        }
    }
}

/// Nobody can say how it stands.
pub(super) fn unreadable(why: &io::Error) -> StepEnd {
    StepEnd::Lost(format!("its files cannot be read: {why}"))
}
