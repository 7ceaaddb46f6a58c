//! The simulated customers: a steady stream of requests through the router, that does not wait for slow ones. And the till of East's
//! own shop, which knows no other address than East's and goes on asking there whatever the router does.

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
use super::ledger::Ledger;

/// How long a customer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// One request in this many is an order.
const ORDER_EVERY: u64 = 4;

/// How often the till rings up an order.
const TILL_EVERY: Duration = Duration::from_secs(1);

/// What has become of the customers' requests since the range started. The numbers only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCounts {
    /// Answered with success.
    pub ok: u64,
    /// Answered with an error, or not within a second.
    pub failed: u64,
}

/// What a service answers to an order.
#[derive(Debug, Deserialize)]
struct Committed {
    at: String,
}

/// The customers, with the counters behind [`CustomerCounts`].
#[derive(Debug)]
pub(crate) struct Customers {
    ok: AtomicU64,
    failed: AtomicU64,
    ledger: Arc<Ledger>,
}

impl Customers {
    /// Customers whose orders stand in that ledger.
    pub(crate) fn new(ledger: Arc<Ledger>) -> Arc<Self> {
        Arc::new(Self { ok: AtomicU64::new(0), failed: AtomicU64::new(0), ledger })
    }

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
        let answered = if number % ORDER_EVERY == ORDER_EVERY - 1 {
            order(&self.ledger, router, "router").await
        } else {
            read(router).await
        };
        let counter = if answered { &self.ok } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Rings up an order a second at the site whose web shop is there, for ever.
pub(crate) async fn till(ledger: Arc<Ledger>, web: SocketAddr) {
    let mut ticks = tokio::time::interval(TILL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        order(&ledger, web, "till").await;
    }
}

async fn read(shop: SocketAddr) -> bool {
    let Ok(request) = call::request(Method::GET, "/", None, Bytes::new()) else { return false };
    call::call(shop, request, PATIENCE).await.is_ok_and(|answer| answer.status.is_success())
}

/// Orders something; whether it was taken.
async fn order(ledger: &Ledger, shop: SocketAddr, from: &str) -> bool {
    let number = ledger.number();
    let order = json!({"order": number, "from": from, "item": "tent"}).to_string();
    let json = HeaderValue::from_static("application/json");
    let Ok(request) = call::request(Method::POST, "/orders", Some(json), Bytes::from(order)) else { return false };
    match call::call(shop, request, PATIENCE).await {
        Ok(answer) if answer.status.is_success() => {
            if let Ok(Committed { at }) = serde_json::from_slice(&answer.body) {
                ledger.acknowledge(number, at);
            }
            true
        }
        _ => false,
    }
}
