//! Looking at parts. One file a kind: adding a kind is one file and one line here.

mod http;
mod tcp;

use std::time::Instant;

use crate::core::health::Found;
use crate::core::plan::Look;
use crate::core::time::Span;

/// What a look found, and the evidence in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was found.
    pub found: Found,
    /// The evidence.
    pub why: String,
    /// How long it took.
    pub took: Span,
}

/// Looks once. Never takes longer than `timeout`.
pub async fn look(look: &Look, timeout: Span, http: &reqwest::Client) -> Answer {
    let began = Instant::now();
    let (limit, result) = match look {
        Look::Http { url, status, contains, max_latency } => {
            let asked = http::look(http, url, *status, contains.as_deref());
            (*max_latency, tokio::time::timeout(timeout.to_std(), asked).await)
        }
        Look::Tcp { address, max_latency } => {
            (*max_latency, tokio::time::timeout(timeout.to_std(), tcp::look(address)).await)
        }
    };
    let took = Span::from(began.elapsed());
    let (found, why) = match result {
        Err(_) => (Found::Bad, format!("no answer within {timeout}")),
        Ok(Err(why)) => (Found::Bad, why),
        Ok(Ok(what)) => match limit.filter(|limit| took > *limit) {
            Some(limit) => (Found::Slow, format!("{what} in {took}, limit {limit}")),
            None => (Found::Good, format!("{what} in {took}")),
        },
    };
    Answer { found, why, took }
}
