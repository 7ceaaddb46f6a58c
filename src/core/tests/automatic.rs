//! Automatic failovers: once, counted down before everybody's eyes, stopped with one key, and not at all when nothing is wrong.

use crate::core::command::{Command, Options};
use crate::core::event::Event;
use crate::core::failover::{CountdownEnd, Guard, MoveKind};
use crate::core::fixtures::{World, ada, id, launch, plan, rita};
use crate::core::follow::next_due;
use crate::core::health::Verdict;
use crate::core::ids::RunId;
use crate::core::loss::Loss;
use crate::core::observe::{Connection, Report};
use crate::core::plan::{Action, Attended, Disaster, Need, Plan, Policy, Procedure, Scenario, Then, Trigger};
use crate::core::refusal::Refusal;
use crate::core::run::StepState;
use crate::core::time::Span;

/// `shop`, which fails over by itself once East is down for ten seconds, counted down for 60; the first step looks, the gate is passed
/// by the countdown.
fn automatic() -> Plan {
    let trigger =
        Trigger { when: "site.east == down".parse().unwrap(), held_for: Span::from_secs(10), then: Then::Failover };
    let lost = Scenario {
        trigger: Some(trigger),
        procedure: Some(id("failover-west")),
        ..Scenario::usual(id("lost"), "East is lost", Disaster::DataCentreOutage)
    };
    let failover = Policy { abort_window: Span::from_secs(60), ..Policy::default() };
    let mut plan = Plan { scenarios: vec![lost], pages: vec![id("pager")], failover, ..plan("shop") };
    let moves = &mut plan.procedures[0];
    moves.parameters[0].need = Need::Default("a trigger".into());
    moves.steps.remove(0);
    let Action::Gate(gate) = &mut moves.steps[2].action else { panic!("no gate") };
    gate.in_automatic = Attended::ByCountdown;
    plan
}

fn world() -> World {
    let mut world = World::empty();
    world.load(automatic());
    world.all_good("shop");
    world.loses(Loss::Measured(Span::ZERO));
    world.pass(60);
    world
}

fn east(world: &mut World, to: Verdict) -> Vec<Event> {
    ["web-east", "api-east", "db-east"].iter().flat_map(|probe| world.turns(probe, to)).collect()
}

fn launched(world: &World) -> usize {
    let automatic = |event: &Event| matches!(event, Event::RunStarted { move_kind: Some(MoveKind::Automatic), .. });
    world.journal.iter().filter(|entry| automatic(&entry.event)).count()
}

fn countdown(world: &World) -> bool {
    world.state.plans["shop"].automation.countdown.is_some()
}

fn ended(events: &[Event]) -> Option<&CountdownEnd> {
    events.iter().find_map(|event| match event {
        Event::CountdownEnded { why, .. } => Some(why),
        _ => None,
    })
}

#[test]
fn a_lost_site_is_counted_down_and_then_failed_over_once() {
    let mut world = world();
    east(&mut world, Verdict::Down);
    assert!(!countdown(&world), "not before the trigger has held");
    let events = world.pass(10);
    assert!(countdown(&world), "{events:?}");
    let paged = |event: &Event| matches!(event, Event::UpdateSent { channels, .. } if channels.contains("pager"));
    assert!(events.iter().any(paged));
    world.pass(59);
    assert_eq!(launched(&world), 0, "a second is left");
    world.pass(1);
    assert_eq!(launched(&world), 1);
    let run = RunId(world.state.runs_so_far);
    world.walk_to(run, "stop");
    world.goes_well(run);
    world.loses(Loss::AtMost(Span::from_secs(2)));
    let events = world.pass(1);
    let opened = events.iter().any(|event| matches!(event, Event::GateOpened { by, .. } if by.is_empty()));
    assert!(opened, "the countdown was the yes: {events:?}");
    assert!(matches!(world.step(run, "promote"), StepState::Running { .. }));
    world.walk_to(run, "open");
    world.goes_well(run);
    assert_eq!(world.state.plans["shop"].active, Some(id("west")));
    world.pass(86_400);
    assert_eq!(launched(&world), 1, "once");
}

#[test]
fn nothing_is_counted_down_when_all_is_well_or_not_quite() {
    let mut world = world();
    world.pass(600);
    for probe in ["web-east", "api-east"] {
        world.turns(probe, Verdict::Down);
    }
    world.pass(600);
    assert!(!countdown(&world), "a site is down when all of it is");
    world.turns("web-east", Verdict::Degraded);
    world.turns("db-east", Verdict::Unknown);
    world.pass(600);
    assert_eq!((countdown(&world), launched(&world)), (false, 0));
}

#[test]
fn one_key_stops_it_until_somebody_arms_it_again() {
    let mut world = world();
    east(&mut world, Verdict::Down);
    world.pass(10);
    let stop = Command::StopAutomation { plan: id("shop"), reason: None };
    world.ok(rita(), stop.clone());
    assert!(!countdown(&world));
    world.pass(3_600);
    assert_eq!(launched(&world), 0);
    assert!(world.ok(rita(), stop).is_empty(), "stopped already");
    let arm = |reason: &str| Command::ArmAutomation { plan: id("shop"), reason: reason.into() };
    assert!(matches!(world.refused(rita(), arm("go")), Refusal::NotPermitted { .. }));
    assert!(matches!(world.refused(ada(), arm("")), Refusal::Text { .. }));
    // A new text of the plan arms nothing.
    world.load(Plan { name: "Another name".into(), ..automatic() });
    world.pass(60);
    assert!(!countdown(&world));
    world.ok(ada(), arm("East really is lost"));
    assert!(countdown(&world), "counted down anew, in full");
    world.pass(59);
    assert_eq!(launched(&world), 0);
    world.pass(1);
    assert_eq!(launched(&world), 1);
}

#[test]
fn a_site_that_comes_back_ends_the_countdown() {
    let mut world = world();
    east(&mut world, Verdict::Down);
    world.pass(40);
    let events = east(&mut world, Verdict::Ok);
    assert_eq!(ended(&events), Some(&CountdownEnd::Passed));
    world.pass(3_600);
    assert_eq!(launched(&world), 0);
}

#[test]
fn guards_refuse_it_once_and_let_it_go_when_they_hold() {
    let mut world = world();
    world.turns("db-west", Verdict::Down);
    east(&mut world, Verdict::Down);
    let events = world.pass(10);
    let refused =
        |events: &[Event]| events.iter().filter(|event| matches!(event, Event::AutomaticRefused { .. })).count();
    assert_eq!(refused(&events), 1, "{events:?}");
    let later: Vec<Event> = (0..60).flat_map(|_| world.pass(10)).collect();
    assert_eq!((refused(&later), launched(&world)), (0, 0), "said once");
    world.turns("db-west", Verdict::Ok);
    world.pass(30);
    assert!(countdown(&world), "healthy for as long as it has to be");
    // More would be lost than may be: nobody is there to accept it.
    world.loses(Loss::AtMost(Span::from_secs(600)));
    let events = world.pass(1);
    let Some(CountdownEnd::Refused { refused }) = ended(&events) else { panic!("{events:?}") };
    assert_eq!(refused.iter().map(|finding| finding.guard).collect::<Vec<_>>(), [Guard::Loss]);
}

#[test]
fn a_person_who_launches_first_overtakes_it_and_it_does_not_come_after() {
    let mut world = world();
    east(&mut world, Verdict::Down);
    world.pass(10);
    let incident = world.only_incident().id.clone();
    let events = world.ok(ada(), launch(&incident, "failover-west"));
    assert!(matches!(ended(&events), Some(CountdownEnd::Overtaken { .. })), "{events:?}");
    let run = RunId(world.state.runs_so_far);
    world.pass(3_600);
    assert_eq!(launched(&world), 0);
    world.ok(ada(), Command::Abort { run, reason: "wrong".into() });
    assert_eq!(launched(&world), 0);
}

#[test]
fn a_restart_in_mid_countdown_begins_it_anew_once_everything_was_looked_at() {
    let mut world = world();
    east(&mut world, Verdict::Down);
    world.pass(50);
    world.restart();
    assert_eq!(launched(&world), 0);
    world.pass(60);
    assert_eq!(launched(&world), 0, "nobody has looked since");
    for probe in crate::core::fixtures::PROBES {
        world.turns(probe, Verdict::Ok);
    }
    east(&mut world, Verdict::Down);
    world.pass(39);
    assert!(countdown(&world) || launched(&world) == 0);
    world.pass(60);
    assert!(launched(&world) <= 1);
}

#[test]
fn what_was_refused_is_looked_at_again_without_anybody_reporting_anything() {
    let mut world = world();
    world.turns("db-west", Verdict::Down);
    world.turns("db-west", Verdict::Ok);
    east(&mut world, Verdict::Down);
    world.pass(10);
    assert!(!countdown(&world), "West is well for ten seconds of thirty");
    for _ in 0..20 {
        let due = next_due(&world.state, &world.now).expect("nobody wakes the engine");
        assert_eq!(due.since(world.now.utc), Span::from_secs(1));
        world.pass(1);
    }
    assert!(countdown(&world));
}

#[test]
fn another_failover_than_the_one_announced_is_counted_down_anew() {
    let mut world = world();
    east(&mut world, Verdict::Down);
    world.pass(50);
    let mut other = automatic();
    other.procedures.push(Procedure { id: id("other"), ..other.procedures[0].clone() });
    other.scenarios[0].procedure = Some(id("other"));
    let events = world.load(other);
    assert_eq!(ended(&events), Some(&CountdownEnd::Passed));
    assert!(countdown(&world));
    world.pass(59);
    assert_eq!(launched(&world), 0, "nobody had seen it ten seconds ago");
    world.pass(1);
    assert_eq!(launched(&world), 1);
}

#[test]
fn no_person_launches_one_as_automatic_and_so_past_its_gates() {
    let mut world = world();
    east(&mut world, Verdict::Down);
    world.pass(10);
    let incident = world.only_incident().id.clone();
    let Command::StartRun { incident, plan, procedure, values, seen, .. } = launch(&incident, "failover-west") else {
        unreachable!()
    };
    let options = Options { move_kind: Some(MoveKind::Automatic), ..Options::default() };
    let command = Command::StartRun { incident, plan, procedure, values, options, seen };
    assert!(matches!(world.refused(ada(), command), Refusal::NotSuchAMove { .. }));
}

#[test]
fn an_engine_that_is_cut_off_counts_nothing_down() {
    let mut world = world();
    world.see(&Report::Connection(Connection::Cut { why: "no anchor answers".into() }));
    east(&mut world, Verdict::Down);
    world.pass(3_600);
    assert_eq!((countdown(&world), launched(&world)), (false, 0));
}
