//! Reading what a command wrote, while it writes and ever after.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt, path::Path};

use rustix::{
    fs::{SeekFrom, seek},
    io::Errno,
};

use super::files;

/// A piece of a command's output. Its bytes are the command's own: whoever shows them cleans them first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where the bytes begin: where it was asked for, or at the end of the gap in which that lay.
    pub from: u64,
    /// The bytes; none at the end.
    pub bytes: Vec<u8>,
    /// How long the output is so far.
    pub total: u64,
    /// What was asked for and is not kept, from the first byte to before the one after the last; the bytes follow upon it.
    pub gap: Option<Range<u64>>,
}

impl Chunk {
    /// Where the next piece begins.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.from.saturating_add(self.bytes.len() as u64)
    }
}

/// At most `max` bytes of the output from byte `from` on. A piece ends before a gap, and the next one begins behind it.
/// Without a file there is nothing, of nothing.
///
/// # Errors
/// When the file cannot be read.
pub fn read_output(dir: &Path, from: u64, max: usize) -> io::Result<Chunk> {
    let file = match File::open(dir.join(files::OUTPUT)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Chunk { from, bytes: Vec::new(), total: 0, gap: None });
        }
        opened => opened?,
    };
    let mut at = from;
    loop {
        let total = file.metadata()?.len();
        let mut bytes = read_at(&file, at, total, max)?;
        // Asked after reading: what was taken away in the meantime was read as zeros, and is now seen to be gone.
        let kept = kept_from(&file, at, total)?;
        if kept.start > at && !bytes.is_empty() {
            at = kept.start;
            continue;
        }
        bytes.truncate(usize::try_from(kept.end.saturating_sub(at)).unwrap_or(usize::MAX));
        return Ok(Chunk { from: at, bytes, total, gap: (at > from).then_some(from..at) });
    }
}

fn read_at(file: &File, from: u64, total: u64, max: usize) -> io::Result<Vec<u8>> {
    let there = usize::try_from(total.saturating_sub(from)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; there.min(max)];
    let mut read = 0;
    while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, from + read as u64) {
            // The command itself may have made its output shorter.
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}

/// The next bytes that are kept, at `from` or behind it. The file system is asked, as it alone cannot be wrong or late: it
/// knows when the shim is dead and when the power was cut. One that knows of no gaps could not have made any.
fn kept_from(file: &File, from: u64, total: u64) -> io::Result<Range<u64>> {
    let start = match seek(file, SeekFrom::Data(from)) {
        // Nothing is kept behind this.
        Err(Errno::NXIO) => return Ok(total..total),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(from..total),
        found => found?,
    };
    Ok(start..seek(file, SeekFrom::Hole(start))?)
}
