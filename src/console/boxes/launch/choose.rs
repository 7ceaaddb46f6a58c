//! Which runbook: each with what stands against it now.

use std::sync::Arc;

use crate::console::canvas::{Row, count, round};
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::expand;
use crate::core::people::Act;
use crate::core::plan::{Plan, Procedure};
use crate::core::refusal::Refusal;
use crate::core::template::Values;
use crate::text;

/// One line for each procedure; `refused` says why one could not be launched now.
pub(super) fn lines(plan: &Arc<Plan>, refused: &[Option<String>]) -> Vec<Line> {
    let lines = plan.procedures.iter().enumerate().map(|(index, procedure)| {
        let steps = count(procedure.steps.len(), "step");
        let time = procedure.estimated_duration.map_or(String::new(), |d| format!(", ~{}", round(d)));
        let refused = refused.get(index).and_then(Option::as_ref);
        let role = if refused.is_none() { Role::Strong } else { Role::Dim };
        let row = Row::text("  ").with(&procedure.name, role).cut(34).tab(36).with(format!("{steps}{time}"), Role::Dim);
        let row = match refused {
            None => row,
            Some(why) => row.gap(2).with(format!("not now: {why}"), Role::Warn),
        };
        Line::of(Thing::Procedure(plan.id.clone(), procedure.id.clone()), row)
    });
    lines.collect()
}

/// Whether anything can be launched in the incident in focus. What stands against one procedure is said beside it in the box.
pub(in crate::console::boxes) fn check(view: View<'_>) -> Result<(), String> {
    let incident = view.incident().ok_or_else(|| "there is no incident: D declares one first".to_owned())?;
    let loaded = view.loaded().ok_or_else(|| "its plan is not loaded".to_owned())?;
    if loaded.plan.procedures.is_empty() {
        return Err("its plan has no runbook".to_owned());
    }
    if !incident.phase.is_declared() {
        let (call_sign, phase) = (incident.call_sign.clone(), incident.phase.word().to_owned());
        let needs = "declared and not over".to_owned();
        return Err(text::refusal(&Refusal::IncidentIs { call_sign, phase, needs }));
    }
    view.model.may(Act::StartRun, Some(loaded.plan.environment))
}

/// Values that stand in while only the rules are asked.
pub(in crate::console::boxes) fn anything(plan: &Plan, procedure: &Procedure) -> Values {
    procedure.parameters.iter().map(|p| (p.name.clone(), expand::stand_in(plan, p))).collect()
}
