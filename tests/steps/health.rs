//! Waiting for health: what the engine saw, and for how long.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use warroom::core::health::{Belief, Found, ProbeState, Sample, Verdict};
use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, Place, Plan, PlanHash, Subject};
use warroom::core::run::{Evidence, Failure};
use warroom::core::state::{Loaded, State};
use warroom::core::time::Span;

use crate::world::{World, at, template, why};

const PLAN: &str = "
plan_id: shop
plan_name: Shop
sites: [{site_id: west, name: West, role: primary}]
components:
  - component_id: db
    name: Database
    type: database
    sites: [west]
    probes:
      - {site: west, tcp: \"127.0.0.1:1\", every: 1s, timeout: 1s}
      - {id: second, site: west, tcp: \"127.0.0.1:2\", every: 1s, timeout: 1s}
recovery_procedures:
  - procedure_id: mend
    name: Mend
    steps: [Mend it]
";

fn plan() -> Plan {
    warroom::plan::read("shop.yaml", PLAN.as_bytes()).plan.unwrap()
}

fn world(within: Duration, stable_for: Span) -> World {
    let subject = Subject::Site(template("${to}"));
    World::of(Action::Health { subject, within: within.into(), stable_for }).with(&[("to", "west")])
}

/// One look at both probes.
fn see(world: &World, second: u64, found: Found) {
    see_one(world, "db.west", second, found);
    see_one(world, "second", second, found);
}

fn see_one(world: &World, probe: &str, second: u64, found: Found) {
    let sample = Sample { at: at(second), took: Span::ZERO, found, why: "seen".into(), measured: Default::default() };
    world.readings.send_modify(|readings| {
        let (plan, probe) = ("shop".parse().unwrap(), probe.parse().unwrap());
        Arc::make_mut(readings).note(&plan, &probe, &Place::Engine, sample);
    });
}

fn believe(world: &World, verdict: Verdict, since: u64) {
    let belief = Belief { verdict, since: Some(at(since)), why: "seen".into(), ..Belief::default() };
    let known = ProbeState { belief, ..ProbeState::default() };
    let probes = ["db.west", "second"].map(|probe| (probe.parse().unwrap(), known.clone()));
    let probes = probes.into_iter().collect();
    let loaded = Loaded::new(Arc::new(plan()), PlanHash("0".into()), probes, Vec::new(), None);
    let state = State { plans: [("shop".parse().unwrap(), Arc::new(loaded))].into(), ..State::default() };
    world.state.send_replace(Arc::new(state));
}

fn begin(world: &World) -> JoinHandle<StepEnd> {
    tokio::spawn(warroom::steps::perform(world.job()))
}

/// Lets the step take in what it was told, as far as it will.
async fn settle(step: &JoinHandle<StepEnd>) -> bool {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    step.is_finished()
}

const LONG: Duration = Duration::from_secs(3_600);
const HEALTHY: StepEnd = StepEnd::Good { evidence: Evidence::Healthy { probes: 2 }, results: BTreeMap::new() };

#[tokio::test]
async fn only_what_was_seen_since_the_step_began_counts() {
    let world = world(LONG, Span::ZERO);
    believe(&world, Verdict::Ok, 0);
    world.readings.send_replace(Arc::default());
    let step = begin(&world);
    assert!(!settle(&step).await);
    see_one(&world, "db.west", 1, Found::Good);
    assert!(!settle(&step).await, "the other was not looked at");
    see_one(&world, "second", 2, Found::Good);
    assert_eq!(step.await.unwrap(), HEALTHY);
}

#[tokio::test]
async fn health_must_last_without_a_break_by_samples_at_both_ends() {
    let world = world(LONG, Span::from_secs(30));
    believe(&world, Verdict::Ok, 0);
    let step = begin(&world);
    see(&world, 1, Found::Good);
    assert!(!settle(&step).await);
    see(&world, 30, Found::Good);
    assert!(!settle(&step).await, "29 seconds of 30");
    see_one(&world, "db.west", 31, Found::Good);
    assert!(!settle(&step).await, "the other was last seen a second before");
    see_one(&world, "second", 31, Found::Good);
    assert_eq!(step.await.unwrap(), HEALTHY);
}

#[tokio::test]
async fn a_relapse_begins_anew() {
    let world = world(LONG, Span::from_secs(30));
    believe(&world, Verdict::Ok, 0);
    let step = begin(&world);
    see(&world, 1, Found::Good);
    assert!(!settle(&step).await);
    see_one(&world, "second", 20, Found::Bad);
    assert!(!settle(&step).await);
    see(&world, 21, Found::Good);
    assert!(!settle(&step).await);
    see(&world, 40, Found::Good);
    assert!(!settle(&step).await, "19 seconds since the relapse");
    see(&world, 51, Found::Good);
    assert_eq!(step.await.unwrap(), HEALTHY);
}

#[tokio::test]
async fn a_relapse_that_the_step_slept_through_begins_anew() {
    let world = world(LONG, Span::from_secs(30));
    believe(&world, Verdict::Ok, 0);
    let step = begin(&world);
    see(&world, 1, Found::Good);
    assert!(!settle(&step).await);
    // Down and up again between two looks of the step: only the time since when it is ok tells.
    believe(&world, Verdict::Ok, 35);
    see(&world, 40, Found::Good);
    assert!(!settle(&step).await, "5 seconds since the relapse");
    see(&world, 65, Found::Good);
    assert_eq!(step.await.unwrap(), HEALTHY);
}

#[tokio::test]
async fn the_time_that_it_may_take_bounds_the_whole() {
    let world = world(Duration::from_millis(400), Span::from_secs(30));
    believe(&world, Verdict::Ok, 0);
    let step = begin(&world);
    see(&world, 1, Found::Good);
    settle(&step).await;
    see(&world, 5, Found::Good);
    let end = step.await.unwrap();
    let expected = "ok without a break for 4s, 30s are needed, after 400ms";
    assert_eq!(end, StepEnd::Bad(Failure::NotHealthy { why: expected.into() }));
}

#[tokio::test]
async fn a_look_judges_what_is_known_now_and_waits_for_nothing() {
    let world = world(LONG, Span::from_secs(30));
    believe(&world, Verdict::Ok, 0);
    see(&world, 29, Found::Good);
    assert_eq!(why(world.look().await), "ok without a break for 29s, 30s are needed");
    see(&world, 30, Found::Good);
    assert_eq!(world.look().await, HEALTHY);
    believe(&world, Verdict::Down, 31);
    assert_eq!(why(world.look().await), "db.west is down: seen");
}
