//! PostgreSQL servers that replicate to each other: measured, chosen, fenced, promoted, made to follow, rewound.
//!
//! Everything is found done when it is so already, and proved by asking the server afterwards. So nothing here is ever in doubt: it
//! can be done again. What a manager of the database would undo, or be confused by, is refused.

mod choose;
mod fence;
mod follow;
mod lag;
mod program;
mod promote;
mod rewind;
mod server;
mod slots;

use std::time::Duration;

use tokio::time::Instant;

use super::Job;
use super::capture;
use super::secrets::Fetched;
use crate::core::observe::StepEnd;
use crate::core::plan::{Capture, Fencing, Given, Managed, Postgres};
use crate::core::run::{Evidence, Failure, Proof};
use crate::core::template::{Template, Values};
use crate::core::time::Span;
use crate::postgres::Standing;
use crate::text;
pub(super) use program::{secrets, variables};
use server::Server;

/// How long anything may take that the plan gives no time, what a program does aside.
const TIMEOUT: Span = Span::from_secs(60);

/// How soon a server is asked again that is not yet as it should be.
const SOON: Duration = Duration::from_millis(100);

/// What was seen, and what can be named as a result.
type Seen = Result<(Proof, Values), Failure>;

pub(super) async fn perform(job: &Job, does: &Postgres, fetched: &Fetched) -> StepEnd {
    let work = Work { job, fetched, limit: job.step.timeout.unwrap_or(TIMEOUT) };
    let seen = match does {
        Postgres::Lag { url, primary, within, bytes } => work.lag(url, primary.as_ref(), *within, *bytes).await,
        Postgres::Choose { of } => work.choose(of).await,
        Postgres::Fence { url, how: Fencing::ReadOnly } => work.read_only(url).await,
        Postgres::Promote { url, manager } => work.promote(url, *manager).await,
        Postgres::Follow { url, primary, slot, manager } => work.follow((url, primary), slot.as_ref(), *manager).await,
        Postgres::DropSlots { url, named } => work.drop_slots(url, named).await,
        Postgres::Fence { url, how: Fencing::Stop { .. } } => {
            return work.stop(url).await;
        }
        Postgres::Rewind { url, from, manager, .. } => {
            return work.rewind((url, from), *manager).await;
        }
    };
    work.end(seen)
}

/// One step at work.
struct Work<'a> {
    job: &'a Job,
    fetched: &'a Fetched,
    limit: Span,
}

impl Work<'_> {
    fn deadline(&self) -> Instant {
        Instant::now() + self.limit.to_std()
    }

    fn server(&self, given: &Given) -> Result<Server, Failure> {
        let url = match given {
            Given::Text(template) => {
                template.fill_url(&self.fetched.among(&self.job.values)).map_err(|missing| missing.to_string())
            }
            Given::Secret(reference) => {
                self.fetched.url(reference).ok_or_else(|| format!("the secret {reference} was not fetched"))
            }
        };
        url.and_then(|url| Server::of(&url)).map_err(|why| Failure::NotStarted { why })
    }

    fn filled(&self, template: &Template) -> Result<String, Failure> {
        template.fill(&self.job.values).map_err(|missing| Failure::NotStarted { why: missing.to_string() })
    }

    /// How the step ended that saw this.
    fn end(&self, seen: Seen) -> StepEnd {
        let taken = seen.and_then(|(proof, values)| {
            let results = capture::take(&self.job.step.captures, |capture| match capture {
                Capture::Column(name) => values.get(name).cloned().ok_or_else(|| no_result(name, &values)),
                other => Err(capture::not_of("postgres", other)),
            })?;
            Ok((Evidence::Postgres(proof), results))
        });
        match taken {
            Ok((evidence, results)) => StepEnd::Good { evidence, results },
            Err(failure) => StepEnd::Bad(failure),
        }
    }

    /// Asks again and again until it is as it should be, or no time is left: then the last answer tells why not.
    async fn until<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        deadline: Instant,
        ask: impl Fn() -> F,
    ) -> Result<T, Failure> {
        loop {
            let asked = ask().await;
            if asked.is_ok() || Instant::now() + SOON >= deadline || *self.job.over.borrow() {
                return asked;
            }
            tokio::time::sleep(SOON).await;
        }
    }
}

fn no_result(name: &str, values: &Values) -> String {
    let known: Vec<&str> = values.keys().map(String::as_str).collect();
    format!("there is no {name}; there are {}", known.join(", "))
}

fn results<const N: usize>(named: [(&str, Option<String>); N]) -> Values {
    named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Refuses where a manager owns the database and was not paused.
fn unmanaged(standing: &Standing, known: Managed) -> Result<(), Failure> {
    match standing.manager {
        Some(owner) if known == Managed::Acts || !owner.can_be_paused() => {
            Err(Failure::NotStarted { why: text::postgres::ask_manager(owner) })
        }
        _ => Ok(()),
    }
}

/// Something is not as it should be.
fn wrong(why: impl Into<String>) -> Failure {
    Failure::WrongAnswer { why: why.into() }
}

/// Nothing is done, because it would do harm.
fn refused(why: impl Into<String>) -> Failure {
    Failure::NotStarted { why: why.into() }
}
