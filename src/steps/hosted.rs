//! A program on another host: a follower under a shim here, a keeper there, and what is said while the connection is cut.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::system::uname;
use sha2::{Digest, Sha256};

use super::begin::NotBegun;
use super::program::{self, Program};
use super::remote::{self, BadKey, Key, LinkState, NotSettled, RemoteExit, RemoteSpec, Start, Work, WriteError};
use super::shim::{self, Exit, ExitRecord, Found, GivenSecret, Kept, Spec, WaitError};
use super::{Job, Sight, secrets};
use crate::core::host::Host;
use crate::core::observe::StepEnd;
use crate::core::plan::Repeat;
use crate::core::run::{Evidence, Failure};

mod regain;

use regain::Regained;

/// How often it is looked how the connection is.
const LOOK: Duration = Duration::from_millis(250);

/// Longest between two tries to end what nobody follows any more.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How much longer the shim waits for the follower than the follower for the program on the host.
const LONGER: Duration = Duration::from_secs(10);

/// How long one that was ended may take to be gone.
const LEAVING: Duration = Duration::from_secs(5);

/// How soon it is looked again whether it is.
const SOON: Duration = Duration::from_millis(20);

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
    Ok((follower(job, program::limit(job).to_std()), secrets))
}

/// What a shim is to run here: a follower, for so long.
fn follower(job: &Job, time: Duration) -> Spec {
    let agent = std::env::var("SSH_AUTH_SOCK").ok().map(|path| ("SSH_AUTH_SOCK".to_owned(), path));
    let mut spec = Spec::new(remote::argv(&job.exe, &job.dir), shim::clean_environment(agent), "/".into());
    spec.timeout = Some(time);
    spec.grace = RemoteSpec::GRACE + LONGER;
    spec
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
            settle(&dir).await.map_err(|why| may_live(why.to_string()))?;
        }
    }
    Ok(())
}

/// Ends a try on its host, and whoever stands for it here.
async fn settle(dir: &Path) -> Result<Option<RemoteExit>, NotSettled> {
    match shim::look(dir)? {
        Found::Running(pids) => {
            shim::stop(&pids)?;
            // However it ended, its follower is gone then.
            let _ = shim::wait(dir).await;
        }
        Found::Lost(pids) => shim::kill_command(&pids)?,
        Found::NotStarted | Found::GivenOut | Found::Ended(_) | Found::Rebooted => {}
    }
    let until = Instant::now() + LEAVING;
    loop {
        match remote::settle(dir).await {
            Err(NotSettled::Followed) if Instant::now() < until => tokio::time::sleep(SOON).await,
            settled => return settled,
        }
    }
}

/// Ends what nobody follows any more, however long it takes to reach its host again.
async fn end_there(job: &Job) -> StepEnd {
    let mut pause = LOOK;
    loop {
        match settle(&job.dir).await {
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

/// Waits for the end, and says when the program is out of sight and when it is in sight again. When whoever followed it is
/// gone, it is looked for on its host.
pub(super) async fn follow(job: &Job, end: impl Future<Output = Result<ExitRecord, WaitError>>) -> StepEnd {
    let (mut sight, mut pause) = (job.sight, Duration::ZERO);
    let mut end = to_end(job, end, &mut sight).await;
    while let StepEnd::Lost(what) = &end {
        if !job.is_over() && matches!(remote::exit(&job.dir), Ok(Some(_))) {
            // The host was asked, and cannot tell.
            return end;
        }
        if sight == Sight::Kept {
            pause = Duration::ZERO;
        }
        end = match again(job, what, &mut sight, &mut pause).await {
            Some(Regained::Ended(exit)) => known(job, exit, &Kept::Whole),
            Some(Regained::Followed(shim)) => to_end(job, shim.wait(), &mut sight).await,
            Some(Regained::FollowedBefore) => to_end(job, shim::wait(&job.dir), &mut sight).await,
            None => {
                end = end_there(job).await;
                break;
            }
        };
    }
    if sight == Sight::Lost && !matches!(end, StepEnd::Lost(_)) {
        (job.tell)(StepEnd::Regained);
    }
    end
}

/// Looks for what is lost, and says that it is. What may be done twice is done again by itself as soon as that is said:
/// there the host is asked before.
async fn again(job: &Job, what: &str, sight: &mut Sight, pause: &mut Duration) -> Option<Regained> {
    if *sight == Sight::Kept {
        if job.step.repeat == Repeat::IsHarmless
            && let Ok(found) = regain::look(job).await
        {
            return found;
        }
        (job.tell)(StepEnd::Lost(what.to_owned()));
        *sight = Sight::Lost;
    }
    regain::until_found(job, pause).await
}

/// Waits for the end of the shim, and looks how the connection is meanwhile.
async fn to_end(job: &Job, end: impl Future<Output = Result<ExitRecord, WaitError>>, sight: &mut Sight) -> StepEnd {
    tokio::pin!(end);
    let mut asked = false;
    loop {
        tokio::select! {
            ended = &mut end => return told(job, ended),
            () = job.over(), if !asked => {
                asked = true;
                program::ask_to_end(job);
            }
            () = tokio::time::sleep(LOOK) => *sight = look(job, *sight),
        }
    }
}

/// Whether something was sent to the host that may have started the program there.
pub(super) fn was_sent(job: &Job) -> bool {
    job.host.is_some() && matches!(remote::link(&job.dir), Ok(Some(link)) if link.start != Start::Unsent)
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
    let lost = |why: &str| StepEnd::Lost(format!("{why}; it may still run there, and is looked for"));
    match (end, remote::exit(&job.dir)) {
        (_, Err(why)) => lost(&format!("its files cannot be read: {why}")),
        (Ok(ExitRecord { exit: Exit::TimedOut { .. }, .. }), Ok(Some(_))) => {
            StepEnd::Bad(Failure::TimedOut { after: program::limit(job) })
        }
        (Ok(record), Ok(Some(exit))) => known(job, exit, &record.kept),
        // The follower outlived its shim.
        (Err(_), Ok(Some(exit))) => known(job, exit, &Kept::Whole),
        (Ok(ExitRecord { exit: Exit::NotStarted { why }, .. }), Ok(None)) if !was_sent(job) => {
            StepEnd::Bad(Failure::NotStarted { why })
        }
        (Ok(_) | Err(WaitError::Lost(_) | WaitError::NotTakenUp), Ok(None)) => {
            lost("whoever followed it was ended without knowing how it ended")
        }
        (Err(WaitError::Rebooted), Ok(None)) => lost("the machine that followed it was started anew"),
        (Err(WaitError::Io(why)), Ok(None)) => lost(&format!("whoever follows it cannot be looked at: {why}")),
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
