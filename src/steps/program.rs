//! What commands and scripts share: a program under a shim, which outlives the engine.

use std::collections::BTreeMap;
use std::path::Path;

use super::begin::{self, DiskFull, NotBegun};
use super::shim::{self, Chunk, Exit, ExitRecord, Found, GivenSecret, Kept, Life, Pids, Spec, WaitError};
use super::{Job, Sight, capture, durable, hosted, left, postgres, secrets};
use crate::core::observe::StepEnd;
use crate::core::plan::{Action, Capture};
use crate::core::run::{Evidence, Failure};
use crate::core::template::Values;
use crate::core::time::Span;

/// How long a program may take when the plan does not say.
const TIMEOUT: Span = Span::from_secs(600);

/// Where a script stands in the attempt's directory.
const SCRIPT: &str = "script.sh";

/// What is to be run.
pub(super) struct Program {
    /// The program and its arguments.
    pub(super) argv: Vec<String>,
    /// A script that it is to read: the path of a file that holds it becomes the last argument.
    pub(super) script: Option<String>,
}

/// Starts the program, or takes one back under care that an engine before this one started: its directory says which. On a
/// full disk it begins when there is space, as the journal goes on then.
pub(super) async fn perform(job: &Job, program: Program) -> StepEnd {
    loop {
        let end = match shim::look(&job.dir) {
            Ok(Found::NotStarted | Found::GivenOut) if hosted::was_sent(job) => Ok(adopt(job).await),
            // Nobody starts what was lost from sight: a person, or the rules, decide about that.
            Ok(Found::NotStarted | Found::GivenOut) if job.sight == Sight::Lost => {
                Ok(StepEnd::Lost("nothing is known of it here any more".into()))
            }
            Ok(Found::NotStarted | Found::GivenOut) if job.is_over() => begin::call_off(job).await,
            Ok(Found::NotStarted) => start(job, &program).await,
            Ok(Found::GivenOut) => begin::take_up(job).await,
            Ok(Found::Running(_) | Found::Ended(_) | Found::Lost(_) | Found::Rebooted) => Ok(adopt(job).await),
            Err(why) => Ok(begin::unreadable(&why)),
        };
        match end {
            Ok(end) => return end,
            Err(DiskFull) => begin::space(job).await,
        }
    }
}

async fn start(job: &Job, program: &Program) -> Result<StepEnd, DiskFull> {
    // Once a program is given out it has to be asked to end; before, it is enough not to go on.
    let ready = tokio::select! {
        biased;
        () = job.over() => return Ok(StepEnd::Bad(Failure::Stopped)),
        ready = prepare(job, program) => ready,
    };
    let (spec, secrets) = match ready {
        Ok(ready) => ready,
        Err(why) => return begin::failed(job, why).await,
    };
    match shim::spawn(&job.exe, &job.dir, &spec, &secrets).await {
        Ok(started) => Ok(follow(job, started.wait()).await),
        Err(why) => begin::failed(job, why.into()).await,
    }
}

/// What a shim is to run for it, with the secrets.
async fn prepare(job: &Job, program: &Program) -> Result<(Spec, Vec<GivenSecret>), NotBegun> {
    match &job.host {
        Some(Ok(host)) => return hosted::prepare(job, host, program).await,
        Some(Err(why)) => return Err(NotBegun::Because(why.clone())),
        None => {}
    }
    let argv = with_script(&job.dir, program).map_err(|why| NotBegun::unwritten("its script", &why))?;
    let secrets = secrets::of_program(job).await.map_err(|why| NotBegun::Because(why.to_string()))?;
    let mut spec = Spec::new(argv, shim::clean_environment(variables(job)), "/".into());
    spec.timeout = Some(limit(job).to_std());
    Ok((spec, secrets))
}

/// Follows a program under its shim to its end.
pub(super) async fn follow(job: &Job, end: impl Future<Output = Result<ExitRecord, WaitError>>) -> StepEnd {
    if job.host.is_some() {
        return hosted::follow(job, end).await;
    }
    tokio::pin!(end);
    let ended = tokio::select! {
        biased;
        ended = &mut end => ended,
        () = job.over() => {
            ask_to_end(job);
            end.await
        }
    };
    match ended {
        Err(WaitError::Lost(pids)) if job.is_over() => left::end(job, &pids).await,
        ended => told(job, ended),
    }
}

/// Has the shim end the program, if one is at work.
pub(super) fn ask_to_end(job: &Job) {
    let asked = match shim::look(&job.dir) {
        Ok(Found::Running(pids)) => shim::stop(&pids).map(drop),
        found => found.map(drop),
    };
    if let Err(why) = asked {
        tracing::error!(%why, run = %job.run.id, step = %job.step.id, "a command cannot be ended");
    }
}

fn with_script(dir: &Path, program: &Program) -> std::io::Result<Vec<String>> {
    let mut argv = program.argv.clone();
    if let Some(script) = &program.script {
        let path = std::path::absolute(dir.join(SCRIPT))?;
        durable::private_dir(dir)?;
        durable::write(&path, script.as_bytes())?;
        argv.push(path.to_string_lossy().into_owned());
    }
    Ok(argv)
}

/// Takes back under care what an engine before this one started.
pub(super) async fn adopt(job: &Job) -> StepEnd {
    follow(job, shim::wait(&job.dir)).await
}

fn told(job: &Job, end: Result<ExitRecord, WaitError>) -> StepEnd {
    match end {
        Ok(record) => ended(job, record),
        Err(why) => lost(why),
    }
}

/// Nobody knows how it ended.
pub(super) fn lost(why: WaitError) -> StepEnd {
    match why {
        WaitError::Lost(pids) => lost_without(&pids),
        other => StepEnd::Lost(other.to_string()),
    }
}

/// Its shim is gone and left no end.
pub(super) fn lost_without(pids: &Pids) -> StepEnd {
    StepEnd::Lost(match shim::group_alive(pids) {
        Life::Alive => "its shim is gone; processes that it started still live".into(),
        Life::Gone => "its shim is gone, and so is all that it started; it left no exit status".into(),
    })
}

/// How long the program may take.
pub(super) fn limit(job: &Job) -> Span {
    job.step.timeout.unwrap_or(TIMEOUT)
}

/// It ended well; whether its results are there decides.
pub(super) fn well(job: &Job, kept: &Kept, evidence: Evidence) -> StepEnd {
    // What a program of the engine's own says is for people; the results are what is seen afterwards.
    if matches!(job.step.action, Action::Postgres(_)) {
        return StepEnd::good(evidence);
    }
    match results(&job.dir, &job.step.captures, kept) {
        Ok(results) => StepEnd::Good { evidence, results },
        Err(why) => StepEnd::Bad(why),
    }
}

fn ended(job: &Job, record: ExitRecord) -> StepEnd {
    match record.exit {
        Exit::Exited { code: 0 } => well(job, &record.kept, Evidence::ExitedWell),
        Exit::Exited { code } => StepEnd::Bad(Failure::Exit { code }),
        Exit::Signalled { signal } => StepEnd::Bad(Failure::Signal { signal }),
        Exit::TimedOut { after, .. } => StepEnd::Bad(Failure::TimedOut { after: after.into() }),
        Exit::Stopped => StepEnd::Bad(Failure::Stopped),
        Exit::NotStarted { why } => StepEnd::Bad(Failure::NotStarted { why }),
    }
}

/// What a program learns about where it runs, beside the fixed environment. Named results of earlier steps are values too.
pub(super) fn variables(job: &Job) -> Vec<(String, String)> {
    let key = format!("{}/{}/{}", job.run.incident, job.run.id, job.step.id);
    let key = ("WARROOM_IDEMPOTENCY_KEY".to_owned(), key);
    let values = job.values.iter().map(|(name, value)| (variable(name), value.clone()));
    marks(job).into_iter().chain([key]).chain(values).chain(postgres::variables(job)).collect()
}

/// Those variables that no other try has all of.
pub(super) fn marks(job: &Job) -> [(String, String); 4] {
    [
        ("WARROOM_INCIDENT", job.run.incident.to_string()),
        ("WARROOM_RUN", job.run.id.to_string()),
        ("WARROOM_STEP", job.step.id.to_string()),
        ("WARROOM_ATTEMPT", job.attempt.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// The variable in which a program finds a value.
pub(super) fn variable(name: &str) -> String {
    format!("WARROOM_PARAM_{}", name.to_uppercase())
}

/// The variable in which a program finds the path of a file that holds a secret. No value's variable begins like it.
pub(super) fn file_variable(name: &str) -> String {
    format!("WARROOM_SECRET_FILE_{}", name.to_uppercase())
}

fn results(dir: &Path, captures: &BTreeMap<String, Capture>, kept: &Kept) -> Result<Values, Failure> {
    capture::take(captures, |capture| {
        if let Kept::Failed { why } = kept {
            return Err(format!("the output could not be kept: {why}"));
        }
        match capture {
            Capture::LastLine => capture::last_line(&tail(dir)?),
            Capture::Json(pointer) => capture::json(&whole(dir)?, pointer),
            other => Err(capture::not_of("command", other)),
        }
    })
}

/// The end of the output: enough to hold a last line that can be kept, blank lines after it included.
fn tail(dir: &Path) -> Result<Vec<u8>, String> {
    const ENOUGH: u64 = 64 * 1024;
    let total = read(dir, 0, 0)?.total;
    Ok(read(dir, total.saturating_sub(ENOUGH), usize::MAX)?.bytes)
}

/// All of the output, which is JSON only as a whole.
fn whole(dir: &Path) -> Result<Vec<u8>, String> {
    let chunk = read(dir, 0, capture::JSON_MOST)?;
    if chunk.total > chunk.bytes.len() as u64 {
        return Err(format!("the output has {} bytes; at most {} are read as JSON", chunk.total, capture::JSON_MOST));
    }
    Ok(chunk.bytes)
}

fn read(dir: &Path, from: u64, most: usize) -> Result<Chunk, String> {
    shim::read_output(dir, from, most).map_err(|why| format!("the output cannot be read: {why}"))
}
