//! `warroom run log`

use std::io::{IsTerminal, stdout};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::time::sleep;

use super::super::feed::Feed;
use super::super::out::{Format, Out};
use super::super::session::Session;
use super::super::{Outcome, find};
use super::follow::Interrupts;
use super::{At, Failure};
use crate::core::ids::{RunId, StepId};
use crate::core::run::{StepRun, StepState};
use crate::core::state::State;
use crate::text;

/// How often a step that still writes is asked for more.
const AGAIN: Duration = Duration::from_millis(500);

/// Prints what a step's program wrote: bytes as they are into a file or pipe, made harmless on a terminal
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  warroom run log R1 drain --follow\n  warroom run log R1 drain 1 >drain.log\n  \
                        warroom run log R1 drain --from \"$(stat -c %s drain.log)\" >>drain.log")]
pub(in crate::cli) struct Log {
    #[command(flatten)]
    at: At,
    /// Which try, from 1; the last when left out
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
    /// Begin at that byte, counted from 0
    #[arg(long, value_name = "BYTE", default_value_t = 0)]
    from: u64,
    /// Go on until the try ends; waits for it to begin
    #[arg(long, short)]
    follow: bool,
}

impl Log {
    pub(super) async fn run(self, session: &Session, out: &mut Out) -> Outcome {
        let At { run, step } = self.at;
        let snapshot = session.snapshot().await?;
        let (_, known) = seen(&snapshot.state, run, &step)?;
        let wanted = self.attempt.unwrap_or(known.attempts.max(1));
        let mut tail = Tail { from: self.from, ..Tail::new(run, step, wanted) };
        if self.follow {
            let mut interrupts = Interrupts::new()?.at(run);
            let mut feed = Feed::new(session, snapshot, None);
            tail.begins(&mut feed, &mut interrupts).await?;
            return tail.follow(&mut feed, &mut interrupts, out).await;
        }
        tail.has_begun(&snapshot.state)?.map_err(Failure::failed)?;
        tail.print(session, out).await?;
        tail.writer.end(out)
    }
}

/// A step as it is known, and whether its run is open.
fn seen<'a>(state: &'a State, run: RunId, step: &StepId) -> Result<(bool, &'a StepRun), Failure> {
    let run = find::run(state, run)?;
    Ok((run.is_open(), find::step(run, step)?.2))
}

/// The output of one try, as far as it has been printed.
pub(in crate::cli) struct Tail {
    run: RunId,
    step: StepId,
    attempt: u32,
    from: u64,
    writer: Writer,
}

impl Tail {
    /// The output of a try from its beginning.
    pub(in crate::cli) fn new(run: RunId, step: StepId, attempt: u32) -> Tail {
        Tail { run, step, attempt, from: 0, writer: Writer::new() }
    }

    /// Whether the try has begun; a sentence that it has not, otherwise.
    fn has_begun(&self, state: &State) -> Result<Result<(), String>, Failure> {
        let (_, seen) = seen(state, self.run, &self.step)?;
        let not_yet = || format!("step {} is {} after {} tries", self.step, seen.state.word(), seen.attempts);
        Ok(if self.attempt <= seen.attempts { Ok(()) } else { Err(not_yet()) })
    }

    /// Waits until the try has begun, as long as its run is open.
    async fn begins(&self, feed: &mut Feed<'_>, interrupts: &mut Interrupts) -> Outcome {
        while let Err(not_yet) = self.has_begun(&feed.snapshot.state)? {
            if !find::run(&feed.snapshot.state, self.run)?.is_open() {
                return Err(Failure::failed(not_yet));
            }
            tokio::select! {
                entry = feed.next() => { entry?; }
                stopped = interrupts.next() => return Err(stopped),
            }
        }
        Ok(())
    }

    /// Prints what the try writes until it is over.
    pub(in crate::cli) async fn follow(
        &mut self,
        feed: &mut Feed<'_>,
        interrupts: &mut Interrupts,
        out: &mut Out,
    ) -> Outcome {
        loop {
            // Asked before the output: a try that is over then has written everything.
            let over = self.is_over(&feed.snapshot.state)?;
            self.print(feed.session, out).await?;
            if over {
                return self.writer.end(out);
            }
            out.flush()?;
            tokio::select! {
                entry = feed.next() => { entry?; }
                () = sleep(AGAIN) => {}
                stopped = interrupts.next() => return Err(stopped),
            }
        }
    }

    fn is_over(&self, state: &State) -> Result<bool, Failure> {
        let (open, seen) = seen(state, self.run, &self.step)?;
        let to_come = open && seen.attempts < self.attempt;
        let going_on = seen.attempts == self.attempt && matches!(seen.state, StepState::Running { .. });
        Ok(!to_come && !going_on)
    }

    /// Prints what is there now and has not been printed.
    async fn print(&mut self, session: &Session, out: &mut Out) -> Outcome {
        loop {
            let output = session.client.output(self.run, &self.step, self.attempt, self.from).await?;
            if output.bytes.is_empty() {
                return Ok(());
            }
            let not_kept = output.from.saturating_sub(self.from);
            self.from = output.from.saturating_add(output.bytes.len() as u64);
            if out.format == Format::Json {
                let piece = String::from_utf8_lossy(&output.bytes);
                out.json(&json!({
                    "run": self.run, "step": self.step, "attempt": self.attempt, "not_kept": not_kept,
                    "to": self.from, "text": piece,
                }))?;
            } else {
                if not_kept > 0 {
                    self.writer.print(format!("\n{}\n", text::not_kept(not_kept)).as_bytes(), out)?;
                }
                self.writer.print(&output.bytes, out)?;
            }
            if self.from >= output.total {
                return Ok(());
            }
        }
    }
}

/// Passes bytes on; on a terminal line by line, cleaned, so that a piece's border never splits a character.
struct Writer {
    held: Option<Vec<u8>>,
}

/// Longest line that is waited for before what is there is printed.
const LONGEST_LINE: usize = 16 * 1024;

impl Writer {
    fn new() -> Writer {
        Writer { held: stdout().is_terminal().then(Vec::new) }
    }

    fn print(&mut self, bytes: &[u8], out: &mut Out) -> Outcome {
        let Some(held) = &mut self.held else { return out.bytes(bytes) };
        held.extend_from_slice(bytes);
        let whole = match held.iter().rposition(|b| *b == b'\n') {
            Some(end) => end + 1,
            None if held.len() > LONGEST_LINE => held.len(),
            None => return Ok(()),
        };
        let lines: Vec<u8> = held.drain(..whole).collect();
        out.bytes(text::clean_block(&String::from_utf8_lossy(&lines)).as_bytes())
    }

    /// Prints what is left: a last line without its end.
    fn end(&mut self, out: &mut Out) -> Outcome {
        match self.held.take() {
            Some(rest) if !rest.is_empty() => out.line(text::clean_block(&String::from_utf8_lossy(&rest))),
            _ => Ok(()),
        }
    }
}
