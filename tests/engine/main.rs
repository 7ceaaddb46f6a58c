//! The engine as its users meet it: a real process, its socket, its journal, real programs and services on loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod aborting;
mod adoption;
mod checks;
mod cut_off;
mod failure;
#[allow(dead_code)] // shared with the tests of remote steps, which need more of it
#[path = "../remote/far.rs"]
mod far;
mod faults;
mod flapping;
mod graph;
#[allow(dead_code, reason = "shared with the tests of faults, which use more of it")]
mod harness;
mod history;
mod hooks;
mod hosts;
mod improvised;
mod incidents;
mod kinds;
mod locks;
mod notify;
mod output;
mod overdue;
mod people;
#[allow(dead_code)]
#[path = "../remote/proxy.rs"]
mod proxy;
mod regained;
mod replication;
mod rollback;
mod runs;
mod samples;
mod secrets;
#[allow(dead_code, reason = "shared with the tests of steps and probes, which use more of it")]
#[path = "../servers/mod.rs"]
mod servers;
mod service;
mod tokens;
mod triggers;
mod updates;
mod yard;
