//! The files of an attempt, and how they are written.

use std::{fs::File, io, path::Path};

use rustix::fs::{FlockOperation, flock};

pub(super) use super::super::durable::{
    create, create_private_dir, read, remove, replace, replace_text, sync, sync_dirs,
};

/// What is to be run.
pub(super) const SPEC: &str = "spec.json";
/// What it reads.
pub(super) const STDIN: &str = "stdin";
/// Who runs it.
pub(super) const PIDS: &str = "pid.json";
/// How it ended.
pub(super) const EXIT: &str = "exit.json";
/// What it said.
pub(super) const OUTPUT: &str = "output";
/// What the shim has to complain about.
pub(super) const LOG: &str = "shim.log";

/// Holds `dir` for one process at a time, until the returned file is dropped. `WouldBlock` if another holds it.
pub(super) fn lock(dir: &Path) -> io::Result<File> {
    let file = File::open(dir)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}
