//! One ssh session with a shell at its other end.
//!
//! Nothing is sent before the shell has answered a greeting: until then it is certain that nothing was begun.

use std::{io, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout},
    task::JoinHandle,
    time::timeout,
};

use super::{
    frames::{Frame, Frames},
    spec::Settings,
    ssh::{self, Route},
};
use crate::core::host::Host;

/// The command that the host is given; all else goes over standard input.
const LINE: &str = "exec sh -s";
/// Asks for an answer that only a shell gives.
const HELLO: &str = "echo warroom-$((40 + 2))\n";
const GREETING: &str = "warroom-42";
/// From the start of ssh to the shell's answer.
const OPENING: Duration = Duration::from_secs(30);
/// Longest without a sign of life from the host, which gives one every five seconds at least.
const SILENCE: Duration = Duration::from_secs(30);
/// For ssh to end and for what it has to say about it.
const CLOSING: Duration = Duration::from_secs(1);
/// Most that is kept of what ssh and the host say on standard error, in bytes.
const SAID: usize = 16 * 1024;

/// A shell on a host that has answered and was told nothing yet.
pub(super) struct Session {
    child: Child,
    input: ChildStdin,
    frames: Frames<BufReader<ChildStdout>>,
    said: JoinHandle<Vec<u8>>,
}

/// Why there is no session.
enum Closed {
    /// The shared connection is in a bad way; the host may be well.
    Shared(String),
    Host(String),
}

impl Session {
    /// Opens a session, over the shared connection if that works.
    ///
    /// # Errors
    /// Why not, in words that can follow a colon. Nothing was begun.
    pub(super) async fn open(settings: &Settings, host: &Host) -> Result<Self, String> {
        match Self::open_by(settings, host, Route::Shared).await {
            Ok(session) => Ok(session),
            Err(Closed::Host(why)) => Err(why),
            Err(Closed::Shared(_)) => {
                Self::open_by(settings, host, Route::Direct).await.map_err(|closed| match closed {
                    Closed::Shared(why) | Closed::Host(why) => why,
                })
            }
        }
    }

    async fn open_by(settings: &Settings, host: &Host, route: Route) -> Result<Self, Closed> {
        let mut ssh = ssh::command(settings, host, route, LINE).await.map_err(Closed::Host)?;
        let child = ssh.stdin(Stdio::piped()).spawn();
        let mut session = child
            .and_then(Self::new)
            .map_err(|why| Closed::Host(format!("ssh ({}) could not be started: {why}", settings.program.display())))?;
        match timeout(OPENING, session.greet()).await {
            Ok(Ok(Ok(()))) => Ok(session),
            Ok(Ok(Err(last))) => Err(session.refused(&last).await),
            Ok(Err(_)) => Err(session.refused("").await),
            Err(_) => Err(Closed::Shared(format!("no shell answered within {} seconds", OPENING.as_secs()))),
        }
    }

    fn new(mut child: Child) -> io::Result<Self> {
        let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
        let input = child.stdin.take().ok_or_else(missing)?;
        let frames = Frames::new(BufReader::with_capacity(64 * 1024, child.stdout.take().ok_or_else(missing)?));
        let said = tokio::spawn(listen(child.stderr.take().ok_or_else(missing)?));
        Ok(Self { child, input, frames, said })
    }

    async fn greet(&mut self) -> io::Result<Result<(), String>> {
        // An ssh that has ended already says more by what it wrote than by this error.
        let _ = self.input.write_all(HELLO.as_bytes()).await;
        self.frames.greeted(GREETING).await
    }

    /// Has the shell take up `script`.
    ///
    /// # Errors
    /// The connection is gone; how much of it arrived is not known.
    pub(super) async fn send(&mut self, script: &str) -> io::Result<()> {
        timeout(SILENCE, self.input.write_all(script.as_bytes())).await.map_err(io::Error::from)?
    }

    /// What the host says next.
    ///
    /// # Errors
    /// The connection is gone, silent, or speaks another language.
    pub(super) async fn next(&mut self) -> io::Result<Frame> {
        timeout(SILENCE, self.frames.next()).await.map_err(io::Error::from)?
    }

    /// Why the connection broke, in words that can follow a colon.
    pub(super) async fn broken(&mut self, seen: &io::Error) -> String {
        match seen.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
                let (_, why) = self.close().await;
                why.unwrap_or_else(|| "the connection ended".into())
            }
            io::ErrorKind::TimedOut => format!("nothing came from the host for {} seconds", SILENCE.as_secs()),
            _ => seen.to_string(),
        }
    }

    /// The host did not come to a shell. `last` is what it printed last.
    async fn refused(&mut self, last: &str) -> Closed {
        let (status, said) = self.close().await;
        let why = said.or_else(|| (!last.is_empty()).then(|| last.to_owned()));
        match (status, why) {
            (Some(255), Some(why)) if why.starts_with("mux_client") => Closed::Shared(why),
            (Some(255), Some(why)) => Closed::Host(why),
            (_, Some(why)) => Closed::Host(format!("the host gives no shell: {why}")),
            (_, None) => Closed::Host("the host gives no shell".into()),
        }
    }

    /// Lets ssh end: its status, if it did in time, and what it said.
    async fn close(&mut self) -> (Option<i32>, Option<String>) {
        let status = timeout(CLOSING, self.child.wait()).await;
        let status = status.ok().and_then(Result::ok).and_then(|status| status.code());
        // The shared connection's process may hold standard error open beyond this session.
        let said = timeout(CLOSING, &mut self.said).await.ok().and_then(Result::ok).unwrap_or_default();
        (status, ssh::reason(&said))
    }
}

/// Reads to the end and keeps the last of it.
async fn listen(mut from: ChildStderr) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut bytes = [0; 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        kept.extend(bytes.iter().take(length));
        let surplus = kept.len().saturating_sub(SAID);
        kept.drain(..surplus);
    }
    kept
}
