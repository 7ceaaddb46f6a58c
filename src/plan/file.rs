//! Reading a file from disk without being held or flooded by it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::MAX_BYTES;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system says no.
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A directory, a pipe, a device: reading it may never end, or may do something.
    #[error("it is {0}; a plan is a regular file")]
    NotAFile(&'static str),
    /// More than [`MAX_BYTES`].
    #[error("it has {0} bytes; at most {MAX_BYTES} (4 MiB) are read")]
    TooLarge(u64),
}

/// Reads a regular file of at most [`MAX_BYTES`].
///
/// # Errors
/// [`FileError`]: it is no regular file, too large, or the system refuses.
pub fn read_file(path: &Path) -> Result<Vec<u8>, FileError> {
    // Looked at before it is opened, because opening some devices acts on them; and again once open, because the name may
    // have been given to something else in between. Without waiting, because a pipe opens only when somebody writes.
    regular(&std::fs::metadata(path)?)?;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    regular(&metadata)?;
    let limit = MAX_BYTES as u64;
    if metadata.len() > limit {
        return Err(FileError::TooLarge(metadata.len()));
    }
    read_up_to(file, limit)
}

/// The length that the system gave may be outdated, or 0 for what it makes up as it is read.
fn read_up_to(file: File, limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        size if size > limit => Err(FileError::TooLarge(size)),
        _ => Ok(bytes),
    }
}

fn regular(metadata: &Metadata) -> Result<(), FileError> {
    let kind = metadata.file_type();
    let other = match kind {
        _ if kind.is_file() => return Ok(()),
        _ if kind.is_dir() => "a directory",
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(FileError::NotAFile(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(path: &Path) -> String {
        read_file(path).unwrap_err().to_string()
    }

    #[test]
    fn only_regular_files_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        assert_eq!(why(dir.path()), "it is a directory; a plan is a regular file");
        assert_eq!(why(&pipe), "it is a pipe; a plan is a regular file");
        assert_eq!(why(Path::new("/dev/zero")), "it is a device; a plan is a regular file");
        assert!(why(&dir.path().join("none")).starts_with("it cannot be read: No such file"));
    }

    #[test]
    fn a_file_over_the_limit_is_not_read_and_its_size_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("large.yml");
        File::create(&path).unwrap().set_len(1 << 30).unwrap();
        assert_eq!(why(&path), "it has 1073741824 bytes; at most 4194304 (4 MiB) are read");
        File::create(&path).unwrap().set_len(MAX_BYTES as u64).unwrap();
        assert_eq!(read_file(&path).unwrap().len(), MAX_BYTES);
    }
}
