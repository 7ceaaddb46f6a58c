//! From the command's pipe to the output file, without ever holding the command up.

use std::{
    fs::{File, OpenOptions},
    io::{self, PipeReader, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::OpenOptionsExt,
    },
    path::Path,
};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::{files, record::Kept};

/// The most that one turn reads, so that a flood cannot keep the shim from its clock.
const TURN: usize = 64 * 1024;

/// Whether more can come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// There was something; there may be more.
    More,
    /// Nothing just now.
    Dry,
    /// Every writer is gone.
    Over,
}

/// The reading end of the command's output, and the file it goes to.
pub(super) struct Output {
    pipe: Option<PipeReader>,
    buffer: Vec<u8>,
    sink: Sink,
}

impl Output {
    pub(super) fn new(pipe: PipeReader, dir: &Path, limit: u64) -> io::Result<Self> {
        fcntl_setfl(&pipe, fcntl_getfl(&pipe)? | OFlags::NONBLOCK)?;
        Ok(Self { pipe: Some(pipe), buffer: vec![0; TURN], sink: Sink::open(dir, limit) })
    }

    /// What to poll; `None` when every writer is gone.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Takes what is there, once, without waiting.
    pub(super) fn turn(&mut self) -> Flow {
        let Some(pipe) = &mut self.pipe else {
            return Flow::Over;
        };
        match pipe.read(&mut self.buffer) {
            Ok(count) if count > 0 => {
                self.sink.take(self.buffer.get(..count).unwrap_or_default());
                Flow::More
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Flow::Dry,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Flow::More,
            Ok(_) | Err(_) => {
                self.pipe = None;
                Flow::Over
            }
        }
    }

    /// Takes what a full pipe can hold at most, and not what a flood would go on to bring.
    pub(super) fn drain(&mut self) {
        const LARGEST_PIPE: usize = 1024 * 1024;
        for _ in 0..LARGEST_PIPE / TURN {
            if self.turn() != Flow::More {
                return;
            }
        }
    }

    /// Bytes read, and what became of them.
    pub(super) fn close(self) -> (u64, Kept) {
        (self.sink.seen, self.sink.kept)
    }
}

/// The output file, up to its limit.
struct Sink {
    file: Option<File>,
    room: u64,
    limit: u64,
    seen: u64,
    kept: Kept,
    line_open: bool,
}

impl Sink {
    fn open(dir: &Path, limit: u64) -> Self {
        let mut sink = Self { file: None, room: limit, limit, seen: 0, kept: Kept::Whole, line_open: false };
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(dir.join(files::OUTPUT));
        match file {
            Ok(file) => sink.file = Some(file),
            Err(error) => sink.fail(&error),
        }
        sink
    }

    fn take(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        let fits = usize::try_from(self.room).unwrap_or(usize::MAX).min(bytes.len());
        let kept = bytes.get(..fits).unwrap_or_default();
        self.write(kept);
        self.room -= fits as u64;
        if let Some(last) = kept.last() {
            self.line_open = *last != b'\n';
        }
        if fits < bytes.len() {
            self.cut();
        }
    }

    /// Says in the file, once, that the rest is missing.
    fn cut(&mut self) {
        if self.kept != Kept::Whole {
            return;
        }
        let start = if self.line_open { "\n" } else { "" };
        let line = format!("{start}[output cut here, at the limit of {} bytes; the command went on]\n", self.limit);
        self.kept = Kept::Cut;
        self.write(line.as_bytes());
        self.file = None;
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(file) = &mut self.file
            && let Err(error) = file.write_all(bytes)
        {
            self.fail(&error);
        }
    }

    /// From now on output is read and dropped: a full disk must not stop a recovery.
    fn fail(&mut self, error: &io::Error) {
        self.kept = Kept::Failed { why: error.to_string() };
        self.file = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_tells_of_the_cut_comes_once_and_on_its_own_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = Sink::open(dir.path(), 5);
        for _ in 0..3 {
            sink.take(b"abcd");
        }
        let text = std::fs::read_to_string(dir.path().join(files::OUTPUT)).unwrap();
        assert_eq!(text, "abcda\n[output cut here, at the limit of 5 bytes; the command went on]\n");
        assert_eq!((sink.seen, sink.kept), (12, Kept::Cut));
    }

    #[test]
    fn output_of_exactly_the_limit_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = Sink::open(dir.path(), 4);
        sink.take(b"abcd");
        assert_eq!((sink.seen, sink.kept), (4, Kept::Whole));
    }

    #[test]
    fn a_full_sink_is_told_and_never_an_error() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/full", dir.path().join(files::OUTPUT)).unwrap();
        let mut sink = Sink::open(dir.path(), 100);
        sink.take(b"abcd");
        sink.take(b"abcd");
        assert_eq!(sink.seen, 8);
        assert!(matches!(sink.kept, Kept::Failed { .. }));
    }
}
