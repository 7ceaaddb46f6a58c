//! Sends a request and looks at the answer.

use reqwest::Method;

use super::Job;
use crate::core::observe::StepEnd;
use crate::core::plan::HttpRequest;
use crate::core::run::{Evidence, Failure};
use crate::core::template::fill_json;
use crate::core::time::Span;
use crate::outbound::{body_start, reason};

/// How long an answer may take when the plan does not say.
pub(super) const TIMEOUT: Span = Span::from_secs(30);

/// How much of an answer is searched, and shown.
const SEARCHED: usize = 64 * 1024;
const SHOWN: usize = 200;

pub(super) async fn perform(job: &Job, request: &HttpRequest) -> StepEnd {
    let timeout = job.step.timeout.unwrap_or(TIMEOUT);
    let built = match build(job, request) {
        Ok(built) => built.timeout(timeout.to_std()),
        Err(why) => return StepEnd::Bad(Failure::NotStarted { why }),
    };
    let answer = match built.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_builder() => return StepEnd::Bad(Failure::NotStarted { why: reason(&error) }),
        Err(error) if error.is_timeout() => return StepEnd::Bad(Failure::TimedOut { after: timeout }),
        Err(error) => return StepEnd::Bad(Failure::NoAnswer { why: reason(&error) }),
    };
    judge(request, answer).await
}

fn build(job: &Job, request: &HttpRequest) -> Result<reqwest::RequestBuilder, String> {
    let values = &job.run.values;
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|e| e.to_string())?;
    let url = request.url.fill_url(values).map_err(|e| e.to_string())?;
    let key = format!("{}/{}/{}/{}", job.run.incident, job.run.id, job.step.id, job.attempt);
    let mut built = job.http.request(method, url).header("Idempotency-Key", key);
    for (name, value) in &request.headers {
        built = built.header(name, value.fill(values).map_err(|e| e.to_string())?);
    }
    match &request.json {
        Some(json) => Ok(built.json(&fill_json(json, values).map_err(|e| e.to_string())?)),
        None => Ok(built),
    }
}

async fn judge(request: &HttpRequest, answer: reqwest::Response) -> StepEnd {
    let status = answer.status();
    let good = request.status.map_or(status.is_success(), |expected| status.as_u16() == expected);
    let body = match body_start(answer, SEARCHED).await {
        Ok(body) => String::from_utf8_lossy(&body).into_owned(),
        Err(error) => return StepEnd::Bad(Failure::NoAnswer { why: reason(&error) }),
    };
    let wrong = |why: String| StepEnd::Bad(Failure::WrongAnswer { why });
    if !good {
        let expected = request.status.map_or("2xx".to_owned(), |s| s.to_string());
        let said: String = body.trim().chars().take(SHOWN).collect();
        return wrong(format!("{}, expected {expected}: {said}", status.as_u16()));
    }
    match &request.contains {
        Some(text) if !body.contains(text.as_str()) => wrong(format!("{} without {text:?}", status.as_u16())),
        _ => StepEnd::good(Evidence::Answered { status: status.as_u16() }),
    }
}
