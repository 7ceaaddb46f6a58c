//! Ways to the world. One file a kind: adding a kind is one file and one line here.
//!
//! A channel tries once and says what came of it; what is owed, and when it is tried again, is in the journal. Every try of one
//! update on one channel has the same key. A webhook gets it as `Idempotency-Key`, PagerDuty as part of its event, a mail server as
//! the message's identifier, a status page finds by it what it has already. Slack and telephone have no such thing: what was taken
//! and not answered reaches people twice there.

mod email;
mod exchange;
pub mod outbound;
mod pagerduty;
mod phone;
pub mod settings;
mod slack;
mod statuspage;
mod webhook;

use serde::Serialize;

use crate::core::comms::Attempt;
use crate::core::plan::Environment;
use crate::core::secret::SecretRef;
use crate::secrets::{self, Secret};
use outbound::Outbound;
use settings::{Address, ChannelSettings};

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
    /// How the other side calls what earlier updates of the incident made there.
    #[serde(skip)]
    pub reference: Option<String>,
    /// Whether the trouble lasts.
    #[serde(skip)]
    pub trouble: Trouble,
    /// Whether it is a drill's.
    #[serde(skip)]
    pub earnest: Earnest,
}

/// Whether the trouble lasts, for those who show it as open or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It does.
    Lasts,
    /// Recovered, and watched.
    IsWatched,
    /// Closed, cancelled, or was none.
    IsOver,
}

/// Whether customers really have the trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earnest {
    /// They may.
    Real,
    /// It is practice: every message says so, and none goes to customers.
    Drill,
}

impl Earnest {
    /// That of an environment.
    #[must_use]
    pub fn of(environment: Environment) -> Earnest {
        if environment == Environment::Practice { Earnest::Drill } else { Earnest::Real }
    }
}

impl Message {
    /// `KESTREL critical: recovering`; of a drill with `DRILL` before it.
    fn title(&self) -> String {
        let drill = if self.earnest == Earnest::Drill { "DRILL " } else { "" };
        format!("{drill}{} {}: {}", self.call_sign, self.severity, self.status)
    }
}

/// Tries to deliver a message once.
pub async fn send(settings: &ChannelSettings, message: &Message, outbound: &Outbound) -> Attempt {
    let tried = match settings {
        ChannelSettings::Webhook(webhook) => webhook::send(outbound, webhook, message).await,
        ChannelSettings::SlackWebhook(hook) => slack::post(outbound, hook, message).await,
        ChannelSettings::Slack(slack) => slack::send(outbound, slack, message).await,
        ChannelSettings::Email(email) => email::send(outbound, email, message).await,
        ChannelSettings::Pagerduty(pagerduty) => pagerduty::send(outbound, pagerduty, message).await,
        ChannelSettings::Sms(phone) => phone::write(outbound, phone, message).await,
        ChannelSettings::Voice(phone) => phone::call(outbound, phone, message).await,
        ChannelSettings::Statuspage(page) => statuspage::send(outbound, page, message).await,
    };
    tried.unwrap_or_else(|failed| failed)
}

/// A secret of a channel.
///
/// # Errors
/// What came of the try: it may be there later.
async fn secret(reference: &SecretRef) -> Result<Secret, Attempt> {
    secrets::resolve(reference).await.map_err(|why| Attempt::not_now(why.to_string()))
}

async fn address(address: &Address) -> Result<String, Attempt> {
    match address {
        Address::Plain(url) => Ok(url.clone()),
        Address::Secret(reference) => Ok(secret(reference).await?.expose().to_owned()),
    }
}
