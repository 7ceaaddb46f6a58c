//! What values a parameter takes.

use serde::{Deserialize, Serialize};

/// What values a parameter takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// Any text.
    #[default]
    Text,
    /// A decimal number.
    Number,
    /// A length of time.
    Duration,
    /// A moment.
    Time,
    /// One of these.
    Choice(Vec<String>),
    /// A component of the plan.
    Component,
    /// A site of the plan.
    Site,
    /// A reference to a secret.
    Secret,
}
