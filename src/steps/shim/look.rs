//! What an attempt's directory and the process table say together, and what can be asked of a running shim.

use std::{io, path::Path};

use rustix::process::{Signal, pidfd_send_signal};

use super::{
    cgroup, files, proc,
    record::{ExitRecord, Order, Pids},
};

/// How an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing was given out here.
    NotStarted,
    /// Given out, but no shim has said that it took it up: it may be about to. [`void`] settles which.
    GivenOut,
    /// The shim lives.
    Running(Pids),
    /// It ended, and this is how.
    Ended(ExitRecord),
    /// The shim is gone and left no end. What it started may still live: see [`group_alive`].
    Lost(Pids),
    /// The machine was started anew since it was given out, and it left no end. Nothing of it lives; whether it was taken up,
    /// and how far it came, nobody knows.
    Rebooted,
}

/// Whether anything of an attempt still acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// A process lives, or it could not be found out.
    Alive,
    /// Nobody is left.
    Gone,
}

/// What became of a request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The shim was told; its end will be written.
    Asked,
    /// There is no such shim any more.
    AlreadyGone,
}

/// What became of an attempt to call an attempt off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Void {
    /// It will never run; its end says so.
    Voided,
    /// A shim has it, or had it: look again.
    TakenUp,
}

/// How the attempt in `dir` stands. A shim counts as running only if its id, its start time and the boot agree.
///
/// # Errors
/// When the files or the process table cannot be read: that is not the same as an attempt that never began.
pub fn look(dir: &Path) -> io::Result<Found> {
    let end = files::read(dir, files::EXIT);
    if let Ok(Some(end)) = end {
        return Ok(Found::Ended(end));
    }
    let Some(order) = files::read::<Order>(dir, files::SPEC)? else {
        return end.map(|_| Found::NotStarted);
    };
    // Asked before the ids are read, which are not made to outlive the boot in which they mean something. An end too may have
    // come to disk in part when the power went.
    if order.boot_id != proc::boot_id()? {
        return Ok(Found::Rebooted);
    }
    end?;
    let Some(pids) = files::read::<Pids>(dir, files::PIDS)? else {
        return Ok(Found::GivenOut);
    };
    if proc::shim_lives(&pids)? {
        return Ok(Found::Running(pids));
    }
    // It may have written its end and left between the two looks.
    Ok(files::read(dir, files::EXIT)?.map_or(Found::Lost(pids), Found::Ended))
}

/// Whether a process of this attempt still lives: the shim, the command's group, anybody in the shim's session or in the
/// command's control group. As long as it does, a retry must be refused. Without a control group a process that has left the
/// session (a daemon) is not seen.
#[must_use]
pub fn group_alive(pids: &Pids) -> Life {
    match anybody_lives(pids) {
        Ok(false) => Life::Gone,
        Ok(true) | Err(_) => Life::Alive,
    }
}

fn anybody_lives(pids: &Pids) -> io::Result<bool> {
    if proc::boot_id()? != pids.boot_id {
        return Ok(false);
    }
    if let Some(dir) = &pids.cgroup {
        if cgroup::is_populated(dir) {
            return Ok(true);
        }
        // Its shim can do so no more.
        if !proc::shim_lives(pids)? {
            cgroup::remove(dir);
        }
    }
    Ok(!proc::kin(pids)?.is_empty())
}

/// Asks the shim to end its command as at a deadline: SIGTERM, grace, SIGKILL. Returns at once.
///
/// # Errors
/// When the process table cannot be read or the signal may not be sent.
pub fn stop(pids: &Pids) -> io::Result<Stop> {
    let Some(shim) = proc::open_shim(pids)? else {
        return Ok(Stop::AlreadyGone);
    };
    match pidfd_send_signal(&shim, Signal::TERM) {
        Err(rustix::io::Errno::SRCH) => Ok(Stop::AlreadyGone),
        sent => Ok(sent.map(|()| Stop::Asked)?),
    }
}

/// Calls off an attempt that was given out and that no shim has taken up, for good: a shim that comes late will refuse it.
///
/// # Errors
/// When the files cannot be read or written.
pub fn void(dir: &Path, why: &str) -> io::Result<Void> {
    let _held = match files::lock(dir) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Void::TakenUp),
        held => held?,
    };
    if look(dir)? != Found::GivenOut {
        return Ok(Void::TakenUp);
    }
    files::create(dir, files::EXIT, &ExitRecord::not_started(why.to_owned()))?;
    Ok(Void::Voided)
}
