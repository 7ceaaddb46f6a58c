//! Programs that a look runs: their end and their last words, in bounded memory; ended with all that they started when nobody
//! waits for them any more.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::time::timeout;

/// How much of the end of standard error is kept, in bytes.
const ERRORS_KEPT: usize = 4 * 1024;

/// How long the output is read on after the end: something that the program left behind may hold it open.
const LEFT_OPEN: Duration = Duration::from_millis(250);

/// How a program ended.
pub(super) struct Ran {
    pub(super) status: ExitStatus,
    /// The end of its standard output.
    pub(super) out: Vec<u8>,
    /// The end of its standard error.
    pub(super) err: Vec<u8>,
}

/// A process group that is ended when this is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended in this moment.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs a program in a group of its own, with `input`, to its end; `kept` bytes of the end of its output are kept.
///
/// # Errors
/// It cannot be started or followed.
pub(super) async fn run(mut command: Command, input: &str, kept: usize) -> io::Result<Ran> {
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = {
        let talk = async {
            tokio::join!(tell(stdin, input), keep_end(stdout, &mut out, kept), keep_end(stderr, &mut err, ERRORS_KEPT))
        };
        tokio::pin!(talk);
        let mut over = false;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status?,
                _ = &mut talk, if !over => over = true,
            }
        };
        // It has ended by itself; its group may be another's by now.
        group.0 = None;
        if !over {
            let _ = timeout(LEFT_OPEN, &mut talk).await;
        }
        status
    };
    Ok(Ran { status, out, err })
}

async fn tell(stdin: Option<ChildStdin>, input: &str) {
    if let Some(mut stdin) = stdin {
        // A program that does not read to the end says why by how it ends.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
}

async fn keep_end(from: Option<impl AsyncRead + Unpin>, end: &mut Vec<u8>, kept: usize) {
    let Some(mut from) = from else { return };
    let mut block = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut block).await {
        end.extend_from_slice(block.get(..count).unwrap_or_default());
        end.drain(..end.len().saturating_sub(kept));
    }
}

/// The last line that says something, short enough for evidence.
pub(super) fn last_words(said: &[u8]) -> Option<String> {
    const SHOWN: usize = 200;
    let said = String::from_utf8_lossy(said);
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    Some(crate::text::cut(&crate::text::clean_line(last), SHOWN).into_owned())
}
