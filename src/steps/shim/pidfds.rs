//! Waiting for any number of processes that are not one's own children, in one thread that sleeps until one of them ends.

use std::{
    collections::HashMap,
    io,
    os::fd::OwnedFd,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use rustix::{buffer::spare_capacity, event::epoll, io::Errno};
use tokio::sync::oneshot;

/// Waits until the process of this descriptor has ended. May be dropped at any time.
pub(super) async fn ended(pidfd: OwnedFd) -> io::Result<()> {
    let (_waiting, told) = Pidfds::shared()?.add(pidfd)?;
    told.await.map_err(io::Error::other)
}

/// The processes that are waited for. A pidfd cannot be registered with the runtime by safe means that will stay.
struct Pidfds {
    epoll: OwnedFd,
    next: AtomicU64,
    /// `None` when the thread could not go on, and nobody would be told any more.
    waited_for: Mutex<Option<WaitedFor>>,
}

type WaitedFor = HashMap<u64, (OwnedFd, oneshot::Sender<()>)>;

impl Pidfds {
    /// The only one of this process, made when first needed.
    fn shared() -> io::Result<Arc<Pidfds>> {
        static SHARED: OnceLock<Arc<Pidfds>> = OnceLock::new();
        static MAKING: Mutex<()> = Mutex::new(());
        if let Some(there) = SHARED.get() {
            return Ok(Arc::clone(there));
        }
        let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = SHARED.get() {
            return Ok(Arc::clone(there));
        }
        let made = Pidfds::open()?;
        Ok(Arc::clone(SHARED.get_or_init(|| made)))
    }

    fn open() -> io::Result<Arc<Pidfds>> {
        let pidfds = Arc::new(Pidfds {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            next: AtomicU64::new(0),
            waited_for: Mutex::new(Some(HashMap::new())),
        });
        let theirs = Arc::clone(&pidfds);
        thread::Builder::new().name("shim-wait".to_owned()).stack_size(64 * 1024).spawn(move || theirs.tell())?;
        Ok(pidfds)
    }

    fn add(self: Arc<Self>, pidfd: OwnedFd) -> io::Result<(Waiting, oneshot::Receiver<()>)> {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        // Held across both, so that an end is never told of a process that is not yet noted.
        let mut waited_for = self.waited_for();
        let noted = waited_for.as_mut().ok_or_else(|| io::Error::other("the ends of commands cannot be waited for"))?;
        epoll::add(&self.epoll, &pidfd, epoll::EventData::new_u64(key), epoll::EventFlags::IN)?;
        noted.insert(key, (pidfd, tell));
        drop(waited_for);
        Ok((Waiting { pidfds: self, key }, told))
    }

    /// For as long as the process lives.
    fn tell(&self) {
        let mut events = Vec::with_capacity(64);
        loop {
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => {
                    tracing::error!(%error, "the ends of commands cannot be waited for");
                    // Whoever waits is told by the closing of the channel.
                    *self.waited_for() = None;
                    return;
                }
            }
            for event in events.drain(..) {
                // Closing the descriptor takes it out of the epoll too.
                let over = self.waited_for().as_mut().and_then(|noted| noted.remove(&event.data.u64()));
                if let Some((_, tell)) = over {
                    let _ = tell.send(());
                }
            }
        }
    }

    fn waited_for(&self) -> MutexGuard<'_, Option<WaitedFor>> {
        self.waited_for.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes its process out of those waited for when it is dropped.
struct Waiting {
    pidfds: Arc<Pidfds>,
    key: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(noted) = self.pidfds.waited_for().as_mut() {
            noted.remove(&self.key);
        }
    }
}
