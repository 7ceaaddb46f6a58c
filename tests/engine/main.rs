//! The engine as its users meet it: a real process, its socket, its journal, real programs and services on loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod failure;
mod faults;
mod graph;
#[allow(dead_code, reason = "shared with the tests of faults, which use more of it")]
mod harness;
mod incidents;
mod locks;
mod output;
mod people;
mod rollback;
mod runs;
mod service;
mod updates;
mod yard;
