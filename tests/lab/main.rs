//! The proving ground: failovers of real databases, with real traffic.
//!
//! Each test has a laboratory of its own on loopback: two PostgreSQL clusters, East and West, the second a standby of the
//! first; an application before each; HAProxy before both, which alone leads customers to one of them; BIND, which takes
//! updates; customers, who write numbered rows through HAProxy without pause and keep what was acknowledged; and an engine that
//! looks at all of it every second and carries out the plan in `plan.yml`. Nothing of it outlives its test (`watchman.rs`).
//!
//! A story breaks something, does what a person would do, and ends with the ledger: rows acknowledged, present and lost, and
//! seconds without service. The loss that the gate announced is never smaller than the one that happened. Each has a twin in
//! which nothing breaks, and which ends without a failover.
//!
//! One story, with what it says, and its files left in `/tmp/warroom-lab-*` (a log for each program, the engine's state, the
//! customers' record `customers`: number, moment in microseconds, whether it was acknowledged):
//!
//! ```text
//! LAB_KEEP=1 cargo test --test lab killed -- --nocapture
//! ```
//!
//! A machine that is busy with much else makes East look down for longer than its faults last; cargo-nextest runs one laboratory at a
//! time (`.config/nextest.toml`).
//!
//! What the machine does not have or allow is skipped by name: the packages `postgresql`, `haproxy`, `bind9`
//! and `bind9-dnsutils`; root, for networks cut in two.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub
)]

mod app;
mod automatic;
mod behind;
mod cluster;
mod customers;
mod cut;
mod door;
mod engine_killed;
mod failback;
mod figures;
mod flapping;
mod frozen;
mod full_disk;
mod hand;
#[allow(dead_code, reason = "shared with the tests of the engine, which use more of it")]
#[path = "../engine/harness.rs"]
mod harness;
mod killed;
mod lab;
mod ledger;
mod names;
mod network;
mod place;
mod ports;
mod programs;
#[allow(dead_code, reason = "shared with the tests of steps, which use more of it")]
#[path = "../servers/mod.rs"]
mod servers;
mod template;
mod two_commanders;
mod watchman;
