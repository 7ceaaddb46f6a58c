//! Files that are in memory only and that nobody can change any more.

use std::{
    fs::File,
    io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::FileExt,
    },
};

use rustix::{
    fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, memfd_create},
    io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_setfd},
};

/// The lowest descriptor that such a file gets: scripts open those below for themselves, by numbers of their own choosing.
const LOWEST: i32 = 100;

/// A sealed file with this content, which every program that is started from here on inherits until it is closed. Whoever
/// opens it by its [`path`] reads from its beginning.
pub(super) fn inherited_file(content: &[u8]) -> io::Result<OwnedFd> {
    let file = File::from(unsealed()?);
    // Not through the file's own position: that stays at the beginning for those who read the descriptor that they have.
    file.write_all_at(content, 0)?;
    // As programs want it that refuse the files of secrets which others could read.
    fchmod(&file, Mode::RUSR)?;
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
    let file = fcntl_dupfd_cloexec(&file, LOWEST)?;
    fcntl_setfd(&file, FdFlags::empty())?;
    Ok(file)
}

fn unsealed() -> io::Result<OwnedFd> {
    const NAME: &str = "secret";
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create(NAME, flags | MemfdFlags::NOEXEC_SEAL) {
        // A kernel that does not know the last flag yet.
        Err(Errno::INVAL) => Ok(memfd_create(NAME, flags)?),
        made => Ok(made?),
    }
}

/// Where a program finds a file that it has inherited.
pub(super) fn path(file: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}
