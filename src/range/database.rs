//! `db`: keeps the orders. One writes, the other follows it, until it is promoted.

use std::collections::VecDeque;
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
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::call::{self, CALL_TIMEOUT};
use super::names::{Fault, Service, Site};
use super::reply::{Refusal, lock, no_such_path};
use super::services::{MAX_ORDER, health};

/// How often the standby asks for new orders: the lag that a failover can lose.
const PULL_EVERY: Duration = Duration::from_millis(500);
/// The newest orders that a database keeps. A standby that was away for longer continues with the oldest that is left.
const KEPT: usize = 10_000;
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
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    seq: u64,
    at: String,
    order: Value,
}

/// One site's database.
#[derive(Debug)]
pub(crate) struct Database {
    site: Site,
    orders: Mutex<Orders>,
}

#[derive(Debug)]
struct Orders {
    role: DbRole,
    seq: u64,
    log: VecDeque<Order>,
    received_at: Option<String>,
}

impl Orders {
    fn keep(&mut self, order: Order) {
        self.seq = order.seq;
        self.log.push_back(order);
        if self.log.len() > KEPT {
            self.log.pop_front();
        }
    }
}

impl Database {
    /// An empty database.
    pub(crate) fn new(site: Site, role: DbRole) -> Arc<Self> {
        let orders = Orders { role, seq: 0, log: VecDeque::new(), received_at: None };
        Arc::new(Self { site, orders: Mutex::new(orders) })
    }

    /// Its HTTP address: `GET /orders`, `POST /orders`, `GET /log?after=N`, `GET /replication`, `POST /promote`.
    pub(crate) fn app(self: &Arc<Self>) -> Router {
        let routes =
            ["GET /health", "GET /orders", "POST /orders", "GET /log?after=N", "GET /replication", "POST /promote"];
        Router::new()
            .route("/health", get(async |State(db): State<Arc<Self>>| health(db.site, Service::Db)))
            .route("/orders", get(read).post(write))
            .route("/log", get(log))
            .route("/replication", get(async |State(db): State<Arc<Self>>| Json(db.replication())))
            .route("/promote", post(async |State(db): State<Arc<Self>>| Json(db.promote())))
            .fallback(async move |uri: Uri| no_such_path(&uri, &routes))
            .layer(DefaultBodyLimit::max(MAX_ORDER))
            .with_state(Arc::clone(self))
    }

    /// How far it is.
    pub(crate) fn replication(&self) -> Replication {
        let orders = lock(&self.orders);
        Replication {
            role: orders.role,
            seq: orders.seq,
            at: orders.log.back().map(|order| order.at.clone()),
            received_at: orders.received_at.clone(),
        }
    }

    fn promote(&self) -> Replication {
        lock(&self.orders).role = DbRole::Primary;
        self.replication()
    }

    /// Commits an order, if it takes any.
    fn commit(&self, order: Value) -> Option<Order> {
        let mut orders = lock(&self.orders);
        if orders.role == DbRole::Standby {
            return None;
        }
        let order = Order { seq: orders.seq + 1, at: now(), order };
        orders.keep(order.clone());
        Some(order)
    }

    fn after(&self, seq: u64) -> Vec<Order> {
        let orders = lock(&self.orders);
        let from = orders.log.partition_point(|order| order.seq <= seq);
        orders.log.range(from..).take(BATCH).cloned().collect()
    }

    /// Takes over what the source has, unless it was promoted meanwhile.
    fn receive(&self, batch: Vec<Order>) {
        let mut orders = lock(&self.orders);
        if orders.role == DbRole::Primary {
            return;
        }
        for order in batch {
            if order.seq > orders.seq {
                orders.keep(order);
                orders.received_at = Some(now());
            }
        }
    }

    /// Follows `source` until promoted. A database that is down or hangs does not follow.
    pub(crate) async fn follow(self: Arc<Self>, source: SocketAddr, faults: watch::Receiver<Option<Fault>>) {
        let mut ticks = tokio::time::interval(PULL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Replication { role: DbRole::Standby, seq, .. } = self.replication() else {
                return;
            };
            let fault = *faults.borrow();
            if matches!(fault, Some(Fault::Down | Fault::Hang)) {
                continue;
            }
            match pull(source, seq).await {
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
}

#[derive(Debug, thiserror::Error)]
enum PullError {
    #[error(transparent)]
    Call(#[from] call::CallError),
    #[error("the request cannot be made: {0}")]
    Request(#[from] axum::http::Error),
    #[error("the source answered {0}")]
    Status(StatusCode),
    #[error("the source's log cannot be read: {0}")]
    Log(#[from] serde_json::Error),
}

async fn pull(source: SocketAddr, after: u64) -> Result<Vec<Order>, PullError> {
    let request = call::request(Method::GET, &format!("/log?after={after}"), None, Bytes::new())?;
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
}

async fn read(State(db): State<Arc<Database>>) -> Response {
    let orders = lock(&db.orders);
    Json(json!({"site": db.site, "orders": orders.seq, "last": orders.log.back()})).into_response()
}

async fn write(State(db): State<Arc<Database>>, body: Bytes) -> Result<Response, Refusal> {
    let order = serde_json::from_slice(&body).map_err(|error| {
        Refusal::unprocessable(format!("an order is JSON: {error}"), &["{\"customer\": 1, \"item\": \"tent\"}"])
    })?;
    match db.commit(order) {
        Some(order) => {
            Ok((StatusCode::CREATED, Json(json!({"site": db.site, "seq": order.seq, "at": order.at}))).into_response())
        }
        None => Err(Refusal::because(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the database of {} is a standby: it takes orders once it is promoted", db.site),
        )),
    }
}

async fn log(State(db): State<Arc<Database>>, Query(After { after }): Query<After>) -> Response {
    Json(db.after(after)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(db: &Database, count: usize) {
        for _ in 0..count {
            db.commit(json!({})).unwrap();
        }
    }

    #[test]
    fn a_standby_takes_orders_only_once_promoted() {
        let db = Database::new(Site::West, DbRole::Standby);
        assert!(db.commit(json!({})).is_none());
        assert_eq!(db.promote().role, DbRole::Primary);
        assert_eq!(db.promote().role, DbRole::Primary);
        assert_eq!(db.commit(json!({})).unwrap().seq, 1);
    }

    #[test]
    fn a_standby_takes_over_number_and_commit_time_and_nothing_twice() {
        let (east, west) = (Database::new(Site::East, DbRole::Primary), Database::new(Site::West, DbRole::Standby));
        orders(&east, 3);
        west.receive(east.after(0));
        west.receive(east.after(1));
        assert_eq!((west.replication().seq, west.replication().at), (3, east.replication().at));
        assert_eq!(lock(&west.orders).log.len(), 3);
    }

    #[test]
    fn a_promoted_database_continues_the_numbers_and_receives_no_more() {
        let (east, west) = (Database::new(Site::East, DbRole::Primary), Database::new(Site::West, DbRole::Standby));
        orders(&east, 2);
        west.receive(east.after(0));
        orders(&east, 1);
        west.promote();
        west.receive(east.after(2));
        assert_eq!(west.replication().seq, 2);
        orders(&west, 1);
        assert_eq!(west.replication().seq, 3);
    }

    #[test]
    fn the_log_keeps_the_newest_orders_only() {
        let db = Database::new(Site::East, DbRole::Primary);
        orders(&db, KEPT + 5);
        let oldest = db.after(0);
        assert_eq!((oldest.len(), oldest[0].seq), (BATCH, 6));
    }
}
