//! The rules, and nothing else: no I/O, no clock, no randomness. Time and identifiers are handed in.
//!
//! [`decide`](decide::decide) turns a person's command into events or a refusal, [`observe`](observe::observe) what the
//! engine saw, [`follow`](follow::follow) what time and state bring by themselves; [`apply`](apply::apply) folds an event
//! into the state and never refuses.

pub mod ids;
pub mod plan;
pub mod template;
pub mod time;
