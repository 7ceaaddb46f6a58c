//! The rules, and nothing else: no I/O, no clock, no randomness. Time and identifiers are handed in.
//!
//! [`decide`](decide::decide) turns a person's command into events or a refusal, [`observe`](observe::observe) what the
//! engine saw, [`follow`](follow::follow) what time and state bring by themselves; [`apply`](apply::apply) folds an event
//! into the state and never refuses. [`turn`] puts them together: what the engine does with each input, and the tests too.

pub mod agenda;
pub mod alert;
pub mod apply;
pub mod clocks;
pub mod command;
pub mod comms;
pub mod dead_site;
pub mod decide;
pub mod event;
pub mod expand;
pub mod exposure;
pub mod failover;
pub mod follow;
pub mod forecast;
pub mod gate;
pub mod health;
pub mod host;
pub mod ids;
pub mod impact;
pub mod incident;
pub mod lineage;
pub mod loss;
pub mod manager;
pub mod mask;
pub(crate) mod nearest;
pub mod number;
pub mod objectives;
pub mod observe;
pub mod outage;
pub mod param;
pub mod past;
pub mod people;
pub mod plan;
pub mod preview;
pub mod refusal;
pub mod run;
pub mod scenario;
pub mod secret;
pub mod service;
pub mod state;
pub mod status;
pub mod template;
pub mod time;
pub mod turn;
pub(crate) mod unseen;
pub mod when;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
