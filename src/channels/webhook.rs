//! Posts the message as JSON; the other side has it when it answers 2xx.

use std::time::Duration;

use reqwest::StatusCode;

use super::Message;
use crate::core::comms::Attempt;
use crate::outbound::{body_start, reason};

/// How long the other side may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How much of its answer is kept.
const KEPT: usize = 200;

pub(super) async fn send(client: &reqwest::Client, url: &str, message: &Message) -> Attempt {
    let post = client.post(url).header("Idempotency-Key", &message.key).json(message).timeout(TIMEOUT);
    let answer = match post.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_builder() => return Attempt::Never { why: reason(&error) },
        Err(error) => return Attempt::NotNow { why: reason(&error) },
    };
    let status = answer.status();
    let body = body_start(answer, KEPT).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&body).trim().to_owned();
    let text = if said.is_empty() { status.as_u16().to_string() } else { format!("{} {said}", status.as_u16()) };
    match status {
        _ if status.is_success() => Attempt::Took { answer: text },
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Attempt::NotNow { why: text },
        _ if status.is_client_error() => Attempt::Never { why: text },
        _ => Attempt::NotNow { why: text },
    }
}
