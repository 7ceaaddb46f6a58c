//! Failovers on their way: what waits is looked at again, what moved is said whatever became of the run, forms change in time.

use crate::core::command::{Command, Options};
use crate::core::event::Event;
use crate::core::failover::MoveKind;
use crate::core::fixtures::{World, ada, id, launch, mike, plan};
use crate::core::follow::next_due;
use crate::core::health::{Verdict, living_key};
use crate::core::ids::{IncidentId, RunId};
use crate::core::loss::Loss;
use crate::core::observe::StepEnd;
use crate::core::plan::{Action, Fence, Plan, Policy, Retry, Return, Undo, Ungraceful};
use crate::core::run::{RunState, StepState};
use crate::core::status::waits_for;
use crate::core::template::Template;
use crate::core::time::Span;
use crate::text;

const EAST: [&str; 3] = ["web-east", "api-east", "db-east"];

/// East is down, West is healthy, nothing would be lost, ada has declared.
fn ready(change: impl FnOnce(&mut Plan)) -> (World, IncidentId) {
    let mut world = World::calm();
    let mut shop = Plan { failover: Policy { agree: 1, ..Policy::default() }, ..plan("shop") };
    change(&mut shop);
    world.load(shop);
    world.loses(Loss::Measured(Span::ZERO));
    world.outage();
    let proposed = world.only_incident().id.clone();
    world.ok(ada(), crate::core::fixtures::declare(crate::core::command::Declared::Proposal(proposed.clone())));
    (world, proposed)
}

fn begun(change: impl FnOnce(&mut Plan)) -> (World, RunId) {
    let (mut world, incident) = ready(change);
    let run = world.start(&incident, "failover-west");
    (world, run)
}

fn active(world: &World) -> &str {
    world.state.plans["shop"].active.as_ref().unwrap().as_str()
}

fn is_guarded(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::RunGuarded { .. }))
}

#[test]
fn the_next_try_of_a_fence_asks_the_guards_as_the_first_did() {
    let (mut world, run) = begun(|_| {});
    world.walk_to(run, "stop");
    world.goes_wrong(run);
    assert!(matches!(world.step(run, "stop"), StepState::Pausing { .. }));
    let mut still_down = world.clone();
    EAST.iter().for_each(|probe| drop(world.turns(probe, Verdict::Ok)));
    assert!(is_guarded(&world.pass(5)), "East came back in the pause");
    assert!(matches!(world.run(run).state, RunState::Held { .. }));
    assert_eq!(world.run(run).find(&id("stop")).unwrap().2.attempts, 1);
    still_down.pass(5);
    assert!(matches!(still_down.step(run, "stop"), StepState::Running { .. }));
}

#[test]
fn a_fence_that_waits_for_a_stable_target_begins_by_itself_once_it_is() {
    let (mut world, run) = begun(|_| {});
    world.walk_to(run, "ready");
    world.turns("db-west", Verdict::Down);
    world.turns("db-west", Verdict::Ok);
    world.goes_well(run);
    assert_eq!(*world.step(run, "stop"), StepState::Pending);
    world.pass(3);
    let waits = waits_for(&world.state, world.run(run), &world.readings, &world.now);
    assert_eq!(
        text::waits(&world.state, world.run(run), &waits),
        "waits for guards of step stop: West is healthy: 3 of 3 parts ok, for 3s, limit 30s"
    );
    let mut waited = 3;
    while *world.step(run, "stop") == StepState::Pending {
        let due = next_due(&world.state, &world.now).expect("nobody wakes the engine");
        let left = due.since(world.now.utc);
        assert!(left > Span::ZERO && left <= Span::from_secs(1), "{left}");
        world.pass(1);
        waited += 1;
    }
    assert_eq!(waited, 30);
}

#[test]
fn what_serves_is_what_the_step_without_return_made_of_it_though_the_run_was_held_or_aborted() {
    let (mut world, run) = begun(|_| {});
    world.walk_to(run, "promote");
    let well = || StepEnd::good(crate::core::run::Evidence::ExitedWell);
    for stop in [Command::Hold { run, reason: None }, Command::Abort { run, reason: "enough".into() }] {
        let mut world = world.clone();
        world.ok(ada(), stop.clone());
        assert_eq!(active(&world), "east", "it may still fail");
        world.ends(run, "promote", 1, well());
        assert_eq!(active(&world), "west", "{stop:?}");
        let journal = world.journal.iter().filter(|e| matches!(e.event, Event::SiteActivated { run: Some(_), .. }));
        assert_eq!(journal.count(), 1);
    }
}

#[test]
fn a_failover_that_promoted_nothing_moves_nothing() {
    let (mut world, run) = begun(|_| {});
    world.walk_to(run, "promote");
    world.goes_wrong(run);
    world.ok(ada(), Command::Skip { run, step: id("promote"), reason: "it cannot".into() });
    world.walk_to(run, "open");
    world.goes_well(run);
    assert!(matches!(world.run(run).state, RunState::Ended { .. }));
    assert_eq!(active(&world), "east");
    assert_eq!(world.state.incidents.values().next().unwrap().owed, None);
}

#[test]
fn power_that_is_cut_for_good_is_a_fence() {
    let (mut world, run) = begun(|shop| {
        let steps = &mut shop.procedures[0].steps;
        steps.swap(2, 3);
        steps[3].way_back = Return::None;
        steps[3].fence = Some(Fence::Power);
        steps[3].retry = Retry::NEVER;
    });
    world.walk_to(run, "stop");
    assert!(matches!(world.step(run, "stop"), StepState::Running { .. }), "{:?}", world.run(run).state);
    world.walk_to(run, "promote");
    assert!(matches!(world.step(run, "promote"), StepState::Running { .. }));
}

/// `ready` by hand, and by a program in an emergency.
fn two_forms(shop: &mut Plan) {
    let step = &mut shop.procedures[0].steps[1];
    step.action = Action::Manual { sentence: "Ask whether West is ready".into() };
    let argv = vec![Template::new("true").unwrap()];
    let form = Undo { action: Action::Command { argv }, timeout: None, retry: Retry::NEVER, host: None };
    step.ungraceful = Some(Ungraceful::Instead(Box::new(form)));
}

#[test]
fn an_emergency_does_in_its_other_form_what_somebody_was_still_asked_to_do() {
    let (mut world, run) = begun(two_forms);
    world.walk_to(run, "ready");
    assert!(matches!(world.step(run, "ready"), StepState::Waiting { .. }));
    world.ok(ada(), Command::TurnEmergency { run, reason: "East burns".into() });
    assert!(matches!(world.step(run, "ready"), StepState::Running { .. }), "{:?}", world.step(run, "ready"));
    world.goes_well(run);
    assert!(matches!(world.step(run, "stop"), StepState::Running { .. }));
}

#[test]
fn an_emergency_does_nothing_twice_that_may_still_be_going_on() {
    let (mut world, run) = begun(|shop| {
        two_forms(shop);
        let step = &mut shop.procedures[0].steps[1];
        step.action = Action::Command { argv: vec![Template::new("drain").unwrap()] };
    });
    world.walk_to(run, "ready");
    world.ends(run, "ready", 1, StepEnd::Lost("its shim is gone".into()));
    world.readings.living.insert(living_key(run, &id("ready"), 1));
    world.ok(ada(), Command::TurnEmergency { run, reason: "East burns".into() });
    assert!(matches!(world.step(run, "ready"), StepState::Unknown { .. }), "{:?}", world.step(run, "ready"));
    world.readings.living.clear();
    world.ok(ada(), Command::SayDone { run, step: id("ready"), note: None });
    assert!(matches!(world.step(run, "stop"), StepState::Running { .. }));
}

#[test]
fn launched_as_an_emergency_or_turned_into_one_steps_have_the_same_form() {
    let (mut world, incident) = ready(two_forms);
    let Command::StartRun { incident, plan, procedure, values, seen, .. } = launch(&incident, "failover-west") else {
        unreachable!()
    };
    let options = Options { move_kind: Some(MoveKind::Emergency), ..Options::default() };
    let mut turned = world.clone();
    world.ok(ada(), Command::StartRun { incident: incident.clone(), plan, procedure, values, options, seen });
    let run = turned.start(&incident, "failover-west");
    turned.ok(mike(), Command::TurnEmergency { run, reason: "East burns".into() });
    let action = |world: &World| world.run(run).find(&id("ready")).unwrap().1.action.clone();
    assert_eq!(action(&world), action(&turned));
    assert_eq!(world.run(run).board, turned.run(run).board);
}
