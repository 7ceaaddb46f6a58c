//! `warroom` without a verb: the console.

use std::io::{IsTerminal, stdin, stdout};
use std::path::{Path, PathBuf};

use super::session::{client, located, own_program};
use super::{Failure, Globals, Outcome, talk};
use crate::client::start::{ensure_engine, make_directory};
use crate::console::{self, ConsoleOptions, Ended};

/// What a console keeps for the next one, in a directory of its person's own.
const MEMORY: &str = "console.json";

pub(super) fn run(globals: &Globals) -> Outcome {
    needs_terminal("`warroom status` prints, `warroom --help` lists all verbs")?;
    let located = located(globals)?;
    if let Some(state) = &located.own_state {
        talk(async { Ok(ensure_engine(&own_program()?, state).await.map(drop)?) })?;
    }
    let memory = located.own_state.as_deref().map(memory_in).or_else(beside_a_shared_engine);
    open(ConsoleOptions {
        engine: client(globals, located.address)?,
        memory,
        theme: globals.theme.clone(),
        range: None,
        hints: None,
    })
}

/// Refuses to go on without a terminal, before anything was started for one.
pub(super) fn needs_terminal(instead: &str) -> Outcome {
    if stdin().is_terminal() && stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::Usage(format!("the console needs a terminal; {instead}")))
}

/// Where a console on an engine with that state directory keeps what it keeps.
pub(super) fn memory_in(state: &Path) -> PathBuf {
    state.join(MEMORY)
}

/// The engine's directory is not this person's then.
fn beside_a_shared_engine() -> Option<PathBuf> {
    let own = crate::client::locate::Surroundings::gather(None, None).own_state().ok()?;
    make_directory(&own).ok()?;
    Some(memory_in(&own))
}

/// Opens the console, until the person quits.
pub(super) fn open(options: ConsoleOptions) -> Outcome {
    let ended = std::cell::Cell::new(None);
    talk(async {
        let how = console::run(options).await.map_err(|e| Failure::failed(e.to_string()))?;
        ended.set(Some(how));
        Ok(())
    })?;
    match ended.into_inner() {
        Some(Ended::Signal(number)) => Err(Failure::failed(format!("ended by signal {number}; nothing else stopped"))),
        Some(Ended::Broken) => {
            Err(Failure::failed("the console has ended by a fault of its own; nothing else stopped"))
        }
        _ => Ok(()),
    }
}
