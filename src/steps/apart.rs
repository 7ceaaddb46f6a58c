//! Work that blocks, in a thread of its own: a file system that does not answer must not hold up the engine, nor its end, as a
//! thread of the runtime's pool would.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;

/// Whether somebody still waits for the work.
#[derive(Clone, Default)]
pub(crate) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    /// Fails once nobody waits any more: long work asks between its parts.
    pub(crate) fn check(&self) -> std::io::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(std::io::Error::new(std::io::ErrorKind::Interrupted, "nobody waits for it any more")),
        }
    }
}

/// Tells the thread when the future that waits for it is dropped.
struct Waiting(Wanted);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Does `work` in a thread of its own.
///
/// # Errors
/// A sentence when there is no thread to be had, or it broke.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl FnOnce(&Wanted) -> T + Send + 'static,
) -> Result<T, std::io::Error> {
    let wanted = Wanted::default();
    let _waiting = Waiting(wanted.clone());
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new().name("step".to_owned()).spawn(move || {
        // Nobody to tell is no fault: whoever asked went away.
        let _ = tell.send(work(&wanted));
    })?;
    told.await.map_err(std::io::Error::other)
}
