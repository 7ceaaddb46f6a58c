//! Waiting for a shim to end, and the poll under the shim itself.

use std::{io, os::fd::BorrowedFd, path::Path, time::Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    look::{Found, look},
    pidfds, proc,
    record::{ExitRecord, Pids},
};

/// Why there is no end to wait for.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// No shim has taken the attempt up.
    #[error("the attempt was not taken up by a shim")]
    NotTakenUp,
    /// The shim is gone and left no end.
    #[error("the shim {} is gone and left no end", .0.shim_pid)]
    Lost(Pids),
    /// The machine was started anew since, and no end was left.
    #[error("the machine was started anew since, and no end was left")]
    Rebooted,
    /// The files or the process table could not be read.
    #[error("the attempt could not be looked at: {0}")]
    Io(#[from] io::Error),
}

/// Waits for the end of the attempt in `dir`, whoever started its shim. May be dropped at any time. Any number of these waits
/// share one thread, which sleeps until one of the shims ends.
///
/// # Errors
/// [`WaitError`]: there is no shim to wait for, or it went without an end.
pub async fn wait(dir: &Path) -> Result<ExitRecord, WaitError> {
    loop {
        match look(dir)? {
            Found::NotStarted | Found::GivenOut => return Err(WaitError::NotTakenUp),
            Found::Ended(record) => return Ok(record),
            Found::Lost(pids) => return Err(WaitError::Lost(pids)),
            Found::Rebooted => return Err(WaitError::Rebooted),
            Found::Running(pids) => {
                if let Some(shim) = proc::open_shim(&pids)? {
                    pidfds::ended(shim).await?;
                }
            }
        }
    }
}

/// Waits until one of `fds` can be read or is closed, or `until` has come.
pub(super) fn poll_until(fds: &[BorrowedFd<'_>], until: Option<Instant>) -> io::Result<()> {
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        let mut polled: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        match poll(&mut polled, left.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            done => return Ok(done.map(drop)?),
        }
    }
}
