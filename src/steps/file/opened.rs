//! A file opened in a way that acts on nothing: what it is, is known before anything of it is read.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::super::apart::Wanted;
use crate::outbound::io_reason;

/// What something is that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    File,
    Directory,
    Link,
    Pipe,
    Socket,
    Device,
}

impl Kind {
    fn of(found: &FileType) -> Kind {
        match found {
            found if found.is_file() => Kind::File,
            found if found.is_dir() => Kind::Directory,
            found if found.is_symlink() => Kind::Link,
            found if found.is_fifo() => Kind::Pipe,
            found if found.is_socket() => Kind::Socket,
            _ => Kind::Device,
        }
    }

    /// As sentences have it.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Kind::File => "a file",
            Kind::Directory => "a directory",
            Kind::Link => "a symbolic link",
            Kind::Pipe => "a pipe",
            Kind::Socket => "a socket",
            Kind::Device => "a device",
        }
    }
}

/// What is known of a file without reading it.
#[derive(Debug, Clone)]
pub(in super::super) struct Facts {
    pub(in super::super) kind: Kind,
    /// In bytes.
    pub(in super::super) size: u64,
    pub(in super::super) uid: u32,
    pub(in super::super) gid: u32,
    /// Its permission bits, with those for set-user-ID and the like.
    pub(in super::super) mode: u32,
    pub(in super::super) changed: SystemTime,
}

impl Facts {
    fn of(found: &Metadata) -> io::Result<Facts> {
        Ok(Facts {
            kind: Kind::of(&found.file_type()),
            size: found.len(),
            uid: found.uid(),
            gid: found.gid(),
            mode: found.mode() & 0o7777,
            changed: found.modified()?,
        })
    }
}

/// A file that is held, so that all that is told of it is told of the same one.
pub(in super::super) struct Opened {
    held: File,
    pub(in super::super) facts: Facts,
}

impl Opened {
    /// What has that name, through symbolic links. Opens nothing that would notice: no pipe waits for a writer, no device acts.
    pub(in super::super) fn at(path: &Path) -> io::Result<Opened> {
        Opened::with(path, OFlags::empty())
    }

    /// What has that name itself, be it a symbolic link.
    pub(in super::super) fn itself(path: &Path) -> io::Result<Opened> {
        Opened::with(path, OFlags::NOFOLLOW)
    }

    fn with(path: &Path, flags: OFlags) -> io::Result<Opened> {
        let flags = (OFlags::PATH | OFlags::CLOEXEC | flags).bits().cast_signed();
        let held = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let facts = Facts::of(&held.metadata()?)?;
        Ok(Opened { held, facts })
    }

    /// The file for reading, from its start.
    pub(in super::super) fn reader(&self) -> io::Result<File> {
        if self.facts.kind != Kind::File {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {}", self.facts.kind.name())));
        }
        File::open(format!("/proc/self/fd/{}", self.held.as_raw_fd()))
    }

    /// The SHA-256 of its content, in small hexadecimal digits, in as much memory as one block takes.
    pub(in super::super) fn sha256(&self, wanted: &Wanted) -> io::Result<String> {
        let mut reader = self.reader()?;
        let mut sum = Sha256::new();
        let mut block = vec![0; 256 * 1024];
        loop {
            wanted.check()?;
            match reader.read(&mut block)? {
                0 => return Ok(hex(&sum.finalize())),
                count => sum.update(block.get(..count).unwrap_or_default()),
            }
        }
    }
}

/// Small hexadecimal digits.
pub(in super::super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that an ordinary user could still write to the file system that a path is on, or would be on.
pub(super) fn free(path: &Path) -> io::Result<u64> {
    match rustix::fs::statvfs(path) {
        Ok(found) => Ok(found.f_bavail.saturating_mul(found.f_frsize)),
        Err(rustix::io::Errno::NOENT) => match path.parent() {
            Some(parent) => free(parent),
            None => Err(io::ErrorKind::NotFound.into()),
        },
        Err(why) => Err(why.into()),
    }
}

/// Why a file cannot be had, in words.
pub(in super::super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::NotADirectory => "what is above it is no directory".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        _ => io_reason(error),
    }
}
