//! `warroom` without a verb: the console.

use super::session::{located, own_program};
use super::{Failure, Globals, Outcome, talk};
use crate::client::Address;
use crate::client::start::ensure_engine;

pub(super) fn run(globals: &Globals) -> Outcome {
    let located = located(globals)?;
    if let Some(state) = &located.own_state {
        talk(async { Ok(ensure_engine(&own_program()?, state).await.map(drop)?) })?;
    }
    open(&located.address)
}

/// Opens the console on an engine, until the person quits.
pub(super) fn open(address: &Address) -> Outcome {
    Err(Failure::failed(format!("this version has no console yet; the engine at {address} answers to verbs")))
}
