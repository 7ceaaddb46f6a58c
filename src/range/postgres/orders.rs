//! The orders of a site, in its PostgreSQL server: the same address as the range's own database, and what is known of it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::time::{MissedTickBehavior, timeout};

use super::server::Server;
use crate::core::plan::ServerRole;
use crate::core::time::Span;
use crate::postgres::ask;
use crate::range::call::CALL_TIMEOUT;
use crate::range::database::{Copying, DbRole, Replication};
use crate::range::endpoint::Condition;
use crate::range::names::{Fault, Service};
use crate::range::numbers::Numbers;
use crate::range::reply::{Refusal, lock, no_such_path};
use crate::range::services::{MAX_ORDER, health};

/// How often the server is asked what it has.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// A moment, as the range writes it.
const AT: &str = "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

/// What a server says to a write while it is a standby (SQLSTATE `read_only_sql_transaction`).
const READ_ONLY: &str = "25006";

/// The orders of a site.
#[derive(Debug)]
pub(crate) struct Orders {
    server: Server,
    pool: PgPool,
    seen: Mutex<Seen>,
    /// Whether somebody else starts the server next, as a standby.
    is_left: AtomicBool,
}

/// What the server said last.
#[derive(Debug)]
struct Seen {
    replication: Replication,
    numbers: Numbers,
    /// Committed since the question was put to which the next answer comes.
    fresh: Vec<u64>,
}

impl Orders {
    pub(super) fn new(server: Server) -> Arc<Orders> {
        let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(CALL_TIMEOUT);
        let pool = pool.connect_lazy_with(server.options());
        let replication = Replication {
            role: DbRole::Standby,
            seq: 0,
            at: None,
            received_at: None,
            timeline: 1,
            copying: Copying::Follows,
        };
        let seen = Mutex::new(Seen { replication, numbers: Numbers::default(), fresh: Vec::new() });
        Arc::new(Orders { server, pool, seen, is_left: AtomicBool::new(false) })
    }

    /// Its HTTP address, for the site's services; the routes stand in it.
    pub(crate) fn app(self: &Arc<Self>) -> Router {
        let routes = ["GET /health", "GET /orders", "POST /orders"];
        Router::new()
            .route("/health", get(async |State(orders): State<Arc<Self>>| health(orders.server.site, Service::Db)))
            .route("/orders", get(read).post(write))
            .fallback(async move |uri: Uri| no_such_path(&uri, &routes))
            .layer(DefaultBodyLimit::max(MAX_ORDER))
            .with_state(Arc::clone(self))
    }

    /// How far it was when it last answered.
    pub(crate) fn replication(&self) -> Replication {
        lock(&self.seen).replication.clone()
    }

    /// The numbers of all orders that it held when it last answered.
    pub(crate) fn numbers(&self) -> Numbers {
        lock(&self.seen).numbers.clone()
    }

    /// Leaves the next start to whoever makes a standby of it.
    pub(crate) fn leave(&self) {
        self.is_left.store(true, Ordering::Relaxed);
    }

    /// Brings the server into a condition: killed, standing still, or at work.
    ///
    /// # Errors
    /// What its programs say.
    pub(crate) async fn obey(&self, wanted: Condition) -> io::Result<()> {
        let other = |why: super::PostgresError| io::Error::other(why.to_string());
        if wanted.effective() == Some(Fault::Down) {
            return self.server.kill().await.map_err(other);
        }
        if self.server.postmaster().is_some() {
            self.is_left.store(false, Ordering::Relaxed);
        }
        self.server.thaw();
        if !self.is_left.load(Ordering::Relaxed) {
            self.server.start().await.map_err(other)?;
        }
        if wanted.effective() == Some(Fault::Hang) {
            self.server.freeze();
        }
        Ok(())
    }

    /// Ends the server.
    pub(crate) async fn close(&self) {
        if let Err(error) = self.server.kill().await {
            tracing::warn!(%error, "a server of the range did not end");
        }
    }

    /// Asks the server what it has, again and again, for ever.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            lock(&self.seen).fresh.clear();
            match timeout(CALL_TIMEOUT, self.look()).await {
                Ok(Ok((replication, mut numbers))) => {
                    let mut seen = lock(&self.seen);
                    seen.fresh.iter().for_each(|number| numbers.insert(*number));
                    (seen.replication, seen.numbers) = (replication, numbers);
                }
                Ok(Err(error)) => tracing::debug!(%error, "the range's PostgreSQL does not answer"),
                Err(_) => tracing::debug!("the range's PostgreSQL does not answer in time"),
            }
        }
    }

    async fn look(&self) -> Result<(Replication, Numbers), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let standing = ask(&mut connection, Span::from_secs(1)).await?;
        let sql = format!(
            "SELECT coalesce(max(seq), 0), (SELECT {AT} FROM orders ORDER BY seq DESC LIMIT 1), \
             coalesce(array_agg(number), '{{}}') FROM orders"
        );
        let all: (i64, Option<String>, Vec<i64>) =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *connection).await?;
        let mut numbers = Numbers::default();
        all.2.iter().filter_map(|number| u64::try_from(*number).ok()).for_each(|number| numbers.insert(number));
        let role = match standing.role {
            ServerRole::Primary => DbRole::Primary,
            ServerRole::Standby => DbRole::Standby,
        };
        let received_at = if role == DbRole::Standby { all.1.clone() } else { None };
        let timeline = standing.line.map_or(1, |line| line.timeline);
        let seq = u64::try_from(all.0).unwrap_or(0);
        Ok((Replication { role, seq, at: all.1, received_at, timeline, copying: Copying::Follows }, numbers))
    }

    async fn commit(&self, number: u64, body: String) -> Result<(i64, String), sqlx::Error> {
        let sql = format!("INSERT INTO orders (number, body) VALUES ($1, $2) RETURNING seq, {AT}");
        let stored = i64::try_from(number).unwrap_or(i64::MAX);
        let insert = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(stored).bind(body);
        let committed = insert.fetch_one(&self.pool).await?;
        let mut seen = lock(&self.seen);
        seen.fresh.push(number);
        seen.numbers.insert(number);
        Ok(committed)
    }
}

async fn read(State(orders): State<Arc<Orders>>) -> Result<Response, Refusal> {
    let counted = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM orders").fetch_one(&orders.pool);
    match timeout(CALL_TIMEOUT, counted).await {
        Ok(Ok(count)) => Ok(Json(json!({"site": orders.server.site, "orders": count})).into_response()),
        Ok(Err(error)) => Err(refused(&orders, &error)),
        Err(_) => Err(Refusal::because(StatusCode::GATEWAY_TIMEOUT, "the database does not answer in time")),
    }
}

async fn write(State(orders): State<Arc<Orders>>, body: Bytes) -> Result<Response, Refusal> {
    let right = &["{\"order\": 1, \"item\": \"tent\"}"];
    let order: Value = serde_json::from_slice(&body)
        .map_err(|error| Refusal::unprocessable(format!("an order is JSON: {error}"), right))?;
    let number = order.get("order").and_then(Value::as_u64);
    let number = number.ok_or_else(|| Refusal::unprocessable("an order has a number", right))?;
    match timeout(CALL_TIMEOUT, orders.commit(number, order.to_string())).await {
        Ok(Ok((seq, at))) => {
            let told = json!({"site": orders.server.site, "seq": seq, "at": at});
            Ok((StatusCode::CREATED, Json(told)).into_response())
        }
        Ok(Err(error)) => Err(refused(&orders, &error)),
        Err(_) => Err(Refusal::because(StatusCode::GATEWAY_TIMEOUT, "the database does not answer in time")),
    }
}

fn refused(orders: &Orders, error: &sqlx::Error) -> Refusal {
    let site = orders.server.site;
    let why = match error.as_database_error().and_then(|said| said.code()) {
        Some(code) if code == READ_ONLY => {
            format!("the database of {site} is a standby: it takes orders once it is promoted")
        }
        _ => format!("the database of {site}: {error}"),
    };
    Refusal::because(StatusCode::SERVICE_UNAVAILABLE, why)
}
