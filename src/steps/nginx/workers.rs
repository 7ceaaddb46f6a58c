//! The workers of nginx: a master that has loaded its settings has new ones, and the old ones take nothing more.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How often they are looked at.
const AGAIN: Duration = Duration::from_millis(100);

/// As nginx calls its processes.
const WORKER: &str = "nginx: worker process";
const LEAVING: &str = "is shutting down";

/// A master process, and the workers that it had.
#[derive(Debug)]
pub(super) struct Workers {
    master: u32,
    before: BTreeSet<u32>,
}

impl Workers {
    /// Those of the master whose number stands in a file.
    ///
    /// # Errors
    /// A sentence: there is no such file, or no nginx that it speaks of.
    pub(super) fn of(pid_file: &str) -> Result<Workers, String> {
        let text =
            fs::read_to_string(pid_file).map_err(|why| format!("{pid_file}: {}", crate::outbound::io_reason(&why)))?;
        let master = text.trim().parse().map_err(|_| format!("{pid_file} holds no number of a process"))?;
        let before = working(master);
        if before.is_empty() {
            return Err(format!("process {master} of {pid_file} is no nginx with workers"));
        }
        Ok(Workers { master, before })
    }

    /// Waits until others work in their place; how many.
    pub(super) async fn replaced(&self, deadline: Instant) -> Result<usize, String> {
        loop {
            let now = working(self.master);
            let old = now.intersection(&self.before).count();
            if old == 0 && !now.is_empty() {
                return Ok(now.len());
            }
            if Instant::now() + AGAIN >= deadline {
                return Err(format!("nginx still works with {old} of its {} old workers", self.before.len()));
            }
            sleep(AGAIN).await;
        }
    }
}

/// The workers of a master that take work.
fn working(master: u32) -> BTreeSet<u32> {
    let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
    children.filter(|pid| is_working(*pid)).collect()
}

fn is_working(pid: u32) -> bool {
    let title = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let title = String::from_utf8_lossy(&title);
    title.starts_with(WORKER) && !title.contains(LEAVING)
}
