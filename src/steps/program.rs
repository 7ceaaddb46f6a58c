//! What commands and scripts share: a program under a shim, which outlives the engine.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::shim::{self, Chunk, Exit, ExitRecord, Found, Kept, Life, Pids, Spec, WaitError};
use super::{Job, Sight, capture, durable, hosted, left, secrets};
use crate::core::observe::StepEnd;
use crate::core::plan::Capture;
use crate::core::run::{Evidence, Failure};
use crate::core::template::Values;
use crate::core::time::Span;

/// How long a program may take when the plan does not say.
const TIMEOUT: Span = Span::from_secs(600);

/// How soon a shim is looked for again that is about to say that it has its attempt.
const SOON: Duration = Duration::from_millis(10);

/// Where a script stands in the attempt's directory.
const SCRIPT: &str = "script.sh";

/// Secrets, by the variables of the environment in which a program finds them.
pub(super) type Secrets = Vec<(String, String)>;

/// What is to be run.
pub(super) struct Program {
    /// The program and its arguments.
    pub(super) argv: Vec<String>,
    /// A script that it is to read: the path of a file that holds it becomes the last argument.
    pub(super) script: Option<String>,
}

/// Starts the program, or takes one back under care that an engine before this one started: its directory says which.
pub(super) async fn perform(job: &Job, program: Program) -> StepEnd {
    match shim::look(&job.dir) {
        // Nobody starts what was lost from sight: a person, or the rules, decide about that.
        Ok(Found::NotStarted | Found::GivenOut) if job.sight == Sight::Lost => {
            StepEnd::Lost("nothing is known of it here any more".into())
        }
        Ok(Found::NotStarted) => start(job, program).await,
        Ok(Found::GivenOut) if job.is_over() => call_off(job).await,
        Ok(Found::GivenOut) => take_up(job).await,
        Ok(Found::Running(_) | Found::Ended(_) | Found::Lost(_) | Found::Rebooted) => adopt(job).await,
        Err(why) => StepEnd::Lost(format!("its files cannot be read: {why}")),
    }
}

async fn start(job: &Job, program: Program) -> StepEnd {
    let not_started = |why: String| StepEnd::Bad(Failure::NotStarted { why });
    if let Some(Err(why)) = &job.host {
        return not_started(why.clone());
    }
    // Once a program is given out it has to be asked to end; before, it is enough not to go on.
    let ready = tokio::select! {
        biased;
        () = job.over() => return StepEnd::Bad(Failure::Stopped),
        ready = prepare(job, program) => ready,
    };
    let (spec, secrets) = match ready {
        Ok(ready) => ready,
        Err(why) => return not_started(why),
    };
    match shim::spawn(&job.exe, &job.dir, &spec, &secrets).await {
        Ok(started) => follow(job, started.wait()).await,
        Err(why) => not_begun(job, &why.to_string()).await,
    }
}

/// What a shim is to run for it, with the secrets.
async fn prepare(job: &Job, program: Program) -> Result<(Spec, Secrets), String> {
    if let Some(Ok(host)) = &job.host {
        return hosted::prepare(job, host, program).await;
    }
    let argv = with_script(&job.dir, program).map_err(|why| format!("its script cannot be written down: {why}"))?;
    let secrets = secrets::environment(job).await.map_err(|why| why.to_string())?;
    let mut spec = Spec::new(argv, shim::clean_environment(variables(job)), "/".into());
    spec.timeout = Some(limit(job).to_std());
    Ok((spec, secrets))
}

/// Follows a program under its shim to its end.
async fn follow(job: &Job, end: impl Future<Output = Result<ExitRecord, WaitError>>) -> StepEnd {
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

fn with_script(dir: &Path, program: Program) -> std::io::Result<Vec<String>> {
    let mut argv = program.argv;
    if let Some(script) = program.script {
        let path = std::path::absolute(dir.join(SCRIPT))?;
        durable::private_dir(dir)?;
        durable::write(&path, script.as_bytes())?;
        argv.push(path.to_string_lossy().into_owned());
    }
    Ok(argv)
}

/// An engine was killed between giving the program out and its start. It has never run: another shim takes it up by the same
/// order. One that comes late all the same and this one decide between them who has it.
async fn take_up(job: &Job) -> StepEnd {
    let secrets = match secrets::environment(job).await {
        Ok(secrets) => secrets,
        Err(why) => return not_begun(job, &why.to_string()).await,
    };
    match shim::resume(&job.exe, &job.dir, &secrets).await {
        Ok(started) => follow(job, started.wait()).await,
        Err(why) => not_begun(job, &why.to_string()).await,
    }
}

/// It could not be started, unless a shim has it all the same.
async fn not_begun(job: &Job, why: &str) -> StepEnd {
    match settle(&job.dir, why).await {
        Ok(Found::NotStarted) => StepEnd::Bad(Failure::NotStarted { why: why.to_owned() }),
        Ok(_) => adopt(job).await,
        Err(why) => StepEnd::Lost(format!("its files cannot be read: {why}")),
    }
}

/// The run ended before the program began: it never begins, and if it does all the same it is ended.
async fn call_off(job: &Job) -> StepEnd {
    match settle(&job.dir, "its run was over before it was started").await {
        Ok(Found::NotStarted | Found::Ended(ExitRecord { exit: Exit::NotStarted { .. }, .. })) => {
            StepEnd::Bad(Failure::Stopped)
        }
        Ok(_) => adopt(job).await,
        Err(why) => StepEnd::Lost(format!("its files cannot be read: {why}")),
    }
}

/// Calls off what was given out, for good, unless a shim has taken it up. How it stands then is never [`Found::GivenOut`].
async fn settle(dir: &Path, why: &str) -> std::io::Result<Found> {
    loop {
        shim::void(dir, why)?;
        match shim::look(dir)? {
            // A shim has it and has yet to say so.
            Found::GivenOut => tokio::time::sleep(SOON).await,
            found => return Ok(found),
        }
    }
}

/// Takes back under care what an engine before this one started.
async fn adopt(job: &Job) -> StepEnd {
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
    let fixed = [
        ("WARROOM_INCIDENT", run.incident.to_string()),
        ("WARROOM_RUN", run.id.to_string()),
        ("WARROOM_STEP", job.step.id.to_string()),
        ("WARROOM_ATTEMPT", job.attempt.to_string()),
        ("WARROOM_IDEMPOTENCY_KEY", format!("{}/{}/{}", run.incident, run.id, job.step.id)),
    ];
    let named = fixed.into_iter().map(|(name, value)| (name.to_owned(), value));
    let values = job.values.iter().map(|(name, value)| (variable(name), value.clone()));
    named.chain(values).collect()
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
