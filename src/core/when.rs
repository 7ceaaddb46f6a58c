//! When a step is done.

use serde::{Deserialize, Serialize};

use super::health::Verdict;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition(pub String);

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// A value is missing, or does not read as its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unclear(pub String);

/// What a condition asks for.
pub trait Facts {
    /// A parameter or a named result.
    fn value(&self, name: &str) -> Option<String>;
    /// The word for how a step stands.
    fn outcome(&self, step: &str) -> Option<&'static str>;
    /// The worst that is believed of a component, perhaps at one site: `db`, `db.west`.
    fn component(&self, id: &str) -> Verdict;
    /// The worst that is believed of a site.
    fn site(&self, id: &str) -> Verdict;
}

impl Condition {
    /// The steps that it names.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// [`Unclear`].
    pub fn holds(&self, facts: &dyn Facts) -> Result<bool, Unclear> {
        facts.value(&self.0).map(|v| v == "true").ok_or_else(|| Unclear(self.0.clone()))
    }
}
