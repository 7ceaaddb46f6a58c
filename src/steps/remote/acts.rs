//! What can be done to a host or a remote step without following it.

use std::{io, time::Duration};

use super::{
    frames::Frame,
    link::RemoteExit,
    script::{self, Tidy, Verb},
    session::Session,
    spec::{Key, Settings},
    ssh::{self, Route},
};
use crate::core::host::Host;

/// Longest that a host may take to show that commands run there.
const REACHING: Duration = Duration::from_secs(30);
/// Past the end of any output: nothing of it is asked for.
const NO_OUTPUT: u64 = i64::MAX as u64;

/// Why something was not done on a host, or is not known to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// There is no session with the host; nothing was done.
    #[error("{host} cannot be reached: {why}")]
    NotReached {
        /// The host.
        host: Host,
        /// Why, in words that can follow a colon.
        why: String,
    },
    /// The connection broke while it was being done.
    #[error("the connection to {host} was cut: {why}")]
    Cut {
        /// The host.
        host: Host,
        /// Why, in words that can follow a colon.
        why: String,
    },
    /// The host did not do it.
    #[error("{host} refuses: {why}")]
    Refused {
        /// The host.
        host: Host,
        /// Why, in words that can follow a colon.
        why: String,
    },
}

/// Whether commands can be run on `host` now, by running `true` there. Leaves the shared connection open for a minute, so a
/// step that follows begins sooner, and by a connection that does not belong to that step's process tree.
///
/// # Errors
/// Why not, in words that can follow a colon.
pub async fn reachable(settings: &Settings, host: &Host) -> Result<(), String> {
    let mut ssh = ssh::command(settings, host, Route::Shared, "true").await?;
    let said = tokio::time::timeout(REACHING, ssh.output()).await;
    let said = said.map_err(|_| format!("it did not answer within {} seconds", REACHING.as_secs()))?;
    let said = said.map_err(|why| format!("ssh ({}) could not be started: {why}", settings.program.display()))?;
    if said.status.success() {
        return Ok(());
    }
    Err(ssh::reason(&said.stderr).unwrap_or_else(|| format!("`true` ended with {} there", said.status)))
}

/// How a step stands on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It has begun, and had not ended a moment ago.
    Running,
    /// It has ended, or never begins.
    Over,
}

/// How the step `key` stands on `host`, or a sentence where the host cannot tell.
pub(super) async fn look(settings: &Settings, host: &Host, key: &Key) -> Result<Result<Stands, String>, RemoteError> {
    let mut talk = Talk::open(settings, host).await?;
    talk.send(&script::follow(Verb::Look, key, NO_OUTPUT, 0)).await?;
    let mut going = false;
    loop {
        match talk.next().await? {
            Frame::Alive => going = true,
            Frame::Begun if going => return Ok(Ok(Stands::Running)),
            Frame::Ended(_) | Frame::Void => return Ok(Ok(Stands::Over)),
            Frame::Lost(why) => return Ok(Err(why)),
            Frame::Absent => return Ok(Err("the host does not know it".into())),
            Frame::NotBegun(why) => return Err(RemoteError::Refused { host: host.clone(), why }),
            Frame::Begun | Frame::Output(_) | Frame::StopAsked | Frame::Tidied => {}
        }
    }
}

/// Ends the step `key` on `host`: SIGTERM to all that it started, SIGKILL after `grace` (whole seconds); a step that has not
/// begun never will. Returns when it is over; a follower that is at work sees it too.
///
/// # Errors
/// [`RemoteError`]: it may still run, and this can be called again.
pub async fn stop(settings: &Settings, host: &Host, key: &Key, grace: Duration) -> Result<RemoteExit, RemoteError> {
    let mut talk = Talk::open(settings, host).await?;
    talk.send(&script::follow(Verb::Stop, key, NO_OUTPUT, grace.as_secs())).await?;
    let mut asked = false;
    loop {
        match talk.next().await? {
            Frame::StopAsked => asked = true,
            Frame::Ended(_) | Frame::Void if asked => return Ok(RemoteExit::Stopped),
            Frame::Ended(code) => return Ok(RemoteExit::Exited { code }),
            Frame::Void => return Ok(RemoteExit::NotReached { why: "its start was cut short".into() }),
            Frame::Lost(why) => return Ok(RemoteExit::Lost { why }),
            Frame::NotBegun(why) => return Err(RemoteError::Refused { host: host.clone(), why }),
            Frame::Begun | Frame::Output(_) | Frame::Alive | Frame::Absent | Frame::Tidied => {}
        }
    }
}

/// Removes what the step `key` left on `host`, if it is over there. To be called only once its end is recorded here, and only
/// when no start of it can still be on its way: one that came later would find nothing and run.
///
/// # Errors
/// [`RemoteError`].
pub async fn tidy(settings: &Settings, host: &Host, key: &Key) -> Result<(), RemoteError> {
    let mut talk = Talk::open(settings, host).await?;
    let defined = script::follow(Verb::None, key, NO_OUTPUT, 0);
    talk.send(&format!("{defined}{}echo .\n", script::tidy_line(Tidy::All))).await?;
    match talk.next().await? {
        Frame::Tidied => Ok(()),
        Frame::NotBegun(why) => Err(RemoteError::Refused { host: host.clone(), why }),
        _ => Err(RemoteError::Refused { host: host.clone(), why: "the step is not over there".into() }),
    }
}

/// A session whose faults name the host.
struct Talk<'a> {
    host: &'a Host,
    session: Session,
}

impl<'a> Talk<'a> {
    async fn open(settings: &Settings, host: &'a Host) -> Result<Self, RemoteError> {
        let opened = Session::open(settings, host).await;
        let session = opened.map_err(|why| RemoteError::NotReached { host: host.clone(), why })?;
        Ok(Self { host, session })
    }

    async fn send(&mut self, script: &str) -> Result<(), RemoteError> {
        match self.session.send(script).await {
            Ok(()) => Ok(()),
            Err(seen) => Err(self.cut(&seen).await),
        }
    }

    async fn next(&mut self) -> Result<Frame, RemoteError> {
        match self.session.next().await {
            Ok(frame) => Ok(frame),
            Err(seen) => Err(self.cut(&seen).await),
        }
    }

    async fn cut(&mut self, seen: &io::Error) -> RemoteError {
        RemoteError::Cut { host: self.host.clone(), why: self.session.broken(seen).await }
    }
}
