//! `warroom run log`

use std::io::{IsTerminal, stdout};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::time::sleep;

use super::super::out::{Format, Out};
use super::super::session::Session;
use super::super::{Outcome, find};
use super::{At, Failure};
use crate::core::run::StepState;
use crate::text;

/// How often a step that still writes is asked for more.
const AGAIN: Duration = Duration::from_millis(500);

/// Prints what a command step wrote: bytes as they are into a file or pipe, made harmless on a terminal
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  warroom run log R1 drain --follow\n  warroom run log R1 drain --attempt 1 >drain.log"
)]
pub(in crate::cli) struct Log {
    #[command(flatten)]
    at: At,
    /// Which try, from 1; the last when left out
    #[arg(long)]
    attempt: Option<u32>,
    /// Go on until the step ends
    #[arg(long, short)]
    follow: bool,
}

impl Log {
    pub(super) async fn run(self, session: &Session, out: &mut Out) -> Outcome {
        let At { run, step } = &self.at;
        let mut from = 0_u64;
        let mut writer = Writer::new();
        loop {
            // Asked before the output: a step that is over then has written everything.
            let (attempt, over) = self.how_far(session).await?;
            let output = session.client.output(*run, step, attempt, from).await?;
            let gap = output.from.saturating_sub(from);
            from = output.from.saturating_add(output.bytes.len() as u64);
            if out.format == Format::Json {
                let piece = String::from_utf8_lossy(&output.bytes);
                out.json(&json!({ "run": run, "step": step, "attempt": attempt, "not_kept": gap, "to": from, "text": piece }))?;
            } else {
                if gap > 0 {
                    writer.print(format!("\n{}\n", text::not_kept(gap)).as_bytes(), out)?;
                }
                writer.print(&output.bytes, out)?;
            }
            if from < output.total && !output.bytes.is_empty() {
                continue;
            }
            if over || !self.follow {
                return writer.end(out);
            }
            out.flush()?;
            sleep(AGAIN).await;
        }
    }

    /// Which try to print, and whether it is over.
    async fn how_far(&self, session: &Session) -> Result<(u32, bool), Failure> {
        let snapshot = session.snapshot().await?;
        let run = find::run(&snapshot.state, self.at.run)?;
        let (_, _, done) = find::step(run, &self.at.step)?;
        let attempt = self.attempt.unwrap_or(done.attempts);
        if attempt == 0 || attempt > done.attempts {
            let state = done.state.word();
            return Err(Failure::failed(format!("step {} is {state} after {} tries", self.at.step, done.attempts)));
        }
        let running = matches!(done.state, StepState::Running { .. }) && attempt == done.attempts;
        Ok((attempt, !running))
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

    fn end(self, out: &mut Out) -> Outcome {
        match self.held {
            Some(rest) if !rest.is_empty() => out.line(text::clean_block(&String::from_utf8_lossy(&rest))),
            _ => Ok(()),
        }
    }
}
