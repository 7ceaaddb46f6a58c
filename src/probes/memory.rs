//! What a probe remembers from look to look.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::NotGood;
use crate::core::health::history::DETAIL_KEPT;
use crate::steps::apart::apart;

/// What one probe remembers from look to look, from one place. An empty one is that of a probe that has not looked yet.
#[derive(Debug, Default)]
pub struct Memory {
    /// How far a file has been read.
    mark: Mutex<Option<Mark>>,
    /// Whether a thread of an earlier look still waits for a file system.
    waits: Arc<AtomicBool>,
    /// What the look that is under way has seen so far, for when it turns out bad.
    told: Mutex<String>,
}

/// How far a file has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Which file stood under the name; none when there was none.
    pub(super) file: Option<String>,
    /// The first byte that has not been read.
    pub(super) at: u64,
}

/// Says, when it is dropped, that nothing waits any more.
struct Waits(Arc<AtomicBool>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Memory {
    /// How far the file had been read.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how far the file has been read.
    pub(super) fn set_mark(&self, mark: Mark) {
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner) = Some(mark);
    }

    /// Notes more of what came back, for when the look turns out bad. What is too much is left out.
    pub(super) fn tell(&self, more: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let room = DETAIL_KEPT.saturating_sub(told.len());
        told.push_str(more.get(..more.floor_char_boundary(room)).unwrap_or_default());
    }

    /// What was told since it was last asked; nothing when that is nothing.
    pub(super) fn take_told(&self) -> Option<String> {
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        Some(told).filter(|told| !told.is_empty())
    }

    /// Does `work` in a thread of its own, because a file system that is gone never answers; one thread at most, so that looks
    /// at it do not pile up.
    pub(super) async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotGood> {
        if self.waits.swap(true, Ordering::AcqRel) {
            return Err(NotGood::Bad("its file system has not answered an earlier look yet".into()));
        }
        let waits = Waits(Arc::clone(&self.waits));
        let done = apart(move |_| {
            let _waits = waits;
            work()
        });
        done.await.map_err(|why| NotGood::Unseen(why.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_look_that_hangs_is_not_joined_by_another() {
        let memory = Memory::default();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let hung = memory.alone(move || ended.recv().is_err());
        let gave_up = tokio::time::timeout(std::time::Duration::from_millis(1), hung).await;
        assert!(gave_up.is_err());
        let second = memory.alone(|| ()).await;
        assert_eq!(second, Err(NotGood::Bad("its file system has not answered an earlier look yet".into())));
        drop(end);
        while memory.alone(|| ()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
