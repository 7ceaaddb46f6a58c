//! Ways to the world. One file a kind: adding a kind is one file and one line here.
//!
//! A channel tries once and says what came of it; what is owed, and when it is tried again, is in the journal.

mod webhook;

use serde::Serialize;

use crate::core::comms::Attempt;
use crate::engine::config::ChannelSettings;

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The same for every try of one update on one channel, so that the other side can tell a repeat.
    pub key: String,
    /// The incident.
    pub incident: String,
    /// Its call-sign.
    pub call_sign: String,
    /// How bad.
    pub severity: String,
    /// Where the incident stands.
    pub status: String,
    /// `PRODUCTION`, `STAGING` or `PRACTICE`.
    pub environment: String,
    /// The update's number.
    pub number: usize,
    /// When it was written, RFC 3339.
    pub at: String,
    /// Who wrote it.
    pub by: String,
    /// The words.
    pub text: String,
}

/// Tries to deliver a message once.
pub async fn send(settings: &ChannelSettings, message: &Message, http: &reqwest::Client) -> Attempt {
    match settings {
        ChannelSettings::Webhook { url } => webhook::send(http, url, message).await,
    }
}
