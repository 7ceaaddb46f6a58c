//! How a run stands, for programs: with the fields of DL-3, and more where that document has none.

use serde_json::{Value, json};

use crate::core::health::Readings;
use crate::core::run::Run;
use crate::core::state::State;
use crate::core::status::{Verification, status};
use crate::core::time::Now;
use crate::text;

/// The answer of `GET /disaster-recovery/failovers/{id}/status`; what nothing shows is null.
pub(super) fn document(state: &State, run: &Run, readings: &Readings, now: &Now) -> Value {
    let status = status(state, run, readings, now);
    let (settled, of) = status.settled;
    let outcome = status.outcome;
    json!({
        "failover_id": run.id,
        "plan_id": run.plan,
        "status": status.word.code(),
        "progress": (settled * 100).checked_div(of),
        "started_at": run.started.utc,
        "completed_at": status.ended,
        "duration": status.took.span.secs(),
        "result": {
            "components_failed_over": outcome.moved,
            "dns_updated": outcome.names,
            "load_balancer_updated": outcome.balancers,
            "health_checks_passed": outcome.healthy,
            // What replication carried over is not in the state of a run.
            "data_synchronization_completed": null,
        },
        "verification": verification(state, &status.verification),
        "error": status.error.as_ref().map(|error| text::status_error(state, error)),
        "next_steps": status.next.iter().map(|next| text::next_step(state, run, next)).collect::<Vec<_>>(),
        "steps": { "settled": settled, "of": of, "current": status.current },
        "waits_for": status.waits.iter().map(|wait| {
            let mut told = serde_json::to_value(wait).unwrap_or_default();
            told["sentence"] = json!(text::wait(state, run, wait));
            told
        }).collect::<Vec<_>>(),
    })
}

fn verification(state: &State, seen: &Verification) -> Value {
    let looks = seen.looks.iter().map(|look| {
        json!({ "step": look.step, "name": look.name, "kind": look.kind, "state": look.state.word(),
                "finding": text::step_state(state, &look.state) })
    });
    let front = seen.front_door.iter().map(|(probe, verdict)| json!({ "probe": probe, "verdict": verdict }));
    json!({
        "status": seen.found.code(),
        "connectivity_verified": seen.connectivity,
        "performance_verified": seen.performance,
        "data_integrity_verified": seen.data,
        "verified_at": seen.at,
        "looks": looks.collect::<Vec<_>>(),
        "front_door": front.collect::<Vec<_>>(),
        "stability_window": seen.window.map(|w| json!({ "held": w.held, "of": w.of, "left": w.left })),
    })
}
