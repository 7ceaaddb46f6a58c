//! The way back of a failover: which procedure goes it, and how long it took the last time.

use super::super::plan::{Plan, Procedure, ProcedureKind};
use super::super::state::State;
use super::super::time::Span;

/// The way back of a failover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayBack {
    /// The plan has no failback between these sites.
    NotPlanned,
    /// It has one, which never ran to its end.
    NeverRun {
        /// Its name.
        name: String,
    },
    /// It has run.
    Took {
        /// Its name.
        name: String,
        /// How long its last run took, without the time in which it was held.
        last: Span,
    },
}

/// The two sites of a failover, by their names.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sides {
    /// The site that is left.
    pub from: String,
    /// The site that takes over.
    pub to: String,
}

impl Sides {
    /// Those of a procedure that moves from one site to another.
    #[must_use]
    pub fn of(plan: &Plan, procedure: &Procedure) -> Option<Sides> {
        let name = |id| plan.site(id).map_or_else(|| id.to_string(), |site| site.name.clone());
        Some(Sides { from: name(procedure.from.as_ref()?), to: name(procedure.to.as_ref()?) })
    }
}

/// The way back of a procedure; `None` when it is no failover.
#[must_use]
pub fn way_back(state: &State, plan: &Plan, procedure: &Procedure) -> Option<WayBack> {
    if procedure.kind != ProcedureKind::Failover {
        return None;
    }
    let goes_back = |other: &&Procedure| {
        other.kind == ProcedureKind::Failback && other.from == procedure.to && other.to == procedure.from
    };
    let Some(back) = plan.procedures.iter().find(goes_back) else { return Some(WayBack::NotPlanned) };
    let runs = state.forecasts.get(&plan.id).and_then(|of_plan| of_plan.get(&back.id));
    let name = back.name.clone();
    Some(match runs.and_then(|runs| runs.last()) {
        Some(last) => WayBack::Took { name, last: last.took },
        None => WayBack::NeverRun { name },
    })
}
