//! A status page for customers, by an API like Statuspage's: an incident is created, updated and resolved, and its components are
//! set with it. What a drill says never goes there.
//!
//! The API tells no repeat. Each incident is created with the key of its first update in its `metadata`, and looked for by that
//! before it is created, so that a page never shows the same incident twice.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::exchange::exchange;
use super::outbound::Outbound;
use super::settings::Statuspage;
use super::{Earnest, Message, Trouble, secret};
use crate::core::comms::Attempt;
use crate::secrets::Secret;

pub(super) async fn send(outbound: &Outbound, page: &Statuspage, message: &Message) -> Result<Attempt, Attempt> {
    if message.earnest == Earnest::Drill {
        return Err(Attempt::never("a drill's words never go to customers"));
    }
    let token = secret(&page.token).await?;
    let api = Api { outbound, page, token };
    let known = match &message.reference {
        Some(known) => Some(known.clone()),
        None => api.find(message).await?,
    };
    match known {
        Some(known) => api.update(&known, message).await,
        None => api.create(message).await,
    }
}

struct Api<'a> {
    outbound: &'a Outbound,
    page: &'a Statuspage,
    token: Secret,
}

impl Api<'_> {
    fn url(&self, rest: &str) -> String {
        let id = percent_encoding::utf8_percent_encode(&self.page.page, percent_encoding::NON_ALPHANUMERIC);
        format!("{}/v1/pages/{id}/incidents{rest}", self.page.api)
    }

    fn authorization(&self) -> String {
        format!("OAuth {}", self.token.expose())
    }

    /// The incident that an earlier try may have created.
    async fn find(&self, message: &Message) -> Result<Option<String>, Attempt> {
        let get = self.outbound.get(&self.url("/unresolved"))?.header("Authorization", self.authorization());
        let answer = exchange(get).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(Attempt::never(answer.text()));
        }
        let open = answer.judged()?.json();
        let is_it = |incident: &&Value| incident["metadata"]["warroom"]["incident"] == json!(message.incident);
        let found = open.as_array().into_iter().flatten().find(is_it);
        Ok(found.and_then(|incident| incident["id"].as_str()).map(str::to_owned))
    }

    async fn create(&self, message: &Message) -> Result<Attempt, Attempt> {
        let mut body = self.body(message);
        body["incident"]["name"] = json!(format!("{}: {}", message.call_sign, message.status));
        body["incident"]["metadata"] = json!({ "warroom": { "incident": message.incident, "key": message.key } });
        let post = self.outbound.post(&self.url(""))?.header("Authorization", self.authorization());
        let answer = exchange(post.json(&body)).await?.judged()?;
        let made = answer.json()["id"].as_str().map(str::to_owned);
        Ok(Attempt::Took { answer: answer.status.as_u16().to_string(), reference: made })
    }

    async fn update(&self, known: &str, message: &Message) -> Result<Attempt, Attempt> {
        let id = percent_encoding::utf8_percent_encode(known, percent_encoding::NON_ALPHANUMERIC);
        let patch = self.outbound.patch(&self.url(&format!("/{id}")))?.header("Authorization", self.authorization());
        let answer = exchange(patch.json(&self.body(message))).await?.judged()?;
        Ok(Attempt::Took { answer: answer.status.as_u16().to_string(), reference: Some(known.to_owned()) })
    }

    fn body(&self, message: &Message) -> Value {
        let status = match message.trouble {
            Trouble::Lasts if message.reference.is_none() => "investigating",
            Trouble::Lasts => "identified",
            Trouble::IsWatched => "monitoring",
            Trouble::IsOver => "resolved",
        };
        let shown = |(id, broken): (&String, &super::settings::ComponentStatus)| {
            let is = if message.trouble == Trouble::Lasts { json!(broken) } else { json!("operational") };
            (id.clone(), is)
        };
        let components: serde_json::Map<String, Value> = self.page.components.iter().map(shown).collect();
        let mut incident = json!({ "status": status, "body": message.text, "deliver_notifications": true });
        if !components.is_empty() {
            incident["component_ids"] = json!(components.keys().collect::<Vec<_>>());
            incident["components"] = Value::Object(components);
        }
        json!({ "incident": incident })
    }
}
