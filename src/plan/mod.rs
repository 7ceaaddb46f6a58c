//! Plan files.

use serde::{Deserialize, Serialize};

/// A fault of a plan file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {}
