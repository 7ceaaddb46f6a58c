//! PagerDuty, Events API v2: one alert for an incident, by one `dedup_key`, triggered again by each update and resolved by the
//! first that comes when the trouble is over. A repeat changes nothing.

use serde_json::json;

use super::exchange::exchange;
use super::outbound::Outbound;
use super::settings::Pagerduty;
use super::{Message, Trouble, secret};
use crate::core::comms::Attempt;

/// Longest `summary` that the API takes, in characters.
const SUMMARY: usize = 1024;

pub(super) async fn send(outbound: &Outbound, settings: &Pagerduty, message: &Message) -> Result<Attempt, Attempt> {
    let key = secret(&settings.routing_key).await?;
    let action = match message.trouble {
        Trouble::IsOver => "resolve",
        Trouble::Lasts | Trouble::IsWatched => "trigger",
    };
    let summary: String = format!("{}: {}", message.title(), message.text).chars().take(SUMMARY).collect();
    let event = json!({
        "routing_key": key.expose(),
        "event_action": action,
        "dedup_key": format!("warroom/{}", message.incident),
        "client": "warroom",
        "payload": {
            "summary": summary,
            "source": message.environment,
            "severity": severity(&message.severity),
            "timestamp": message.at,
            "class": message.status,
            "custom_details": { "update": message.number, "text": message.text, "by": message.by, "key": message.key },
        },
    });
    let answer = exchange(outbound.post(&format!("{}/v2/enqueue", settings.api))?.json(&event)).await?.judged()?;
    Ok(Attempt::took(answer.text()))
}

/// One of the four that the API knows.
fn severity(ours: &str) -> &'static str {
    match ours {
        "critical" => "critical",
        "high" => "error",
        "medium" => "warning",
        _ => "info",
    }
}
