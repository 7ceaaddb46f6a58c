//! The router in front of the sites: a reverse proxy that shares requests out by weight.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::{BodyExt, Limited};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::{self, CALL_TIMEOUT, CallError};
use super::names::{PerSite, Site};
use super::reply::{Refusal, lock, no_such_path};

/// The largest weight; the least is 0, which is no traffic.
const MAX_WEIGHT: u8 = 100;
/// The largest body that is passed on, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What the router does with one site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutedSite {
    /// Its share of new requests, 0 to 100, beside the other site's.
    pub weight: u8,
    /// Requests sent there that have no answer yet.
    pub in_flight: u64,
}

/// The router.
#[derive(Debug)]
pub(crate) struct Balancer {
    upstreams: PerSite<Upstream>,
    shares: Mutex<Shares>,
}

#[derive(Debug)]
struct Shares {
    of: PerSite<Share>,
    /// The site that has most of the traffic, or had it last.
    serving: Site,
}

#[derive(Debug)]
struct Upstream {
    web: SocketAddr,
    in_flight: AtomicU64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Share {
    weight: u8,
    /// Grows by the weight with each request; the site with most gets it and pays the sum of the weights.
    credit: i32,
}

/// Counts a request for as long as it lives, however it ends.
struct InFlight<'a>(&'a AtomicU64);

impl<'a> InFlight<'a> {
    fn count(counter: &'a AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Balancer {
    /// A router that sends everything to East.
    pub(crate) fn new(web: PerSite<SocketAddr>) -> Arc<Self> {
        let shares = PerSite { east: Share { weight: MAX_WEIGHT, credit: 0 }, west: Share::default() };
        let upstreams = web.map(|&web| Upstream { web, in_flight: AtomicU64::new(0) });
        let shares = Mutex::new(Shares { of: shares, serving: Site::East });
        Arc::new(Self { upstreams, shares })
    }

    /// What it does with each site.
    pub(crate) fn sites(&self) -> PerSite<RoutedSite> {
        let shares = lock(&self.shares);
        let of = |site| RoutedSite {
            weight: shares.of.get(site).weight,
            in_flight: self.upstreams.get(site).in_flight.load(Ordering::Relaxed),
        };
        PerSite { east: of(Site::East), west: of(Site::West) }
    }

    /// The site that customers are sent to, most of them; with no traffic to either, the one that they were sent to last.
    pub(crate) fn serving(&self) -> Site {
        lock(&self.shares).serving
    }

    fn set_weight(&self, site: Site, weight: u8) {
        let mut shares = lock(&self.shares);
        shares.of.get_mut(site).weight = weight;
        shares.of = shares.of.map(|share| Share { credit: 0, ..*share });
        let (east, west) = (shares.of.east.weight, shares.of.west.weight);
        shares.serving = match east.cmp(&west) {
            std::cmp::Ordering::Greater => Site::East,
            std::cmp::Ordering::Less => Site::West,
            std::cmp::Ordering::Equal => shares.serving,
        };
    }

    fn pick(&self) -> Option<Site> {
        let shares = &mut lock(&self.shares).of;
        let sum = i32::from(shares.east.weight) + i32::from(shares.west.weight);
        for site in Site::ALL {
            let share = shares.get_mut(*site);
            share.credit += i32::from(share.weight);
        }
        let open = Site::ALL.iter().copied().filter(|site| shares.get(*site).weight > 0);
        let picked = open.max_by_key(|site| shares.get(*site).credit)?;
        shares.get_mut(picked).credit -= sum;
        Some(picked)
    }

    /// Where customers come in: everything goes on to a site.
    pub(crate) fn traffic(self: &Arc<Self>) -> Router {
        Router::new().fallback(proxy).with_state(Arc::clone(self))
    }

    /// Where the weights are read and set: `GET /sites`, `POST /sites/{site}`.
    pub(crate) fn admin(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/sites", get(async |State(router): State<Arc<Self>>| Json(json!({"sites": router.sites()}))))
            .route("/sites/{site}", post(set_weight))
            .fallback(async |uri: Uri| no_such_path(&uri, &["GET /sites", "POST /sites/east", "POST /sites/west"]))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(Arc::clone(self))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Weight {
    weight: u8,
}

async fn set_weight(
    State(router): State<Arc<Balancer>>,
    Path(site): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let site: Site = site.parse().map_err(|unknown| Refusal::not_found(&unknown))?;
    let right = ["{\"weight\": 0}", "{\"weight\": 100}", "any whole number between them"];
    let Weight { weight } = serde_json::from_slice(&body)
        .map_err(|error| Refusal::unprocessable(format!("this is no weight: {error}"), &right))?;
    if weight > MAX_WEIGHT {
        return Err(Refusal::unprocessable(format!("{weight} is more than {MAX_WEIGHT}"), &right));
    }
    router.set_weight(site, weight);
    let now = *router.sites().get(site);
    Ok(Json(json!({"site": site, "weight": now.weight, "in_flight": now.in_flight})).into_response())
}

async fn proxy(State(router): State<Arc<Balancer>>, request: Request) -> Result<Response, Refusal> {
    let Some(site) = router.pick() else {
        return Err(Refusal::because(StatusCode::SERVICE_UNAVAILABLE, "no site gets traffic: all weights are 0"));
    };
    let upstream = router.upstreams.get(site);
    let _counted = InFlight::count(&upstream.in_flight);
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await
        .map_err(|error| Refusal::because(StatusCode::BAD_REQUEST, format!("the body cannot be passed on: {error}")))?
        .to_bytes();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let content_type = parts.headers.get(header::CONTENT_TYPE).cloned();
    let request = call::request(parts.method, path, content_type, body)
        .map_err(|error| Refusal::because(StatusCode::BAD_REQUEST, error.to_string()))?;
    match call::call(upstream.web, request, CALL_TIMEOUT).await {
        Ok(answer) => Ok(answer.into_response()),
        Err(error) => Err(Refusal::because(status_of(&error), format!("web of {site}: {error}"))),
    }
}

fn status_of(error: &CallError) -> StatusCode {
    match error {
        CallError::TimedOut { .. } => StatusCode::GATEWAY_TIMEOUT,
        CallError::Connect { .. } | CallError::Broken { .. } | CallError::TooLarge { .. } => StatusCode::BAD_GATEWAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balancer(east: u8, west: u8) -> Arc<Balancer> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let balancer = Balancer::new(PerSite { east: nowhere, west: nowhere });
        balancer.set_weight(Site::East, east);
        balancer.set_weight(Site::West, west);
        balancer
    }

    fn to_east(balancer: &Balancer, requests: usize) -> usize {
        (0..requests).filter(|_| balancer.pick() == Some(Site::East)).count()
    }

    #[test]
    fn requests_are_shared_out_by_weight() {
        assert_eq!(to_east(&balancer(75, 25), 100), 75);
        assert_eq!(to_east(&balancer(50, 50), 10), 5);
    }

    #[test]
    fn a_site_of_weight_0_gets_nothing_from_the_next_request_on() {
        let balancer = balancer(100, 10);
        to_east(&balancer, 7);
        balancer.set_weight(Site::East, 0);
        assert_eq!(to_east(&balancer, 50), 0);
        balancer.set_weight(Site::West, 0);
        assert_eq!(balancer.pick(), None);
        assert_eq!(balancer.serving(), Site::West, "they were sent there last");
    }
}
