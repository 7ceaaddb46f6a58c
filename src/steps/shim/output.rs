//! The command's output: a file that the command appends to, and that the shim keeps from growing without end.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{fd::BorrowedFd, unix::fs::OpenOptionsExt},
    path::Path,
    process::Stdio,
    time::Instant,
};

use super::{files, record::Kept};
use crate::core::mask::Masker;

mod bounded;
mod masked;

use bounded::Bounded;
use masked::Masked;

/// Whether more can come from the command by way of the shim.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// There was something; there may be more.
    More,
    /// Nothing just now.
    Dry,
    /// Every writer is gone, or writes to the file itself.
    Over,
}

/// What becomes of the output of one command.
pub(super) struct Output {
    /// Or why there is none: a command is not held up for it.
    file: Result<Bounded, String>,
    /// What comes through the shim, if it must not reach the file as it is.
    masked: Option<Masked>,
}

impl Output {
    /// Opens the file in `dir`; with `secrets`, what comes is masked on its way there, and as much of it passed over as the file
    /// holds already: a shim before this one has written that. The descriptors are for the command's
    /// two streams.
    pub(super) fn open(dir: &Path, limit: u64, secrets: &[String]) -> io::Result<(Self, [Stdio; 2])> {
        let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(dir.join(files::OUTPUT));
        if secrets.is_empty() {
            let streams = match &opened {
                Ok(file) => [file.try_clone()?.into(), file.try_clone()?.into()],
                Err(_) => [Stdio::null(), Stdio::null()],
            };
            return Ok((Self { file: bounded(opened, limit), masked: None }, streams));
        }
        let (reader, writer) = io::pipe()?;
        let there = opened.as_ref().map_or(Ok(0), |file| file.metadata().map(|about| about.len()))?;
        let masked = Masked::new(reader, Masker::new(secrets), there)?;
        let streams = [writer.try_clone()?.into(), writer.into()];
        Ok((Self { file: bounded(opened, limit), masked: Some(masked) }, streams))
    }

    /// What to poll, as long as something can come through the shim.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.masked.as_ref().and_then(Masked::fd)
    }

    /// When to look at the file next.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.file.as_ref().ok().map(Bounded::next_look)
    }

    /// Takes what has come through the shim, once, without waiting, and looks at the file when it is time to.
    pub(super) fn turn(&mut self) -> Flow {
        let flow = self.masked.as_mut().map_or(Flow::Over, |masked| masked.turn(self.file.as_mut().ok()));
        if let Ok(file) = &mut self.file
            && file.next_look() <= Instant::now()
        {
            file.look();
        }
        flow
    }

    /// Takes the last of it: what a full pipe can hold at most, and not what a flood would go on to bring.
    pub(super) fn finish(&mut self) {
        if let Some(masked) = &mut self.masked {
            masked.finish(self.file.as_mut().ok());
        }
        if let Ok(file) = &mut self.file {
            file.look();
        }
    }

    /// Makes room on a full disk by keeping less, down to a few blocks; true if it did.
    pub(super) fn give_way(&mut self) -> bool {
        self.file.as_mut().is_ok_and(Bounded::give_way)
    }

    /// How long it is, and what became of it.
    pub(super) fn fate(&self) -> (u64, Kept) {
        let (length, kept) = match &self.file {
            Ok(file) => (file.length(), file.kept()),
            Err(why) => (0, Kept::Failed { why: why.clone() }),
        };
        (self.masked.as_ref().map_or(length, Masked::seen), kept)
    }
}

fn bounded(opened: io::Result<File>, limit: u64) -> Result<Bounded, String> {
    opened.and_then(|file| Bounded::new(file, limit)).map_err(|error| error.to_string())
}
