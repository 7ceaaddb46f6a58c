//! Plans and their procedures, with what became of each last time.

use super::whole;
use crate::console::canvas::{Canvas, Row, count};
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::plan::{Action, Automation, Plan, Procedure, ProcedureKind};
use crate::core::state::Loaded;
use crate::text;

/// One line for each procedure, under its plan.
pub(crate) fn lines(view: View<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for loaded in view.model.state.plans.values() {
        let plan = &loaded.plan;
        let row = Row::text(" ").with(&plan.name, Role::Strong).gap(2).with(plan.environment.to_string(), Role::Text);
        let row = row.with(format!("  {}  text {}", plan.id, loaded.hash.0.get(..8).unwrap_or_default()), Role::Dim);
        lines.push(Line::only(row));
        for procedure in &plan.procedures {
            lines.push(line(view, plan, procedure));
            lines.extend(by_itself(view, loaded, procedure));
        }
        if plan.procedures.is_empty() {
            lines.push(Line::only(Row::of("   no runbook in this plan", Role::Dim)));
        }
    }
    lines
}

fn line(view: View<'_>, plan: &Plan, procedure: &Procedure) -> Line {
    let gates = procedure.steps.iter().filter(|s| matches!(s.action, Action::Gate(_))).count();
    let row = Row::text("   ")
        .with(&procedure.name, Role::Text)
        .cut(32)
        .tab(33)
        .with(kind(procedure.kind), Role::Dim)
        .tab(45);
    let (steps, gates) = (count(procedure.steps.len(), "step"), count(gates, "gate"));
    let steps = format!("{steps}, {gates}, {}", automation(procedure.automation));
    let row = row.with(steps, Role::Dim);
    let last = view.model.state.runs.values().rev().find(|r| r.plan == plan.id && r.procedure.id == procedure.id);
    let last = last.map_or_else(Row::new, |run| {
        Row::of(format!("{}: {} ", run.id, text::run_state(&view.model.state, &run.state)), Role::Text)
    });
    Line::of(Thing::Procedure(plan.id.clone(), procedure.id.clone()), row).right(last)
}

/// Whether it begins without anybody, where a trigger of the plan would have it begin.
fn by_itself(view: View<'_>, loaded: &Loaded, procedure: &Procedure) -> Option<Line> {
    text::automatic_scenarios(&loaded.plan).find(|known| known.procedure.as_ref() == Some(&procedure.id))?;
    let now = view.model.now()?;
    let stands = text::automation(&view.model.state, loaded, &now)?;
    let (stands, role) = match &loaded.automation.countdown {
        Some(countdown) => (format!("begins in {}", text::countdown_left(countdown, &now)), Role::Bad),
        None if loaded.automation.disarmed.is_some() => (stands, Role::Warn),
        None => (stands, Role::Text),
    };
    Some(Line::only(Row::text("     automatic: ").with(stands, role)))
}

/// The word for what a procedure is for.
pub(crate) fn kind(kind: ProcedureKind) -> &'static str {
    match kind {
        ProcedureKind::Assessment => "assessment",
        ProcedureKind::Recovery => "recovery",
        ProcedureKind::Failover => "failover",
        ProcedureKind::Failback => "failback",
        ProcedureKind::Backup => "backup",
        ProcedureKind::Validation => "validation",
    }
}

fn automation(automation: Automation) -> &'static str {
    match automation {
        Automation::Manual => "by hand",
        Automation::SemiAutomated => "partly by itself",
        Automation::Automated => "by itself",
    }
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    whole(body, view, "Enter shows the steps, L launches", &lines(view), "no plan is loaded");
}
