//! The rules, tried in a world of their own (`fixtures::World`): one file for each area. Random histories are in `tests/sim`.

mod alerts;
mod automatic;
mod clocks;
mod correction;
mod dead_site;
mod expand;
mod exposure;
mod failure;
mod forecast;
mod gates;
mod graph;
mod guards;
mod impact;
mod incidents;
mod locks;
mod moves;
mod outages;
mod overdue;
mod people;
mod runs;
mod status;
mod tally;
mod triggers;
mod truth;
mod updates;
mod workshop;
