//! Sets a server behind HAProxy over its runtime API, and reads back what it set.
//!
//! What is to be is compared with what is: only what differs is set, so that doing it again changes nothing. The step ends well
//! on what was read back and on nothing else. Sessions that are to be gone are counted until there are none; those that are cut
//! are cut again each time, as some come back for as long as the server is only drained.

mod seen;
mod talk;

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Job;
use crate::core::observe::StepEnd;
use crate::core::plan::{HaproxyAddress, HaproxyServer, ServerState, Sessions, is_haproxy_name};
use crate::core::run::{Change, Evidence, Failure};
use crate::core::template::{Template, Values};
use crate::core::time::Span;
use crate::plan::is_host_and_port;
use seen::Seen;
use talk::{Place, Runtime};

/// How long it may take when the plan does not say, and when sessions are waited for.
const TIMEOUT: Span = Span::from_secs(30);
const SESSIONS_TIMEOUT: Span = Span::from_secs(300);

/// How often sessions are counted.
const AGAIN: Duration = Duration::from_millis(200);

pub(super) async fn perform(job: &Job, set: &HaproxyServer) -> StepEnd {
    let work = match Work::of(job, set) {
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
    runtime: Runtime,
    backend: String,
    server: String,
    weight: Option<u32>,
    state: Option<ServerState>,
    sessions: Option<Sessions>,
}

impl Work {
    fn of(job: &Job, set: &HaproxyServer) -> Result<Work, String> {
        let place = match &set.address {
            HaproxyAddress::Socket(path) => Place::Socket(path.into()),
            HaproxyAddress::Port(port) => {
                let port = port.fill(&job.values).map_err(|missing| missing.to_string())?;
                if !is_host_and_port(&port) {
                    return Err(format!("{port:?} is no host and port"));
                }
                Place::Port(port)
            }
        };
        let usual = if set.sessions.is_some() { SESSIONS_TIMEOUT } else { TIMEOUT };
        let limit = job.step.timeout.unwrap_or(usual);
        Ok(Work {
            runtime: Runtime { place, limit, deadline: Instant::now() + limit.to_std() },
            backend: name(&set.backend, &job.values)?,
            server: name(&set.server, &job.values)?,
            weight: set.weight,
            state: set.state,
            sessions: set.sessions,
        })
    }

    async fn carry_out(&self) -> Result<Evidence, Failure> {
        let before = self.look().await?;
        if self.is_set(&before) && (self.sessions.is_none() || before.sessions == 0) {
            return Ok(self.evidence(before, Change::AlreadySo));
        }
        self.set(&before).await?;
        loop {
            if self.sessions == Some(Sessions::End) {
                self.act(&format!("shutdown sessions server {}", self.name())).await?;
            }
            let now = self.look().await?;
            if !self.is_set(&now) {
                let why = format!("{} was set, and reads back as {now}", self.name());
                return Err(Failure::WrongAnswer { why });
            }
            if self.sessions.is_none() || now.sessions == 0 {
                return Ok(self.evidence(now, Change::Made));
            }
            if Instant::now() + AGAIN >= self.runtime.deadline {
                let why = format!("{} is {now} after {}", self.name(), self.runtime.limit);
                return Err(Failure::WrongAnswer { why });
            }
            sleep(AGAIN).await;
        }
    }

    /// How the server stands.
    async fn look(&self) -> Result<Seen, Failure> {
        let states = self.runtime.ask(&format!("show servers state {}", self.backend)).await?;
        let counts = self.runtime.ask(&format!("show stat {} 4 -1", self.backend)).await?;
        Seen::read(&self.backend, &self.server, &states, &counts).map_err(|why| Failure::WrongAnswer { why })
    }

    fn is_set(&self, seen: &Seen) -> bool {
        self.weight.is_none_or(|weight| weight == seen.weight) && self.state.is_none_or(|state| state == seen.state)
    }

    /// Sets what is not yet as it is to be. The state comes last: a server that is to be ready gets its work with the weight
    /// that it is to have.
    async fn set(&self, before: &Seen) -> Result<(), Failure> {
        if let Some(weight) = self.weight.filter(|weight| *weight != before.weight) {
            self.act(&format!("set server {} weight {weight}", self.name())).await?;
        }
        if let Some(state) = self.state.filter(|state| *state != before.state) {
            self.act(&format!("set server {} state {}", self.name(), state.word())).await?;
        }
        Ok(())
    }

    /// Has something done. HAProxy says nothing when it was.
    async fn act(&self, command: &str) -> Result<(), Failure> {
        match self.runtime.ask(command).await?.trim() {
            "" => Ok(()),
            said => Err(Failure::WrongAnswer { why: format!("{command}: {}", talk::start_of(said)) }),
        }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.backend, self.server)
    }

    fn evidence(&self, seen: Seen, change: Change) -> Evidence {
        let Seen { weight, state, status, sessions } = seen;
        Evidence::ServerSet { server: self.name(), weight, state, status, sessions, change }
    }
}

/// A name that stays one word of a command, whatever its values are.
fn name(template: &Template, values: &Values) -> Result<String, String> {
    let name = template.fill(values).map_err(|missing| missing.to_string())?;
    if is_haproxy_name(&name) { Ok(name) } else { Err(format!("{name:?} names nothing in HAProxy")) }
}
