//! Starts a personal engine when none answers, and waits until it is ready.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use super::{Address, Client, ClientError};

/// How long an engine may take to open its journal and listen.
const READY: Duration = Duration::from_secs(30);

/// How long the loser of a start waits for the winner to listen.
const WINNER: Duration = Duration::from_secs(2);

/// Longest word that a starting engine may say, in bytes.
const LONGEST_WORD: u64 = 4096;

/// Why no engine runs now.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// One runs there, and cannot be used.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The state directory or the engine's log cannot be made.
    #[error("cannot use {}: {error}", path.display())]
    State {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The program cannot be started.
    #[error("cannot start {}: {error}", exe.display())]
    Spawn {
        /// The program.
        exe: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It started and said why it cannot go on.
    #[error("the engine did not start: {0}")]
    Refused(String),
    /// It started and ended without a word.
    #[error("the engine ended before it was ready; {} may say why", log.display())]
    Mute {
        /// Where it writes.
        log: PathBuf,
    },
    /// It started and is not ready in time.
    #[error("the engine is not ready after {} s; {} may say why", READY.as_secs(), log.display())]
    Late {
        /// Where it writes.
        log: PathBuf,
    },
}

/// How an engine is kept apart from the terminal that it was started in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shelter {
    /// A scope of the user's own service manager, which may outlive the log-in.
    UserScope,
    /// A session of its own.
    Session,
}

/// A client of the personal engine in `state`, started as `exe engine run` when none answers there. Of several that start one
/// at the same time, one wins and the others attach to it.
///
/// # Errors
/// [`StartError`] says why no engine runs.
pub async fn ensure_engine(exe: &Path, state: &Path) -> Result<Client, StartError> {
    let address = Address::in_state(state);
    match Client::connect(&address).await {
        Ok((client, _)) => return Ok(client),
        Err(error) if error.is_absent() => {}
        Err(error) => return Err(error.into()),
    }
    make_directory(state)?;
    let shelter = if user_manager().is_some() { Shelter::UserScope } else { Shelter::Session };
    match launch(exe, state, shelter).await {
        Ok(()) => {}
        // The manager may be there and refuse; the engine's own word is final.
        Err(StartError::Mute { .. } | StartError::Spawn { .. }) if shelter == Shelter::UserScope => {
            if let Err(error) = launch(exe, state, Shelter::Session).await {
                return attach_to_winner(&address, error).await;
            }
        }
        Err(error @ StartError::Spawn { .. }) => return Err(error),
        Err(error) => return attach_to_winner(&address, error).await,
    }
    Ok(Client::connect(&address).await?.0)
}

/// Makes a state directory that only its owner may enter; one that is there stays as it is.
///
/// # Errors
/// [`StartError::State`].
pub fn make_directory(path: &Path) -> Result<(), StartError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| StartError::State { path: path.to_owned(), error })
}

/// Starts the engine and waits for its word.
async fn launch(exe: &Path, state: &Path, shelter: Shelter) -> Result<(), StartError> {
    let (path, log) = open_log(state)?;
    let mut command = match shelter {
        Shelter::Session => Command::new(exe),
        Shelter::UserScope => {
            let mut command = Command::new("systemd-run");
            command.args(["--user", "--scope", "--quiet", "--collect", "--"]).arg(exe);
            command
        }
    };
    // The word comes over a pipe that stands in for standard output: no descriptor can leak into other children that way.
    command.args(["engine", "run", "--detach", "--ready-fd", "1", "--state"]).arg(state);
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut child = command.spawn().map_err(|error| StartError::Spawn { exe: exe.to_owned(), error })?;
    let Some(stdout) = child.stdout.take() else {
        return Err(StartError::Mute { log: path });
    };
    let mut word = String::new();
    let mut reader = BufReader::new(stdout.take(LONGEST_WORD));
    let read = timeout(READY, reader.read_line(&mut word)).await.map_err(|_| StartError::Late { log: path.clone() })?;
    match (read, word.trim_end()) {
        (Ok(_), "ready") => Ok(()),
        (Ok(_), other) => match other.strip_prefix("error: ") {
            Some(why) => Err(StartError::Refused(crate::text::clean_line(why).into_owned())),
            None => Err(StartError::Mute { log: path }),
        },
        (Err(_), _) => Err(StartError::Mute { log: path }),
    }
}

/// Another client may have started the engine in the same moment; then that one answers soon.
async fn attach_to_winner(address: &Address, error: StartError) -> Result<Client, StartError> {
    let give_up = Instant::now() + WINNER;
    while Instant::now() < give_up {
        if let Ok((client, _)) = Client::connect(address).await {
            return Ok(client);
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err(error)
}

fn open_log(state: &Path) -> Result<(PathBuf, File), StartError> {
    let directory = state.join("log");
    make_directory(&directory)?;
    let path = directory.join("engine.out");
    match OpenOptions::new().create(true).append(true).mode(0o600).open(&path) {
        Ok(file) => Ok((path, file)),
        Err(error) => Err(StartError::State { path, error }),
    }
}

/// The socket of the caller's service manager, where there is one.
fn user_manager() -> Option<PathBuf> {
    let socket = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?).join("systemd/private");
    socket.exists().then_some(socket)
}
