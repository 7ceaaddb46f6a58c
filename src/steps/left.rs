//! Ending what a shim left behind that was killed.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::shim::{Life, Pids, Spec, group_alive};
use super::{Job, Sight, program};
use crate::core::observe::StepEnd;
use crate::core::run::Failure;

/// How often it is looked whether they are gone.
const LOOK: Duration = Duration::from_millis(50);

/// Ends what still lives of a program whose shim is gone: SIGTERM, and SIGKILL after the usual grace. Where nothing lives any
/// more, nobody can say how it ended.
pub(super) async fn end(job: &Job, pids: &Pids) -> StepEnd {
    if group_alive(pids) == Life::Gone {
        return program::lost_without(pids);
    }
    for (signal, patience) in [(Signal::TERM, Spec::GRACE), (Signal::KILL, Spec::GRACE)] {
        tell_all(pids, signal);
        if gone_within(pids, patience).await {
            if job.sight == Sight::Lost {
                (job.tell)(StepEnd::Regained);
            }
            return StepEnd::Bad(Failure::Stopped);
        }
    }
    tracing::error!(run = %job.run.id, step = %job.step.id, "processes of a command whose shim is gone cannot be ended");
    program::lost_without(pids)
}

/// The command's group, and with the last signal whoever is in its control group.
fn tell_all(pids: &Pids, signal: Signal) {
    // The kernel gives the id to no other group while a process of this one lives, and one did a moment ago.
    let group = pids.child.as_ref().and_then(|child| Pid::from_raw(child.pgid));
    if let Some(group) = group {
        let _ = kill_process_group(group, signal);
    }
    if let (Signal::KILL, Some(cgroup)) = (signal, &pids.cgroup) {
        let _ = std::fs::write(cgroup.join("cgroup.kill"), "1");
    }
}

async fn gone_within(pids: &Pids, patience: Duration) -> bool {
    let end = Instant::now() + patience;
    while group_alive(pids) == Life::Alive {
        if Instant::now() > end {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
    true
}
