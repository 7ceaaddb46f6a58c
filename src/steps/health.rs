//! Waits until the engine has seen something healthy, with its own eyes, since the step began.

use std::time::Duration;

use super::Job;
use crate::core::health::{Found, Readings, Verdict};
use crate::core::ids::{ComponentId, SiteId};
use crate::core::observe::StepEnd;
use crate::core::plan::{Probe, Subject};
use crate::core::run::{Evidence, Failure};
use crate::core::state::{Loaded, State};
use crate::core::time::Span;

pub(super) async fn perform(mut job: Job, subject: &Subject, within: Span) -> StepEnd {
    let deadline = tokio::time::sleep(within.to_std());
    tokio::pin!(deadline);
    loop {
        let state = job.state.borrow_and_update().clone();
        let readings = job.readings.borrow_and_update().clone();
        let verdict = judge(&job, subject, &state, &readings);
        let missing = match verdict {
            Ok(probes) => return StepEnd::good(Evidence::Healthy { probes }),
            Err(missing) => missing,
        };
        tokio::select! {
            biased;
            () = &mut deadline => return StepEnd::Bad(Failure::NotHealthy { why: format!("{missing}, after {within}") }),
            changed = job.state.changed() => if changed.is_err() { return stopped().await },
            changed = job.readings.changed() => if changed.is_err() { return stopped().await },
        }
    }
}

/// The engine is going; whoever starts next looks again.
async fn stopped() -> StepEnd {
    tokio::time::sleep(Duration::MAX).await;
    StepEnd::Lost("the engine stopped".into())
}

/// How many probes say ok, or the first thing that is not.
fn judge(job: &Job, subject: &Subject, state: &State, readings: &Readings) -> Result<usize, String> {
    let loaded = state.plans.get(&job.run.plan).ok_or("the plan is not loaded")?;
    let probes = subjects(job, subject, loaded)?;
    if probes.is_empty() {
        return Err("nothing looks at it: the plan has no probe for it".into());
    }
    let samples = readings.samples.get(&job.run.plan);
    for probe in &probes {
        let known = loaded.probes.get(&probe.id);
        let verdict = known.map_or(Verdict::Unknown, |k| k.verdict);
        if verdict != Verdict::Ok {
            return Err(format!("{} is {}: {}", probe.id, word(verdict), known.map_or("", |k| k.why.as_str())));
        }
        let fresh = samples
            .and_then(|s| s.get(&probe.id))
            .is_some_and(|s| s.at.boot == job.since.boot && s.at.uptime >= job.since.uptime && s.found == Found::Good);
        if !fresh {
            return Err(format!("{} was not looked at since", probe.id));
        }
    }
    Ok(probes.len())
}

fn subjects<'a>(job: &Job, subject: &Subject, loaded: &'a Loaded) -> Result<Vec<&'a Probe>, String> {
    let site = match subject {
        Subject::Site(template) => {
            let text = template.fill(&job.run.values).map_err(|e| e.to_string())?;
            let site = SiteId::new(&text).map_err(|e| format!("{text:?} is no site: {e}"))?;
            loaded.plan.site(&site).ok_or_else(|| format!("the plan has no site {site}"))?;
            Some(site)
        }
        Subject::Component(_) => None,
    };
    let component = match subject {
        Subject::Component(template) => {
            let text = template.fill(&job.run.values).map_err(|e| e.to_string())?;
            let id = ComponentId::new(&text).map_err(|e| format!("{text:?} is no component: {e}"))?;
            Some(loaded.plan.component(&id).ok_or_else(|| format!("the plan has no component {id}"))?.id.clone())
        }
        Subject::Site(_) => None,
    };
    let counts = |of: &crate::core::plan::Component, probe: &Probe| match subject {
        Subject::Site(_) => probe.site == site,
        Subject::Component(_) => Some(&of.id) == component.as_ref(),
    };
    Ok(loaded.plan.probes().filter(|(c, p)| counts(c, p)).map(|(_, p)| p).collect())
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Unknown => "unknown",
        Verdict::Slow => "slow",
        Verdict::Down => "down",
    }
}
