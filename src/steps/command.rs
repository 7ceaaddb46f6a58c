//! Runs a program under a shim.

use super::Job;
use super::shim::{self, Exit, ExitRecord, Found, Life, Spec, Void, WaitError};
use crate::core::observe::StepEnd;
use crate::core::run::{Evidence, Failure};
use crate::core::template::Template;
use crate::core::time::Span;

/// How long a program may take when the plan does not say.
pub(super) const TIMEOUT: Span = Span::from_secs(600);

/// Starts the program, or takes one back under care that an engine before this one started: its directory says which.
pub(super) async fn perform(job: &Job, argv: &[Template]) -> StepEnd {
    match shim::look(&job.dir) {
        Ok(Found::NotStarted) => start(job, argv).await,
        Ok(Found::GivenOut) => call_off(job).await,
        Ok(Found::Running(_) | Found::Ended(_) | Found::Lost(_) | Found::Rebooted) => adopt(job).await,
        Err(why) => StepEnd::Lost(format!("its files cannot be read: {why}")),
    }
}

async fn start(job: &Job, argv: &[Template]) -> StepEnd {
    let not_started = |why: String| StepEnd::Bad(Failure::NotStarted { why });
    let filled: Result<Vec<String>, _> = argv.iter().map(|part| part.fill(&job.run.values)).collect();
    let argv = match filled {
        Ok(argv) => argv,
        Err(missing) => return not_started(missing.to_string()),
    };
    let mut spec = Spec::new(argv, shim::clean_environment(variables(job)), "/".into());
    spec.timeout = Some(job.step.timeout.unwrap_or(TIMEOUT).to_std());
    match shim::spawn(&job.exe, &job.dir, &spec, &[]).await {
        Ok(started) => told(started.wait().await),
        Err(why) => not_started(why.to_string()),
    }
}

/// The engine was killed between giving the program out and its start. It must not start late, behind the back of whoever
/// decides now; if a shim has taken it up all the same, it is like any other.
async fn call_off(job: &Job) -> StepEnd {
    match shim::void(&job.dir, "the engine stopped before it was started") {
        Ok(Void::Voided | Void::TakenUp) => adopt(job).await,
        Err(why) => StepEnd::Lost(format!("its files cannot be read: {why}")),
    }
}

async fn adopt(job: &Job) -> StepEnd {
    told(shim::wait(&job.dir).await)
}

fn told(end: Result<ExitRecord, WaitError>) -> StepEnd {
    match end {
        Ok(record) => ended(record.exit),
        Err(WaitError::Lost(pids)) => StepEnd::Lost(match shim::group_alive(&pids) {
            Life::Alive => "its shim is gone; processes that it started still live".into(),
            Life::Gone => "its shim is gone, and so is all that it started; it left no exit status".into(),
        }),
        Err(why) => StepEnd::Lost(why.to_string()),
    }
}

fn ended(exit: Exit) -> StepEnd {
    match exit {
        Exit::Exited { code: 0 } => StepEnd::good(Evidence::ExitedWell),
        Exit::Exited { code } => StepEnd::Bad(Failure::Exit { code }),
        Exit::Signalled { signal } => StepEnd::Bad(Failure::Signal { signal }),
        Exit::TimedOut { after, .. } => StepEnd::Bad(Failure::TimedOut { after: after.into() }),
        Exit::Stopped => StepEnd::Bad(Failure::Stopped),
        Exit::NotStarted { why } => StepEnd::Bad(Failure::NotStarted { why }),
    }
}

/// What a program learns about where it runs, beside the fixed environment.
fn variables(job: &Job) -> Vec<(String, String)> {
    let run = &job.run;
    let fixed = [
        ("WARROOM_INCIDENT", run.incident.to_string()),
        ("WARROOM_RUN", run.id.to_string()),
        ("WARROOM_STEP", job.step.id.to_string()),
        ("WARROOM_ATTEMPT", job.attempt.to_string()),
        ("WARROOM_IDEMPOTENCY_KEY", format!("{}/{}/{}", run.incident, run.id, job.step.id)),
    ];
    let named = fixed.into_iter().map(|(name, value)| (name.to_owned(), value));
    let parameters = run.values.iter().map(|(k, v)| (format!("WARROOM_PARAM_{}", k.to_uppercase()), v.clone()));
    named.chain(parameters).collect()
}
