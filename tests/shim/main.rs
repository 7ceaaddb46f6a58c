//! Command steps under the real shim: real processes, real files.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "a test may end where it fails")]

mod again;
mod attempt;
mod end;
mod lost;
mod once;
mod output;
mod secrets;
mod start;
