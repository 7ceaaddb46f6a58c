//! The program that says whether settings are valid.

use std::collections::BTreeMap;
use std::io;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};

use super::Bounds;

/// How much of the end of what it says is kept, in bytes, and shown, in characters.
const KEPT: usize = 4 * 1024;
const SHOWN: usize = 500;

/// What a pipe can hold at most, in bytes: whoever goes on writing is not waited for.
const LARGEST_PIPE: usize = 1024 * 1024;

/// An argument vector, never a shell; nothing when the plan has none.
pub(super) struct Program {
    /// What it is called in sentences: `the check`.
    pub(super) what: &'static str,
    pub(super) argv: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
}

/// A program's process group, ended when this is dropped first.
struct Running {
    child: Child,
    group: Option<Pid>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may have ended in this moment.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Program {
    /// Runs it to its end, within the bounds.
    pub(super) async fn run(&self, bounds: &Bounds) -> Result<(), String> {
        bounds.check()?;
        let what = self.what;
        let Some((program, arguments)) = self.argv.split_first() else { return Ok(()) };
        let mut said = Vec::new();
        let ended = tokio::select! {
            biased;
            () = bounds.stop.cancelled() => return Err("it was stopped".into()),
            () = tokio::time::sleep_until(bounds.deadline) => {
                return Err(format!("{what} {program} was not over after {}, and was ended", bounds.limit));
            }
            ended = self.follow(program, arguments, &mut said) => ended,
        };
        let status = ended.map_err(|why| format!("{what} {program} cannot be run: {why}"))?;
        if status.success() {
            return Ok(());
        }
        Err(format!("{what} {program} ended with {}: {}", how(status), end_of(&said)))
    }

    async fn follow(&self, program: &str, arguments: &[String], said: &mut Vec<u8>) -> io::Result<ExitStatus> {
        let (reader, writer) = io::pipe()?;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(&self.environment)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let mut running = Running { child, group };
        let mut output = Receiver::from_owned_fd(reader.into())?;
        let mut block = vec![0; KEPT];
        let mut over = false;
        let status = loop {
            tokio::select! {
                status = running.child.wait() => break status?,
                count = output.read(&mut block), if !over => match count? {
                    0 => over = true,
                    count => keep_end(said, block.get(..count).unwrap_or_default()),
                },
            }
        };
        // It has ended by itself; its group may be another's by now.
        running.group = None;
        for _ in 0..LARGEST_PIPE / KEPT {
            let Ok(count @ 1..) = output.try_read(&mut block) else { break };
            keep_end(said, block.get(..count).unwrap_or_default());
        }
        Ok(status)
    }
}

/// The end says most.
fn end_of(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let said = said.trim();
    match said.char_indices().rev().nth(SHOWN) {
        Some((at, _)) => format!("...{}", said.get(at..).unwrap_or_default()),
        None => said.to_owned(),
    }
}

fn keep_end(said: &mut Vec<u8>, more: &[u8]) {
    said.extend_from_slice(more);
    said.drain(..said.len().saturating_sub(KEPT));
}

fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "neither status nor signal".into(),
    }
}
