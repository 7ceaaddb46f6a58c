//! Asks for a page: status and text.

use std::time::Instant;

use reqwest::header::CONTENT_ENCODING;

use super::request::get;
use super::tunnel::explained;
use super::words::few;
use super::{NotGood, Seen, Tools, detail};
use crate::core::plan::Place;
use crate::core::time::Span;

/// How much of a body is searched.
const SEARCHED: usize = 64 * 1024;

/// Asks for the body as it is: what is not compressed cannot unfold into more than was sent.
pub(super) async fn look(
    url: &str,
    status: Option<u16>,
    contains: Option<&str>,
    timeout: Span,
    place: &Place,
    tools: Tools<'_>,
) -> Result<Seen, NotGood> {
    let began = Instant::now();
    let (answer, tunnel) = get(url, place, tools).await?;
    let got = answer.status();
    let told = detail::of_head(&answer);
    let wrong = match status {
        Some(expected) if got.as_u16() != expected => Some(format!("{}, expected {expected}", got.as_u16())),
        None if !got.is_success() => Some(format!("{}, expected 2xx", got.as_u16())),
        _ => None,
    };
    let masker = detail::masker(url);
    tools.memory.tell(&masker.mask_text(&told));
    if let Some(wrong) = wrong {
        let left = timeout.minus(Span::from(began.elapsed()));
        tools.memory.tell(&masker.mask_text(&detail::of_body(answer, left).await));
        return Err(NotGood::Bad(wrong));
    }
    if let Some(text) = contains {
        if let Some(form) = compressed(&answer) {
            return Err(NotGood::Bad(format!("{}, compressed ({form}) though asked not to be", got.as_u16())));
        }
        let body = match crate::outbound::body_start(answer, SEARCHED).await {
            Ok(body) => body,
            Err(error) => return Err(explained(tunnel.as_ref(), NotGood::of_request(&error)).await),
        };
        let body = String::from_utf8_lossy(&body);
        if !body.contains(text) {
            tools.memory.tell(&masker.mask_text(&detail::start(&body)));
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
