//! Files that are whole or absent, through a crash and a power cut.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use serde::{Serialize, de::DeserializeOwned};

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

/// Makes `dir` and what is missing above it, mode 0700. The directories that hold a new name come back, innermost first:
/// [`sync_dirs`] has those names on disk.
pub(super) fn create_private_dir(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut grown = Vec::new();
    let mut missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.is_dir()).collect();
    while let Some(next) = missing.pop() {
        match DirBuilder::new().mode(0o700).create(next) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => grown.extend(next.parent().map(Path::to_path_buf)),
        }
    }
    grown.reverse();
    Ok(grown)
}

/// Has the names in these directories on disk.
pub(super) fn sync_dirs(dirs: &[PathBuf]) -> io::Result<()> {
    dirs.iter().try_for_each(|dir| File::open(dir)?.sync_all())
}

/// Writes `value` as `dir/name` so that it outlives a power cut; `AlreadyExists` if there is one.
pub(super) fn create(dir: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    let temporary = temporary(dir, name, &serde_json::to_vec(value)?)?;
    temporary.file.sync_data()?;
    renameat_with(CWD, &temporary.path, CWD, dir.join(name), RenameFlags::NOREPLACE)?;
    File::open(dir)?.sync_all()
}

/// Writes `value` as `dir/name`, in place of what was there. It is whole or absent for every process, but has yet to be
/// [`sync`]ed to be so after a power cut.
pub(super) fn replace(dir: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    put(dir, name, &serde_json::to_vec(value)?)
}

/// Writes `text` as `dir/name`, as [`replace`] does.
pub(super) fn replace_text(dir: &Path, name: &str, text: &str) -> io::Result<()> {
    put(dir, name, text.as_bytes())
}

fn put(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::rename(temporary(dir, name, bytes)?.path, dir.join(name))
}

struct Temporary {
    file: File,
    path: PathBuf,
}

fn temporary(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<Temporary> {
    let path = dir.join(format!(".{name}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(bytes)?;
    Ok(Temporary { file, path })
}

/// Has `dir/name` on disk.
pub(super) fn sync(dir: &Path, name: &str) -> io::Result<()> {
    File::open(dir.join(name))?.sync_data()?;
    File::open(dir)?.sync_all()
}

/// Removes `dir/name` if it is there.
pub(super) fn remove(dir: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(dir.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads `dir/name`, or `None` if there is no such file.
pub(super) fn read<T: DeserializeOwned>(dir: &Path, name: &str) -> io::Result<Option<T>> {
    match fs::read(dir.join(name)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Holds `dir` for one process at a time, until the returned file is dropped. `WouldBlock` if another holds it.
pub(super) fn lock(dir: &Path) -> io::Result<File> {
    let file = File::open(dir)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}
