//! Finding a program on its host again, when whoever followed it from here is gone.

use std::path::Path;
use std::time::{Duration, Instant};

use super::super::remote::{self, NotFound, RemoteExit, Sought};
use super::super::shim::{self, Found, Started};
use super::super::{Job, program, secrets};
use super::{LEAVING, LONGER, LONGEST_PAUSE, LOOK, SOON};

/// What became of a program that nobody followed.
pub(super) enum Regained {
    /// It ended like this.
    Ended(RemoteExit),
    /// Another follower is at it, under this shim.
    Followed(Box<Started>),
    /// A follower is at it that another one has started.
    FollowedBefore,
}

/// Looks for it until it is found, however long it takes; nothing when its run is over before. `pause` is waited before the
/// first look and grows from one to the next.
pub(super) async fn until_found(job: &Job, pause: &mut Duration) -> Option<Regained> {
    loop {
        tokio::select! {
            biased;
            () = job.over() => return None,
            () = tokio::time::sleep(*pause) => {}
        }
        *pause = (*pause * 2).clamp(LOOK, LONGEST_PAUSE);
        match look(job).await {
            Ok(found) => return found,
            Err(why) => {
                tracing::warn!(%why, run = %job.run.id, step = %job.step.id, "a command is not found again yet")
            }
        }
    }
}

/// Looks for it once; nothing when its run is over meanwhile.
pub(super) async fn look(job: &Job) -> Result<Option<Regained>, String> {
    match shim::look(&job.dir).map_err(|why| why.to_string())? {
        Found::Running(_) => return Ok(Some(Regained::FollowedBefore)),
        // A follower without a shim could not be ended in time, nor its output be kept from growing.
        Found::Lost(pids) => shim::kill_command(&pids).map_err(|why| why.to_string())?,
        Found::NotStarted | Found::GivenOut | Found::Ended(_) | Found::Rebooted => {}
    }
    let sought = tokio::select! {
        biased;
        () = job.over() => return Ok(None),
        sought = seek(&job.dir) => sought.map_err(|why| why.to_string())?,
    };
    let time = match sought {
        Sought::Ended(exit) => return Ok(Some(Regained::Ended(exit))),
        Sought::Running => left(job),
        // It is late only for those who look.
        Sought::Over => program::limit(job).to_std(),
    };
    let secrets = secrets::of_program(job).await.map_err(|why| why.to_string())?;
    match shim::again(&job.exe, &job.dir, &super::follower(job, time), &secrets).await {
        Ok(started) => Ok(Some(Regained::Followed(Box::new(started)))),
        Err(why) => Err(why.to_string()),
    }
}

/// Asks where it is, as soon as a follower that was ended is gone.
async fn seek(dir: &Path) -> Result<Sought, NotFound> {
    let until = Instant::now() + LEAVING;
    loop {
        match remote::seek(dir).await {
            Err(NotFound::Followed) if Instant::now() < until => tokio::time::sleep(SOON).await,
            sought => return sought,
        }
    }
}

/// What is left of the time that it may take, and never less than it takes to come to its host. By the wall clock: no other
/// goes on when the machine is started anew.
fn left(job: &Job) -> Duration {
    let gone = remote::written_at(&job.dir).ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
    program::limit(job).to_std().saturating_sub(gone).max(LONGER)
}
