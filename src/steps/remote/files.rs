//! The files of an attempt on another host.

use std::{fs::File, io, path::Path};

use rustix::fs::{FlockOperation, flock};

/// What is to be run.
pub(super) const SPEC: &str = "remote.json";
/// How the connection is.
pub(super) const LINK: &str = "link.json";
/// How it ended.
pub(super) const EXIT: &str = "remote-exit.json";

/// Holds the spec in `dir` for one follower at a time, until the returned file is dropped. Waits for one that has it.
pub(super) fn lock(dir: &Path) -> io::Result<File> {
    let file = File::open(dir.join(SPEC))?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// Holds the spec in `dir` as [`lock`] does; `WouldBlock` if another has it.
pub(super) fn try_lock(dir: &Path) -> io::Result<File> {
    let file = File::open(dir.join(SPEC))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}
