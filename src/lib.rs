//! `warroom`: a disaster-recovery engine and the terminal war room that an incident commander leads it from.
//!
//! Everything that happens is one event in one journal; the screen, the timeline and the reports are views of it.
//! `ARCHITECTURE.md` draws how the folders below hang together.

pub mod console;
pub mod core;
pub mod plan;
pub mod range;
pub mod steps;
pub mod store;
pub mod text;
pub mod wire;
