//! Looking from another host: a small fixed script for its shell, over the connection that steps share. Nothing has to be
//! installed there.

use super::NotGood;
use super::child::{Ran, last_words, run};
use crate::core::host::Host;
use crate::core::time::Span;
use crate::steps::remote::{Route, Settings, quote, ssh_command, ssh_reason};

/// All that the host is given on a command line; the script and its words go over standard input.
const LINE: &str = "exec sh -s";
const MAIN: &str = include_str!("host.sh");
const BEGUN: &[u8] = b"warroom-begun\n";
const ENDED: &[u8] = b"\nwarroom-ended ";

/// Room for what stands around a script's own output, in bytes.
const FRAME: usize = 4 * 1024;

/// How a script ended on a host.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) code: i32,
    /// The end of its output.
    pub(super) out: Vec<u8>,
    /// The last line of standard error.
    pub(super) err: Option<String>,
}

/// A script and what it works with.
pub(super) struct Script<'a> {
    /// POSIX shell, fixed; it finds its words in `$1` and so on.
    pub(super) text: &'static str,
    /// Handed over as they are.
    pub(super) words: Vec<&'a str>,
    /// When it is ended there, rounded up to seconds.
    pub(super) limit: Span,
    /// How much of the end of its output is kept, in bytes.
    pub(super) kept: usize,
}

/// Runs a script on a host.
///
/// # Errors
/// The host cannot be reached, which says nothing about what was to be looked at.
pub(super) async fn on(ssh: &Settings, host: &Host, script: &Script<'_>) -> Result<Said, NotGood> {
    let unseen = |why: String| NotGood::Unseen(format!("{host}: {why}"));
    if script.words.iter().any(|word| word.contains('\0')) {
        return Err(unseen("a word with a NUL cannot be handed over".into()));
    }
    let mut why = String::new();
    for route in [Route::Shared, Route::Direct] {
        let command = ssh_command(ssh, host, route, LINE).await.map_err(unseen)?;
        let ran = run(command, &input(script), script.kept.saturating_add(FRAME)).await;
        let ran = ran.map_err(|why| unseen(format!("ssh ({}) could not be started: {why}", ssh.program.display())))?;
        if let Some(said) = read(&ran, script.kept) {
            return Ok(said);
        }
        why = ssh_reason(&ran.err).unwrap_or_else(|| "the host gives no shell".into());
        // Only the shared connection itself can be mended by another.
        if !why.starts_with("mux_client") {
            break;
        }
    }
    Err(unseen(why))
}

fn input(script: &Script<'_>) -> String {
    let seconds = script.limit.to_std().as_secs().saturating_add(1);
    let words: String = script.words.iter().map(|word| format!(" {}", quote(word))).collect();
    format!("wr_look() {{\n{}\n}}\n{MAIN}wr_main {seconds}{words}\n", script.text)
}

/// What the script said between its marks; nothing when it did not come to its end.
fn read(ran: &Ran, kept: usize) -> Option<Said> {
    let end = ran.out.windows(ENDED.len()).rposition(|part| part == ENDED)?;
    let code = std::str::from_utf8(ran.out.get(end + ENDED.len()..)?).ok()?.trim().parse().ok()?;
    let before = ran.out.get(..end)?;
    let begun = before.windows(BEGUN.len()).position(|part| part == BEGUN).map_or(0, |at| at + BEGUN.len());
    let own = before.get(begun..)?;
    let out = own.get(own.len().saturating_sub(kept)..)?.to_vec();
    Some(Said { code, out, err: last_words(&ran.err) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn said(out: &[u8]) -> Option<(i32, Vec<u8>)> {
        let ran = Ran { status: ExitStatus::from_raw(0), out: out.to_vec(), err: Vec::new() };
        read(&ran, 5).map(|said| (said.code, said.out))
    }

    #[test]
    fn what_a_script_said_stands_between_its_marks() {
        assert_eq!(said(b"Welcome!\nwarroom-begun\n17\n\nwarroom-ended 0\n"), Some((0, b"17\n".to_vec())));
        assert_eq!(said(b"warroom-begun\n\nwarroom-ended 3\n"), Some((3, Vec::new())));
        assert_eq!(said(b"warroom-begun\n1234567\nwarroom-ended 0\n"), Some((0, b"34567".to_vec())));
        assert_eq!(said(b"warroom-begun\n17\n"), None, "it was cut off");
        assert_eq!(said(b""), None);
    }
}
