//! The application of a site: keeps rows in its site's database, and says how it is.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Mutex;

use crate::programs::told;

/// Longest that it waits for its database.
const PATIENCE: Duration = Duration::from_secs(1);

/// What it is told: its address, its site and its database.
pub const LISTENS: &str = "LAB_LISTENS";
pub const SITE: &str = "LAB_SITE";
pub const DATABASE: &str = "LAB_DATABASE";

/// Each kind of question has a connection of its own, so that none waits behind another.
struct App {
    site: String,
    database: String,
    writes: Mutex<Option<PgConnection>>,
    looks: Mutex<Option<PgConnection>>,
}

type Answer = Result<(StatusCode, String), (StatusCode, String)>;

/// The program.
pub fn serve() {
    let app =
        Arc::new(App { site: told(SITE), database: told(DATABASE), writes: Mutex::default(), looks: Mutex::default() });
    let routes = Router::new()
        .route("/health", get(health))
        .route("/rows", get(serves))
        .route("/rows/{n}", post(write))
        .with_state(app);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(told(LISTENS)).await.unwrap();
        axum::serve(listener, routes).await.unwrap();
    });
}

fn unavailable(why: impl Display) -> (StatusCode, String) {
    (StatusCode::SERVICE_UNAVAILABLE, why.to_string())
}

impl App {
    /// A connection that is given back only if all went well: after a failure the next question makes a new one.
    async fn ask<T>(
        &self,
        connection: &Mutex<Option<PgConnection>>,
        question: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, (StatusCode, String)> {
        let answer = async {
            let mut slot = connection.lock().await;
            let mut open = match slot.take() {
                Some(open) => open,
                None => PgConnection::connect(&self.database).await?,
            };
            let found = question(&mut open).await?;
            *slot = Some(open);
            Ok::<T, sqlx::Error>(found)
        };
        tokio::time::timeout(PATIENCE, answer).await.map_err(unavailable)?.map_err(unavailable)
    }

    async fn is_primary(&self) -> Result<bool, (StatusCode, String)> {
        let query = "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'";
        self.ask(&self.looks, async |open| sqlx::query_scalar(query).fetch_one(open).await).await
    }
}

/// Good whenever its database answers, whatever that is.
async fn health(State(app): State<Arc<App>>) -> Answer {
    let role = if app.is_primary().await? { "primary" } else { "standby" };
    Ok((StatusCode::OK, format!("{{\"site\":\"{}\",\"role\":\"{role}\"}}", app.site)))
}

/// Good where rows are taken.
async fn serves(State(app): State<Arc<App>>) -> Answer {
    if app.is_primary().await? {
        return Ok((StatusCode::OK, app.site.clone()));
    }
    Err(unavailable("a standby takes no rows"))
}

/// Created once it is committed, and not before.
async fn write(State(app): State<Arc<App>>, Path(n): Path<i64>) -> Answer {
    let insert = sqlx::query("INSERT INTO rows (n, site) VALUES ($1, $2)").bind(n).bind(&app.site);
    app.ask(&app.writes, async |open| insert.execute(open).await).await?;
    Ok((StatusCode::CREATED, String::new()))
}
