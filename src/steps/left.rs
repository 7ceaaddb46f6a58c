//! Ending what a shim left behind that was killed.

use super::shim::{Life, Pids, Spec, end_rest, group_alive};
use super::{Job, Sight, program};
use crate::core::observe::StepEnd;
use crate::core::run::Failure;

/// Ends what still lives of a program whose shim is gone: SIGTERM, and SIGKILL after the usual grace. Where nothing lives any
/// more, nobody can say how it ended.
pub(super) async fn end(job: &Job, pids: &Pids) -> StepEnd {
    if group_alive(pids) == Life::Gone {
        return program::lost_without(pids);
    }
    match end_rest(pids, &program::marks(job), Spec::GRACE).await {
        Ok(()) => {
            if job.sight == Sight::Lost {
                (job.tell)(StepEnd::Regained);
            }
            StepEnd::Bad(Failure::Stopped)
        }
        Err(why) => {
            tracing::error!(%why, run = %job.run.id, step = %job.step.id, "what is left of a command cannot be ended");
            program::lost_without(pids)
        }
    }
}
