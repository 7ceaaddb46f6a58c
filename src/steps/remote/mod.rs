//! Steps on other hosts, over the system's ssh.
//!
//! The engine writes what is to be run into the attempt's directory ([`write_spec`]) and has a shim run the follower
//! ([`argv`]: `warroom remote DIR`). The follower starts the command on the host, or finds it again, copies its output to its
//! own standard output and leaves with the command's status. On the host the command runs detached, with its own keeper, so
//! that neither a cut connection nor the end of the follower touches it; nothing has to be installed there but a POSIX shell.
//!
//! | file | by | says |
//! |---|---|---|
//! | `remote.json` | engine | what is to be run and where; the names of secrets, not the secrets |
//! | `link.json` | follower | how the connection is, and how far the start and the output have got |
//! | `remote-exit.json` | follower | how the step ended |
//!
//! A follower that was killed can be started again on the same directory ([`seek`] says whether there is something to follow, and
//! sees to it that nothing is begun by that): it goes on from the byte that it had. It knows that
//! byte from the size of its standard output where that is a file of its own; otherwise from `link.json`, which is written
//! once a second, so that what came in the last one can come twice.
//!
//! What goes over: standard input carries a script (`far.sh`), so that no process list on either side shows a secret, a
//! script or the environment. A step's name ([`Key`]) is a directory on the host that is made once: starting twice is
//! starting once. See `far.sh` for that directory and for what comes back.

mod acts;
mod files;
mod follower;
mod frames;
mod link;
mod output;
mod script;
mod seek;
mod session;
mod settle;
mod spec;
mod ssh;

use std::path::Path;
use std::time::SystemTime;
use std::{io, path};

use super::durable;
use crate::core::host::Host;

pub use acts::{RemoteError, reachable, stop, tidy};
pub use follower::run;
pub use link::{Link, LinkState, RemoteExit, Start};
pub(crate) use script::quote;
pub use seek::{NotFound, Sought, seek};
pub use settle::{NotSettled, settle};
pub use spec::{BadKey, BadSpec, Key, RemoteSpec, Settings, Work, WriteError, write_spec};
pub(crate) use ssh::{Route, command as ssh_command, forward as ssh_forward, reason as ssh_reason};

/// The command line of the follower for the attempt in `dir`; `exe` is this program. Paths that are not UTF-8 come out
/// changed, and such a follower finds nothing to do.
#[must_use]
pub fn argv(exe: &Path, dir: &Path) -> Vec<String> {
    let text = |path: &Path| path::absolute(path).unwrap_or_else(|_| path.into()).to_string_lossy().into_owned();
    vec![text(exe), "remote".to_owned(), text(dir)]
}

/// How the follower of the attempt in `dir` stands with its host, or `None` if it has not begun.
///
/// # Errors
/// The file is there and cannot be read.
pub fn link(dir: &Path) -> io::Result<Option<Link>> {
    durable::read(dir, files::LINK)
}

/// The host of the attempt in `dir`, or `None` when none is written down there.
///
/// # Errors
/// The file is there and cannot be read.
pub fn host(dir: &Path) -> io::Result<Option<Host>> {
    Ok(durable::read::<RemoteSpec>(dir, files::SPEC)?.map(|spec| spec.host))
}

/// When the attempt in `dir` was written down, by the wall clock.
///
/// # Errors
/// It was not, or cannot be looked at.
pub fn written_at(dir: &Path) -> io::Result<SystemTime> {
    dir.join(files::SPEC).metadata()?.modified()
}

/// How the remote step of the attempt in `dir` ended, or `None` while that is not known. When the follower is gone and this
/// is absent, the command may still run on its host: [`seek`] it and start the follower again, or [`stop`] it.
///
/// # Errors
/// The file is there and cannot be read.
pub fn exit(dir: &Path) -> io::Result<Option<RemoteExit>> {
    durable::read(dir, files::EXIT)
}
