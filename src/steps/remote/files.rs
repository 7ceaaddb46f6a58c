//! Files that are whole or absent, through a crash and a power cut.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use serde::{Serialize, de::DeserializeOwned};

/// What is to be run.
pub(super) const SPEC: &str = "remote.json";
/// How the connection is.
pub(super) const LINK: &str = "link.json";
/// How it ended.
pub(super) const EXIT: &str = "remote-exit.json";

/// Makes `dir` and what is missing above it, mode 0700.
pub(super) fn create_private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Writes `value` as `dir/name`, in place of what was there.
pub(super) fn replace(dir: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    put(dir, name, value, RenameFlags::empty())
}

/// Writes `value` as `dir/name`; `AlreadyExists` if there is one.
pub(super) fn create(dir: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    put(dir, name, value, RenameFlags::NOREPLACE)
}

fn put(dir: &Path, name: &str, value: &impl Serialize, flags: RenameFlags) -> io::Result<()> {
    let temporary = dir.join(format!(".{name}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    file.sync_all()?;
    renameat_with(CWD, &temporary, CWD, dir.join(name), flags)?;
    File::open(dir)?.sync_all()
}

/// Reads `dir/name`, or `None` if there is no such file.
pub(super) fn read<T: DeserializeOwned>(dir: &Path, name: &str) -> io::Result<Option<T>> {
    match std::fs::read(dir.join(name)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

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
