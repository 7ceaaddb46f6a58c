//! Sends a request and looks at the answer.

use reqwest::Method;
use reqwest::header::HeaderMap;

use super::secrets::Fetched;
use super::{Job, capture};
use crate::core::observe::StepEnd;
use crate::core::plan::{Capture, HttpRequest};
use crate::core::run::{Evidence, Failure};
use crate::core::template::{Values, fill_json};
use crate::core::time::Span;
use crate::outbound::{body_start, reason};

/// How long an answer may take when the plan does not say.
const TIMEOUT: Span = Span::from_secs(30);

/// How much of an answer is searched, and shown.
const SEARCHED: usize = 64 * 1024;
const SHOWN: usize = 200;

pub(super) async fn perform(job: &Job, request: &HttpRequest, fetched: &Fetched) -> StepEnd {
    let timeout = job.step.timeout.unwrap_or(TIMEOUT);
    let built = match build(job, request, fetched) {
        Ok(built) => built.timeout(timeout.to_std()),
        Err(why) => return StepEnd::Bad(Failure::NotStarted { why }),
    };
    let answer = match built.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_builder() => return StepEnd::Bad(Failure::NotStarted { why: reason(&error) }),
        Err(error) if error.is_timeout() => return StepEnd::Bad(Failure::TimedOut { after: timeout }),
        Err(error) => return StepEnd::Bad(Failure::NoAnswer { why: reason(&error) }),
    };
    match judge(job, request, answer, fetched).await {
        Ok((status, results)) => StepEnd::Good { evidence: Evidence::Answered { status }, results },
        Err(failure) => StepEnd::Bad(failure),
    }
}

/// Headers and body may hold secrets; the address, which servers write into their logs, may not.
fn build(job: &Job, request: &HttpRequest, fetched: &Fetched) -> Result<reqwest::RequestBuilder, String> {
    let private = fetched.among(&job.values);
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|e| e.to_string())?;
    let url = request.url.fill_url(&job.values).map_err(|e| e.to_string())?;
    let key = format!("{}/{}/{}/{}", job.run.incident, job.run.id, job.step.id, job.attempt);
    let mut built = job.http.request(method, url).header("Idempotency-Key", key);
    for (name, value) in &request.headers {
        built = built.header(name, value.fill(&private).map_err(|e| e.to_string())?);
    }
    match &request.json {
        Some(json) => Ok(built.json(&fill_json(json, &private).map_err(|e| e.to_string())?)),
        None => Ok(built),
    }
}

/// The status and the named results, or what is wrong.
async fn judge(
    job: &Job,
    request: &HttpRequest,
    answer: reqwest::Response,
    fetched: &Fetched,
) -> Result<(u16, Values), Failure> {
    let status = answer.status();
    let headers = answer.headers().clone();
    let good = request.status.map_or(status.is_success(), |expected| status.as_u16() == expected);
    let reads_json = job.step.captures.values().any(|capture| matches!(capture, Capture::Json(_)));
    // One byte more than is read, to tell an answer that fits from one that does not.
    let limit = if reads_json { capture::JSON_MOST + 1 } else { SEARCHED };
    let body = body_start(answer, limit).await.map_err(|error| Failure::NoAnswer { why: reason(&error) })?;
    let searched = String::from_utf8_lossy(&body[..body.len().min(SEARCHED)]);
    let wrong = |why: String| Err(Failure::WrongAnswer { why });
    if !good {
        let expected = request.status.map_or("2xx".to_owned(), |s| s.to_string());
        // Masked before it is cut: half a secret is not found any more.
        let said: String = fetched.mask_text(searched.trim()).chars().take(SHOWN).collect();
        return wrong(format!("{}, expected {expected}: {said}", status.as_u16()));
    }
    match &request.contains {
        Some(text) if !searched.contains(text.as_str()) => wrong(format!("{} without {text:?}", status.as_u16())),
        _ => capture::take(&job.step.captures, |capture| pick(capture, &headers, &body))
            .map(|results| (status.as_u16(), results)),
    }
}

fn pick(capture: &Capture, headers: &HeaderMap, body: &[u8]) -> Result<String, String> {
    match capture {
        Capture::Header(name) => headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .ok_or_else(|| format!("the answer has no header {name}")),
        Capture::Json(_) if body.len() > capture::JSON_MOST => Err(format!(
            "the answer has more than {} bytes, which is the most that is read as JSON",
            capture::JSON_MOST
        )),
        Capture::Json(pointer) => capture::json(body, pointer),
        other => Err(capture::not_of("http", other)),
    }
}
