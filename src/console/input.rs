//! Reads the terminal on a thread of its own: what is typed is taken at once, whatever the console is doing.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::mpsc;

/// What the terminal sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Bytes.
    Bytes(Vec<u8>),
    /// It is gone.
    Gone,
}

/// The reading thread; dropping it ends the thread without taking another byte.
pub(crate) struct Reader {
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

/// Chunks that may wait; a person does not type that fast, and a paste is slowed down by the pipe.
const QUEUE: usize = 64;

impl Reader {
    /// Begins to read `terminal`.
    ///
    /// # Errors
    /// When the system has no pipe or thread left.
    pub(crate) fn start(terminal: OwnedFd) -> io::Result<(Reader, mpsc::Receiver<Typed>)> {
        let (ended, stop) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new().name("keys".into()).stack_size(64 * 1024).spawn(move || {
            while let Some(bytes) = next(&terminal, &ended) {
                if sender.blocking_send(Typed::Bytes(bytes)).is_err() {
                    return;
                }
            }
            // The console may have left already.
            let _ = sender.blocking_send(Typed::Gone);
        })?;
        Ok((Reader { stop: Some(stop), thread: Some(thread) }, receiver))
    }
}

/// The next bytes; `None` when the terminal is gone or reading has been ended.
fn next(terminal: &OwnedFd, ended: &OwnedFd) -> Option<Vec<u8>> {
    let mut buffer = [0_u8; 4096];
    loop {
        let mut fds = [PollFd::new(terminal, PollFlags::IN), PollFd::from_borrowed_fd(ended.as_fd(), PollFlags::IN)];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return None,
            Ok(_) if !fds[1].revents().is_empty() => return None,
            Ok(_) => {}
        }
        return match rustix::io::read(terminal, &mut buffer) {
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
            Ok(0) | Err(_) => None,
            Ok(length) => Some(buffer.get(..length)?.to_vec()),
        };
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It ends as soon as it sees that the pipe is closed; a full queue has been closed by its receiver.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_terminal_that_ends_is_told_once() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let (_reader, mut typed) = Reader::start(read).unwrap();
        rustix::io::write(&write, b"abc").unwrap();
        assert_eq!(typed.recv().await, Some(Typed::Bytes(b"abc".to_vec())));
        drop(write);
        assert_eq!(typed.recv().await, Some(Typed::Gone));
        assert_eq!(typed.recv().await, None);
    }

    #[test]
    fn ending_the_reader_leaves_what_is_typed_later_to_others() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let (reader, typed) = Reader::start(read.try_clone().unwrap()).unwrap();
        drop(typed);
        drop(reader);
        rustix::io::write(&write, b"later").unwrap();
        let mut buffer = [0; 8];
        assert_eq!(rustix::io::read(&read, &mut buffer), Ok(5));
    }
}
