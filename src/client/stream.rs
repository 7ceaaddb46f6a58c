//! Listens to an engine.

use std::collections::VecDeque;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::core::state::Entry;
use crate::core::time::Now;
use crate::wire::Live;

use super::ClientError;
use super::sse::{Message, Parser};

/// How long an engine may be silent; it says the time every 5 s.
pub const SILENCE: Duration = Duration::from_secs(15);

/// What an engine says by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamItem {
    /// Something happened.
    Event(Box<Entry>),
    /// The newest values of what is never journaled.
    Live(Box<Live>),
    /// The engine's clock.
    Now(Now),
    /// The stream has a gap here: take a fresh snapshot.
    Reset,
}

/// An open ear. Dropping it ends the connection.
#[derive(Debug)]
pub struct EventStream {
    body: Incoming,
    parser: Parser,
    ready: VecDeque<Message>,
    heard: Instant,
}

impl EventStream {
    pub(super) fn new(body: Incoming) -> EventStream {
        EventStream { body, parser: Parser::default(), ready: VecDeque::new(), heard: Instant::now() }
    }

    /// Waits for what the engine says next; `None` when it ended the stream in order. Nothing is lost when the wait is given
    /// up in between, so it may stand in a `select!`.
    ///
    /// # Errors
    /// [`ClientError::Lost`] when the connection broke or was silent for [`SILENCE`]; [`ClientError::Broken`] when what
    /// came cannot be read.
    pub async fn next(&mut self) -> Result<Option<StreamItem>, ClientError> {
        loop {
            while let Some(message) = self.ready.pop_front() {
                if let Some(item) = read(&message)? {
                    return Ok(Some(item));
                }
            }
            let frame = match timeout_at(self.heard + SILENCE, self.body.frame()).await {
                Ok(Some(frame)) => frame.map_err(|e| ClientError::Lost(e.to_string()))?,
                Ok(None) => return Ok(None),
                Err(_) => return Err(ClientError::Lost(format!("silent for {} s", SILENCE.as_secs()))),
            };
            self.heard = Instant::now();
            if let Some(bytes) = frame.data_ref() {
                self.parser
                    .feed(bytes, &mut self.ready)
                    .map_err(|_| ClientError::Broken("an event is larger than 32 MiB".into()))?;
            }
        }
    }
}

/// What a message means; sorts that are not known here come from a newer engine and are passed over.
fn read(message: &Message) -> Result<Option<StreamItem>, ClientError> {
    fn data<T: DeserializeOwned>(message: &Message) -> Result<T, ClientError> {
        serde_json::from_str(&message.data).map_err(|e| ClientError::Broken(format!("{}: {e}", message.event)))
    }
    Ok(Some(match message.event.as_str() {
        "event" => StreamItem::Event(data(message)?),
        "live" => StreamItem::Live(data(message)?),
        "now" => StreamItem::Now(data(message)?),
        "reset" => StreamItem::Reset,
        _ => return Ok(None),
    }))
}
