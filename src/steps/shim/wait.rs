//! Waiting for a shim to end, and the poll under it.

use std::{
    io::{self, PipeReader},
    os::fd::{AsFd, BorrowedFd},
    path::Path,
    thread,
    time::Instant,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::oneshot;

use super::{
    look::{Found, look},
    proc,
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
    /// The files or the process table could not be read.
    #[error("the attempt could not be looked at: {0}")]
    Io(#[from] io::Error),
}

/// Waits for the end of the attempt in `dir`, whoever started its shim. May be dropped at any time.
///
/// # Errors
/// [`WaitError`]: there is no shim to wait for, or it went without an end.
pub async fn wait(dir: &Path) -> Result<ExitRecord, WaitError> {
    loop {
        match look(dir)? {
            Found::NotStarted | Found::GivenOut => return Err(WaitError::NotTakenUp),
            Found::Ended(record) => return Ok(record),
            Found::Lost(pids) => return Err(WaitError::Lost(pids)),
            Found::Running(pids) => shim_end(&pids).await?,
        }
    }
}

/// Waits in a thread of its own: a pidfd cannot be registered with the runtime by safe means, and a thread of the runtime's
/// pool would hold up the engine's end for as long as the command lasts.
async fn shim_end(pids: &Pids) -> io::Result<()> {
    let Some(pidfd) = proc::open_shim(pids)? else {
        return Ok(());
    };
    // When this future is dropped its end of the pipe closes, which ends the thread.
    let (dropped, _guard): (PipeReader, _) = io::pipe()?;
    let (tell, told) = oneshot::channel();
    thread::Builder::new().name("shim-wait".to_owned()).stack_size(64 * 1024).spawn(move || {
        let _ = tell.send(poll_until(&[pidfd.as_fd(), dropped.as_fd()], None));
    })?;
    told.await.map_err(io::Error::other)??;
    Ok(())
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
