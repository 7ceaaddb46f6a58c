//! What the engine finds when it looks at what a launch rests on.

use super::super::session::Session;
use super::Failure;
use crate::client::ClientError;
use crate::core::decide::Launch;
use crate::core::ids::StepId;
use crate::wire::{AskedChecks, Check, Finding, Trouble};

/// What was looked at just now, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Looked(pub(super) Vec<Check>);

impl Looked {
    /// What was found of a precondition; nothing when it was not looked at.
    pub(super) fn at(&self, step: &StepId) -> Option<&Check> {
        self.0.iter().find(|check| check.step.as_ref() == Some(step))
    }

    /// What the engine looked at by itself: programs, hosts.
    pub(super) fn besides(&self) -> impl Iterator<Item = &Check> {
        self.0.iter().filter(|check| check.step.is_none())
    }
}

/// Has the engine look at what a launch rests on. One that has no such looks looks at nothing.
pub(super) async fn look(session: &Session, launch: Launch<'_>) -> Result<Looked, Failure> {
    let asked = AskedChecks {
        incident: launch.incident.clone(),
        plan: launch.plan.clone(),
        procedure: launch.procedure.clone(),
        values: launch.values.clone(),
        options: launch.options.clone(),
    };
    match session.client.checks(&asked).await {
        Ok(checks) => Ok(Looked(checks)),
        Err(ClientError::Trouble(Trouble::NotFound { .. })) => Ok(Looked::default()),
        Err(why) => Err(why.into()),
    }
}

/// Whether it is as it must be.
pub(super) fn is_good(check: &Check) -> bool {
    check.finding == Finding::Good
}
