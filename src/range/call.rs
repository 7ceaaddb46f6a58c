//! One HTTP exchange over a connection of its own.
//!
//! Nothing is pooled: a call must meet the listener as it is now, not one that was there a moment ago.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long any call inside the range may take.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(1);

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No connection could be made.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Where to.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The connection broke, or what came was not HTTP.
    #[error("{address} broke off: {reason}")]
    Broken {
        /// Where to.
        address: SocketAddr,
        /// What was wrong.
        reason: String,
    },
    /// Nothing came in time.
    #[error("{address} gave no answer within {} ms", within.as_millis())]
    TimedOut {
        /// Where to.
        address: SocketAddr,
        /// How long it was waited for.
        within: Duration,
    },
    /// More came than anything in the range sends.
    #[error("{address} answered with more than {MAX_ANSWER} bytes")]
    TooLarge {
        /// Where to.
        address: SocketAddr,
    },
}

/// Sends one request to `address`, and reads the answer whole, within `within`.
///
/// # Errors
/// When there is no whole answer in time. An answer with an error status is an answer.
pub(crate) async fn call(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
    within: Duration,
) -> Result<Answer, CallError> {
    tokio::time::timeout(within, exchange(address, request))
        .await
        .unwrap_or(Err(CallError::TimedOut { address, within }))
}

/// A request as [`call`] sends it: `path` with its query, a body and, for a body, its type.
///
/// # Errors
/// When `path` cannot stand in a request.
pub(crate) fn request(
    method: Method,
    path: &str,
    content_type: Option<HeaderValue>,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, axum::http::Error> {
    let mut request = Request::builder().method(method).uri(path).header(header::CONNECTION, "close");
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    request.body(Full::new(body))
}

async fn exchange(address: SocketAddr, mut request: Request<Full<Bytes>>) -> Result<Answer, CallError> {
    let broken = |error: hyper::Error| CallError::Broken { address, reason: error.to_string() };
    let stream = TcpStream::connect(address).await.map_err(|source| CallError::Connect { address, source })?;
    if let Ok(host) = HeaderValue::from_str(&address.to_string()) {
        request.headers_mut().insert(header::HOST, host);
    }
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let answer = async {
        let (parts, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                CallError::TooLarge { address }
            } else {
                CallError::Broken { address, reason: error.to_string() }
            }
        })?;
        let content_type = parts.headers.get(header::CONTENT_TYPE).cloned();
        Ok(Answer { status: parts.status, content_type, body: body.to_bytes() })
    };
    // The connection is driven here and not in a task, so that giving up on the call closes it.
    let (mut answer, mut connection) = (pin!(answer), pin!(connection));
    let mut connected = true;
    loop {
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            _ = &mut connection, if connected => connected = false,
        }
    }
}
