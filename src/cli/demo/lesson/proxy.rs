//! The console's link to the engine, in the hands of the lesson: it can be cut, and what the engine refuses is counted.
//!
//! The console makes one connection a request, so that a connection tells of one answer.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What is looked at of a request and of an answer, in bytes; more is passed on unread.
const LOOKED_AT: usize = 64 * 1024;

/// Whether the link carries anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// It does.
    Whole,
    /// It does not.
    Cut,
}

/// What the engine refused the console.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusals {
    /// How many launches.
    pub(super) launches: u32,
    /// Why each command was refused, in the engine's words.
    pub(super) why: Vec<String>,
}

/// The link.
#[derive(Debug)]
pub(super) struct Proxy {
    engine: PathBuf,
    line: watch::Receiver<Line>,
    refusals: Arc<Mutex<Refusals>>,
}

/// An answer of the engine that is no.
#[derive(Deserialize)]
struct No {
    code: String,
    sentence: String,
}

impl Proxy {
    /// A link to the engine's socket, as that line lets it.
    pub(super) fn new(engine: &Path, line: watch::Receiver<Line>) -> Proxy {
        Proxy { engine: engine.to_owned(), line, refusals: Arc::default() }
    }

    /// What was refused so far, also while it serves.
    pub(super) fn refusals(&self) -> Arc<Mutex<Refusals>> {
        Arc::clone(&self.refusals)
    }

    /// Carries what comes in, for ever. Whoever comes while it is cut finds a dead line.
    pub(super) async fn serve(self, listener: UnixListener) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => if let Ok((console, _)) = accepted
                    && *self.line.borrow() == Line::Whole
                {
                    connections.spawn(carry(console, self.engine.clone(), self.line.clone(), self.refusals()));
                },
            }
        }
    }
}

async fn carry(console: UnixStream, engine: PathBuf, mut line: watch::Receiver<Line>, refusals: Arc<Mutex<Refusals>>) {
    let both = async {
        let engine = crate::client::connect_socket(&engine).await?;
        let ((mut from_console, mut to_console), (mut from_engine, mut to_engine)) =
            (console.into_split(), engine.into_split());
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        let up = pass(&mut from_console, &mut to_engine, &mut asked);
        let down = pass(&mut from_engine, &mut to_console, &mut answered);
        // The engine ends each connection; the console's end alone ends nothing but what it sends.
        let (up, down) = tokio::join!(up, down);
        note(&asked, &answered, &refusals);
        up.and(down)
    };
    tokio::select! {
        carried = both => if let Err(error) = carried {
            tracing::debug!(%error, "a connection of the console broke");
        },
        _ = line.wait_for(|line| *line == Line::Cut) => {}
    }
}

/// Passes everything on, and keeps the beginning.
async fn pass(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    seen: &mut Vec<u8>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        let piece = buffer.get(..read).unwrap_or_default();
        if piece.is_empty() {
            return to.shutdown().await;
        }
        seen.extend_from_slice(piece.get(..LOOKED_AT.saturating_sub(seen.len())).unwrap_or(piece));
        to.write_all(piece).await?;
    }
}

fn note(asked: &[u8], answered: &[u8], refusals: &Mutex<Refusals>) {
    if !asked.starts_with(b"POST /v1/commands ") || !answered.starts_with(b"HTTP/1.1 4") {
        return;
    }
    let holds = |text: &[u8]| asked.windows(text.len()).any(|window| window == text);
    let body = answered.windows(4).position(|window| window == b"\r\n\r\n").and_then(|at| answered.get(at + 4..));
    let no: Option<No> = body.and_then(|body| serde_json::from_slice(body).ok());
    let Some(No { sentence, .. }) = no.filter(|no| no.code == "refused") else { return };
    let mut refusals = refusals.lock().unwrap_or_else(PoisonError::into_inner);
    refusals.launches += u32::from(holds(b"\"start_run\""));
    refusals.why.push(sentence);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: &[u8] =
        b"HTTP/1.1 409 Conflict\r\ncontent-length: 9\r\n\r\n{\"code\":\"refused\",\"data\":{},\"sentence\":\"1 of 3\"}";

    fn noted(asked: &[u8], answered: &[u8]) -> Refusals {
        let refusals = Mutex::default();
        note(asked, answered, &refusals);
        refusals.into_inner().unwrap()
    }

    #[test]
    fn commands_that_are_refused_are_counted_with_their_reason_and_nothing_else_is() {
        let launch = b"POST /v1/commands HTTP/1.1\r\n\r\n{\"command\":{\"start_run\":{}}}";
        let refused = noted(launch, NO);
        assert_eq!((refused.launches, refused.why), (1, vec!["1 of 3".to_owned()]));
        let other = noted(b"POST /v1/commands HTTP/1.1\r\n\r\n{\"command\":{\"hold\":{}}}", NO);
        assert_eq!((other.launches, other.why.len()), (0, 1));
        for (asked, answered) in [
            (&b"GET /v1/snapshot HTTP/1.1\r\n\r\n"[..], NO),
            (launch, b"HTTP/1.1 200 OK\r\n\r\n{\"seq\":1}"),
            (launch, b"HTTP/1.1 409 Conflict\r\n\r\n{\"code\":\"other_journal\",\"sentence\":\"x\"}"),
            (launch, b"HTTP/1.1 409 Conflict\r\n\r\n{\"code\":"),
            (launch, b""),
        ] {
            assert!(noted(asked, answered).why.is_empty());
        }
    }

    #[tokio::test]
    async fn a_line_carries_until_it_is_cut_and_again_when_it_is_mended() {
        let dir = tempfile::tempdir().unwrap();
        let (far, near) = (dir.path().join("engine"), dir.path().join("console"));
        let engine = UnixListener::bind(&far).unwrap();
        let (line, seen) = watch::channel(Line::Whole);
        tokio::spawn(Proxy::new(&far, seen).serve(UnixListener::bind(&near).unwrap()));
        let mut letter = [0; 1];
        let mut console = UnixStream::connect(&near).await.unwrap();
        console.write_all(b"a").await.unwrap();
        let (mut other, _) = engine.accept().await.unwrap();
        other.read_exact(&mut letter).await.unwrap();
        assert_eq!(&letter, b"a");

        line.send(Line::Cut).unwrap();
        assert!(matches!(console.read(&mut letter).await, Ok(0) | Err(_)), "what was open is dropped");
        let mut console = UnixStream::connect(&near).await.unwrap();
        assert!(matches!(console.read(&mut letter).await, Ok(0) | Err(_)), "and what comes finds a dead line");

        line.send(Line::Whole).unwrap();
        let mut console = UnixStream::connect(&near).await.unwrap();
        console.write_all(b"b").await.unwrap();
        let (mut other, _) = engine.accept().await.unwrap();
        other.read_exact(&mut letter).await.unwrap();
        assert_eq!(&letter, b"b");
    }
}
