//! What others report.

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;

use super::peer::Peer;
use super::routes::known;
use crate::core::ids::{PlanId, ProbeId};
use crate::core::plan::Look;
use crate::engine::Engine;
use crate::probes::Beat;
use crate::wire::{Heartbeat, Trouble};

/// Hands a report to the probe that waits for it. Nothing of it is journaled but a change that it may bring.
pub(super) async fn heartbeat(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path((plan, probe)): Path<(PlanId, ProbeId)>,
    body: Bytes,
) -> Result<StatusCode, Trouble> {
    known(&engine, &peer)?;
    waits(&engine, &plan, &probe)?;
    let report: Heartbeat = match body.is_empty() {
        true => Heartbeat::default(),
        false => {
            serde_json::from_slice(&body).map_err(|why| Trouble::BadRequest { why: format!("no report: {why}") })?
        }
    };
    let beat = report.down.map_or(Beat::Good, Beat::Down);
    // The probe is of the plan, and yet nobody waits: the engine has only just begun, or the plan has just changed.
    let early = |_| Trouble::ReadOnly { why: format!("the probe {probe} is not waited for yet; report again") };
    engine.shared.heartbeats.report(&plan, &probe, beat).await.map_err(early)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the plan has such a probe.
fn waits(engine: &Engine, plan: &PlanId, probe: &ProbeId) -> Result<(), Trouble> {
    let newest = engine.newest.borrow();
    let found = newest.state.plans.get(plan).and_then(|loaded| loaded.probe(probe));
    match found.map(|(_, probe)| &probe.look) {
        Some(Look::Heartbeat) => Ok(()),
        Some(other) => Err(Trouble::BadRequest { why: format!("{probe} is a probe of kind {}", other.kind()) }),
        None => Err(Trouble::NotFound { what: format!("probe {probe} of plan {plan}") }),
    }
}
