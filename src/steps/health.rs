//! Waits until the engine has seen something healthy, with its own eyes, since the step began; and for as long as the plan says.

use std::time::Duration;

use super::Job;
use crate::core::health::{Found, ProbeState, Readings, Sample, Verdict, probes_of};
use crate::core::observe::StepEnd;
use crate::core::plan::{Probe, Subject};
use crate::core::run::{Evidence, Failure};
use crate::core::state::State;
use crate::core::time::{Now, Span};

/// Waits, at most `within`, for samples that show all in question ok without a break for `stable_for`.
pub(super) async fn perform(mut job: Job, subject: &Subject, within: Span, stable_for: Span) -> StepEnd {
    let deadline = tokio::time::sleep(within.to_std());
    tokio::pin!(deadline);
    let mut stretch: Option<Now> = None;
    loop {
        let state = job.state.borrow_and_update().clone();
        let readings = job.readings.borrow_and_update().clone();
        let judged = see(&job, subject, &state, &readings, Samples::SinceTheStepBegan);
        let missing = match judged {
            Ok(seen) => {
                let began = seen.goes_on(stretch.take());
                match lasts(&began, &seen.oldest, stable_for) {
                    Ok(()) => return StepEnd::good(Evidence::Healthy { probes: seen.probes }),
                    Err(missing) => {
                        stretch = Some(began);
                        missing
                    }
                }
            }
            Err(missing) => {
                stretch = None;
                missing
            }
        };
        tokio::select! {
            biased;
            () = &mut deadline => return StepEnd::Bad(Failure::NotHealthy { why: format!("{missing}, after {within}") }),
            changed = job.state.changed() => if changed.is_err() { return stopped().await },
            changed = job.readings.changed() => if changed.is_err() { return stopped().await },
        }
    }
}

/// What the engine knows now.
pub(super) fn look(job: &Job, subject: &Subject, stable_for: Span) -> StepEnd {
    let (state, readings) = (job.state.borrow().clone(), job.readings.borrow().clone());
    let judged = see(job, subject, &state, &readings, Samples::Newest)
        .and_then(|seen| lasts(&seen.became, &seen.oldest, stable_for).map(|()| seen.probes));
    match judged {
        Ok(probes) => StepEnd::good(Evidence::Healthy { probes }),
        Err(why) => StepEnd::Bad(Failure::NotHealthy { why }),
    }
}

/// The engine is going; whoever starts next looks again.
async fn stopped() -> StepEnd {
    tokio::time::sleep(Duration::MAX).await;
    StepEnd::Lost("the engine stopped".into())
}

/// Which samples count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Samples {
    Newest,
    SinceTheStepBegan,
}

/// All in question, ok.
struct Seen {
    probes: usize,
    /// When the last of them became ok.
    became: Now,
    /// The newest of their newest samples: from here on all are known to have been ok.
    newest: Now,
    /// The oldest of their newest samples: up to here all are known to have been ok.
    oldest: Now,
}

impl Seen {
    /// When the present stretch began: a relapse that nobody was awake for begins it anew.
    fn goes_on(&self, stretch: Option<Now>) -> Now {
        match stretch {
            Some(began) if self.became.boot == began.boot && self.became.uptime > began.uptime => self.became.clone(),
            Some(began) => began,
            None => self.newest.clone(),
        }
    }
}

/// All in question ok, or the first thing that is not.
fn see(job: &Job, subject: &Subject, state: &State, readings: &Readings, which: Samples) -> Result<Seen, String> {
    let loaded = state.plans.get(&job.run.plan).ok_or("the plan is not loaded")?;
    let probes = probes_of(subject, &job.values, loaded)?;
    let looks = probes.iter().flat_map(|probe| probe.from.iter().map(move |place| (*probe, place)));
    let mut all: Option<Seen> = None;
    for (probe, place) in looks {
        let sample = readings.look(&job.run.plan, &probe.id, place).filter(|s| counts(s, &job.since, which));
        let known = loaded.probes.get(&probe.id);
        let sample = ok(probe, known, sample)?;
        let became = known.and_then(|k| k.since.clone()).unwrap_or_else(|| sample.at.clone());
        all = Some(match all {
            None => Seen { probes: probes.len(), became, newest: sample.at.clone(), oldest: sample.at.clone() },
            Some(seen) => Seen {
                became: later(seen.became, became),
                newest: later(seen.newest, sample.at.clone()),
                oldest: earlier(seen.oldest, sample.at.clone()),
                ..seen
            },
        });
    }
    all.ok_or_else(|| "nothing looks at it: the plan has no probe for it".into())
}

fn counts(sample: &Sample, since: &Now, which: Samples) -> bool {
    which == Samples::Newest || (sample.at.boot == since.boot && sample.at.uptime >= since.uptime)
}

/// The sample that shows a probe's part ok, with what is believed of it.
fn ok<'a>(probe: &Probe, known: Option<&ProbeState>, sample: Option<&'a Sample>) -> Result<&'a Sample, String> {
    let verdict = known.map_or(Verdict::Unknown, |k| k.verdict);
    if verdict != Verdict::Ok {
        return Err(format!("{} is {}: {}", probe.id, word(verdict), known.map_or("", |k| k.why.as_str())));
    }
    match sample {
        Some(sample) if sample.found == Found::Good => Ok(sample),
        Some(sample) => Err(format!("{} was not ok at the last look: {}", probe.id, sample.why)),
        None => Err(format!("{} was not looked at since", probe.id)),
    }
}

/// Whether a stretch is as long as it must be, by samples at both of its ends.
fn lasts(began: &Now, until: &Now, stable_for: Span) -> Result<(), String> {
    let lasted = if began.boot == until.boot { until.uptime.minus(began.uptime) } else { Span::ZERO };
    if lasted >= stable_for {
        return Ok(());
    }
    Err(format!("ok without a break for {lasted}, {stable_for} are needed"))
}

fn later(one: Now, other: Now) -> Now {
    if one.uptime >= other.uptime { one } else { other }
}

fn earlier(one: Now, other: Now) -> Now {
    if one.uptime <= other.uptime { one } else { other }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Paused => "paused",
        Verdict::Unknown => "unknown",
        Verdict::Degraded => "degraded",
        Verdict::Down => "down",
    }
}
