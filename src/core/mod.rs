//! The rules, and nothing else: no I/O, no clock, no randomness. Time and identifiers are handed in.
//!
//! [`decide`](decide::decide) turns a person's command into events or a refusal, [`observe`](observe::observe) what the
//! engine saw, [`follow`](follow::follow) what time and state bring by themselves; [`apply`](apply::apply) folds an event
//! into the state and never refuses.

pub mod command;
pub mod comms;
pub mod event;
pub mod gate;
pub mod health;
pub mod ids;
pub mod incident;
pub mod loss;
pub mod objectives;
pub mod people;
pub mod plan;
pub mod refusal;
pub mod run;
pub mod state;
pub mod template;
pub mod time;

#[cfg(test)]
pub(crate) mod fixtures;
