//! Where updates arrive: keeps what it is sent, each idempotency key once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::database::now;
use super::names::Fault;
use super::reply::{Refusal, lock, no_such_path};

/// The largest message, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;
/// The newest messages that are kept.
const KEPT: usize = 50;
/// The newest idempotency keys that are remembered.
const KEYS: usize = 1000;
/// The longest idempotency key, in bytes.
const MAX_KEY: usize = 200;

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its number; the first is 1.
    pub id: u64,
    /// When it came (RFC 3339, UTC, µs).
    pub received_at: String,
    /// The `Idempotency-Key` it came with.
    pub idempotency_key: Option<String>,
    /// The `Content-Type` it came with.
    pub content_type: Option<String>,
    /// Its text, as it came: JSON is not read.
    pub body: String,
}

/// What the inbox holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxStatus {
    /// `down` while it refuses every message with a 503.
    pub fault: Option<Fault>,
    /// How many messages were received since the start.
    pub count: u64,
    /// The newest, at most 50, oldest first.
    pub messages: Vec<Message>,
}

/// The inbox.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    fault: Option<Fault>,
    count: u64,
    messages: VecDeque<Message>,
    keys: VecDeque<String>,
    answered: HashMap<String, u64>,
}

impl Inbox {
    /// Its HTTP address: `POST /inbox`.
    pub(crate) fn app(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/inbox", post(receive))
            .fallback(async |uri: Uri| no_such_path(&uri, &["POST /inbox"]))
            .layer(DefaultBodyLimit::max(MAX_MESSAGE))
            .with_state(Arc::clone(self))
    }

    /// What it holds.
    pub(crate) fn status(&self) -> InboxStatus {
        let held = lock(&self.0);
        InboxStatus { fault: held.fault, count: held.count, messages: held.messages.iter().cloned().collect() }
    }

    /// Makes it refuse messages, or take them again.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        lock(&self.0).fault = fault;
    }

    /// Keeps a message, and gives its number; that of the first one, if its key is known. `None` while it is down.
    fn keep(&self, key: Option<String>, content_type: Option<String>, body: String) -> Option<u64> {
        let mut held = lock(&self.0);
        if held.fault.is_some() {
            return None;
        }
        if let Some(id) = key.as_ref().and_then(|key| held.answered.get(key)) {
            return Some(*id);
        }
        held.count += 1;
        let id = held.count;
        if let Some(key) = &key {
            held.remember(key.clone(), id);
        }
        held.messages.push_back(Message { id, received_at: now(), idempotency_key: key, content_type, body });
        if held.messages.len() > KEPT {
            held.messages.pop_front();
        }
        Some(id)
    }
}

impl Held {
    fn remember(&mut self, key: String, id: u64) {
        self.answered.insert(key.clone(), id);
        self.keys.push_back(key);
        if self.keys.len() > KEYS
            && let Some(oldest) = self.keys.pop_front()
        {
            self.answered.remove(&oldest);
        }
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let key = text_header(&headers, "idempotency-key")?;
    if key.as_ref().is_some_and(|key| key.len() > MAX_KEY) {
        return Err(Refusal::unprocessable("the Idempotency-Key is too long", &["at most 200 bytes"]));
    }
    let content_type = text_header(&headers, header::CONTENT_TYPE.as_str())?;
    let body = String::from_utf8(body.into())
        .map_err(|_| Refusal::unprocessable("the message is not text", &["UTF-8 text or JSON"]))?;
    match inbox.keep(key, content_type, body) {
        Some(id) => Ok((StatusCode::ACCEPTED, Json(json!({"id": id}))).into_response()),
        None => Err(Refusal::because(StatusCode::SERVICE_UNAVAILABLE, "the inbox has the fault \"down\"")),
    }
}

fn text_header(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Refusal::unprocessable(format!("{name} is not text"), &["visible ASCII"]))?;
    Ok(Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(inbox: &Inbox, key: Option<&str>, body: &str) -> Option<u64> {
        inbox.keep(key.map(str::to_owned), None, body.to_owned())
    }

    #[test]
    fn a_repeated_key_is_answered_the_same_and_kept_once() {
        let inbox = Inbox::default();
        assert_eq!(send(&inbox, Some("a"), "one"), Some(1));
        assert_eq!(send(&inbox, Some("b"), "two"), Some(2));
        assert_eq!(send(&inbox, Some("a"), "one"), Some(1));
        assert_eq!(send(&inbox, None, "three"), Some(3));
        assert_eq!(send(&inbox, None, "three"), Some(4));
        let status = inbox.status();
        assert_eq!((status.count, status.messages.len()), (4, 4));
    }

    #[test]
    fn the_newest_messages_are_kept_and_older_keys_still_known() {
        let inbox = Inbox::default();
        for number in 1..=60 {
            send(&inbox, Some(&number.to_string()), "text");
        }
        assert_eq!(send(&inbox, Some("1"), "text"), Some(1));
        let status = inbox.status();
        assert_eq!((status.count, status.messages[0].id, status.messages.len()), (60, 11, KEPT));
    }

    #[test]
    fn an_inbox_that_is_down_keeps_nothing_and_forgets_nothing() {
        let inbox = Inbox::default();
        send(&inbox, Some("a"), "one");
        inbox.set_fault(Some(Fault::Down));
        assert_eq!(send(&inbox, Some("b"), "two"), None);
        inbox.set_fault(None);
        assert_eq!(send(&inbox, Some("a"), "one"), Some(1));
        assert_eq!(send(&inbox, Some("b"), "two"), Some(2));
    }
}
