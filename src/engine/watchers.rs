//! Tasks that look at the world again and again: probes, customers. Each has its own, so that a slow neighbour
//! stretches nobody's interval.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Deserialize;
use tokio::time::{Instant, MissedTickBehavior};

use super::effects::Shared;
use super::turns;
use crate::core::health::{Customers, Found, Sample, Served, Tracker, Verdict};
use crate::core::ids::PlanId;
use crate::core::observe::Report;
use crate::core::plan::{CustomerCounter, Look, Place, Probe, Vantage};
use crate::core::time::{Now, Span};
use crate::history::Series;
use crate::outbound::body_start;
use crate::probes::{self, Answer, Memory, Tools};

/// Over how long customers are counted.
const WINDOW: Span = Span::from_secs(5);

/// The largest answer of a counter.
pub(super) const ANSWER_LIMIT: usize = 4 * 1024;

/// How long a counter may take to answer.
pub(super) const PATIENCE: Span = Span::from_secs(2);

pub(super) fn ticks(every: Span) -> tokio::time::Interval {
    ticks_from(Instant::now(), every)
}

fn ticks_from(start: Instant, every: Span) -> tokio::time::Interval {
    let mut interval = tokio::time::interval_at(start, every.to_std());
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    interval
}

/// Looks at one part from one place for as long as it is let.
pub(super) async fn probe(shared: Arc<Shared>, plan: PlanId, probe: Arc<Probe>, place: Place, last_good: Option<Now>) {
    let tracker = Tracker::new(place.clone(), last_good);
    let series = shared.history.series(&plan, &probe.id, &place);
    let mut watch = Watch { shared, plan, probe, place, tracker, series };
    match watch.probe.look {
        Look::Heartbeat => watch.listen().await,
        _ => watch.look().await,
    }
}

/// One probe at one place.
struct Watch {
    shared: Arc<Shared>,
    plan: PlanId,
    probe: Arc<Probe>,
    place: Place,
    tracker: Tracker,
    series: Series,
}

impl Watch {
    /// Looks again and again.
    async fn look(&mut self) {
        let memory = Memory::default();
        let mut turns = Turns::begin(Instant::now(), turns::of(&self.plan, &self.probe, &self.place));
        loop {
            let due = turns.next().await;
            tracing::trace!(target: "warroom::lateness", micros = due.elapsed().as_micros() as u64);
            let at = self.shared.clock.now();
            if self.shared.uplink.is_cut() {
                // What was seen before counts no more: it is looked at anew.
                self.forget(at);
                continue;
            }
            // What a look needs is large, and most probes are not looking: it is given back after each.
            let answer = Box::pin(self.ask(&memory)).await;
            Box::pin(self.note(at, answer)).await;
        }
    }

    async fn ask(&self, memory: &Memory) -> Answer {
        let ssh = self.shared.config.ssh(&self.shared.dir);
        let tools = Tools { http: &self.shared.http, ssh: &ssh, memory };
        probes::look(&self.probe, &self.place, tools).await
    }

    /// Takes what others report.
    async fn listen(&mut self) {
        let (plan, probe) = (self.plan.clone(), self.probe.id.clone());
        let mut listener = self.shared.heartbeats.listen(plan, probe, self.probe.every);
        loop {
            let answer = listener.next().await;
            self.note(self.shared.clock.now(), answer).await;
        }
    }

    /// Nobody can look now.
    fn forget(&mut self, at: Now) {
        self.show(at, Answer::unseen("the engine is cut off"));
        self.tracker.forget();
    }

    async fn note(&mut self, at: Now, answer: Answer) {
        let sample = self.show(at, answer);
        let Some(change) = self.tracker.take(&self.probe, &sample) else { return };
        if change.to == Verdict::Down && !self.shared.uplink.answers().await {
            return self.tracker.forget();
        }
        self.shared.report(Report::Probe { plan: self.plan.clone(), probe: self.probe.id.clone(), change });
    }

    fn show(&self, at: Now, answer: Answer) -> Sample {
        let Answer { found, why, took, measured, detail } = answer;
        let sample = Sample { at, took, found, why, measured };
        self.series.note(&self.probe, &sample, detail);
        self.shared.live.read(|readings| readings.note(&self.plan, &self.probe.id, &self.place, sample.clone()));
        self.keep(&sample);
        sample
    }

    /// Keeps what clocks are reckoned from: looks through the front door, and the last good one of what shows how far data is
    /// kept.
    fn keep(&self, sample: &Sample) {
        let state = Arc::clone(&self.shared.state.borrow());
        let Some(loaded) = state.plans.get(&self.plan) else { return };
        if matches!(sample.found, Found::Good | Found::Degraded) && loaded.plan.is_proof(&self.probe.id) {
            self.shared.live.read(|readings| {
                let proofs = readings.proofs.entry(self.plan.clone()).or_default();
                proofs.insert(self.probe.id.clone(), sample.clone());
            });
        }
        if self.probe.vantage == Vantage::FrontDoor && loaded.verdict(&self.probe.id) != Verdict::Paused {
            let incident = state.incident_of(&self.plan).map(|i| (i.id.clone(), i.began.clone()));
            self.shared.live.count(&self.plan, &sample.at, sample.found, incident);
        }
    }
}

/// When one probe looks.
struct Turns {
    first: Option<Instant>,
    then: tokio::time::Interval,
}

impl Turns {
    fn begin(start: Instant, offsets: turns::Offsets) -> Turns {
        let then = ticks_from(start + offsets.then.to_std(), offsets.every);
        Turns { first: Some(start + offsets.first.to_std()), then }
    }

    /// Waits for the next turn, and says when it was due.
    async fn next(&mut self) -> Instant {
        match self.first.take() {
            Some(first) => {
                tokio::time::sleep_until(first).await;
                first
            }
            None => self.then.tick().await,
        }
    }
}

/// What a counter answers.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Count {
    ok: u64,
    failed: u64,
}

/// Asks the customers' counter for as long as it is let.
pub(super) async fn customers(shared: Arc<Shared>, plan: PlanId, counter: CustomerCounter) {
    let mut seen: VecDeque<(Instant, Count)> = VecDeque::new();
    let mut ticks = ticks(counter.every);
    loop {
        ticks.tick().await;
        match ask::<Count>(&shared, &counter.url).await {
            Some(count) => {
                // A counter that went back was started anew.
                if seen.back().is_some_and(|(_, last)| count.ok < last.ok || count.failed < last.failed) {
                    seen.clear();
                }
                seen.push_back((Instant::now(), count));
            }
            None => seen.clear(),
        }
        while seen.len() > 2 && seen.get(1).is_some_and(|(at, _)| at.elapsed() >= WINDOW.to_std()) {
            seen.pop_front();
        }
        let served = served(&seen);
        let at = shared.clock.now();
        shared.live.read(|readings| {
            readings.customers.insert(plan.clone(), Customers { at, served });
        });
    }
}

fn served(seen: &VecDeque<(Instant, Count)>) -> Option<Served> {
    let ((first_at, first), (last_at, last)) = (seen.front()?, seen.back()?);
    let window = Span::from(last_at.duration_since(*first_at));
    (seen.len() > 1).then(|| Served { ok: last.ok - first.ok, failed: last.failed - first.failed, window })
}

/// Asks for a small JSON answer; `None` for whatever is not one.
async fn ask<T: serde::de::DeserializeOwned>(shared: &Shared, url: &str) -> Option<T> {
    let answer = shared.http.get(url).timeout(PATIENCE.to_std()).send().await.ok()?;
    let answer = answer.error_for_status().ok()?;
    let body = body_start(answer, ANSWER_LIMIT).await.ok()?;
    serde_json::from_slice(&body).ok()
}
