//! The follower's standard output, and how much of the command's has gone there.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// Where output goes.
pub(super) struct Output {
    file: File,
    /// Bytes that have gone there, by this follower and those before it.
    given: u64,
}

impl Output {
    /// Takes standard output. A regular file is the step's own and tells by its size what has gone there; of anything else
    /// `recorded` is the best that is known.
    pub(super) fn open(recorded: u64) -> io::Result<Self> {
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let found = file.metadata()?;
        if !found.is_file() {
            return Ok(Self { file, given: recorded });
        }
        fcntl_setfl(&file, fcntl_getfl(&file)? | OFlags::APPEND)?;
        Ok(Self { file, given: found.len() })
    }

    pub(super) fn given(&self) -> u64 {
        self.given
    }

    /// Writes what it can of `bytes`; how many that were.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.given += written as u64;
        Ok(written)
    }

    /// Has a file on disk. Nothing else can be.
    pub(super) fn sync(&self) {
        let _ = self.file.sync_data();
    }
}
