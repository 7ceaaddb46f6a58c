//! Replaces the records of a name in its zone (RFC 2136), signed (RFC 8945), and asks the servers that count until all of them
//! answer the new ones.
//!
//! What the zone has already is not sent again. The change is one message, done by the server as a whole or not at all. Only what
//! servers answer afterwards ends the step well: all of them in the same round of questions, so that one that still tells old and
//! new by turns is not taken for done.

mod ask;
mod records;
mod update;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::rr::Name;
use tokio::time::{Instant, sleep};

use super::Job;
use super::secrets::Fetched;
use crate::core::observe::StepEnd;
use crate::core::plan::{DnsRecords, Given};
use crate::core::run::{Change, Evidence, Failure};
use crate::core::template::{Template, Values};
use crate::core::time::Span;
use crate::plan::is_host_and_port;
use records::Wanted;
use update::Key;

/// How long the change itself may take when the plan does not say.
const TIMEOUT: Span = Span::from_secs(30);

/// How often the servers are asked.
const AGAIN: Duration = Duration::from_millis(500);

pub(super) async fn perform(job: &Job, records: &DnsRecords, fetched: &Fetched) -> StepEnd {
    let work = match Work::of(job, records, fetched) {
        Ok(work) => work,
        Err(why) => return StepEnd::Bad(Failure::NotStarted { why }),
    };
    match work.carry_out().await {
        Ok(evidence) => StepEnd::good(evidence),
        Err(failure) => StepEnd::Bad(failure),
    }
}

/// What is to be done, with its values.
struct Work {
    server: String,
    zone: Name,
    wanted: Wanted,
    key: Key,
    until: Vec<String>,
    within: Span,
    /// When all of it must be over.
    deadline: Instant,
}

impl Work {
    fn of(job: &Job, records: &DnsRecords, fetched: &Fetched) -> Result<Work, String> {
        let values = &job.values;
        let server = port(&records.server, values)?;
        let until: Vec<String> = records.until.iter().map(|at| port(at, values)).collect::<Result<_, _>>()?;
        let zone = records::name(&filled(&records.zone, values)?)?;
        let secret = match (&records.key.secret, &fetched.key) {
            (Given::Text(template), _) => filled(template, &fetched.among(values))?,
            (Given::Secret(_), Some(secret)) => secret.expose().to_owned(),
            (Given::Secret(reference), None) => return Err(format!("the secret {reference} was not fetched")),
        };
        let texts: Vec<String> = records.values.iter().map(|value| filled(value, values)).collect::<Result<_, _>>()?;
        let limit = job.step.timeout.unwrap_or(TIMEOUT.plus(records.within));
        Ok(Work {
            wanted: Wanted::of(&filled(&records.name, values)?, &zone, records.record, records.ttl, &texts)?,
            key: Key::of(&records.key, &secret)?,
            until: if until.is_empty() { vec![server.clone()] } else { until },
            within: records.within,
            deadline: Instant::now() + limit.to_std(),
            server,
            zone,
        })
    }

    async fn carry_out(&self) -> Result<Evidence, Failure> {
        // One that answers no questions may take changes all the same.
        let before = ask::records(&self.server, &self.wanted, self.deadline).await.unwrap_or_default();
        let change = if before.is(&self.wanted) && before.ttl == Some(self.wanted.ttl) {
            Change::AlreadySo
        } else {
            update::send(&self.server, &self.zone, &self.wanted, &self.key, self.deadline).await?;
            Change::Made
        };
        self.answered().await?;
        Ok(Evidence::NamesAnswered {
            name: records::shown(&self.wanted.name),
            record: self.wanted.record,
            values: self.wanted.values.iter().cloned().collect(),
            servers: self.until.len(),
            change,
        })
    }

    /// Waits until all servers that count answer what is wanted.
    async fn answered(&self) -> Result<(), Failure> {
        let began = Instant::now();
        let until = self.deadline.min(began + self.within.to_std());
        loop {
            let questions = self.until.iter().map(|server| self.wrong_at(server, until));
            let wrong: BTreeSet<String> = join_all(questions).await.into_iter().flatten().collect();
            if wrong.is_empty() {
                return Ok(());
            }
            if Instant::now() + AGAIN >= until {
                let after = Span::from(began.elapsed()).up_to_seconds();
                let wrong: Vec<String> = wrong.into_iter().collect();
                return Err(Failure::WrongAnswer { why: format!("after {after} {}", wrong.join("; ")) });
            }
            sleep(AGAIN).await;
        }
    }

    /// What a server answers in place of what is wanted.
    async fn wrong_at(&self, server: &str, until: Instant) -> Option<String> {
        match ask::records(server, &self.wanted, until).await {
            Ok(told) if told.is(&self.wanted) => None,
            Ok(told) => Some(format!("{server} answers {told}, not {}", self.wanted)),
            Err(why) => Some(format!("{server} gives no answer: {why}")),
        }
    }
}

fn filled(template: &Template, values: &Values) -> Result<String, String> {
    template.fill(values).map_err(|missing| missing.to_string())
}

/// A host and a port, whatever the values are.
fn port(template: &Template, values: &Values) -> Result<String, String> {
    let port = filled(template, values)?;
    if is_host_and_port(&port) { Ok(port) } else { Err(format!("{port:?} is no host and port")) }
}
