//! Posts the message as JSON; the other side has it when it answers 2xx.
//!
//! Where the settings name a key, `Warroom-Signature: t=SECONDS,v1=HEX` comes along: the HMAC-SHA256 (RFC 2104) of the seconds, a
//! full stop and the body. While keys change there are two `v1`. A receiver refuses what is older than it likes.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::CONTENT_TYPE;
use sha2::Sha256;

use super::exchange::exchange;
use super::outbound::Outbound;
use super::settings::Webhook;
use super::{Message, address, secret};
use crate::core::comms::Attempt;

/// The header of the signature.
const SIGNATURE: &str = "Warroom-Signature";

pub(super) async fn send(outbound: &Outbound, webhook: &Webhook, message: &Message) -> Result<Attempt, Attempt> {
    let url = address(&webhook.url).await?;
    let body = serde_json::to_string(message).map_err(|why| Attempt::never(why.to_string()))?;
    let mut post =
        outbound.post(&url)?.header("Idempotency-Key", &message.key).header(CONTENT_TYPE, "application/json");
    let keys: Vec<_> = [&webhook.sign_with, &webhook.sign_also_with].into_iter().flatten().collect();
    if !keys.is_empty() {
        let at = DateTime::<Utc>::from(SystemTime::now()).timestamp();
        let mut signature = format!("t={at}");
        for key in keys {
            signature += &format!(",v1={}", signed(secret(key).await?.expose(), at, &body));
        }
        post = post.header(SIGNATURE, signature);
    }
    let answer = exchange(post.body(body)).await?.judged()?;
    Ok(Attempt::took(answer.text()))
}

/// The HMAC-SHA256 of `at.body`, in hexadecimal.
fn signed(key: &str, at: i64, body: &str) -> String {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(format!("{at}.{body}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_that_other_tools_compute() {
        // printf '1700000000.{"text":"so"}' | openssl dgst -sha256 -hmac key
        assert_eq!(
            signed("key", 1_700_000_000, "{\"text\":\"so\"}"),
            "00b5c9fd722070813c2bb6e7a0852d23365bdd768d81c5d1149cb13fcfb19ad5"
        );
    }
}
