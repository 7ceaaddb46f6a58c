//! The machine's clocks: the one place where the engine asks what time it is.

use std::fs;
use std::io;

use rustix::time::{ClockId, clock_gettime};

use crate::core::ids::BootId;
use crate::core::time::{Moment, Now, Span};

/// Reads both clocks.
#[derive(Debug, Clone)]
pub struct Clock {
    boot: BootId,
}

impl Clock {
    /// Learns which boot this is.
    ///
    /// # Errors
    /// The kernel does not say (`/proc` is missing).
    pub fn new() -> io::Result<Clock> {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let boot = BootId::new(text.trim()).map_err(io::Error::other)?;
        Ok(Clock { boot })
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Now {
        let uptime = clock_gettime(ClockId::Boottime);
        let wall = clock_gettime(ClockId::Realtime);
        let micros = |t: rustix::time::Timespec| t.tv_sec.saturating_mul(1_000_000).saturating_add(t.tv_nsec / 1_000);
        Now {
            utc: Moment::from_micros(micros(wall)),
            boot: self.boot.clone(),
            uptime: Span::from_micros(u64::try_from(micros(uptime)).unwrap_or(0)),
        }
    }
}
