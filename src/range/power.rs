//! The power strip: what cuts a site's database off for certain, also while the site answers nothing.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::names::Site;
use super::reply::{Refusal, no_such_path};
use super::world::World;

/// Whether a database has power. One without does nothing, whatever is done to its site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// It has.
    #[default]
    On,
    /// It has not.
    Off,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    on: bool,
    #[serde(default, rename = "as")]
    starts: Starts,
}

/// What a database is once it has power again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Starts {
    /// What it was when the power went.
    #[default]
    Unchanged,
    /// A standby, from its first moment on: it takes no order before it follows the other one.
    Standby,
}

/// The strip's own address: `GET /power/{site}`, `POST /power/{site}`.
pub(crate) fn app(world: &Arc<World>) -> Router {
    let routes = ["GET /power/east", "POST /power/east", "GET /power/west", "POST /power/west"];
    Router::new()
        .route("/power/{site}", get(read).post(switch))
        .fallback(async move |uri: Uri| no_such_path(&uri, &routes))
        .with_state(Arc::clone(world))
}

async fn read(State(world): State<Arc<World>>, Path(site): Path<String>) -> Result<Json<Value>, Refusal> {
    Ok(told(&world, site.parse()?))
}

/// Sets it, and answers with what it is then, read back.
async fn switch(
    State(world): State<Arc<World>>,
    Path(site): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let site: Site = site.parse()?;
    let Switch { on, starts } = serde_json::from_slice(&body).map_err(|error| {
        Refusal::unprocessable(
            format!("this is no position of a switch: {error}"),
            &["{\"on\": false}", "{\"on\": true}", "{\"on\": true, \"as\": \"standby\"}"],
        )
    })?;
    if let Some(fault) = world.strip_fault() {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        return Err(Refusal::because(
            status,
            format!("the power strip has the fault \"{fault}\": nothing was switched"),
        ));
    }
    world.set_power(site, if on { Power::On } else { Power::Off }, starts).await?;
    Ok(told(&world, site))
}

fn told(world: &World, site: Site) -> Json<Value> {
    Json(json!({"site": site, "on": world.power(site) == Power::On}))
}
