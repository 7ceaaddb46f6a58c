//! What an attempt's directory and the process table say together, and what can be asked of a running shim.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use rustix::process::{Signal, pidfd_send_signal};

use super::{
    files, proc,
    record::{ExitRecord, Pids},
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
    if let Some(end) = files::read(dir, files::EXIT)? {
        return Ok(Found::Ended(end));
    }
    let Some(pids) = files::read::<Pids>(dir, files::PIDS)? else {
        let given_out = dir.join(files::SPEC).try_exists()?;
        return Ok(if given_out { Found::GivenOut } else { Found::NotStarted });
    };
    if proc::shim_lives(&pids)? {
        return Ok(Found::Running(pids));
    }
    // It may have written its end and left between the two looks.
    Ok(files::read(dir, files::EXIT)?.map_or(Found::Lost(pids), Found::Ended))
}

/// Whether a process of this attempt still lives: the shim, the command's group, or anybody in the shim's session. As long
/// as it does, a retry must be refused. A process that has left the session (a daemon) is not seen.
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
    let all = proc::all()?;
    // The kernel gives an id to a new process only when no group and no session has it any more.
    let reused = |id: i32, start_time: u64| all.iter().any(|found| found.pid == id && found.start_time != start_time);
    let session_is_ours = !reused(pids.shim_pid, pids.shim_start_time);
    let group =
        pids.child.as_ref().filter(|child| !reused(child.child_pid, child.child_start_time)).map(|child| child.pgid);
    Ok(all.iter().any(|found| {
        let ours = (session_is_ours && found.session == pids.shim_pid) || group == Some(found.group);
        ours && !found.zombie
    }))
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
    files::replace(dir, files::EXIT, &ExitRecord::not_started(why.to_owned()))?;
    Ok(Void::Voided)
}

/// At most `max` bytes of the output from byte `from` on, and how many bytes there are in all. The bytes are the command's
/// own: whoever shows them cleans them first. Without a file there is nothing, of nothing.
///
/// # Errors
/// When the file cannot be read.
pub fn read_output(dir: &Path, from: u64, max: usize) -> io::Result<(Vec<u8>, u64)> {
    let file = match File::open(dir.join(files::OUTPUT)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        opened => opened?,
    };
    let total = file.metadata()?.len();
    let there = usize::try_from(total.saturating_sub(from)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; there.min(max)];
    file.read_exact_at(&mut bytes, from)?;
    Ok((bytes, total))
}
