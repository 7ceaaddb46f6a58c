//! `web` and `api`: each answers by really calling the next one.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::call::{self, Answer, CALL_TIMEOUT};
use super::names::{Service, Site};
use super::reply::{Refusal, no_such_path};

/// The largest order, in bytes.
pub(crate) const MAX_ORDER: usize = 4096;

/// A service that stands in front of another.
#[derive(Debug, Clone, Copy)]
struct Hop {
    site: Site,
    service: Service,
    next: SocketAddr,
}

/// The service that customers reach: `GET /` reads, `POST /orders` orders.
pub(crate) fn web(site: Site, api: SocketAddr) -> Router {
    hop(Hop { site, service: Service::Web, next: api }, "/")
}

/// The service between `web` and `db`: `GET /orders` reads, `POST /orders` orders.
pub(crate) fn api(site: Site, db: SocketAddr) -> Router {
    hop(Hop { site, service: Service::Api, next: db }, "/orders")
}

fn hop(hop: Hop, reads: &'static str) -> Router {
    Router::new()
        .route("/health", get(async |State(hop): State<Hop>| health(hop.site, hop.service)))
        .route(reads, get(read))
        .route("/orders", post(order))
        .fallback(async move |uri: Uri| no_such_path(&uri, &["GET /health", &format!("GET {reads}"), "POST /orders"]))
        .layer(DefaultBodyLimit::max(MAX_ORDER))
        .with_state(hop)
}

/// What every service says of itself: that it answers.
pub(crate) fn health(site: Site, service: Service) -> Response {
    Json(json!({"service": service, "site": site, "ok": true})).into_response()
}

async fn read(State(hop): State<Hop>) -> Response {
    forward(hop, Method::GET, None, Bytes::new()).await
}

async fn order(State(hop): State<Hop>, headers: HeaderMap, body: Bytes) -> Response {
    forward(hop, Method::POST, headers.get(header::CONTENT_TYPE).cloned(), body).await
}

async fn forward(hop: Hop, method: Method, content_type: Option<HeaderValue>, body: Bytes) -> Response {
    let request = match call::request(method, "/orders", content_type, body) {
        Ok(request) => request,
        Err(error) => {
            return Refusal::because(StatusCode::BAD_REQUEST, error.to_string()).into_response();
        }
    };
    match call::call(hop.next, request, CALL_TIMEOUT).await {
        Ok(answer) => answer.into_response(),
        Err(error) => Refusal::because(StatusCode::BAD_GATEWAY, format!("{} of {}: {error}", hop.service, hop.site))
            .into_response(),
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        if let Some(content_type) = self.content_type {
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        response
    }
}
