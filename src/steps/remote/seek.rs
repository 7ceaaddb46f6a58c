//! Finding what nobody follows any more.

use std::{io, path::Path};

use super::super::durable;
use super::{
    acts::{self, Stands},
    files,
    link::{Link, LinkState, RemoteExit, Start, now},
    spec::RemoteSpec,
};

/// What was found of an attempt that nobody followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// How it ended is known here.
    Ended(RemoteExit),
    /// It runs on its host: another follower can be started on it.
    Running,
    /// It has ended on its host: another follower can fetch how, and its output.
    Over,
}

/// Why it is not known how an attempt stands.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// A follower is at it.
    #[error("it is still followed")]
    Followed,
    /// Its files cannot be read or written.
    #[error("its files cannot be read or written: {0}")]
    Files(#[from] io::Error),
    /// The host was not reached, or does not say.
    #[error(transparent)]
    Host(#[from] acts::RemoteError),
    /// The host was reached and does not know either: a sentence.
    #[error("{0}")]
    NotKnown(String),
}

/// How the attempt in `dir` stands, which nobody follows: as it is written down here, or else as its host says now. What was
/// never sent there never is from here on. Nothing is started by this, nor by a follower that is started upon it.
///
/// # Errors
/// [`NotFound`]; this can be called again.
pub async fn seek(dir: &Path) -> Result<Sought, NotFound> {
    let spec: RemoteSpec = durable::read(dir, files::SPEC)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let _held = match files::try_lock(dir) {
        Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Err(NotFound::Followed),
        held => held?,
    };
    if let Some(exit) = durable::read(dir, files::EXIT)? {
        return Ok(Sought::Ended(exit));
    }
    let link: Option<Link> = durable::read(dir, files::LINK)?;
    let Some(link) = link.filter(|link| link.start != Start::Unsent) else {
        // A follower that comes late finds this.
        let exit = RemoteExit::NotReached { why: "whoever was to start it there was ended before".into() };
        durable::replace(dir, files::EXIT, &exit)?;
        return Ok(Sought::Ended(exit));
    };
    let stands = acts::look(&spec.settings, &spec.host, &spec.key).await?.map_err(NotFound::NotKnown)?;
    durable::replace(dir, files::LINK, &to_be_followed(link, &spec))?;
    Ok(match stands {
        Stands::Running => Sought::Running,
        Stands::Over => Sought::Over,
    })
}

/// The link from which another follower goes on, and starts nothing.
fn to_be_followed(link: Link, spec: &RemoteSpec) -> Link {
    // What was on its way to be masked is lost: there all of the output is taken anew, and what is here is not written again.
    let from = if spec.secrets.is_empty() { link.from } else { 0 };
    let start = Start::Begun { times: link.start.times() };
    Link { state: LinkState::Connecting, since: now(), from, start, why: None }
}
