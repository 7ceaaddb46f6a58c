//! Asks for a page: status and text.

use reqwest::header::CONTENT_ENCODING;

use super::request::get;
use super::tunnel::explained;
use super::words::few;
use super::{NotGood, Seen, Tools};
use crate::core::plan::Place;

/// How much of a body is searched.
const SEARCHED: usize = 64 * 1024;

/// Asks for the body as it is: what is not compressed cannot unfold into more than was sent.
pub(super) async fn look(
    url: &str,
    status: Option<u16>,
    contains: Option<&str>,
    place: &Place,
    tools: Tools<'_>,
) -> Result<Seen, NotGood> {
    let (answer, tunnel) = get(url, place, tools).await?;
    let got = answer.status();
    match status {
        Some(expected) if got.as_u16() != expected => {
            return Err(NotGood::Bad(format!("{}, expected {expected}", got.as_u16())));
        }
        None if !got.is_success() => return Err(NotGood::Bad(format!("{}, expected 2xx", got.as_u16()))),
        _ => {}
    }
    if let Some(text) = contains {
        if let Some(form) = compressed(&answer) {
            return Err(NotGood::Bad(format!("{}, compressed ({form}) though asked not to be", got.as_u16())));
        }
        let body = match crate::outbound::body_start(answer, SEARCHED).await {
            Ok(body) => body,
            Err(error) => return Err(explained(tunnel.as_ref(), NotGood::of_request(&error)).await),
        };
        if !String::from_utf8_lossy(&body).contains(text) {
            return Err(NotGood::Bad(format!("{} without {text:?}", got.as_u16())));
        }
    }
    Ok(Seen::new(got.as_u16().to_string()))
}

/// How the body is packed, when it is.
fn compressed(answer: &reqwest::Response) -> Option<String> {
    let form = answer.headers().get(CONTENT_ENCODING)?;
    let form = String::from_utf8_lossy(form.as_bytes());
    (!form.eq_ignore_ascii_case("identity") && !form.is_empty()).then(|| few(&form))
}
