//! Asks for a page: status and text.

use super::{NotGood, Seen};

/// How much of a body is searched.
const SEARCHED: usize = 64 * 1024;

pub(super) async fn look(
    client: &reqwest::Client,
    url: &str,
    status: Option<u16>,
    contains: Option<&str>,
) -> Result<Seen, NotGood> {
    let answer = client.get(url).send().await.map_err(|e| NotGood::of_request(&e))?;
    let got = answer.status();
    match status {
        Some(expected) if got.as_u16() != expected => {
            return Err(NotGood::Bad(format!("{}, expected {expected}", got.as_u16())));
        }
        None if !got.is_success() => return Err(NotGood::Bad(format!("{}, expected 2xx", got.as_u16()))),
        _ => {}
    }
    if let Some(text) = contains {
        let body = crate::outbound::body_start(answer, SEARCHED).await.map_err(|e| NotGood::of_request(&e))?;
        if !String::from_utf8_lossy(&body).contains(text) {
            return Err(NotGood::Bad(format!("{} without {text:?}", got.as_u16())));
        }
    }
    Ok(Seen::new(got.as_u16().to_string()))
}
