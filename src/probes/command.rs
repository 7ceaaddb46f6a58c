//! Runs a program: its exit status, and the number that it prints last where limits ask for one.

use std::os::unix::process::ExitStatusExt as _;

use tokio::process::Command;

use super::child::{last_words, run};
use super::host::{Script, on};
use super::{NotGood, Seen, Tools, detail, rests_on};
use crate::core::health::judge::quantity;
use crate::core::plan::{Limits, Measure, Place, Unit};
use crate::core::time::Span;
use crate::steps::shim::clean_environment;

/// How much of the end of its output is kept, in bytes.
const KEPT: usize = 64 * 1024;

/// What the script below says when there is nothing to run.
const NOTHING_TO_RUN: i32 = 251;

const SCRIPT: &str = r#"command -v "$1" >/dev/null || return 251
"$@""#;

/// How a program ended, here or elsewhere.
struct End {
    /// `status 2`, `signal 9`; nothing when it is the status 0.
    wrong: Option<String>,
    out: Vec<u8>,
    err: Option<String>,
    /// All that is kept of its standard error.
    said: Vec<u8>,
}

pub(super) async fn look(
    argv: &[String],
    limits: &Limits,
    timeout: Span,
    place: &Place,
    tools: Tools<'_>,
) -> Result<Seen, NotGood> {
    let end = match place {
        Place::Engine => here(argv).await?,
        Place::Host(host) => {
            let words = argv.iter().map(String::as_str).collect();
            let said = on(tools.ssh, host, &Script { text: SCRIPT, words, limit: timeout, kept: KEPT }).await?;
            let program = argv.first().map(String::as_str).unwrap_or_default();
            if said.code == NOTHING_TO_RUN {
                return Err(NotGood::Unseen(format!("{host}: there is no program {program}")));
            }
            let words = said.err.clone().unwrap_or_default().into_bytes();
            let wrong = (said.code != 0).then(|| format!("status {}", said.code));
            End { wrong, out: said.out, err: said.err, said: words }
        }
    };
    tools.memory.tell(&detail::of_output(&end.out, &end.said));
    judged(&end, limits)
}

async fn here(argv: &[String]) -> Result<End, NotGood> {
    let (program, arguments) = argv.split_first().ok_or_else(|| NotGood::Unseen("there is no program".into()))?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(clean_environment([])).current_dir("/");
    let ran = run(command, "", KEPT).await;
    let ran = ran.map_err(|why| NotGood::Unseen(format!("{program} cannot be run: {why}")))?;
    let wrong = match (ran.status.code(), ran.status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("status {code}")),
        (None, signal) => Some(format!("signal {}", signal.unwrap_or_default())),
    };
    Ok(End { wrong, out: ran.out, err: last_words(&ran.err), said: ran.err })
}

fn judged(end: &End, limits: &Limits) -> Result<Seen, NotGood> {
    let last = last_words(&end.out);
    if let Some(wrong) = &end.wrong {
        let words = end.err.as_ref().or(last.as_ref());
        return Err(NotGood::Bad(words.map_or_else(|| wrong.clone(), |words| format!("{wrong}: {words}"))));
    }
    if !rests_on(limits, Measure::Value) {
        return Ok(Seen::new("status 0"));
    }
    let last = last.ok_or_else(|| NotGood::Bad("it printed no number".into()))?;
    let value = last.parse::<f64>().ok().filter(|value| value.is_finite());
    let value = value.ok_or_else(|| NotGood::Bad(format!("its last line is no number: {last:?}")))?;
    Ok(Seen { what: quantity(value, Unit::Number), measured: [(Measure::Value, value)].into() })
}
