//! What the engine survives: kills at every point, full and failing disks, frozen processes, floods, clocks that jump. Real
//! processes, files and signals; what the machine does not allow is skipped by name.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod clocks;
mod disks;
mod flood;
mod frozen;
#[allow(dead_code, reason = "shared with the tests of the engine, which use more of it")]
#[path = "../engine/harness.rs"]
mod harness;
mod kills;
mod processes;
#[allow(dead_code, reason = "shared with the tests of the engine, which use more of it")]
#[path = "../engine/service.rs"]
mod service;
mod shims;
mod story;
mod strace;
mod stubborn;
mod together;
