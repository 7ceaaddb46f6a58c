//! A page that shows the new side.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Job;
use crate::core::plan::Verify;
use crate::outbound::{body_start, reason};

/// How often it is asked for, and how long one answer may take.
const AGAIN: Duration = Duration::from_millis(200);
const ANSWER: Duration = Duration::from_secs(5);

/// How much of an answer is searched, in bytes.
const SEARCHED: usize = 64 * 1024;

/// Most characters of what came in place of what was expected.
const SHOWN: usize = 80;

/// A page and what it must show, with its values.
pub(super) struct Page {
    url: String,
    header: Vec<(String, String)>,
    contains: Option<String>,
}

impl Page {
    pub(super) fn of(job: &Job, verify: &Verify) -> Result<Page, String> {
        let header = verify.header.iter().map(|(name, text)| {
            let text = text.fill(&job.values).map_err(|missing| missing.to_string())?;
            Ok((name.clone(), text))
        });
        Ok(Page {
            url: verify.url.fill_url(&job.values).map_err(|missing| missing.to_string())?,
            header: header.collect::<Result<_, String>>()?,
            contains: verify.contains.clone(),
        })
    }

    /// Asks until the new side answers: a worker that is on its way out may still take a few.
    pub(super) async fn answered(&self, job: &Job, deadline: Instant) -> Result<u16, String> {
        loop {
            let why = match self.ask(job, deadline).await {
                Ok(status) => return Ok(status),
                Err(why) => why,
            };
            if Instant::now() + AGAIN >= deadline {
                return Err(format!("{} does not show the new side: {why}", self.url));
            }
            sleep(AGAIN).await;
        }
    }

    /// Asks once; the status when the answer is as expected.
    pub(super) async fn ask(&self, job: &Job, deadline: Instant) -> Result<u16, String> {
        let left = deadline.saturating_duration_since(Instant::now()).min(ANSWER);
        let answer = job.http.get(&self.url).timeout(left).send().await.map_err(|why| reason(&why))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("{}, expected 2xx", status.as_u16()));
        }
        for (name, expected) in &self.header {
            let found = answer.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            match found {
                Some(found) if found == *expected => {}
                Some(found) => {
                    let found: String = found.chars().take(SHOWN).collect();
                    return Err(format!("{name} is {found:?}, expected {expected:?}"));
                }
                None => return Err(format!("it has no header {name}")),
            }
        }
        if let Some(text) = &self.contains {
            let body = body_start(answer, SEARCHED).await.map_err(|why| reason(&why))?;
            if !String::from_utf8_lossy(&body).contains(text.as_str()) {
                return Err(format!("{} without {text:?}", status.as_u16()));
            }
        }
        Ok(status.as_u16())
    }
}
