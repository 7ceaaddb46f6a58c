//! Ending what nobody follows any more.

use std::{io, path::Path};

use super::super::durable;
use super::{
    acts, files,
    link::{Link, RemoteExit, Start},
    spec::RemoteSpec,
};

/// Why it is not known that an attempt is over.
#[derive(Debug, thiserror::Error)]
pub enum NotSettled {
    /// A follower is at it.
    #[error("it is still followed")]
    Followed,
    /// Its files cannot be read or written.
    #[error("its files cannot be read or written: {0}")]
    Files(#[from] io::Error),
    /// The host did not end it, or did not say so.
    #[error(transparent)]
    Host(#[from] acts::RemoteError),
}

/// Makes sure that the attempt in `dir` is over, and says how it ended: as its follower wrote it down, or else, where that one
/// is gone without having known, by ending it on its host now. `None` when nothing was ever sent there.
///
/// # Errors
/// [`NotSettled`]: it may still run, and this can be called again.
pub async fn settle(dir: &Path) -> Result<Option<RemoteExit>, NotSettled> {
    let Some(spec) = durable::read::<RemoteSpec>(dir, files::SPEC)? else { return Ok(None) };
    let _held = match files::try_lock(dir) {
        Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Err(NotSettled::Followed),
        held => held?,
    };
    match durable::read(dir, files::EXIT)? {
        Some(RemoteExit::Lost { .. }) | None => {}
        known => return Ok(known),
    }
    let sent = durable::read::<Link>(dir, files::LINK)?.is_some_and(|link| link.start != Start::Unsent);
    if !sent {
        return Ok(None);
    }
    let exit = acts::stop(&spec.settings, &spec.host, &spec.key, spec.grace).await?;
    durable::write_json(dir, files::EXIT, &exit)?;
    Ok(Some(exit))
}
