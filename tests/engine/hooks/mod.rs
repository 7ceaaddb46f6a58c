//! Alerts from outside: a real engine with a real TCP address, and whoever comes to it.

mod alerts;
mod guard;
mod tls;

use std::net::TcpListener as StdTcpListener;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use warroom::core::state::State;
use warroom::engine::hooks::TokenHash;

use crate::harness::Engine;

/// A plan with one part, which is looked at once and is well.
pub const PLAN: &str = "plan_id: shop\nplan_name: Shop\nsites: [{site_id: east, name: East, role: primary}]\n\
                        components:\n  - {component_id: db, name: Orders database, type: database, sites: [east]}\n";

/// The token that every test's sender holds.
pub const TOKEN: &str = "wr_the-token-of-the-tests";

/// An engine that takes alerts.
pub struct Hooked {
    pub engine: Engine,
    pub address: String,
}

/// An address of loopback that is free now.
pub fn free() -> String {
    StdTcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The settings of a token.
pub fn token(name: &str, token: &str, plans: &str, more: &str) -> String {
    let sha256 = String::from(TokenHash::of(token.as_bytes()));
    format!("[[hooks.tokens]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\nplans = [{plans}]\n{more}\n")
}

impl Hooked {
    /// With the plan `shop`, and a token for it.
    pub async fn start() -> Hooked {
        Hooked::with("", "").await
    }

    /// With more under `[hooks]` and more tokens.
    pub async fn with(hooks: &str, tokens: &str) -> Hooked {
        let address = free();
        let sender = token("alertmanager", TOKEN, "\"shop\"", "");
        let config = format!("[hooks]\nlisten = \"{address}\"\n{hooks}\n{sender}{tokens}");
        let engine = Engine::with_config(&config).await;
        engine.load(PLAN).await;
        Hooked { engine, address }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Posts a body with a token.
    pub async fn post(&self, path: &str, token: &str, body: &str) -> Answer {
        ask(self.connect().await, &request(path, &bearer(token), body)).await
    }

    /// Posts a body of Alertmanager's.
    pub async fn notify(&self, body: &str) -> Answer {
        self.post("/hooks/alertmanager", TOKEN, body).await
    }

    /// The newest entry of the journal.
    pub async fn head(&self) -> u64 {
        self.engine.client.hello().await.unwrap().head
    }

    /// The names of the alerts that fire.
    pub async fn firing(&self) -> Vec<String> {
        firing(&self.engine.state().await)
    }
}

pub fn firing(state: &State) -> Vec<String> {
    state.plans["shop"].alerts.firing().iter().map(|known| known.alert.name.clone()).collect()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: serde_json::Value,
}

impl Answer {
    /// The reason that is told.
    pub fn sentence(&self) -> &str {
        self.body["sentence"].as_str().unwrap_or_default()
    }
}

pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

pub fn request(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: hooks\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// Sends bytes and reads what comes back until the other end closes.
pub async fn ask(stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> Answer {
    let mut stream = stream;
    stream.write_all(bytes).await.unwrap();
    read(stream).await
}

/// Reads what comes back until the other end closes.
pub async fn read(stream: impl AsyncRead + Unpin) -> Answer {
    let mut stream = stream;
    let mut all = Vec::new();
    let patience = Duration::from_secs(30);
    let closed = tokio::time::timeout(patience, stream.read_to_end(&mut all)).await;
    closed.unwrap_or_else(|_| panic!("the other end never closes")).unwrap();
    let text = String::from_utf8(all).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{head}"));
    Answer { status, head: head.to_ascii_lowercase(), body: serde_json::from_str(body).unwrap_or_default() }
}

/// One alert of a notification, with further labels.
pub fn alert(fingerprint: &str, status: &str, starts: &str, ends: &str, labels: &str) -> String {
    format!(
        r#"{{"status": "{status}",
            "labels": {{"alertname": "CheckoutErrors", "instance": "web-1:9100", "job": "checkout", "severity": "critical"{labels}}},
            "annotations": {{"description": "More than 5% for 5m", "summary": "Checkout answers 7% errors"}},
            "startsAt": "{starts}", "endsAt": "{ends}",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
            "fingerprint": "{fingerprint}"}}"#
    )
}

/// What Alertmanager posts, version 4 of its webhook.
pub fn notification(alerts: &[String]) -> String {
    format!(
        r#"{{"receiver": "warroom", "status": "firing", "alerts": [{}],
            "groupLabels": {{"alertname": "CheckoutErrors"}},
            "commonLabels": {{"alertname": "CheckoutErrors", "job": "checkout", "severity": "critical"}},
            "commonAnnotations": {{"summary": "Checkout answers 7% errors"}},
            "externalURL": "http://alertmanager:9093", "version": "4",
            "groupKey": "{{}}:{{alertname=\"CheckoutErrors\"}}", "truncatedAlerts": 0}}"#,
        alerts.join(", ")
    )
}

/// What Alertmanager writes for no moment.
pub const NEVER: &str = "0001-01-01T00:00:00Z";
