//! The simulated customers: a steady stream of requests through the router, that does not wait for slow ones.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::call;

/// How long a customer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// One request in this many is an order.
const ORDER_EVERY: u64 = 4;

/// What has become of the customers' requests since the range started. The numbers only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCounts {
    /// Answered with success.
    pub ok: u64,
    /// Answered with an error, or not within a second.
    pub failed: u64,
}

/// The counters behind [`CustomerCounts`].
#[derive(Debug, Default)]
pub(crate) struct Customers {
    ok: AtomicU64,
    failed: AtomicU64,
}

impl Customers {
    /// What has become of their requests.
    pub(crate) fn counts(&self) -> CustomerCounts {
        CustomerCounts { ok: self.ok.load(Ordering::Relaxed), failed: self.failed.load(Ordering::Relaxed) }
    }

    /// Sends `per_second` requests a second to the router, for ever. Dropping it drops what is in flight.
    pub(crate) async fn stream(self: Arc<Self>, router: SocketAddr, per_second: NonZeroU32) {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second.get());
        // After the machine slept, customers must not all come at once.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // Nobody waits longer than PATIENCE, so twice that many is never reached unless the machine itself stands still.
        let most = per_second.get() as usize * 2;
        let mut waiting = JoinSet::new();
        for number in 0_u64.. {
            ticks.tick().await;
            while waiting.try_join_next().is_some() {}
            if waiting.len() < most {
                waiting.spawn(Arc::clone(&self).visit(router, number));
            }
        }
    }

    async fn visit(self: Arc<Self>, router: SocketAddr, number: u64) {
        let request = if number % ORDER_EVERY == ORDER_EVERY - 1 {
            let order = json!({"customer": number, "item": "tent"}).to_string();
            let json = HeaderValue::from_static("application/json");
            call::request(Method::POST, "/orders", Some(json), Bytes::from(order))
        } else {
            call::request(Method::GET, "/", None, Bytes::new())
        };
        let answered = match request {
            Ok(request) => call::call(router, request, PATIENCE).await.is_ok_and(|answer| answer.status.is_success()),
            Err(_) => false,
        };
        let counter = if answered { &self.ok } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
