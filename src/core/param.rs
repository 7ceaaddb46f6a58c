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

/// What a plan has, for values that name parts of it.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its sites.
    pub sites: &'a [super::ids::SiteId],
    /// Its components.
    pub components: &'a [super::ids::ComponentId],
}

/// Why a value is not of its parameter's type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct BadValue(pub String);

/// Checks a value.
///
/// # Errors
/// [`BadValue`].
pub fn check(_kind: &ParamKind, _value: &str, _known: &Known<'_>) -> Result<(), BadValue> {
    Ok(())
}
