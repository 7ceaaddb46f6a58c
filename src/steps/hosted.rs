//! A program on another host: a follower under a shim here, a keeper there, and what is said while the connection is cut.

use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::system::uname;
use sha2::{Digest, Sha256};

use super::begin::NotBegun;
use super::program::{self, Program};
use super::remote::{self, BadKey, Key, LinkState, RemoteExit, RemoteSpec, Start, Work, WriteError};
use super::shim::{Exit, ExitRecord, GivenSecret, Kept, Spec, WaitError};
use super::{Job, Sight, secrets};
use crate::core::host::Host;
use crate::core::observe::StepEnd;
use crate::core::run::{Evidence, Failure};

/// How often it is looked how the connection is.
const LOOK: Duration = Duration::from_millis(250);

/// Longest between two tries to end what nobody follows any more.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How much longer the shim waits for the follower than the follower for the program on the host.
const LONGER: Duration = Duration::from_secs(10);

/// The shim that is to stand here for the program, with the secrets. The host is reached by then.
pub(super) async fn prepare(job: &Job, host: &str, program: &Program) -> Result<(Spec, Vec<GivenSecret>), NotBegun> {
    let because = |why: String| NotBegun::Because(why);
    let host = Host::new(host).map_err(|why| because(why.to_string()))?;
    let key = key(job).map_err(|why| because(why.to_string()))?;
    // The connection that all steps on the host share then belongs to the engine, and ends with no step.
    remote::reachable(&job.ssh, &host).await.map_err(because)?;
    end_earlier_tries(job, &host).await.map_err(because)?;
    let secrets = secrets::of_program(job).await.map_err(|why| because(why.to_string()))?;
    let work = match &program.script {
        Some(text) => Work::Script { text: text.clone() },
        None => Work::Command { argv: program.argv.clone() },
    };
    let mut spec = RemoteSpec::new(job.ssh.clone(), host, key, work);
    spec.env = program::variables(job).into_iter().collect();
    spec.secrets = secrets.iter().map(|secret| secret.variable.clone()).collect();
    let file = |name: &String| (program::variable(name), program::file_variable(name));
    spec.secret_files = job.secrets.keys().map(file).collect();
    match remote::write_spec(&job.dir, &spec) {
        // An engine that was killed before it started anything had written it.
        Err(WriteError::Io(why)) if why.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(WriteError::Io(why)) => return Err(NotBegun::unwritten("the remote step", &why)),
        Err(why) => return Err(because(why.to_string())),
        Ok(()) => {}
    }
    let agent = std::env::var("SSH_AUTH_SOCK").ok().map(|path| ("SSH_AUTH_SOCK".to_owned(), path));
    let mut shim = Spec::new(remote::argv(&job.exe, &job.dir), super::shim::clean_environment(agent), "/".into());
    shim.timeout = Some(program::limit(job).to_std());
    shim.grace = RemoteSpec::GRACE + LONGER;
    Ok((shim, secrets))
}

/// The name of this try on its host: for people, with a sign of where it is kept here, which tells engines from each other.
fn key(job: &Job) -> Result<Key, BadKey> {
    let dir = std::path::absolute(&job.dir).unwrap_or_else(|_| job.dir.clone());
    let own = Sha256::new().chain_update(uname().nodename().to_bytes()).chain_update(dir.as_os_str().as_bytes());
    let sign: String = own.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Key::new(format!("{}.{}.{}.{}.{sign}", job.run.incident, job.run.id, job.step.id, job.attempt))
}

/// Ends what earlier tries of the step may have left on the host, where nobody knows how they ended: no two of them act there
/// at once. Whoever sends it to another host has decided that the one before is out of reach.
async fn end_earlier_tries(job: &Job, host: &Host) -> Result<(), String> {
    for attempt in 1..job.attempt {
        let dir = job.dir.with_file_name(format!("{}.{attempt}", job.step.id));
        let may_live = |why: String| format!("try {attempt} of it may still run: {why}");
        if remote::host(&dir).map_err(|why| may_live(why.to_string()))?.as_ref() == Some(host) {
            remote::settle(&dir).await.map_err(|why| may_live(why.to_string()))?;
        }
    }
    Ok(())
}

/// Ends what nobody follows any more, however long it takes to reach its host again.
async fn end_there(job: &Job) -> StepEnd {
    let mut pause = LOOK;
    loop {
        match remote::settle(&job.dir).await {
            Ok(Some(RemoteExit::Exited { code: 0 })) if !job.step.captures.is_empty() => {
                return StepEnd::Lost("it had ended there with status 0; its results did not come".into());
            }
            Ok(Some(exit)) => return known(job, exit, &Kept::Whole),
            Ok(None) => return StepEnd::Bad(Failure::Stopped),
            Err(why) => tracing::warn!(%why, run = %job.run.id, step = %job.step.id, "a command cannot be ended yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits for the end, and says when the program is out of sight and when it is in sight again.
pub(super) async fn follow(job: &Job, end: impl Future<Output = Result<ExitRecord, WaitError>>) -> StepEnd {
    tokio::pin!(end);
    let (mut sight, mut asked) = (job.sight, false);
    loop {
        tokio::select! {
            ended = &mut end => {
                let mut end = told(job, ended);
                if let (StepEnd::Lost(what), true) = (&end, job.is_over()) {
                    if sight == Sight::Kept {
                        (job.tell)(StepEnd::Lost(what.clone()));
                        sight = Sight::Lost;
                    }
                    end = end_there(job).await;
                }
                if sight == Sight::Lost && !matches!(end, StepEnd::Lost(_)) {
                    (job.tell)(StepEnd::Regained);
                }
                return end;
            }
            () = job.over(), if !asked => {
                asked = true;
                program::ask_to_end(job);
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
    match (end, remote::exit(&job.dir)) {
        (Ok(ExitRecord { exit: Exit::TimedOut { after, .. }, .. }), Ok(Some(_))) => {
            StepEnd::Bad(Failure::TimedOut { after: after.into() })
        }
        (Ok(record), Ok(Some(exit))) => known(job, exit, &record.kept),
        // The follower outlived its shim.
        (Err(_), Ok(Some(exit))) => known(job, exit, &Kept::Whole),
        (Err(why), _) => program::lost(why),
        (Ok(ExitRecord { exit: Exit::NotStarted { why }, .. }), _) => StepEnd::Bad(Failure::NotStarted { why }),
        (Ok(_), Ok(None)) => {
            StepEnd::Lost("whoever followed it ended without knowing how it ended; it may still run there".into())
        }
        (Ok(_), Err(why)) => StepEnd::Lost(format!("its files cannot be read: {why}")),
    }
}

fn known(job: &Job, exit: RemoteExit, kept: &Kept) -> StepEnd {
    match exit {
        RemoteExit::Exited { code: 0 } => program::well(job, kept, Evidence::ExitedWell),
        RemoteExit::Exited { code } => StepEnd::Bad(Failure::Exit { code: code.into() }),
        RemoteExit::NotReached { why } => StepEnd::Bad(Failure::NotStarted { why }),
        RemoteExit::Lost { why } => StepEnd::Lost(why),
        RemoteExit::Stopped => StepEnd::Bad(Failure::Stopped),
    }
}
