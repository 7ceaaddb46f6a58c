//! Ends an engine and waits until it is gone.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::super::Failure;
use crate::client::{Address, Client};

/// How long an engine may take to write its last entry and close its journal.
const END: Duration = Duration::from_secs(30);

/// Has the engine in that process end, and waits until the process is gone: then its journal can be opened again.
pub(super) async fn stop(address: &Address, pid: u32) -> Result<u32, Failure> {
    let failed = |what: &str| Failure::failed(format!("the engine in process {pid} {what}"));
    let number =
        i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| failed("cannot be one of this machine"))?;
    let process = pidfd_open(number, PidfdFlags::empty()).map_err(|e| failed(&format!("cannot be watched: {e}")))?;
    // The number may have been given to another process since the engine told it: asked again, it must say the same.
    match Client::connect(address).await {
        Ok((_, hello)) if hello.pid == pid => {}
        _ => return Err(failed("went away by itself; look with `warroom engine status`")),
    }
    pidfd_send_signal(&process, Signal::TERM).map_err(|error| match error {
        rustix::io::Errno::PERM => {
            failed("belongs to another account; a shared one is ended by `systemctl stop warroom`")
        }
        other => failed(&format!("cannot be told to end: {other}")),
    })?;
    let gone = tokio::task::spawn_blocking(move || wait(&process)).await;
    match gone {
        Ok(true) => Ok(pid),
        _ => Err(failed(&format!("has not ended after {} s", END.as_secs()))),
    }
}

/// Whether the process ended in time.
fn wait(process: &OwnedFd) -> bool {
    let limit = Timespec { tv_sec: END.as_secs().cast_signed(), tv_nsec: 0 };
    let mut watched = [PollFd::new(process, PollFlags::IN)];
    loop {
        match poll(&mut watched, Some(&limit)) {
            Ok(ended) => return ended > 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
