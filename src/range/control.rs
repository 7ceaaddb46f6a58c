//! The control address: the whole status, and the faults.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::inbox::Way;
use super::names::{Fault, Service, Site, UnknownName};
use super::reply::{Refusal, no_such_path};
use super::world::World;

type Shared = State<Arc<World>>;

const ROUTES: [&str; 11] = [
    "GET /range",
    "GET /range/customers",
    "GET /range/ledger",
    "POST /range/start",
    "POST /range/wake",
    "POST /range/sites/{site}",
    "POST /range/sites/{site}/{service}",
    "GET /range/inbox",
    "POST /range/inbox",
    "POST /range/mail",
    "POST /range/power",
];

/// The control address of a range.
pub(crate) fn app(world: &Arc<World>) -> Router {
    Router::new()
        .route("/range", get(async |State(world): Shared| Json(world.status())))
        .route("/range/customers", get(async |State(world): Shared| Json(world.customers.counts())))
        .route("/range/ledger", get(async |State(world): Shared| Json(world.ledger())))
        .route("/range/start", post(start))
        .route("/range/wake", post(wake))
        .route("/range/sites/{site}", post(set_site_fault))
        .route("/range/sites/{site}/{service}", post(set_service_fault))
        .route("/range/inbox", get(async |State(world): Shared| Json(world.inbox.status())).post(set_inbox_fault))
        .route("/range/mail", post(set_mail_fault))
        .route("/range/power", post(set_strip_fault))
        .fallback(async |uri: Uri| no_such_path(&uri, &ROUTES))
        .with_state(Arc::clone(world))
}

async fn start(State(world): Shared) -> Response {
    world.outage.start();
    Json(world.outage.status()).into_response()
}

async fn wake(State(world): Shared) -> Result<Response, Refusal> {
    world.wake_east().await?;
    Ok(Json(world.site(Site::East)).into_response())
}

async fn set_site_fault(State(world): Shared, Path(site): Path<String>, body: Bytes) -> Result<Response, Refusal> {
    let site: Site = site.parse()?;
    let fault = read_fault(&body, Fault::ALL)?;
    world.set_site_fault(site, fault).await?;
    Ok(Json(world.site(site)).into_response())
}

async fn set_service_fault(
    State(world): Shared,
    Path((site, service)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (site, service): (Site, Service) = (site.parse()?, service.parse()?);
    let fault = read_fault(&body, Fault::ALL)?;
    world.set_service_fault(site, service, fault).await?;
    Ok(Json(world.site(site)).into_response())
}

async fn set_inbox_fault(State(world): Shared, body: Bytes) -> Result<Response, Refusal> {
    world.inbox.set_fault(Way::Inbox, read_fault(&body, &[Fault::Down])?);
    Ok(Json(world.inbox.status()).into_response())
}

async fn set_mail_fault(State(world): Shared, body: Bytes) -> Result<Response, Refusal> {
    world.inbox.set_fault(Way::Mail, read_fault(&body, &[Fault::Down, Fault::Errors])?);
    Ok(Json(world.inbox.status()).into_response())
}

async fn set_strip_fault(State(world): Shared, body: Bytes) -> Result<Response, Refusal> {
    world.set_strip_fault(read_fault(&body, &[Fault::Errors])?);
    Ok(Json(json!({"fault": world.strip_fault()})).into_response())
}

/// Reads `{"fault": …}`. The field must be there: leaving it out by mistake must not take a fault off.
fn read_fault(body: &[u8], allowed: &[Fault]) -> Result<Option<Fault>, Refusal> {
    let mut right: Vec<String> = allowed.iter().map(|fault| format!("{{\"fault\": \"{fault}\"}}")).collect();
    right.push("{\"fault\": null}".to_owned());
    let refuse = |error: String| Refusal { status: StatusCode::UNPROCESSABLE_ENTITY, error, expected: right.clone() };
    let value: Value = serde_json::from_slice(body).map_err(|error| refuse(format!("this is no JSON: {error}")))?;
    let fault = match value.as_object() {
        Some(fields) if fields.len() == 1 => fields.get("fault"),
        _ => None,
    };
    match fault {
        Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => {
            let fault: Fault = name.parse().map_err(|unknown: UnknownName| refuse(unknown.to_string()))?;
            if allowed.contains(&fault) { Ok(Some(fault)) } else { Err(refuse(format!("{fault} cannot be set here"))) }
        }
        Some(other) => Err(refuse(format!("a fault is a name or null, not {other}"))),
        None => Err(refuse("the one field is \"fault\"".to_owned())),
    }
}

impl From<UnknownName> for Refusal {
    fn from(unknown: UnknownName) -> Self {
        Self::not_found(&unknown)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::because(StatusCode::INTERNAL_SERVER_ERROR, format!("it cannot listen again: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_known_name_or_null() {
        assert_eq!(read_fault(b"{\"fault\": \"hang\"}", Fault::ALL).unwrap(), Some(Fault::Hang));
        assert_eq!(read_fault(b"{\"fault\": null}", Fault::ALL).unwrap(), None);
    }

    #[test]
    fn anything_else_is_refused_with_what_would_be_right() {
        for body in [
            "",
            "{}",
            "[]",
            "{\"fautl\": null}",
            "{\"fault\": 1}",
            "{\"fault\": \"gone\"}",
            "{\"fault\": null, \"a\": 1}",
        ] {
            let refusal = read_fault(body.as_bytes(), Fault::ALL).unwrap_err();
            assert_eq!(refusal.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(refusal.expected.len(), Fault::ALL.len() + 1, "{body}");
        }
        assert!(read_fault(b"{\"fault\": \"slow\"}", &[Fault::Down]).is_err());
    }
}
