//! Where a secret stands.

use serde::{Deserialize, Serialize};

/// Where a secret stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRef(pub String);
