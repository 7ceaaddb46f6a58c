//! What commands and scripts share: a program under a shim, which outlives the engine.

use std::collections::BTreeMap;
use std::path::Path;

use super::begin::{self, DiskFull, NotBegun};
use super::shim::{self, Chunk, Exit, ExitRecord, Found, Kept, Life, Spec, Started, WaitError};
use super::{Job, capture, durable, hosted, secrets};
use crate::core::ids::StepId;
use crate::core::observe::StepEnd;
use crate::core::plan::Capture;
use crate::core::run::{Evidence, Failure, Run};
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
            Ok(Found::NotStarted | Found::GivenOut) if begin::is_over(job) => begin::call_off(job).await,
            Ok(Found::NotStarted | Found::GivenOut) => start(job, &program).await,
            Ok(Found::Running(_) | Found::Ended(_) | Found::Lost(_) | Found::Rebooted) => Ok(adopt(job).await),
            Err(why) => Ok(begin::unreadable(&why)),
        };
        match end {
            Ok(end) => return end,
            Err(DiskFull) => begin::space().await,
        }
    }
}

async fn start(job: &Job, program: &Program) -> Result<StepEnd, DiskFull> {
    match &job.host {
        Some(Ok(host)) => hosted::start(job, host, program).await,
        Some(Err(why)) => begin::failed(job, NotBegun::Because(why.clone())).await,
        None => match here(job, program).await {
            Ok(started) => Ok(told(job, started.wait().await)),
            Err(why) => begin::failed(job, why).await,
        },
    }
}

async fn here(job: &Job, program: &Program) -> Result<Started, NotBegun> {
    let argv = with_script(&job.dir, program).map_err(|why| NotBegun::unwritten("its script", &why))?;
    let secrets = secrets::environment(job).await.map_err(|why| NotBegun::Because(why.to_string()))?;
    let mut spec = Spec::new(argv, shim::clean_environment(variables(job)), "/".into());
    spec.timeout = Some(limit(job).to_std());
    begin::give_out(job, &spec, &secrets).await
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

/// Takes back under care what has begun.
pub(super) async fn adopt(job: &Job) -> StepEnd {
    match &job.host {
        Some(_) => hosted::adopt(job).await,
        None => told(job, shim::wait(&job.dir).await),
    }
}

fn told(job: &Job, end: Result<ExitRecord, WaitError>) -> StepEnd {
    match end {
        Ok(record) => ended(job, record),
        Err(why) => lost(why),
    }
}

/// Nobody knows how it ended.
pub(super) fn lost(why: WaitError) -> StepEnd {
    let WaitError::Lost(pids) = why else { return StepEnd::Lost(why.to_string()) };
    StepEnd::Lost(match shim::group_alive(&pids) {
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
    let run = &job.run;
    let key = format!("{}/{}/{}", run.incident, run.id, job.step.id);
    let key = ("WARROOM_IDEMPOTENCY_KEY".to_owned(), key);
    let values = job.values.iter().map(|(name, value)| (variable(name), value.clone()));
    marks(run, &job.step.id, job.attempt).into_iter().chain([key]).chain(values).collect()
}

/// Those variables that no other try has all of.
fn marks(run: &Run, step: &StepId, attempt: u32) -> [(String, String); 4] {
    [
        ("WARROOM_INCIDENT", run.incident.to_string()),
        ("WARROOM_RUN", run.id.to_string()),
        ("WARROOM_STEP", step.to_string()),
        ("WARROOM_ATTEMPT", attempt.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// Ends what a killed shim has left of a program: nobody else looks after it.
///
/// # Errors
/// Somebody is left, or it cannot be found out.
pub async fn end_rest(dir: &Path, run: &Run, step: &StepId, attempt: u32) -> std::io::Result<()> {
    match shim::look(dir)? {
        Found::Lost(pids) => shim::end_rest(&pids, &marks(run, step, attempt), Spec::GRACE).await,
        _ => Ok(()),
    }
}

/// The variable in which a program finds a value.
pub(super) fn variable(name: &str) -> String {
    format!("WARROOM_PARAM_{}", name.to_uppercase())
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
