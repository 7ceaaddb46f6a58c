//! Slack: an incoming webhook, or a bot with one message for an incident, kept current, and the updates as its thread.
//!
//! `chat.postMessage` and `chat.update` of the Web API answer 200 with `ok: false` where they do not, and 429 where they are asked
//! too often. Neither way can tell a repeat.

use serde_json::{Value, json};

use super::exchange::exchange;
use super::outbound::Outbound;
use super::settings::{Slack, SlackWebhook};
use super::{Message, address, secret};
use crate::core::comms::Attempt;

/// What Slack says where the same request may come right later; everything else is wrong for good.
const LATER: [&str; 6] =
    ["ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"];

/// Posts to an incoming webhook.
pub(super) async fn post(outbound: &Outbound, hook: &SlackWebhook, message: &Message) -> Result<Attempt, Attempt> {
    let post = outbound.post(&address(&hook.url).await?)?;
    let answer = exchange(post.json(&json!({ "text": text(message) }))).await?.judged()?;
    Ok(Attempt::took(answer.text()))
}

/// Posts as a bot: the first update of an incident, or an answer to it that brings it up to date as well.
pub(super) async fn send(outbound: &Outbound, slack: &Slack, message: &Message) -> Result<Attempt, Attempt> {
    let first = message.reference.as_deref();
    let mut body = json!({ "channel": slack.channel, "text": text(message), "unfurl_links": false });
    if let (Some(first), Some(body)) = (first, body.as_object_mut()) {
        body.insert("thread_ts".to_owned(), json!(first));
    }
    let said = call(outbound, slack, "chat.postMessage", &body).await?;
    let made = said["ts"].as_str().unwrap_or_default().to_owned();
    let Some(first) = first else {
        return Ok(Attempt::Took { answer: "200 ok".to_owned(), reference: Some(made) });
    };
    // The words have arrived: what became of this is said, and changes nothing of it.
    let current = json!({ "channel": slack.channel, "ts": first, "text": text(message) });
    let answer = match call(outbound, slack, "chat.update", &current).await {
        Ok(_) => "200 ok".to_owned(),
        Err(Attempt::NotNow { why, .. } | Attempt::Never { why }) => {
            format!("200 ok, and the incident's first message stays as it was: {why}")
        }
        Err(Attempt::Took { answer, .. }) => answer,
    };
    Ok(Attempt::Took { answer, reference: None })
}

async fn call(outbound: &Outbound, slack: &Slack, method: &str, body: &Value) -> Result<Value, Attempt> {
    let token = secret(&slack.token).await?;
    let post = outbound.post(&format!("{}/{method}", slack.api))?.bearer_auth(token.expose());
    let answer = exchange(post.json(body)).await?.judged()?;
    let said = answer.json();
    match (said["ok"].as_bool(), said["error"].as_str()) {
        (Some(true), _) => Ok(said),
        (_, Some(error)) if LATER.contains(&error) => Err(Attempt::NotNow { why: error.to_owned(), rest: answer.rest }),
        (_, Some(error)) => Err(Attempt::never(error.to_owned())),
        (_, None) => Err(Attempt::not_now(format!("no answer of Slack's: {}", answer.text()))),
    }
}

/// The words in Slack's own markup: three characters of it stand for themselves only when they are escaped.
fn text(message: &Message) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("*{}*\n{}\n_{}_", escaped(&message.title()), escaped(&message.text), escaped(&message.by))
}
