//! Plan files: what loads, what is said about those that do not, and that nothing in them can hurt.

#![allow(clippy::panic, reason = "a test that fails panics, in its helpers too")]

#[path = "plan_files/examples.rs"]
mod examples;
#[path = "plan_files/faults.rs"]
mod faults;
#[path = "plan_files/hostile.rs"]
mod hostile;
#[path = "plan_files/loading.rs"]
mod loading;
#[path = "plan_files/procedures.rs"]
mod procedures;

#[path = "plan_files/promises.rs"]
mod promises;

use warroom::core::plan::Plan;
use warroom::plan::{Reading, read};

pub(crate) const DELIVERY: &str = include_str!("plans/delivery.json");
pub(crate) const DELIVERY_RESPONSE: &str = include_str!("plans/delivery-response.json");
pub(crate) const SHOP: &str = include_str!("plans/shop.yml");
pub(crate) const EVERYTHING: &str = include_str!("plans/everything.yml");
pub(crate) const FAULTY: &str = include_str!("plans/faulty.yml");

pub(crate) fn reading(text: &str) -> Reading {
    read("plan.yml", text.as_bytes())
}

pub(crate) fn plan(text: &str) -> Plan {
    let reading = reading(text);
    let faults = warroom::plan::render("plan.yml", text, &reading.faults);
    reading.plan.unwrap_or_else(|| panic!("it does not load:\n{faults}"))
}
