//! Where channels lead, as the engine's settings say it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::core::secret::SecretRef;

/// Where a channel leads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChannelSettings {
    /// A JSON message is posted.
    Webhook(Webhook),
    /// An incoming webhook of Slack.
    SlackWebhook(SlackWebhook),
    /// A Slack channel, by a bot: one message for an incident, the updates as its thread.
    Slack(Slack),
    /// E-mail.
    Email(Email),
    /// PagerDuty, Events API v2.
    Pagerduty(Pagerduty),
    /// A short message, by an API like Twilio's.
    Sms(Phone),
    /// A call that reads the message out, by an API like Twilio's.
    Voice(Phone),
    /// A status page for customers, by an API like Statuspage's.
    Statuspage(Statuspage),
}

/// Settings of `webhook`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The address.
    pub url: Address,
    /// The key of its signature; not signed without.
    #[serde(default)]
    pub sign_with: Option<SecretRef>,
    /// A second key, while the other side changes from one to the other.
    #[serde(default)]
    pub sign_also_with: Option<SecretRef>,
}

/// Settings of `slack_webhook`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackWebhook {
    /// The address: whoever has it can post, so that it is a secret.
    pub url: Address,
}

/// Settings of `slack`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// The bot's token, with the scope `chat:write`.
    pub token: SecretRef,
    /// The identifier of the channel.
    pub channel: String,
    /// Where the API is.
    #[serde(default = "slack_api")]
    pub api: String,
}

/// Settings of `email`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// `host:port`.
    pub server: String,
    /// How the connection is made safe.
    #[serde(default)]
    pub tls: SmtpTls,
    /// Who logs in; nobody when not said.
    #[serde(default)]
    pub user: Option<String>,
    /// With which password.
    #[serde(default)]
    pub password: Option<SecretRef>,
    /// Who writes, as `Name <address>`.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
    /// A file of certificates that the server's is checked against, besides those of the system.
    #[serde(default)]
    pub ca: Option<std::path::PathBuf>,
}

/// How a connection to a mail server is made safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// It begins in the clear and is refused unless it turns to TLS (port 587).
    #[default]
    Starttls,
    /// TLS from the first byte (port 465).
    Tls,
    /// None: for a mail server on this machine.
    None,
}

/// Settings of `pagerduty`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pagerduty {
    /// The integration key of the service.
    pub routing_key: SecretRef,
    /// Where the API is.
    #[serde(default = "pagerduty_api")]
    pub api: String,
}

/// Settings of `sms` and `voice`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// The account's identifier.
    pub account: String,
    /// The account's token.
    pub token: SecretRef,
    /// The number that is shown, as `+15550100`.
    pub from: String,
    /// The number that is reached.
    pub to: String,
    /// Where the API is.
    #[serde(default = "twilio_api")]
    pub api: String,
}

/// Settings of `statuspage`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statuspage {
    /// The page's identifier.
    pub page: String,
    /// The key of the API.
    pub token: SecretRef,
    /// Components of the page that an open incident shows as out of order, with how they are shown meanwhile.
    #[serde(default)]
    pub components: BTreeMap<String, ComponentStatus>,
    /// Where the API is.
    #[serde(default = "statuspage_api")]
    pub api: String,
}

/// How a component of a status page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ComponentStatus {
    /// It is slow.
    DegradedPerformance,
    /// Some of it does not work.
    PartialOutage,
    /// It does not work.
    MajorOutage,
    /// It is worked on as announced.
    UnderMaintenance,
}

impl ChannelSettings {
    /// The kind as settings name it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            ChannelSettings::Webhook(_) => "webhook",
            ChannelSettings::SlackWebhook(_) => "slack_webhook",
            ChannelSettings::Slack(_) => "slack",
            ChannelSettings::Email(_) => "email",
            ChannelSettings::Pagerduty(_) => "pagerduty",
            ChannelSettings::Sms(_) => "sms",
            ChannelSettings::Voice(_) => "voice",
            ChannelSettings::Statuspage(_) => "statuspage",
        }
    }

    /// Looks whether what they say can be right.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        match self {
            ChannelSettings::Email(email) => email.check(),
            ChannelSettings::Slack(Slack { api, .. })
            | ChannelSettings::Pagerduty(Pagerduty { api, .. })
            | ChannelSettings::Sms(Phone { api, .. })
            | ChannelSettings::Voice(Phone { api, .. })
            | ChannelSettings::Statuspage(Statuspage { api, .. }) => is_address(api),
            ChannelSettings::Webhook(_) | ChannelSettings::SlackWebhook(_) => Ok(()),
        }
    }
}

impl Email {
    fn check(&self) -> Result<(), String> {
        let (_, port) = self.server.rsplit_once(':').unwrap_or_default();
        if port.parse::<u16>().is_err() {
            return Err(format!("server = {:?} names no port; write it as \"smtp.example:587\"", self.server));
        }
        if self.user.is_some() != self.password.is_some() {
            return Err("user and password go together: write both or neither".into());
        }
        if self.password.is_some() && self.tls == SmtpTls::None {
            return Err("a password would go in the clear: write tls = \"starttls\" or tls = \"tls\"".into());
        }
        if self.to.is_empty() {
            return Err("to = [] names nobody".into());
        }
        for address in self.to.iter().chain([&self.from]) {
            address
                .parse::<lettre::message::Mailbox>()
                .map_err(|why| format!("{address:?} is no address of e-mail ({why}); write Name <name@example.com>"))?;
        }
        Ok(())
    }
}

/// An address, or where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Itself, `http` or `https`.
    Plain(String),
    /// It is a secret, because whoever has it can post.
    Secret(SecretRef),
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        let text = String::deserialize(deserializer)?;
        if is_address(&text).is_ok() {
            return Ok(Address::Plain(text));
        }
        // Not with its text, which could be the secret.
        text.parse().map(Address::Secret).map_err(|_| {
            serde::de::Error::custom(
                "an address begins with https:// or http://, or is kept as a secret: file:/PATH, env:NAME, command:PROGRAM",
            )
        })
    }
}

fn is_address(text: &str) -> Result<(), String> {
    let known = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
    if known { Ok(()) } else { Err(format!("{text:?} is no address; write it with https://")) }
}

fn slack_api() -> String {
    "https://slack.com/api".into()
}

fn pagerduty_api() -> String {
    "https://events.pagerduty.com".into()
}

fn twilio_api() -> String {
    "https://api.twilio.com".into()
}

fn statuspage_api() -> String {
    "https://api.statuspage.io".into()
}
