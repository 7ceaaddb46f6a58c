//! When a step is done.

use serde::{Deserialize, Serialize};

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition(pub String);
