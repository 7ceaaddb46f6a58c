//! What a request brings: a token first, then a body, then alerts.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::time::timeout;
use uuid::Uuid;

use super::super::peer::bearer;
use super::door::{Door, Shut, WINDOW};
use super::read::{self, Read};
use crate::core::alert::Heard;
use crate::core::command::Command;
use crate::core::decide::alert::told;
use crate::core::ids::Principal;
use crate::engine::hooks::{Token, TokenHash};
use crate::engine::{Asked, Engine};
use crate::text;
use crate::wire::hooks::{Generic, HookTrouble, Misfit, NotTaken, Notification, Taken};
use crate::wire::{Posted, Trouble};

/// The largest body, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// How long a body may take to come.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// What is read of a body that nobody wants, and for how long, so that its sender gets to the answer.
const UNWANTED: (usize, Duration) = (4 * 1024 * 1024, Duration::from_secs(1));

/// How long the engine may take to write alerts down.
const WRITE_PATIENCE: Duration = Duration::from_secs(15);

/// How often alerts are looked at anew when a plan changes under them.
const TRIES: usize = 3;

/// What the routes work with.
#[derive(Clone)]
struct Hooks {
    engine: Engine,
    door: Arc<Door>,
}

/// The routes.
pub(super) fn router(engine: Engine, door: Arc<Door>) -> Router {
    Router::new()
        .route("/hooks/alertmanager", post(alertmanager))
        .route("/hooks/generic", post(generic))
        .fallback(nothing_here)
        .with_state(Hooks { engine, door })
}

async fn alertmanager(
    State(hooks): State<Hooks>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<Response, HookTrouble> {
    let (token, body) = let_in(&hooks, from.ip(), request).await?;
    let notification: Notification = parse(&body)?;
    let alerts = notification.alerts.iter().map(|alert| read::notified(token, alert));
    take(&hooks.engine, token, alerts.collect()).await
}

async fn generic(
    State(hooks): State<Hooks>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<Response, HookTrouble> {
    let (token, body) = let_in(&hooks, from.ip(), request).await?;
    let alert: Generic = parse(&body)?;
    take(&hooks.engine, token, vec![read::generic(token, alert)]).await
}

async fn nothing_here() -> HookTrouble {
    HookTrouble::NotFound
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, HookTrouble> {
    serde_json::from_slice(body).map_err(|why| HookTrouble::Unreadable { why: why.to_string() })
}

/// Whose request it is, and its body: nothing of it is read before its token was looked at.
async fn let_in(hooks: &Hooks, from: IpAddr, request: Request) -> Result<(&Token, Bytes), HookTrouble> {
    let (head, body) = request.into_parts();
    let known = match head.uri.query() {
        Some(_) => Err(HookTrouble::Query),
        None => known(hooks, from, &head.headers),
    };
    let known = known.and_then(|token| match head.headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(HookTrouble::Encoded),
        _ => Ok(token),
    });
    match known {
        Ok(token) => Ok((token, whole(body).await?)),
        Err(why) => {
            leave_unread(body).await;
            Err(why)
        }
    }
}

/// Who holds the token that a request brings.
fn known<'h>(hooks: &'h Hooks, from: IpAddr, headers: &HeaderMap) -> Result<&'h Token, HookTrouble> {
    let now = Instant::now();
    if hooks.door.is_shut(from, now) {
        return Err(HookTrouble::TooManyTries);
    }
    let hash = TokenHash::of(bearer(headers).ok_or(HookTrouble::NoToken)?);
    // All of them are compared, so that the time says nothing of which came close.
    let mut found = None;
    for token in &hooks.engine.shared.config.hooks.tokens {
        if token.sha256.is(&hash) {
            found = Some(token);
        }
    }
    let Some(token) = found else {
        if hooks.door.wrong(from, now) == Shut::Now {
            tracing::warn!(%from, "too many wrong tokens at the hooks; nothing from there is looked at for a minute");
        }
        return Err(HookTrouble::WrongToken);
    };
    match token.expires.filter(|expires| *expires <= hooks.engine.shared.clock.now().utc) {
        Some(at) => Err(HookTrouble::Expired { at }),
        None => Ok(token),
    }
}

async fn whole(body: Body) -> Result<Bytes, HookTrouble> {
    let mut limited = Box::pin(Limited::new(body, BODY_LIMIT));
    match timeout(BODY_PATIENCE, limited.as_mut().collect()).await {
        Err(_) => Err(HookTrouble::TooSlow),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(why)) if why.is::<LengthLimitError>() => Err(HookTrouble::TooLarge { limit: BODY_LIMIT }),
        Ok(Err(why)) => Err(HookTrouble::Unreadable { why: why.to_string() }),
    }
}

/// Reads a little of what nobody wants: a connection that is closed upon unread bytes may lose the answer.
async fn leave_unread(body: Body) {
    let (limit, patience) = UNWANTED;
    let mut left = Limited::new(body, limit);
    let all = async { while let Some(Ok(_)) = left.frame().await {} };
    let _ = timeout(patience, all).await;
}

/// Has the alerts that fit written down, and says which do not.
async fn take(engine: &Engine, token: &Token, read: Vec<Read>) -> Result<Response, HookTrouble> {
    let source = Principal::Token(token.name.clone());
    let (mut alerts, mut refused) = (Vec::new(), Vec::new());
    for one in read {
        match one {
            Ok(heard) => alerts.push(heard),
            Err(why) => refused.push(why),
        }
    }
    for tried in 1.. {
        let (state, now) = (Arc::clone(&engine.newest.borrow().state), engine.shared.clock.now());
        let told = told(&state, &source, &alerts, &now);
        for (place, why) in told.misfits.into_iter().rev() {
            refused.push((alerts.remove(place).name, Misfit::Refused(why)));
        }
        // A repeat is nothing to write.
        if told.events.is_empty() {
            break;
        }
        match write(engine, &source, &alerts).await {
            Ok(()) => break,
            // The plan changed in between: what fits is another question now.
            Err(Trouble::Refused(_)) if tried < TRIES => {}
            Err(why) => return Err(HookTrouble::Engine(why)),
        }
    }
    Ok(answer(token, alerts.len(), &refused))
}

async fn write(engine: &Engine, source: &Principal, alerts: &[Heard]) -> Result<(), Trouble> {
    let posted = Posted { id: Uuid::now_v7(), seen: None, command: Command::HearAlerts { alerts: alerts.to_vec() } };
    let (answer, answered) = oneshot::channel();
    let stopping = || Trouble::ReadOnly { why: "the engine is stopping".into() };
    engine.asked.send(Asked { by: source.clone(), posted, answer }).await.map_err(|_| stopping())?;
    match timeout(WRITE_PATIENCE, answered).await {
        Ok(Ok(outcome)) => outcome.map(|_| ()),
        Ok(Err(_)) | Err(_) => Err(Trouble::OutcomeUnknown),
    }
}

fn answer(token: &Token, taken: usize, refused: &[(String, Misfit)]) -> Response {
    let told = |(name, why): &(String, Misfit)| NotTaken {
        alert: text::cut(&text::clean_line(name), 120).into_owned(),
        why: text::hook_misfit(why),
    };
    let shown: Vec<NotTaken> = refused.iter().take(NotTaken::SHOWN).map(told).collect();
    if let Some(first) = shown.first() {
        tracing::warn!(token = %token.name, refused = refused.len(), first = %first.why, "alerts were not taken");
    }
    let elsewhere = |(_, why): &(String, Misfit)| matches!(why, Misfit::OtherPlan { .. });
    let status = match (taken, refused) {
        (_, []) => StatusCode::OK,
        (0, refused) if refused.iter().all(elsewhere) => StatusCode::FORBIDDEN,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let refused_more = refused.len().saturating_sub(NotTaken::SHOWN);
    (status, Json(Taken { taken, refused: shown, refused_more })).into_response()
}

impl IntoResponse for HookTrouble {
    fn into_response(self) -> Response {
        let status = match &self {
            HookTrouble::Engine(why) => return why.clone().into_response(),
            HookTrouble::NoToken | HookTrouble::WrongToken | HookTrouble::Expired { .. } => StatusCode::UNAUTHORIZED,
            HookTrouble::Query | HookTrouble::Unreadable { .. } => StatusCode::BAD_REQUEST,
            HookTrouble::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            HookTrouble::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            HookTrouble::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            HookTrouble::TooSlow => StatusCode::REQUEST_TIMEOUT,
            HookTrouble::NotFound => StatusCode::NOT_FOUND,
        };
        let mut body = serde_json::to_value(&self).unwrap_or_default();
        body["sentence"] = text::hook_trouble(&self).into();
        let answer = (status, Json(body));
        match status {
            StatusCode::UNAUTHORIZED => ([(header::WWW_AUTHENTICATE, "Bearer".to_owned())], answer).into_response(),
            StatusCode::TOO_MANY_REQUESTS => {
                ([(header::RETRY_AFTER, WINDOW.as_secs().to_string())], answer).into_response()
            }
            _ => answer.into_response(),
        }
    }
}
