//! Requests to others, as probes, steps and channels send them: one client, plain reasons, bounded bodies.

use std::time::Duration;

/// A client that follows no redirect, keeps no connection and trusts no proxy: a look is at the address in the plan, each time
/// anew.
///
/// # Errors
/// The TLS roots of the system cannot be read.
pub fn client() -> reqwest::Result<reqwest::Client> {
    builder().build()
}

/// The same, with all connections for one host going to that address.
///
/// # Errors
/// As of [`client`].
pub fn client_to(host: &str, address: std::net::SocketAddr) -> reqwest::Result<reqwest::Client> {
    builder().resolve(host, address).build()
}

/// What every client of the engine has in common.
pub(crate) fn builder() -> reqwest::ClientBuilder {
    // Without a provider of cryptography no client can be built. One that is there already is this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(30))
        .no_proxy()
        .user_agent(concat!("warroom/", env!("CARGO_PKG_VERSION")))
}

/// The innermost reason of a failed request, as people say it: `connection refused`.
#[must_use]
pub fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    let mut inner: &dyn std::error::Error = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    match inner.downcast_ref::<std::io::Error>() {
        Some(io) => io_reason(io),
        None => inner.to_string(),
    }
}

/// The reason of a failed socket, without the error number.
#[must_use]
pub fn io_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".into(),
        ErrorKind::ConnectionReset => "connection reset".into(),
        ErrorKind::HostUnreachable => "host unreachable".into(),
        ErrorKind::NetworkUnreachable => "network unreachable".into(),
        ErrorKind::TimedOut => "no answer in time".into(),
        ErrorKind::UnexpectedEof => "connection closed".into(),
        _ => error.to_string(),
    }
}

/// The first `limit` bytes of an answer's body, however long the answer goes on.
///
/// # Errors
/// The connection broke first.
pub async fn body_start(answer: reqwest::Response, limit: usize) -> reqwest::Result<Vec<u8>> {
    let mut answer = answer;
    let mut body = Vec::new();
    while body.len() < limit {
        match answer.chunk().await? {
            Some(chunk) => body.extend_from_slice(&chunk[..chunk.len().min(limit - body.len())]),
            None => break,
        }
    }
    Ok(body)
}
