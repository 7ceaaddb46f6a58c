//! `warroom`: a disaster-recovery engine and the terminal war room that an incident commander leads it from.
//!
//! Everything that happens is one event in one journal; the screen, the timeline and the reports are views of it.
//! `ARCHITECTURE.md` draws how the folders below hang together.

pub mod api;
pub mod channels;
pub mod cli;
pub mod client;
pub mod console;
pub mod core;
pub mod engine;
pub mod history;
pub mod outbound;
pub mod plan;
mod postgres;
pub mod probes;
pub mod range;
pub mod secrets;
pub mod steps;
pub mod store;
pub mod text;
pub mod wire;
