//! The engine as its users meet it: a real process, its socket, its journal, real programs and services on loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod faults;
mod harness;
mod incidents;
mod output;
mod people;
mod runs;
mod updates;
