//! One request to a service, and what its answer means for a delivery.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use super::outbound::Forbidden;
use crate::core::comms::Attempt;
use crate::core::time::Span;
use crate::outbound::{body_start, reason};

/// How long the other side may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How much of its answer is read.
const READ: usize = 16 * 1024;

/// How much of it is kept, in characters.
const KEPT: usize = 200;

/// What a service answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: String,
    /// How long it wants to be left alone.
    pub(super) rest: Option<Span>,
}

impl Answer {
    /// What is kept of it: `202 {"id":7}`.
    pub(super) fn text(&self) -> String {
        let said: String = self.body.trim().chars().take(KEPT).collect();
        let code = self.status.as_u16();
        if said.is_empty() { code.to_string() } else { format!("{code} {said}") }
    }

    /// Its JSON; null where it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// What its status means, by RFC 9110: a server that is busy or broken may take it later, a request that is wrong stays wrong.
    pub(super) fn judged(self) -> Result<Answer, Attempt> {
        let later = [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY];
        match self.status {
            status if status.is_success() => Ok(self),
            status if status.is_client_error() && !later.contains(&status) => Err(Attempt::never(self.text())),
            _ => Err(Attempt::NotNow { why: self.text(), rest: self.rest }),
        }
    }
}

/// Sends a request once, and takes what comes whatever it means.
pub(super) async fn exchange(request: RequestBuilder) -> Result<Answer, Attempt> {
    let answer = match request.timeout(TIMEOUT).send().await {
        Ok(answer) => answer,
        Err(error) if error.is_builder() => return Err(Attempt::never(reason(&error))),
        Err(error) => match forbidden(&error) {
            Some(why) => return Err(Attempt::never(why.to_string())),
            None => return Err(Attempt::not_now(reason(&error))),
        },
    };
    let (status, rest) = (answer.status(), rest(answer.headers(), DateTime::<Utc>::from(SystemTime::now())));
    let body = body_start(answer, READ).await.unwrap_or_default();
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), rest })
}

/// Why the host is none that words go to, where that is what failed.
fn forbidden(error: &reqwest::Error) -> Option<&Forbidden> {
    let mut inner: &dyn std::error::Error = error;
    while let Some(next) = inner.source() {
        inner = next;
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
    }
    None
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3).
fn rest(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Span> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let until = |date: DateTime<_>| u64::try_from((date.with_timezone(&Utc) - now).num_seconds()).unwrap_or(0);
    let seconds = asked.parse().ok().or_else(|| DateTime::parse_from_rfc2822(asked).ok().map(until));
    seconds.map(Span::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_asks_to_be_left_alone_says_how_long() {
        let now = DateTime::parse_from_rfc3339("2026-11-21T03:14:00Z").unwrap().with_timezone(&Utc);
        for (asked, seconds) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Sat, 21 Nov 2026 03:15:30 GMT", Some(90)),
            ("Sat, 21 Nov 2026 03:10:00 GMT", Some(0)),
            ("soon", None),
            ("-3", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, asked.parse().unwrap())]);
            assert_eq!(rest(&headers, now), seconds.map(Span::from_secs), "{asked}");
        }
        assert_eq!(rest(&HeaderMap::new(), now), None);
    }

    #[test]
    fn what_may_come_right_is_tried_again_and_what_is_wrong_is_not() {
        let judged = |code: u16| {
            let answer = Answer { status: StatusCode::from_u16(code).unwrap(), body: "so".into(), rest: None };
            answer.judged().map(|answer| answer.text())
        };
        assert_eq!(judged(202), Ok("202 so".to_owned()));
        for later in [408, 425, 429, 500, 502, 503, 301] {
            assert_eq!(judged(later), Err(Attempt::not_now(format!("{later} so"))), "{later}");
        }
        for wrong in [400, 401, 403, 404, 410, 422] {
            assert_eq!(judged(wrong), Err(Attempt::never(format!("{wrong} so"))), "{wrong}");
        }
    }
}
