//! Puts an upstream's file in place, has nginx load it, and looks whether it did.
//!
//! The file goes the way of a `config` step: a safety copy first, the check with all settings as they would be, and everything
//! back when it says no. It goes back as well when nginx could not be told to load it. Once nginx was told, the file stays: what
//! stands on disk is what nginx has or gets, and taking traffic back to a side that may be gone is for people to decide. Then the
//! step fails with what was not seen, and can be done again.
//!
//! That nginx loaded it is seen by its workers, all of which are new ones, and by a page that only the new side answers so.

mod proof;
mod workers;

use std::path::Path;

use tokio::time::Instant;

use super::config::{self, Standing};
use super::{Job, durable};
use crate::core::observe::StepEnd;
use crate::core::plan::{ConfigFiles, NginxUpstream, PutFile, UpstreamRole};
use crate::core::run::{Change, Evidence, Failure};
use crate::core::template::{NoValue, Template};
use crate::core::time::Span;
use crate::plan::is_host_and_port;
use proof::Page;
use workers::Workers;

/// How long it may take when the plan does not say, check and reload included.
const TIMEOUT: Span = Span::from_secs(120);

/// Where the new file waits, in the attempt's directory.
const NAME: &str = "upstream.conf";

/// Ends an attempt that nobody performs again, as [`config::settle`] does.
pub async fn settle(dir: &Path) -> StepEnd {
    match config::settle(dir).await {
        StepEnd::Good { .. } => {
            let why = "it was stopped: the new file is in place, and nobody looked whether nginx has loaded it";
            StepEnd::Bad(Failure::WrongAnswer { why: why.to_owned() })
        }
        end => end,
    }
}

pub(super) async fn perform(job: &Job, upstream: &NginxUpstream) -> StepEnd {
    match Work::of(job, upstream) {
        Ok(work) => work.carry_out().await,
        Err(why) => not_started(why),
    }
}

fn not_started(why: String) -> StepEnd {
    StepEnd::Bad(Failure::NotStarted { why })
}

/// What is to be done, with its values.
struct Work<'a> {
    job: &'a Job,
    upstream: &'a NginxUpstream,
    text: String,
    reload: Vec<String>,
    page: Option<Page>,
    limit: Span,
    deadline: Instant,
}

impl<'a> Work<'a> {
    fn of(job: &'a Job, upstream: &'a NginxUpstream) -> Result<Work<'a>, String> {
        let limit = job.step.timeout.unwrap_or(TIMEOUT);
        let reload: Result<Vec<String>, NoValue> = upstream.reload.iter().map(|word| word.fill(&job.values)).collect();
        let page = upstream.verify.as_ref().map(|verify| Page::of(job, verify)).transpose()?;
        Ok(Work {
            text: text(upstream, |template| template.fill(&job.values))?,
            reload: reload.map_err(|missing| missing.to_string())?,
            deadline: Instant::now() + limit.to_std(),
            job,
            upstream,
            page,
            limit,
        })
    }

    async fn carry_out(&self) -> StepEnd {
        if let (Some(page), true) = (&self.page, self.is_in_place()) {
            // It may be served already: then nothing is to be done.
            if let Ok(status) = page.ask(self.job, self.deadline).await {
                return StepEnd::good(self.evidence(None, Some(status), Change::AlreadySo));
            }
        }
        let workers = match self.upstream.pid_file.as_deref().map(Workers::of).transpose() {
            Ok(workers) => workers,
            Err(why) => return not_started(format!("{why}; no file was touched")),
        };
        match self.put().await {
            StepEnd::Good { .. } => {}
            end => return end,
        }
        let told = config::run(self.job, "the reload", self.reload.clone(), self.limit, self.deadline).await;
        if let Err(why) = told {
            return config::take_back(&self.job.dir, why).await;
        }
        match self.look(workers).await {
            Ok(evidence) => StepEnd::good(evidence),
            Err(why) => {
                let why = format!("{why}; {} is in place, and nginx was told to load it", self.upstream.file);
                StepEnd::Bad(Failure::WrongAnswer { why })
            }
        }
    }

    fn is_in_place(&self) -> bool {
        std::fs::read(&self.upstream.file).is_ok_and(|there| there == self.text.as_bytes())
    }

    /// The new file into its place, checked. What an attempt that a crash cut short has put there already stays.
    async fn put(&self) -> StepEnd {
        let dir = &self.job.dir;
        let from = dir.join(NAME);
        let written = match config::look(dir) {
            Ok(Standing::Untouched) => {
                durable::private_dir(dir).and_then(|()| durable::write(&from, self.text.as_bytes()))
            }
            looked => looked.map(drop),
        };
        if let Err(why) = written {
            return not_started(format!("the new file cannot be written down: {why}; no file was touched"));
        }
        let file =
            PutFile { from: from.display().to_string(), to: self.upstream.file.clone(), format: None, mode: None };
        let files = ConfigFiles { files: vec![file], keep: None, check: self.upstream.check.clone() };
        config::perform(self.job, &files).await
    }

    /// What shows that nginx serves by the new file.
    async fn look(&self, workers: Option<Workers>) -> Result<Evidence, String> {
        let workers = match workers {
            Some(workers) => Some(workers.replaced(self.deadline).await?),
            None => None,
        };
        let answered = match &self.page {
            Some(page) => Some(page.answered(self.job, self.deadline).await?),
            None => None,
        };
        if !self.is_in_place() {
            return Err("somebody else changed the file meanwhile".to_owned());
        }
        Ok(self.evidence(workers, answered, Change::Made))
    }

    fn evidence(&self, workers: Option<usize>, answered: Option<u16>, change: Change) -> Evidence {
        let NginxUpstream { upstream, servers, .. } = self.upstream;
        Evidence::UpstreamLoaded { upstream: upstream.clone(), servers: servers.len(), workers, answered, change }
    }
}

/// The file, whole.
fn text(upstream: &NginxUpstream, fill: impl Fn(&Template) -> Result<String, NoValue>) -> Result<String, String> {
    let mut lines = vec![
        "# Written by warroom: what is changed here by hand is lost with its next change.".to_owned(),
        format!("upstream {} {{", upstream.upstream),
    ];
    for server in &upstream.servers {
        let address = fill(&server.address).map_err(|missing| missing.to_string())?;
        // It becomes a word of the settings: nothing else may come with it.
        if !is_host_and_port(&address) {
            return Err(format!("{address:?} is no host and port"));
        }
        let weight = if server.weight == 1 { String::new() } else { format!(" weight={}", server.weight) };
        let role = match server.role {
            UpstreamRole::Serves => "",
            UpstreamRole::Backup => " backup",
            UpstreamRole::Down => " down",
        };
        lines.push(format!("    server {address}{weight}{role};"));
    }
    lines.push("}\n".to_owned());
    Ok(lines.join("\n"))
}
