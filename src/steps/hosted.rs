//! A program on another host: a follower under a shim here, a keeper there, and what is said while the connection is cut.

use std::time::Duration;

use super::begin::{self, DiskFull, NotBegun};
use super::program::{self, Program};
use super::remote::{self, Key, LinkState, RemoteExit, RemoteSpec, Start, Work, WriteError};
use super::shim::{self, Exit, ExitRecord, Spec, WaitError};
use super::{Job, Sight, secrets};
use crate::core::host::Host;
use crate::core::observe::StepEnd;
use crate::core::run::{Evidence, Failure};

/// How often it is looked how the connection is.
const LOOK: Duration = Duration::from_millis(250);

/// How much longer the shim waits for the follower than the follower for the program on the host.
const LONGER: Duration = Duration::from_secs(10);

/// Starts the program on its host.
pub(super) async fn start(job: &Job, host: &str, program: &Program) -> Result<StepEnd, DiskFull> {
    match hand_over(job, host, program).await {
        Ok(started) => Ok(follow(job, started.wait()).await),
        Err(why) => begin::failed(job, why).await,
    }
}

/// Takes back under care what an engine before this one started.
pub(super) async fn adopt(job: &Job) -> StepEnd {
    follow(job, shim::wait(&job.dir)).await
}

async fn hand_over(job: &Job, host: &str, program: &Program) -> Result<shim::Started, NotBegun> {
    let because = |why: String| NotBegun::Because(why);
    let host = Host::new(host).map_err(|why| because(why.to_string()))?;
    let run = &job.run;
    let name = format!("{}.{}.{}.{}", run.incident, run.id, job.step.id, job.attempt);
    let key = Key::new(&name).map_err(|why| because(why.to_string()))?;
    // The connection that all steps on the host share then belongs to the engine, and ends with no step.
    remote::reachable(&job.ssh, &host).await.map_err(because)?;
    let secrets = secrets::environment(job).await.map_err(|why| because(why.to_string()))?;
    let work = match &program.script {
        Some(text) => Work::Script { text: text.clone() },
        None => Work::Command { argv: program.argv.clone() },
    };
    let mut spec = RemoteSpec::new(job.ssh.clone(), host, key, work);
    spec.env = program::variables(job).into_iter().collect();
    spec.secrets = secrets.iter().map(|(name, _)| name.clone()).collect();
    match remote::write_spec(&job.dir, &spec) {
        // An engine that was killed before it started anything had written it.
        Err(WriteError::Io(why)) if why.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(WriteError::Io(why)) => return Err(NotBegun::unwritten("the remote step", &why)),
        Err(why) => return Err(because(why.to_string())),
        Ok(()) => {}
    }
    let agent = std::env::var("SSH_AUTH_SOCK").ok().map(|path| ("SSH_AUTH_SOCK".to_owned(), path));
    let mut shim = Spec::new(remote::argv(&job.exe, &job.dir), shim::clean_environment(agent), "/".into());
    shim.timeout = Some(program::limit(job).to_std());
    shim.grace = RemoteSpec::GRACE + LONGER;
    begin::give_out(job, &shim, &secrets).await
}

/// Waits for the end, and says when the program is out of sight and when it is in sight again.
async fn follow(job: &Job, end: impl Future<Output = Result<ExitRecord, WaitError>>) -> StepEnd {
    tokio::pin!(end);
    let mut sight = job.sight;
    loop {
        tokio::select! {
            ended = &mut end => {
                let end = told(job, ended);
                if sight == Sight::Lost && !matches!(end, StepEnd::Lost(_)) {
                    (job.tell)(StepEnd::Regained);
                }
                return end;
            }
            () = tokio::time::sleep(LOOK) => sight = look(job, sight),
        }
    }
}

fn look(job: &Job, sight: Sight) -> Sight {
    let Ok(Some(link)) = remote::link(&job.dir) else { return sight };
    let begun = link.start != Start::Unsent;
    match (link.state, sight) {
        (LinkState::Cut, Sight::Kept) if begun => {
            let why = link.why.map_or(String::new(), |why| format!(": {why}"));
            (job.tell)(StepEnd::Lost(format!(
                "the connection was cut{why}; it may still run there, and is looked for"
            )));
            Sight::Lost
        }
        (LinkState::Up, Sight::Lost) => {
            (job.tell)(StepEnd::Regained);
            Sight::Kept
        }
        _ => sight,
    }
}

fn told(job: &Job, end: Result<ExitRecord, WaitError>) -> StepEnd {
    let record = match end {
        Ok(record) => record,
        Err(why) => return program::lost(why),
    };
    match (record.exit, remote::exit(&job.dir)) {
        (Exit::TimedOut { after, .. }, Ok(Some(_))) => StepEnd::Bad(Failure::TimedOut { after: after.into() }),
        (_, Ok(Some(RemoteExit::Exited { code: 0 }))) => program::well(job, &record.kept, Evidence::ExitedWell),
        (_, Ok(Some(RemoteExit::Exited { code }))) => StepEnd::Bad(Failure::Exit { code: code.into() }),
        (_, Ok(Some(RemoteExit::NotReached { why }))) => StepEnd::Bad(Failure::NotStarted { why }),
        (_, Ok(Some(RemoteExit::Lost { why }))) => StepEnd::Lost(why),
        (_, Ok(Some(RemoteExit::Stopped))) => StepEnd::Bad(Failure::Stopped),
        (Exit::NotStarted { why }, _) => StepEnd::Bad(Failure::NotStarted { why }),
        (_, Ok(None)) => {
            StepEnd::Lost("whoever followed it ended without knowing how it ended; it may still run there".into())
        }
        (_, Err(why)) => StepEnd::Lost(format!("its files cannot be read: {why}")),
    }
}
