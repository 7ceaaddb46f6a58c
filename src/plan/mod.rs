//! Plan files.

use crate::core::plan::{Plan, PlanHash};
use serde::{Deserialize, Serialize};

/// A fault of a plan file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {}
/// r
pub struct Reading {
    /// p
    pub plan: Option<Plan>,
    /// f
    pub faults: Vec<Fault>,
    /// h
    pub hash: PlanHash,
}
/// r
pub fn read(_: &str, _: &[u8]) -> Reading {
    Reading { plan: None, faults: vec![], hash: PlanHash(String::new()) }
}
