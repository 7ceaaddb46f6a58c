//! The rules, tried in a world of their own (`fixtures::World`): one file for each area, and random histories.

mod clocks;
mod expand;
mod failure;
mod gates;
mod graph;
mod incidents;
mod locks;
mod overdue;
mod people;
mod properties;
mod runs;
mod updates;
mod watch;
mod workshop;
