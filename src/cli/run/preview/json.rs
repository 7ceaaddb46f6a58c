//! A preview for programs.

use serde_json::{Value, json};

use super::super::checks::is_good;
use super::super::forecast;
use super::Shown;
use super::page::undo;
use crate::core::failover::Sides;
use crate::core::plan::{Action, Purpose, Return, Step};
use crate::core::preview::{Expected, Row};
use crate::text::{self, Pair};

/// All of it.
pub(super) fn whole(shown: &Shown<'_>) -> Value {
    let launched = &shown.preview.launched;
    let (plan, procedure) = (&launched.loaded.plan, &launched.laid_out.procedure);
    let (good, all) = shown.holding();
    let refused = shown.refused.as_ref().map(|why| {
        let mut told = why.trouble().cloned().unwrap_or_else(|| json!({}));
        told["sentence"] = why.sentence().into();
        told
    });
    json!({
        "plan": plan.id, "hash": launched.loaded.hash, "environment": plan.environment, "procedure": procedure.id,
        "name": procedure.name, "incident": shown.incident.map(|incident| &incident.id),
        "call_sign": shown.incident.map(|incident| &incident.call_sign), "values": launched.values,
        "options": shown.options, "lanes": procedure.lanes, "timeout": procedure.timeout,
        "components": launched.laid_out.components, "least": shown.preview.least,
        "forecast": shown.preview.forecast.as_ref().map(|told| forecast::whole(told, &procedure.steps)),
        "preconditions": { "hold": good, "of": all }, "checks": shown.looked.0,
        "refused": refused, "move": launched.move_kind, "guards": guards(shown),
        "steps": shown.preview.rows.iter().map(|row| step(shown, row)).collect::<Vec<_>>(),
    })
}

fn step(shown: &Shown<'_>, row: &Row) -> Value {
    let step = shown.preview.step(row);
    let laid_out = &shown.preview.launched.laid_out;
    let id = |place: &u32| laid_out.procedure.steps.get(*place as usize).map(|step| &step.id);
    let needs: Vec<_> = laid_out.graph.needs(row.place).iter().filter_map(id).collect();
    let (purpose, mends) = match &step.purpose {
        Purpose::Precondition => ("precondition", None),
        Purpose::Mend(of) => ("mend", Some(of)),
        Purpose::Work | Purpose::Undo(_) => ("work", None),
    };
    let expected = match row.expected {
        Expected::Earlier { median, runs } => json!({ "median": median, "runs": runs }),
        Expected::Estimate(span) => json!({ "estimate": span }),
        Expected::Unknown => Value::Null,
    };
    let gate = match &step.action {
        Action::Gate(gate) => json!(gate),
        _ => Value::Null,
    };
    let looked = shown.looked.at(&step.id).map(|check| json!({ "good": is_good(check), "says": check.says }));
    json!({
        "number": row.place + 1, "id": step.id, "name": step.name, "kind": step.action.kind(), "purpose": purpose,
        "mends": mends, "group": step.origin.group, "round": row.round + 1, "beside": row.beside, "needs": needs,
        "does": text::action(&step.action, &shown.values_of(step)), "host": shown.host_of(step), "when": step.when,
        "on_failure": on_failure(step), "timeout": step.timeout, "retry": step.retry, "part": step.part,
        "left_out": shown.leaves_out(step), "expected": expected, "gate": gate,
        "undo": row.undo.as_ref().map(|id| json!({ "id": id, "does": undo(shown, row) })),
        "no_return": step.way_back == Return::None, "checked": looked,
    })
}

fn on_failure(step: &Step) -> &'static str {
    use crate::core::plan::OnFailure;
    match step.on_failure {
        OnFailure::Stop => "stop",
        OnFailure::Continue => "continue",
        OnFailure::Rollback => "rollback",
        OnFailure::Do(_) => "do",
    }
}

fn guards(shown: &Shown<'_>) -> Vec<Value> {
    let launched = &shown.preview.launched;
    let sides = Sides::of(&launched.loaded.plan, &launched.laid_out.procedure);
    super::super::guards::as_json(&sides.as_ref().map(Pair::from).unwrap_or_default(), &shown.preview.guards)
}
