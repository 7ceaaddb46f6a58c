//! Signals as something to poll: SIGTERM to the shim, and SIGCHLD for whatever it has adopted.
//!
//! Neither the standard library nor `rustix` can take a signal without `unsafe`, so the handlers are tokio's. Its
//! single-threaded runtime does nothing else here: it sleeps in a thread of its own and turns each signal into a flag and a wake-up.

use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use tokio::{
    runtime::Builder,
    signal::unix::{Signal, SignalKind, signal},
};

/// What was heard since the last time.
#[derive(Default)]
pub(super) struct Heard {
    /// Somebody asked the shim to end its command.
    pub(super) stop: bool,
    /// A child or an adopted orphan ended.
    pub(super) child: bool,
}

/// Set by the listening thread, cleared by whoever takes note.
#[derive(Default)]
struct Flags {
    stop: AtomicBool,
    child: AtomicBool,
}

/// The shim's end of the listening thread.
pub(super) struct Ear {
    wake: UnixStream,
    flags: Arc<Flags>,
}

impl Ear {
    /// Starts to listen: when this returns, no SIGTERM can end the shim any more.
    pub(super) fn open() -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let (stop, child) = {
            let _inside = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::child())?)
        };
        let flags = Arc::new(Flags::default());
        let theirs = Arc::clone(&flags);
        thread::Builder::new()
            .name("ear".to_owned())
            .stack_size(128 * 1024)
            .spawn(move || runtime.block_on(relay(stop, child, &theirs, waker)))?;
        Ok(Self { wake, flags })
    }

    /// What to poll.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Takes what has come in, without waiting.
    pub(super) fn listen(&mut self) -> Heard {
        let mut bytes = [0; 64];
        while let Ok(1..) = self.wake.read(&mut bytes) {}
        Heard { stop: self.flags.stop.swap(false, SeqCst), child: self.flags.child.swap(false, SeqCst) }
    }
}

async fn relay(mut stop: Signal, mut child: Signal, flags: &Flags, mut waker: UnixStream) {
    loop {
        let flag = tokio::select! {
            Some(()) = stop.recv() => &flags.stop,
            Some(()) = child.recv() => &flags.child,
            else => return,
        };
        flag.store(true, SeqCst);
        // The byte only wakes: when the buffer is full of unread ones, another would change nothing.
        let _ = waker.write(&[0]);
    }
}
