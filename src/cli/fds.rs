//! Pipes that a parent hands over as standard streams: taken away from their low numbers, where a stray print or a library
//! that opens files could meet them, and closed in children.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::{dup2_stdin, dup2_stdout, stdin, stdout};

/// The lowest number that is no standard stream.
const ABOVE_STREAMS: i32 = 3;

/// Takes standard input; what reads it afterwards finds nothing.
pub(super) fn take_stdin() -> io::Result<OwnedFd> {
    let taken = fcntl_dupfd_cloexec(stdin(), ABOVE_STREAMS)?;
    dup2_stdin(nothing()?)?;
    Ok(taken)
}

/// Takes standard output; what is printed afterwards goes nowhere.
pub(super) fn take_stdout() -> io::Result<OwnedFd> {
    let taken = fcntl_dupfd_cloexec(stdout(), ABOVE_STREAMS)?;
    dup2_stdout(nothing()?)?;
    Ok(taken)
}

fn nothing() -> io::Result<OwnedFd> {
    Ok(rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?)
}
