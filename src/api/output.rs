//! What a command step wrote: a piece of it, or all of it as it comes.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::watch;

use super::peer::Peer;
use super::routes::known;
use crate::core::ids::{RunId, StepId};
use crate::core::run::StepState;
use crate::engine::Engine;
use crate::steps::shim::{Chunk, read_output};
use crate::text;
use crate::wire::Trouble;

/// Most bytes of output in one answer, and in one piece of a stream.
const PIECE: usize = 1024 * 1024;

/// How often a step that still writes is looked at for more.
const AGAIN: Duration = Duration::from_millis(200);

#[derive(Debug, Deserialize)]
pub(super) struct OutputQuery {
    from: Option<u64>,
    /// 1 to go on until the step ends; without it the answer is one piece.
    follow: Option<u8>,
}

/// The bytes from where it was asked for, or from the end of the gap in which that lies; the headers tell which. A stream
/// that is followed has a line of its own in the place of each gap.
pub(super) async fn output(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path((run, step, attempt)): Path<(RunId, StepId, u32)>,
    Query(query): Query<OutputQuery>,
) -> Result<Response, Trouble> {
    known(&engine, &peer)?;
    let dir = engine.shared.attempt_dir(run, &step, attempt);
    let what = format!("output of try {attempt} of step {step} of {run}");
    let mut reader = Reader { dir, at: query.from.unwrap_or(0) };
    let first = reader.next().await.map_err(|_| Trouble::NotFound { what })?;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/octet-stream"));
    headers.insert("x-total", HeaderValue::from(first.total));
    headers.insert("x-from", HeaderValue::from(first.from));
    if query.follow.unwrap_or(0) == 0 {
        return Ok((headers, first.bytes).into_response());
    }
    let stop = engine.stop.clone();
    let follower = Follower { first: Some(first), reader, engine, run, step, attempt, stop };
    let pieces = stream::try_unfold(follower, Follower::next);
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Where one reader of an output has got to.
struct Reader {
    dir: PathBuf,
    at: u64,
}

impl Reader {
    async fn next(&mut self) -> io::Result<Chunk> {
        let (dir, at) = (self.dir.clone(), self.at);
        let chunk =
            tokio::task::spawn_blocking(move || read_output(&dir, at, PIECE)).await.map_err(io::Error::other)??;
        self.at = chunk.next();
        Ok(chunk)
    }
}

/// A reader that goes on until the step ends or the engine stops.
struct Follower {
    /// What was read for the headers.
    first: Option<Chunk>,
    reader: Reader,
    engine: Engine,
    run: RunId,
    step: StepId,
    attempt: u32,
    stop: watch::Receiver<bool>,
}

impl Follower {
    async fn next(mut self) -> io::Result<Option<(Bytes, Follower)>> {
        loop {
            // Asked before the output: a step that is over then has written everything.
            let over = !self.writes() || *self.stop.borrow();
            let chunk = match self.first.take() {
                Some(first) => first,
                None => self.reader.next().await?,
            };
            if !chunk.bytes.is_empty() {
                return Ok(Some((shown(chunk), self)));
            }
            if over {
                return Ok(None);
            }
            let _ = tokio::time::timeout(AGAIN, self.stop.wait_for(|stop| *stop)).await;
        }
    }

    /// Whether this try is the one that is under way.
    fn writes(&self) -> bool {
        let newest = self.engine.newest.borrow();
        newest.state.runs.get(&self.run).is_some_and(|run| {
            run.pairs().any(|(step, done)| {
                step.id == self.step && done.attempts == self.attempt && matches!(done.state, StepState::Running { .. })
            })
        })
    }
}

fn shown(chunk: Chunk) -> Bytes {
    let Some(gap) = chunk.gap else {
        return chunk.bytes.into();
    };
    let mut shown = format!("\n{}\n", text::not_kept(gap.end - gap.start)).into_bytes();
    shown.extend_from_slice(&chunk.bytes);
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told_on_a_line_of_its_own() {
        let bytes = b"the end\n".to_vec();
        let chunk = Chunk { from: 3_004_096, bytes, total: 3_004_104, gap: Some(4096..3_004_096) };
        assert_eq!(shown(chunk), "\n[3000000 bytes of output are not kept]\nthe end\n");
    }
}
