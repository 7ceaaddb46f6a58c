//! The rules, tried in a world of their own (`fixtures::World`): one file for each area, and random histories.

mod clocks;
mod gates;
mod incidents;
mod people;
mod properties;
mod runs;
mod updates;
mod watch;
