//! `db`: keeps the orders. One writes, the other follows it, until it is promoted.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::call::{self, CALL_TIMEOUT};
use super::endpoint::Condition;
use super::names::{Fault, Service, Site};
use super::numbers::Numbers;
use super::record::{Fit, Mark, Order, Record};
use super::reply::{Refusal, lock, no_such_path};
use super::services::{MAX_ORDER, health};

/// How often a standby asks for new orders: the lag that a failover can lose.
const PULL_EVERY: Duration = Duration::from_millis(500);
/// So few orders lacking are close: what comes in two seconds.
const CLOSE: u64 = 12;
/// The most orders in one answer to `GET /log`.
const BATCH: usize = 500;

/// Whether a database takes orders or follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DbRole {
    /// Takes orders.
    Primary,
    /// Follows the other site's, and refuses orders.
    Standby,
}

/// How far a database is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// Whether it takes orders.
    pub role: DbRole,
    /// The number of its last order; 0 when it has none.
    pub seq: u64,
    /// When its last order was committed, at the database that took it (RFC 3339, UTC, µs). The difference between the
    /// source's and the target's is what a failover would lose.
    pub at: Option<String>,
    /// When a standby last received orders.
    pub received_at: Option<String>,
    /// How often it, or the one that it is a copy of, was promoted, counted from 1: two with other orders in one place differ in it.
    pub timeline: u32,
    /// Whether a standby can take over what the other site has.
    pub copying: Copying,
}

/// Whether a standby can take over what the other site has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Copying {
    /// It can, as far as is known.
    #[default]
    Follows,
    /// It has orders that the other one has not, in the place of others: `POST /follow` throws them away.
    Diverged,
}

/// One site's database.
#[derive(Debug)]
pub(crate) struct Database {
    site: Site,
    /// The other site's database.
    other: SocketAddr,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    role: DbRole,
    record: Record,
    received_at: Option<String>,
    copying: Copying,
}

impl Database {
    /// An empty database, and where the other site's is.
    pub(crate) fn new(site: Site, role: DbRole, other: SocketAddr) -> Arc<Self> {
        let held = Held { role, record: Record::new(), received_at: None, copying: Copying::Follows };
        Arc::new(Self { site, other, held: Mutex::new(held) })
    }

    /// Its HTTP address; the routes stand in it.
    pub(crate) fn app(self: &Arc<Self>) -> Router {
        let routes = [
            "GET /health",
            "GET /orders",
            "POST /orders",
            "GET /log?after=N&limit=N",
            "GET /replication",
            "GET /behind",
            "POST /promote",
            "POST /demote",
            "POST /follow",
        ];
        Router::new()
            .route("/health", get(async |State(db): State<Arc<Self>>| health(db.site, Service::Db)))
            .route("/orders", get(read).post(write))
            .route("/log", get(log))
            .route("/replication", get(async |State(db): State<Arc<Self>>| Json(db.replication())))
            .route("/behind", get(behind))
            .route("/promote", post(async |State(db): State<Arc<Self>>| Json(db.promote())))
            .route("/demote", post(async |State(db): State<Arc<Self>>| Json(db.demote())))
            .route("/follow", post(follow))
            .fallback(async move |uri: Uri| no_such_path(&uri, &routes))
            .layer(DefaultBodyLimit::max(MAX_ORDER))
            .with_state(Arc::clone(self))
    }

    /// How far it is.
    pub(crate) fn replication(&self) -> Replication {
        let held = lock(&self.held);
        Replication {
            role: held.role,
            seq: held.record.seq,
            at: held.record.last().map(|order| order.mark.at.clone()),
            received_at: held.received_at.clone(),
            timeline: held.record.timeline,
            copying: held.copying,
        }
    }

    /// The numbers of all orders that it holds.
    pub(crate) fn numbers(&self) -> Numbers {
        lock(&self.held).record.numbers().clone()
    }

    /// Has it take orders; one that does is left as it is.
    fn promote(&self) -> Replication {
        let mut held = lock(&self.held);
        if held.role == DbRole::Standby {
            held.role = DbRole::Primary;
            held.record.timeline += 1;
            held.copying = Copying::Follows;
        }
        drop(held);
        self.replication()
    }

    /// Has it take no more orders and keep all that it has: the first half of a change of sides without loss.
    pub(crate) fn demote(&self) -> Replication {
        lock(&self.held).role = DbRole::Standby;
        self.replication()
    }

    /// Commits an order, if it takes any.
    fn commit(&self, order: Value) -> Option<Order> {
        let mut held = lock(&self.held);
        if held.role == DbRole::Standby {
            return None;
        }
        Some(held.record.commit(order, now()))
    }

    fn after(&self, seq: u64, limit: usize) -> Vec<Order> {
        lock(&self.held).record.after(seq, limit)
    }

    /// Takes over what the source has, unless it was promoted meanwhile.
    fn receive(&self, batch: Vec<Order>) {
        let mut held = lock(&self.held);
        if held.role == DbRole::Primary {
            return;
        }
        let before = held.record.seq;
        held.copying = match held.record.receive(batch) {
            Fit::Continues => Copying::Follows,
            Fit::Diverged => Copying::Diverged,
        };
        if held.record.seq > before {
            held.received_at = Some(now());
        }
    }

    /// Takes over what the other site has for as long as it is a standby, for ever. A database that is down, hangs or has no power
    /// does nothing.
    pub(crate) async fn copy(self: Arc<Self>, states: watch::Receiver<Condition>) {
        let mut ticks = tokio::time::interval(PULL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Replication { role: DbRole::Standby, seq, .. } = self.replication() else { continue };
            if matches!(states.borrow().effective(), Some(Fault::Down | Fault::Hang)) {
                continue;
            }
            // Its own last order comes along, so that one that is not the other's is found out.
            match pull(self.other, seq.saturating_sub(1), BATCH).await {
                Ok(batch) => {
                    // Behind by more than one answer holds: ask again at once.
                    if batch.len() == BATCH {
                        ticks.reset_immediately();
                    }
                    self.receive(batch);
                }
                Err(error) => tracing::debug!(%error, "the standby gets nothing from its source"),
            }
        }
    }

    /// Makes it a standby of the other site, whatever it was: throws away the orders that the other one has not.
    ///
    /// # Errors
    /// When the other one does not answer or takes no orders itself; then nothing has happened.
    async fn follow(&self) -> Result<Followed, FollowError> {
        let source: Replication = get_json(self.other, "/replication").await?;
        if source.role == DbRole::Standby {
            return Err(FollowError::NoPrimary);
        }
        let (was, marks) = {
            let mut held = lock(&self.held);
            // It takes no order from here on, so that what is compared stays all there is.
            (std::mem::replace(&mut held.role, DbRole::Standby), held.record.marks())
        };
        let common = self.in_common(&marks).await;
        let mut held = lock(&self.held);
        let common = common.inspect_err(|_| held.role = was)?;
        let dropped = held.record.rewind(common);
        held.record.timeline = source.timeline;
        held.copying = Copying::Follows;
        drop(held);
        Ok(Followed { now: self.replication(), dropped })
    }

    /// How many of its oldest orders the other one has too: both have the same up to one place and nothing in common behind it.
    async fn in_common(&self, marks: &[Mark]) -> Result<usize, PullError> {
        let (mut same, mut other) = (0, marks.len());
        while same < other {
            let middle = same + (other - same) / 2;
            let Some(mark) = marks.get(middle) else { break };
            let theirs = pull(self.other, mark.seq.saturating_sub(1), 1).await?;
            if theirs.first().is_some_and(|order| order.mark == *mark) {
                same = middle + 1;
            } else {
                other = middle;
            }
        }
        Ok(same)
    }
}

/// What became of a database that was made to follow.
#[derive(Debug, Serialize)]
struct Followed {
    #[serde(flatten)]
    now: Replication,
    /// How many orders it threw away.
    dropped: usize,
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error("the other site's database takes no orders either: promote it first")]
    NoPrimary,
    #[error(transparent)]
    Pull(#[from] PullError),
}

#[derive(Debug, thiserror::Error)]
enum PullError {
    #[error(transparent)]
    Call(#[from] call::CallError),
    #[error("the request cannot be made: {0}")]
    Request(#[from] axum::http::Error),
    #[error("the source answered {0}")]
    Status(StatusCode),
    #[error("the source's answer cannot be read: {0}")]
    Answer(#[from] serde_json::Error),
}

async fn pull(source: SocketAddr, after: u64, limit: usize) -> Result<Vec<Order>, PullError> {
    get_json(source, &format!("/log?after={after}&limit={limit}")).await
}

async fn get_json<T: DeserializeOwned>(source: SocketAddr, path: &str) -> Result<T, PullError> {
    let request = call::request(Method::GET, path, None, Bytes::new())?;
    let answer = call::call(source, request, CALL_TIMEOUT).await?;
    if answer.status != StatusCode::OK {
        return Err(PullError::Status(answer.status));
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

/// The moment it is, as the range writes it.
pub(crate) fn now() -> String {
    DateTime::<Utc>::from(SystemTime::now()).to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[derive(Debug, Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

async fn read(State(db): State<Arc<Database>>) -> Response {
    let held = lock(&db.held);
    Json(json!({"site": db.site, "orders": held.record.seq, "last": held.record.last()})).into_response()
}

async fn write(State(db): State<Arc<Database>>, body: Bytes) -> Result<Response, Refusal> {
    let order = serde_json::from_slice(&body).map_err(|error| {
        Refusal::unprocessable(format!("an order is JSON: {error}"), &["{\"customer\": 1, \"item\": \"tent\"}"])
    })?;
    match db.commit(order) {
        Some(Order { mark, .. }) => {
            let told = json!({"site": db.site, "seq": mark.seq, "at": mark.at});
            Ok((StatusCode::CREATED, Json(told)).into_response())
        }
        None => Err(Refusal::because(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the database of {} is a standby: it takes orders once it is promoted", db.site),
        )),
    }
}

async fn log(State(db): State<Arc<Database>>, Query(After { after, limit }): Query<After>) -> Response {
    Json(db.after(after, limit.unwrap_or(BATCH).min(BATCH))).into_response()
}

/// How many orders a standby lacks of the other site's; close is what a moment's pause makes up for.
async fn behind(State(db): State<Arc<Database>>) -> Result<Response, Refusal> {
    let own = db.replication();
    if own.copying == Copying::Diverged {
        return Err(Refusal::because(StatusCode::CONFLICT, "it has orders that the other site has not"));
    }
    let other: Replication = get_json(db.other, "/replication")
        .await
        .map_err(|error| Refusal::because(StatusCode::BAD_GATEWAY, error.to_string()))?;
    let behind = other.seq.saturating_sub(own.seq);
    Ok(Json(json!({"behind": behind, "close": behind <= CLOSE})).into_response())
}

async fn follow(State(db): State<Arc<Database>>) -> Result<Response, Refusal> {
    match db.follow().await {
        Ok(followed) => Ok(Json(followed).into_response()),
        Err(error @ FollowError::NoPrimary) => Err(Refusal::because(StatusCode::CONFLICT, error.to_string())),
        Err(error) => Err(Refusal::because(StatusCode::BAD_GATEWAY, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(site: Site, role: DbRole) -> Arc<Database> {
        Database::new(site, role, SocketAddr::from(([127, 0, 0, 1], 9)))
    }

    fn orders(db: &Database, count: usize) {
        for _ in 0..count {
            db.commit(json!({})).unwrap();
        }
    }

    #[test]
    fn a_standby_takes_orders_only_once_promoted_and_no_more_once_demoted() {
        let db = database(Site::West, DbRole::Standby);
        assert!(db.commit(json!({})).is_none());
        let promoted = db.promote();
        assert_eq!((promoted.role, promoted.timeline), (DbRole::Primary, 2));
        assert_eq!(db.promote(), promoted, "doing it again changes nothing");
        assert_eq!(db.commit(json!({})).unwrap().mark.seq, 1);
        assert_eq!((db.demote().role, db.demote().seq), (DbRole::Standby, 1));
        assert!(db.commit(json!({})).is_none());
    }

    #[test]
    fn a_promoted_database_continues_the_numbers_and_receives_no_more() {
        let (east, west) = (database(Site::East, DbRole::Primary), database(Site::West, DbRole::Standby));
        orders(&east, 2);
        west.receive(east.after(0, BATCH));
        assert_eq!((west.replication().seq, west.replication().at), (2, east.replication().at));
        orders(&east, 1);
        west.promote();
        west.receive(east.after(2, BATCH));
        assert_eq!(west.replication().seq, 2);
        orders(&west, 1);
        assert_eq!(west.replication().seq, 3);
    }

    #[tokio::test]
    async fn one_that_cannot_reach_the_other_stays_what_it_is() {
        let east = database(Site::East, DbRole::Primary);
        orders(&east, 2);
        assert!(matches!(east.follow().await, Err(FollowError::Pull(_))));
        assert_eq!((east.replication().role, east.replication().seq), (DbRole::Primary, 2));
    }
}
