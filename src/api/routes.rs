//! One function a route.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::peer::Peer;
use super::stream::{Looks, live};
use crate::core::ids::{ComponentId, IncidentId, PlanId, Principal};
use crate::core::state::{Entry, PROTOCOL};
use crate::engine::{Asked, Engine, entry};
use crate::store::{Bodies, VerifyError};
use crate::wire::{Accepted, AskedChecks, Audit, Check, Hello, Live, Posted, Snapshot, Trouble, You};

/// Most rows of the timeline in one answer.
const TIMELINE_LIMIT: usize = 1_000;

/// Most entries of an export in one answer: few, because each may be a whole plan.
const EXPORT_LIMIT: usize = 64;

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        use crate::core::refusal::Refusal;
        let status = match &self {
            Trouble::Refused(Refusal::NotPermitted { .. } | Refusal::Stranger { .. }) => StatusCode::FORBIDDEN,
            Trouble::Token(_) => StatusCode::UNAUTHORIZED,
            Trouble::Refused(_) | Trouble::PlanFaults(_) | Trouble::OtherJournal { .. } => StatusCode::CONFLICT,
            Trouble::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Trouble::NotFound { .. } => StatusCode::NOT_FOUND,
            Trouble::ReadOnly { .. } | Trouble::OutcomeUnknown => StatusCode::SERVICE_UNAVAILABLE,
        };
        // The code and its data are for programs, the sentence for whoever reads the answer itself.
        let mut body = serde_json::to_value(&self).unwrap_or_default();
        body["sentence"] = crate::text::trouble(&self).into();
        (status, Json(body)).into_response()
    }
}

/// Whoever the kernel vouches for and the settings name; everybody else is shown the door.
pub(super) fn known(engine: &Engine, peer: &Peer) -> Result<Principal, Trouble> {
    use crate::core::refusal::Refusal;
    let stranger = |principal: String| Trouble::Refused(Refusal::Stranger { principal });
    let principal = peer.0.clone().ok_or_else(|| stranger("nobody".into()))?;
    let people = &engine.newest.borrow().state.people;
    if people.contains_key(&principal) { Ok(principal) } else { Err(stranger(principal.to_string())) }
}

pub(super) async fn hello(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Json<Hello>, Trouble> {
    let principal = known(&engine, &peer)?;
    let newest = engine.newest.borrow();
    let access = newest.state.people.get(&principal).map(|p| p.access.iter().copied().collect()).unwrap_or_default();
    Ok(Json(Hello {
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL,
        now: engine.shared.clock.now(),
        epoch: 1,
        head: newest.head.seq,
        mode: newest.state.mode,
        pid: std::process::id(),
        you: You { name: newest.state.name(&principal).into_owned(), principal, access },
    }))
}

pub(super) async fn snapshot(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Json<Snapshot>, Trouble> {
    known(&engine, &peer)?;
    let newest = engine.newest.borrow().clone();
    Ok(Json(Snapshot {
        protocol: PROTOCOL,
        seq: newest.head.seq,
        hash: newest.head.hash.to_string(),
        now: engine.shared.clock.now(),
        state: (*newest.state).clone(),
        live: live(&engine, Looks::All),
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct SamplesQuery {
    plan: Option<PlanId>,
    /// Identifiers with commas between them, which no identifier can hold.
    component: Option<String>,
}

/// The newest values, with the samples of all probes, of a plan, or of some components of it.
pub(super) async fn samples(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Query(query): Query<SamplesQuery>,
) -> Result<Json<Live>, Trouble> {
    known(&engine, &peer)?;
    let bad = |why: String| Trouble::BadRequest { why };
    let read = |id: &str| ComponentId::new(id).map_err(|why| bad(format!("component {id:?}: {why}")));
    let components = query.component.as_deref().map(|all| all.split(',').map(read).collect::<Result<Vec<_>, _>>());
    let looks = match (&query.plan, &components.transpose()?) {
        (None, None) => live(&engine, Looks::All),
        (Some(plan), None) => live(&engine, Looks::Of(plan)),
        (Some(plan), Some(components)) => live(&engine, Looks::OfComponents(plan, components)),
        (None, Some(_)) => return Err(bad("components of which plan?".into())),
    };
    Ok(Json(looks))
}

pub(super) async fn command(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Result<Json<Accepted>, Trouble> {
    let by = known(&engine, &peer)?;
    let posted: Posted =
        serde_json::from_slice(&body).map_err(|why| Trouble::BadRequest { why: format!("no command: {why}") })?;
    let (answer, answered) = oneshot::channel();
    let gone = |_| Trouble::ReadOnly { why: "the engine is stopping".into() };
    engine.asked.send(Asked { by, posted, answer }).await.map_err(|_| gone(()))?;
    answered.await.map_err(|_| Trouble::OutcomeUnknown)?.map(Json)
}

pub(super) async fn checks(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Result<Json<Vec<Check>>, Trouble> {
    let by = known(&engine, &peer)?;
    let asked: AskedChecks =
        serde_json::from_slice(&body).map_err(|why| Trouble::BadRequest { why: format!("no launch: {why}") })?;
    crate::engine::checks(&engine, &by, &asked).await.map(Json).map_err(Trouble::Refused)
}

#[derive(Debug, Deserialize)]
pub(super) struct TimelineQuery {
    before: Option<u64>,
    limit: Option<usize>,
    incident: Option<IncidentId>,
}

pub(super) async fn timeline(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Query(query): Query<TimelineQuery>,
) -> Result<Json<Vec<Entry>>, Trouble> {
    known(&engine, &peer)?;
    let streams: Vec<&str> = query.incident.iter().map(IncidentId::as_str).collect();
    let limit = query.limit.unwrap_or(100).min(TIMELINE_LIMIT);
    let rows = engine
        .reader
        .rows_before(query.before.unwrap_or(u64::MAX), limit, &streams)
        .await
        .map_err(|why| Trouble::ReadOnly { why: why.to_string() })?;
    let entries = rows.iter().map(|row| entry(row).map(|e| Entry { event: e.event.brief(), ..e }));
    entries.collect::<Result<_, _>>().map(Json).map_err(|why| Trouble::ReadOnly { why: why.to_string() })
}

pub(super) async fn verify(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Json<Audit>, Trouble> {
    known(&engine, &peer)?;
    let unreadable = |why: String| Trouble::ReadOnly { why };
    match engine.reader.verify().await {
        Ok(whole) => Ok(Json(Audit::Whole { entries: whole.entries, head: whole.head.hash.to_string() })),
        Err(VerifyError::Broken(broken)) => Ok(Json(Audit::Broken { seq: broken.seq, what: broken.fault.to_string() })),
        Err(VerifyError::Store(why)) => Err(unreadable(why.to_string())),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ExportQuery {
    after: u64,
    #[serde(default)]
    bodies: BodiesAsked,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BodiesAsked {
    #[default]
    Included,
    Withheld,
}

pub(super) async fn export(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Trouble> {
    known(&engine, &peer)?;
    let bodies = match query.bodies {
        BodiesAsked::Included => Bodies::Included,
        BodiesAsked::Withheld => Bodies::Withheld,
    };
    let mut lines = Vec::new();
    let written = engine.reader.export_after(query.after, EXPORT_LIMIT, &mut lines, |_| bodies).await;
    written.map_err(|why| Trouble::ReadOnly { why: why.to_string() })?;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/jsonl"));
    Ok((headers, lines).into_response())
}

pub(super) async fn nothing_here(uri: axum::http::Uri) -> Trouble {
    Trouble::NotFound { what: uri.path().to_owned() }
}
