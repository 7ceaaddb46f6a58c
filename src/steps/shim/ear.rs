//! Signals as something to poll: SIGTERM to the shim, and SIGCHLD for its command and whatever it has adopted.

use std::{
    io::{self, Read},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
};

use rustix::process::Signal;
use signal_hook::low_level::pipe;

/// What was heard since the last time.
#[derive(Default)]
pub(super) struct Heard {
    /// Somebody asked the shim to end its command.
    pub(super) stop: bool,
    /// A child or an adopted orphan ended.
    pub(super) child: bool,
}

/// One socket a signal; its handler puts a byte in, without a thread.
pub(super) struct Ear {
    stop: UnixStream,
    child: UnixStream,
}

impl Ear {
    /// Starts to listen: when this returns, no SIGTERM can end the shim any more.
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self { stop: heard_through(Signal::TERM)?, child: heard_through(Signal::CHILD)? })
    }

    /// What to poll.
    pub(super) fn fds(&self) -> [BorrowedFd<'_>; 2] {
        [self.stop.as_fd(), self.child.as_fd()]
    }

    /// Takes what has come in, without waiting.
    pub(super) fn listen(&mut self) -> Heard {
        Heard { stop: drain(&mut self.stop), child: drain(&mut self.child) }
    }
}

fn heard_through(signal: Signal) -> io::Result<UnixStream> {
    let (ours, handlers) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    pipe::register(signal.as_raw(), handlers)?;
    Ok(ours)
}

/// Whether there was a byte. When the buffer is full of unread ones, another would change nothing.
fn drain(stream: &mut UnixStream) -> bool {
    let mut heard = false;
    while let Ok(1..) = stream.read(&mut [0; 64]) {
        heard = true;
    }
    heard
}
