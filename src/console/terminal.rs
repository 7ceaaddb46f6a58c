//! The terminal: taken, written to, and put back by one function, however the console ends.
//!
//! Nothing is ever asked of it: its size comes from the kernel, what it can do from the environment. Frames are written through
//! an open file of the console's own that never blocks, so that a stuck terminal cannot hold up a signal.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr, ttyname};

/// Other screen, no cursor, pastes in brackets, an empty page: in that order, and nothing that is answered.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[0m\x1b[2J\x1b[H";

/// All of it taken back; an unfinished frame is closed first.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// How long putting back may wait for a terminal that takes nothing.
const PATIENCE: Duration = Duration::from_millis(300);

/// What has to be put back; `None` while the terminal is as it was found.
static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);

struct Taken {
    input: OwnedFd,
    output: File,
    before: Termios,
}

/// Why there is no terminal to draw on.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Standard input or output is something else.
    #[error("{0} is not a terminal; the console needs one")]
    NotATerminal(&'static str),
    /// The system refused.
    #[error("the terminal cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// A terminal in the console's hands.
#[derive(Debug)]
pub(crate) struct Terminal {
    input: OwnedFd,
    output: File,
    unwritten: Vec<u8>,
}

impl Terminal {
    /// Takes the terminal of standard input and output.
    ///
    /// # Errors
    /// When they are no terminal, or it refuses.
    pub(crate) fn take() -> Result<Terminal, TerminalError> {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        if !isatty(&stdin) {
            return Err(TerminalError::NotATerminal("standard input"));
        }
        if !isatty(&stdout) {
            return Err(TerminalError::NotATerminal("standard output"));
        }
        let terminal =
            Terminal { input: stdin.as_fd().try_clone_to_owned()?, output: own_file(&stdout)?, unwritten: Vec::new() };
        terminal.enter()?;
        put_back_on_panic();
        Ok(terminal)
    }

    /// Takes it (again): after a suspend.
    ///
    /// # Errors
    /// When the terminal refuses, or is gone.
    pub(crate) fn enter(&self) -> io::Result<()> {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.is_some() {
            return Ok(());
        }
        let before = tcgetattr(&self.input)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(&self.input, OptionalActions::Now, &raw)?;
        *taken = Some(Taken { input: self.input.try_clone()?, output: self.output.try_clone()?, before });
        write_patiently(&self.output, ENTER)
    }

    /// Whether it still is in the console's hands; a panic anywhere puts it back.
    pub(crate) fn is_held(&self) -> bool {
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// A file of its own to read keys from.
    ///
    /// # Errors
    /// When there are no file descriptors left.
    pub(crate) fn keys(&self) -> io::Result<OwnedFd> {
        self.input.try_clone()
    }

    /// How large it is now; 0x0 when it does not say.
    pub(crate) fn size(&self) -> Size {
        tcgetwinsize(&self.output).map_or(Size::ZERO, |size| Size::new(size.ws_col, size.ws_row))
    }

    /// Adds to what is to be written.
    pub(crate) fn queue(&mut self, bytes: &[u8]) {
        self.unwritten.extend_from_slice(bytes);
    }

    /// Whether everything was taken so far. While it was not, drawing waits: the next frame then shows the newest state.
    pub(crate) fn is_idle(&self) -> bool {
        self.unwritten.is_empty()
    }

    /// Writes what it takes now.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while !self.unwritten.is_empty() {
            match self.output.write(&self.unwritten) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => drop(self.unwritten.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        put_back();
    }
}

/// Puts the terminal back as it was found. Does nothing when it is; safe at any moment, from any thread, any number of times.
pub fn put_back() {
    // A lock that a panic poisoned still holds what has to be put back; one that is held is being put back already.
    let taken = match TAKEN.try_lock() {
        Ok(mut taken) => taken.take(),
        Err(std::sync::TryLockError::Poisoned(poisoned)) => poisoned.into_inner().take(),
        Err(std::sync::TryLockError::WouldBlock) => None,
    };
    if let Some(taken) = taken {
        // There is nobody left to tell when the terminal is gone.
        let _ = write_patiently(&taken.output, LEAVE);
        let _ = tcsetattr(&taken.input, OptionalActions::Now, &taken.before);
    }
}

/// A panic has happened. One on a task of its own ends nothing by itself.
static BROKEN: AtomicBool = AtomicBool::new(false);

/// Whether a panic has put the terminal back: the console has to end then.
pub(crate) fn is_broken() -> bool {
    BROKEN.load(Ordering::SeqCst)
}

fn put_back_on_panic() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            BROKEN.store(true, Ordering::SeqCst);
            put_back();
            before(info);
        }));
    });
}

/// The same terminal, opened once more: only so does not blocking concern nobody else who has it open.
fn own_file(stdout: impl AsFd) -> io::Result<File> {
    let name = ttyname(&stdout, Vec::new())?;
    let path = Path::new(std::ffi::OsStr::new(name.to_str().unwrap_or("/dev/tty")));
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits();
    match OpenOptions::new().write(true).custom_flags(flags.cast_signed()).open(path) {
        Ok(file) => Ok(file),
        // After `su` it may belong to somebody else; then writes may block.
        Err(_) => Ok(File::from(stdout.as_fd().try_clone_to_owned()?)),
    }
}

fn write_patiently(mut output: &File, mut bytes: &[u8]) -> io::Result<()> {
    let start = std::time::Instant::now();
    while !bytes.is_empty() {
        match output.write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let left = PATIENCE.checked_sub(start.elapsed()).ok_or(io::ErrorKind::TimedOut)?;
                let left = Timespec::try_from(left).map_err(|_| io::ErrorKind::TimedOut)?;
                poll(&mut [PollFd::new(&output, PollFlags::OUT)], Some(&left))?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_task_is_known() {
        put_back_on_panic();
        assert!(std::thread::spawn(|| panic!("on purpose")).join().is_err());
        assert!(is_broken());
    }
}
