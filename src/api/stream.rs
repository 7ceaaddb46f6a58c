//! Server-sent events: what was missed, then what comes, and once a second what is never journaled, but for the samples of probes:
//! there may be ten thousand, and a client asks for those that it shows.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Query, State};
use axum::response::sse::{Event as Sse, Sse as SseResponse};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Interval, MissedTickBehavior};

use super::peer::Peer;
use super::routes::known;
use crate::core::health::{Readings, Samples};
use crate::core::ids::{ComponentId, PlanId};
use crate::core::plan::Step;
use crate::core::run::{StepRun, StepState};
use crate::core::state::State as Known;
use crate::engine::{Engine, LiveBoard, Published, entry};
use crate::wire::{Live, OutputSize, Trouble};

/// How far behind a client may be and still be told entry by entry.
const CATCH_UP: u64 = 1_000;

/// Frames of the live stream without news before the clock alone is sent.
const QUIET_FRAMES: u32 = 5;

#[derive(Debug, Deserialize)]
pub(super) struct StreamQuery {
    from: u64,
}

/// What one client still has to be told.
struct Teller {
    engine: Engine,
    news: broadcast::Receiver<Published>,
    /// What it missed, newest first.
    missed: Vec<Published>,
    told: u64,
    frames: Interval,
    last: Option<Live>,
    quiet: u32,
    /// After a reset nothing more is told: the client starts over.
    over: bool,
    _presence: crate::engine::Presence,
}

pub(super) async fn stream(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Query(query): Query<StreamQuery>,
) -> Result<SseResponse<impl Stream<Item = Result<Sse, Infallible>>>, Trouble> {
    let who = known(&engine, &peer)?;
    // Listening comes before reading the past, so that nothing falls between.
    let news = engine.entries.subscribe();
    let head = engine.newest.borrow().head.seq;
    let far = query.from > head || head - query.from > CATCH_UP;
    let missed = if far { Vec::new() } else { missed(&engine, query.from, head).await? };
    let mut frames = tokio::time::interval(Duration::from_secs(1));
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let presence = LiveBoard::arrive(&engine.shared.live, who);
    let teller = Teller {
        news,
        missed,
        told: query.from,
        frames,
        last: None,
        quiet: 0,
        over: false,
        _presence: presence,
        engine,
    };
    let told = stream::unfold((teller, far), |(mut teller, far)| async move {
        let next = if far { teller.reset() } else { teller.next().await? };
        Some((Ok(next), (teller, false)))
    });
    Ok(SseResponse::new(told))
}

async fn missed(engine: &Engine, from: u64, head: u64) -> Result<Vec<Published>, Trouble> {
    let unreadable = |why: String| Trouble::ReadOnly { why };
    let limit = usize::try_from(head - from).unwrap_or(0);
    let rows = engine.reader.rows(from, limit).await.map_err(|why| unreadable(why.to_string()))?;
    let publish = |row: &crate::store::Row| {
        let entry = entry(row).map_err(|why| unreadable(why.to_string()))?;
        let json = serde_json::to_string(&entry).map_err(|why| unreadable(why.to_string()))?;
        Ok(Published { seq: row.seq, json: json.into() })
    };
    rows.iter().rev().map(publish).collect()
}

impl Teller {
    fn reset(&mut self) -> Sse {
        self.over = true;
        Sse::default().event("reset").data("{}")
    }

    async fn next(&mut self) -> Option<Sse> {
        if self.over {
            return None;
        }
        if let Some(entry) = self.missed.pop() {
            return Some(self.tell(&entry));
        }
        let mut stop = self.engine.stop.clone();
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return None,
                news = self.news.recv() => match news {
                    Ok(entry) if entry.seq <= self.told => {}
                    Ok(entry) => return Some(self.tell(&entry)),
                    Err(RecvError::Lagged(_)) => return Some(self.reset()),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.frames.tick() => if let Some(frame) = self.frame() { return Some(frame) },
            }
        }
    }

    fn tell(&mut self, entry: &Published) -> Sse {
        self.told = entry.seq;
        Sse::default().event("event").id(entry.seq.to_string()).data(&*entry.json)
    }

    /// The newest of what is never journaled when it has news, else the clock now and then.
    fn frame(&mut self) -> Option<Sse> {
        let frame = live(&self.engine, Looks::None);
        let now = frame.now.clone();
        let same = self.last.as_ref().is_some_and(|last| Live { now: now.clone(), ..last.clone() } == frame);
        if !same {
            self.quiet = 0;
            let json = serde_json::to_string(&frame).ok()?;
            self.last = Some(frame);
            return Some(Sse::default().event("live").data(json));
        }
        self.quiet += 1;
        if !self.quiet.is_multiple_of(QUIET_FRAMES) {
            return None;
        }
        Some(Sse::default().event("now").data(serde_json::to_string(&now).ok()?))
    }
}

/// Which of the samples go along.
#[derive(Debug, Clone, Copy)]
pub(super) enum Looks<'a> {
    /// None.
    None,
    /// All of them.
    All,
    /// Those of a plan.
    Of(&'a PlanId),
    /// Those of some components of a plan.
    OfComponents(&'a PlanId, &'a [ComponentId]),
}

impl Looks<'_> {
    fn of(self, state: &Known, samples: &Samples) -> Samples {
        let of_plan = |plan: &PlanId| samples.get(plan).cloned().unwrap_or_default();
        match self {
            Looks::None => Samples::default(),
            Looks::All => samples.clone(),
            Looks::Of(plan) => Samples::default().insert(plan.clone(), of_plan(plan)),
            Looks::OfComponents(plan, wanted) => {
                let (known, loaded) = (of_plan(plan), state.plans.get(plan));
                let components = wanted.iter().filter_map(|id| loaded?.component(id));
                let probes = components.flat_map(|component| &component.probes);
                let found = probes.filter_map(|probe| Some((probe.id.clone(), known.get(&probe.id)?.clone())));
                Samples::default().insert(plan.clone(), found.collect())
            }
        }
    }
}

/// The newest of what is never journaled.
pub(super) fn live(engine: &Engine, looks: Looks<'_>) -> Live {
    let board = &engine.shared.live;
    let readings: Arc<Readings> = board.readings();
    let samples = looks.of(&engine.newest.borrow().state, &readings.samples);
    let Readings { customers, replication, living, .. } = &*readings;
    let readings =
        Readings { samples, customers: customers.clone(), replication: replication.clone(), living: living.clone() };
    Live {
        now: engine.shared.clock.now(),
        readings,
        present: board.present(),
        output: output_sizes(engine),
        read_only: board.read_only(),
    }
}

fn output_sizes(engine: &Engine) -> Vec<OutputSize> {
    let state = engine.newest.borrow().state.clone();
    let mut sizes = Vec::new();
    for run in state.runs.values().filter(|run| run.is_open()) {
        let writes =
            |step: &Step, seen: &StepRun| step.action.is_program() && matches!(seen.state, StepState::Running { .. });
        for (_, step, seen) in run.active().filter(|(_, step, seen)| writes(step, seen)) {
            let path = engine.shared.attempt_dir(run.id, &step.id, seen.attempts).join("output");
            let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
            sizes.push(OutputSize { run: run.id, step: step.id.clone(), attempt: seen.attempts, bytes });
        }
    }
    sizes
}
