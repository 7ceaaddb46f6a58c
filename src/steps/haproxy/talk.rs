//! One command to HAProxy and its answer.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};

use crate::core::run::Failure;
use crate::core::time::Span;
use crate::outbound::io_reason;

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// Most bytes of an answer.
const MOST: u64 = 1024 * 1024;
/// Most characters of one that are shown.
const SHOWN: usize = 200;

/// Where HAProxy listens.
pub(super) enum Place {
    Socket(PathBuf),
    Port(String),
}

/// The runtime API of one HAProxy.
pub(super) struct Runtime {
    pub(super) place: Place,
    /// How long all of it may take, and until when that is.
    pub(super) limit: Span,
    pub(super) deadline: Instant,
}

impl Runtime {
    /// Asks over a connection of its own, which HAProxy ends with its answer.
    pub(super) async fn ask(&self, command: &str) -> Result<String, Failure> {
        let soon = Instant::now() + ANSWER;
        match timeout_at(soon.min(self.deadline), self.exchange(command)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(why)) => Err(self.silent(&reason(&why))),
            Err(_) if soon < self.deadline => Err(self.silent("no answer in time")),
            Err(_) => Err(Failure::TimedOut { after: self.limit }),
        }
    }

    async fn exchange(&self, command: &str) -> io::Result<String> {
        match &self.place {
            Place::Socket(path) => over(UnixStream::connect(path).await?, command).await,
            Place::Port(port) => over(TcpStream::connect(port).await?, command).await,
        }
    }

    fn silent(&self, why: &str) -> Failure {
        let place = match &self.place {
            Place::Socket(path) => path.display().to_string(),
            Place::Port(port) => port.clone(),
        };
        Failure::NoAnswer { why: format!("{place}: {why}") }
    }
}

async fn over(mut stream: impl AsyncRead + AsyncWrite + Unpin, command: &str) -> io::Result<String> {
    stream.write_all(format!("{command}\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST + 1).read_to_end(&mut answer).await?;
    if answer.len() as u64 > MOST {
        return Err(io::Error::other(format!("an answer of more than {MOST} bytes")));
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn reason(why: &io::Error) -> String {
    match why.kind() {
        io::ErrorKind::NotFound => "there is no such socket".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => io_reason(why),
    }
}

/// The start of an answer, for a sentence.
pub(super) fn start_of(answer: &str) -> String {
    answer.trim().lines().next().unwrap_or_default().chars().take(SHOWN).collect()
}
