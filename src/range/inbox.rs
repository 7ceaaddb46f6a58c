//! Where updates arrive: keeps what it is sent, each idempotency key once. Two ways lead in, and each can fail on its own.

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

/// A way into the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// `POST /inbox`.
    Inbox,
    /// `POST /mail`.
    Mail,
}

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its number; the first is 1.
    pub id: u64,
    /// When it came (RFC 3339, UTC, µs).
    pub received_at: String,
    /// By which way.
    pub way: Way,
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
    /// `down` while it refuses every message by `/inbox` with a 503, `errors` with a 500.
    pub fault: Option<Fault>,
    /// The same for `/mail`.
    pub mail_fault: Option<Fault>,
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
    mail_fault: Option<Fault>,
    count: u64,
    messages: VecDeque<Message>,
    keys: VecDeque<Key>,
    answered: HashMap<Key, u64>,
}

/// What came by one way with an idempotency key.
type Key = (Way, String);

impl Inbox {
    /// Its HTTP address: `POST /inbox`, `POST /mail`.
    pub(crate) fn app(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/inbox", post(by_inbox))
            .route("/mail", post(by_mail))
            .fallback(async |uri: Uri| no_such_path(&uri, &["POST /inbox", "POST /mail"]))
            .layer(DefaultBodyLimit::max(MAX_MESSAGE))
            .with_state(Arc::clone(self))
    }

    /// What it holds.
    pub(crate) fn status(&self) -> InboxStatus {
        let held = lock(&self.0);
        let messages = held.messages.iter().cloned().collect();
        InboxStatus { fault: held.fault, mail_fault: held.mail_fault, count: held.count, messages }
    }

    /// Makes it refuse messages by a way, or take them again.
    pub(crate) fn set_fault(&self, way: Way, fault: Option<Fault>) {
        *lock(&self.0).fault_of(way) = fault;
    }

    /// Keeps a message, and gives its number; that of the first one, if its key is known.
    ///
    /// # Errors
    /// The fault of that way.
    fn keep(
        &self,
        way: Way,
        idempotency_key: Option<String>,
        content_type: Option<String>,
        body: String,
    ) -> Result<u64, Fault> {
        let mut held = lock(&self.0);
        if let Some(fault) = *held.fault_of(way) {
            return Err(fault);
        }
        let key = idempotency_key.clone().map(|key| (way, key));
        if let Some(id) = key.as_ref().and_then(|key| held.answered.get(key)) {
            return Ok(*id);
        }
        held.count += 1;
        let id = held.count;
        if let Some(key) = key {
            held.remember(key, id);
        }
        held.messages.push_back(Message { id, received_at: now(), way, idempotency_key, content_type, body });
        if held.messages.len() > KEPT {
            held.messages.pop_front();
        }
        Ok(id)
    }
}

impl Held {
    fn fault_of(&mut self, way: Way) -> &mut Option<Fault> {
        match way {
            Way::Inbox => &mut self.fault,
            Way::Mail => &mut self.mail_fault,
        }
    }

    fn remember(&mut self, key: Key, id: u64) {
        self.answered.insert(key.clone(), id);
        self.keys.push_back(key);
        if self.keys.len() > KEYS
            && let Some(oldest) = self.keys.pop_front()
        {
            self.answered.remove(&oldest);
        }
    }
}

async fn by_inbox(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    receive(&inbox, Way::Inbox, &headers, body)
}

async fn by_mail(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    receive(&inbox, Way::Mail, &headers, body)
}

fn receive(inbox: &Inbox, way: Way, headers: &HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let key = text_header(headers, "idempotency-key")?;
    if key.as_ref().is_some_and(|key| key.len() > MAX_KEY) {
        return Err(Refusal::unprocessable("the Idempotency-Key is too long", &["at most 200 bytes"]));
    }
    let content_type = text_header(headers, header::CONTENT_TYPE.as_str())?;
    let body = String::from_utf8(body.into())
        .map_err(|_| Refusal::unprocessable("the message is not text", &["UTF-8 text or JSON"]))?;
    let refused = |fault: Fault| {
        let status = match fault {
            Fault::Errors => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refusal::because(status, format!("the inbox has the fault \"{fault}\""))
    };
    let id = inbox.keep(way, key, content_type, body).map_err(refused)?;
    Ok((StatusCode::ACCEPTED, Json(json!({"id": id}))).into_response())
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
        inbox.keep(Way::Inbox, key.map(str::to_owned), None, body.to_owned()).ok()
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
        inbox.set_fault(Way::Inbox, Some(Fault::Down));
        assert_eq!(send(&inbox, Some("b"), "two"), None);
        inbox.set_fault(Way::Inbox, None);
        assert_eq!(send(&inbox, Some("a"), "one"), Some(1));
        assert_eq!(send(&inbox, Some("b"), "two"), Some(2));
    }

    #[test]
    fn one_way_fails_on_its_own_and_a_key_belongs_to_its_way() {
        let inbox = Inbox::default();
        let mail = |key: &str| inbox.keep(Way::Mail, Some(key.to_owned()), None, "text".to_owned());
        assert_eq!((send(&inbox, Some("a"), "text"), mail("a")), (Some(1), Ok(2)));
        inbox.set_fault(Way::Mail, Some(Fault::Errors));
        assert_eq!((send(&inbox, Some("b"), "text"), mail("b")), (Some(3), Err(Fault::Errors)));
        let ways: Vec<Way> = inbox.status().messages.iter().map(|message| message.way).collect();
        assert_eq!(ways, [Way::Inbox, Way::Mail, Way::Inbox]);
    }
}
