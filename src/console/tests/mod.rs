//! The console as its person meets it: pages as pictures in text, and what keys lead to.

mod alerts;
mod automation;
mod clocks;
mod failover;
mod forecast;
mod habits;
mod health;
mod launching;
mod looks;
pub(crate) mod pages;
mod past;
pub(crate) mod rebuild;
mod several;
mod steering;
pub(crate) mod story;
