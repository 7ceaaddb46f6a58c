//! From the command's pipe to its file, with the secrets masked, and without ever holding the command up.

use std::{
    io::{self, PipeReader, Read},
    os::fd::{AsFd, BorrowedFd},
};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::{Bounded, Flow};
use crate::core::mask::Masker;

/// The most that one turn reads, so that a flood cannot keep the shim from its clock.
const TURN: usize = 64 * 1024;
/// The most that a pipe holds where nobody has raised the system's bound.
const LARGEST_PIPE: usize = 1024 * 1024;

/// The reading end of the command's output.
pub(super) struct Masked {
    pipe: Option<PipeReader>,
    masker: Masker,
    /// Masked bytes that are yet to come and are in the file already.
    there: u64,
    /// Masked bytes that came, whether they could be written or not.
    seen: u64,
    read: Vec<u8>,
    passed: Vec<u8>,
}

impl Masked {
    pub(super) fn new(pipe: PipeReader, masker: Masker, there: u64) -> io::Result<Self> {
        fcntl_setfl(&pipe, fcntl_getfl(&pipe)? | OFlags::NONBLOCK)?;
        Ok(Self { pipe: Some(pipe), masker, there, seen: 0, read: vec![0; TURN], passed: Vec::new() })
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes what is there, once, without waiting.
    pub(super) fn turn(&mut self, file: Option<&mut Bounded>) -> Flow {
        let Some(pipe) = &mut self.pipe else {
            return Flow::Over;
        };
        match pipe.read(&mut self.read) {
            Ok(count) if count > 0 => {
                self.masker.push(self.read.get(..count).unwrap_or_default(), &mut self.passed);
                self.pass_on(file);
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

    /// Takes what a full pipe can hold at most, and what the masker has held back.
    pub(super) fn finish(&mut self, mut file: Option<&mut Bounded>) {
        for _ in 0..LARGEST_PIPE / TURN {
            if self.turn(file.as_deref_mut()) != Flow::More {
                break;
            }
        }
        self.masker.finish(&mut self.passed);
        self.pass_on(file);
    }

    fn pass_on(&mut self, file: Option<&mut Bounded>) {
        self.seen += self.passed.len() as u64;
        let known = self.there.min(self.passed.len() as u64);
        self.there -= known;
        self.passed.drain(..usize::try_from(known).unwrap_or(usize::MAX));
        if let Some(file) = file {
            file.write(&self.passed);
        }
        self.passed.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Write};

    use super::*;

    #[test]
    fn a_secret_that_comes_in_two_parts_never_reaches_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output");
        let mut file = Bounded::new(File::create(&path).unwrap(), 1000).unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        let mut masked = Masked::new(reader, Masker::new(["open sesame"]), 0).unwrap();
        writer.write_all(b"say open ses").unwrap();
        assert!(masked.turn(Some(&mut file)) == Flow::More);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "say ");
        writer.write_all(b"ame now").unwrap();
        drop(writer);
        masked.finish(Some(&mut file));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "say *** now");
        assert_eq!(masked.seen(), 11);
    }

    #[test]
    fn what_is_in_the_file_already_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output");
        std::fs::write(&path, "say *").unwrap();
        let file = File::options().append(true).open(&path).unwrap();
        let mut file = Bounded::new(file, 1000).unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        let mut masked = Masked::new(reader, Masker::new(["open sesame"]), 5).unwrap();
        for part in [&b"sa"[..], b"y open ses", b"ame now", b", and then"] {
            writer.write_all(part).unwrap();
            masked.turn(Some(&mut file));
        }
        drop(writer);
        masked.finish(Some(&mut file));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "say *** now, and then");
        assert_eq!(masked.seen(), 21);
    }
}
