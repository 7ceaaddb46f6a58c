//! Watching the router let a site go.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, StatusCode};
use serde::Deserialize;

use super::call::{self, CALL_TIMEOUT, CallError};
use super::names::{PerSite, Site};
use super::router::RoutedSite;

/// From one look to the next.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Looks in a row that must find nothing in flight. One is not enough: a request may be on its way into the router.
const QUIET_LOOKS: u32 = 3;

/// Why the router could not be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The address is not one of the range's.
    #[error("\"{0}\" is not an address like http://127.0.0.1:8080")]
    Address(String),
    /// The request cannot be made.
    #[error("the request cannot be made: {0}")]
    Request(#[from] axum::http::Error),
    /// The router does not answer.
    #[error("the router does not answer: {0}")]
    Call(#[from] CallError),
    /// The router answers with an error.
    #[error("the router answered {0}")]
    Status(StatusCode),
    /// The answer is not the router's.
    #[error("the router's answer cannot be read: {0}")]
    Answer(#[from] serde_json::Error),
    /// The lines cannot be written.
    #[error("the lines cannot be written: {0}")]
    Write(#[from] io::Error),
}

#[derive(Deserialize)]
struct Sites {
    sites: PerSite<RoutedSite>,
}

/// Writes a line about every 300 ms on what the router has in flight to `site`, and returns when that was nothing three
/// times in a row at weight 0. `router_admin` is the router's administration, `http://127.0.0.1:PORT`.
///
/// # Errors
/// When the router does not answer as it should, or `out` cannot be written to. As long as the site has a weight it
/// waits: the one who calls it sets the limit.
pub async fn watch_in_flight(router_admin: &str, site: Site, out: &mut impl Write) -> Result<(), WatchError> {
    let address = address_of(router_admin)?;
    let mut quiet = 0;
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        let now = *look(address).await?.get(site);
        quiet = if now.weight == 0 && now.in_flight == 0 { quiet + 1 } else { 0 };
        writeln!(out, "{site}: weight {}, {} in flight", now.weight, now.in_flight)?;
        if quiet == QUIET_LOOKS {
            writeln!(out, "{site}: nothing in flight")?;
            out.flush()?;
            return Ok(());
        }
        out.flush()?;
    }
}

fn address_of(url: &str) -> Result<SocketAddr, WatchError> {
    url.strip_prefix("http://")
        .and_then(|rest| rest.trim_end_matches('/').parse().ok())
        .ok_or_else(|| WatchError::Address(url.to_owned()))
}

async fn look(router_admin: SocketAddr) -> Result<PerSite<RoutedSite>, WatchError> {
    let request = call::request(Method::GET, "/sites", None, Bytes::new())?;
    let answer = call::call(router_admin, request, CALL_TIMEOUT).await?;
    if answer.status != StatusCode::OK {
        return Err(WatchError::Status(answer.status));
    }
    Ok(serde_json::from_slice::<Sites>(&answer.body)?.sites)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_or_without_a_slash_and_nothing_else_is() {
        for right in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            assert_eq!(address_of(right).unwrap().port(), 8080);
        }
        for wrong in ["127.0.0.1:8080", "https://127.0.0.1:8080", "http://localhost", ""] {
            assert!(address_of(wrong).is_err(), "{wrong}");
        }
    }
}
