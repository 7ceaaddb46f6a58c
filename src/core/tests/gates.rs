//! Gates: who may say yes, to what, for how long, and what makes a yes void.

use std::sync::Arc;

use crate::core::command::{Command, Declared};
use crate::core::event::{Event, Voided};
use crate::core::failover::{Guard, Says, WayBack};
use crate::core::fixtures::{World, ada, declare, id, launch, mike, plan, rita, root};
use crate::core::follow::next_due;
use crate::core::forecast::{Compared, Foretold};
use crate::core::gate::{Check, Sign, worst_loss};
use crate::core::health::Verdict;
use crate::core::ids::{IncidentId, Principal, RunId};
use crate::core::loss::Loss;
use crate::core::people::Mode;
use crate::core::plan::{Action, Environment, Plan, ProcedureKind, Return};
use crate::core::refusal::Refusal;
use crate::core::run::{CONFIRMATION_LASTS, How, StepState};
use crate::core::time::{Moment, Span};

fn assign(world: &mut World, incident: &IncidentId, role: &str, to: Principal) {
    world.ok(root(), Command::AssignRole { incident: incident.clone(), role: id(role), to });
}

fn withdraw(run: RunId) -> Command {
    Command::Withdraw { run, step: id("go") }
}

fn decline(run: RunId) -> Command {
    Command::Decline { run, step: id("go"), reason: "West is not ready".into() }
}

/// A run at a gate of two people; ada is the commander, mike the technical lead, and 3 s would be lost.
fn two_people() -> (World, IncidentId, RunId) {
    let (mut world, incident) = World::declared();
    world.loses(Loss::Measured(Span::from_secs(3)));
    assign(&mut world, &incident, "technical_lead", mike());
    let run = world.start(&incident, "two-people");
    (world, incident, run)
}

fn yes(world: &mut World, who: Principal, run: RunId) -> Vec<Event> {
    let command = world.confirm(run, None);
    world.ok(who, command)
}

fn no(world: &mut World, who: Principal, run: RunId) -> Refusal {
    let command = world.confirm(run, None);
    world.refused(who, command)
}

fn voided(events: &[Event]) -> Vec<(Principal, Voided)> {
    let void = |e: &Event| match e {
        Event::ConfirmationVoided { by, why, .. } => Some((by.clone(), why.clone())),
        _ => None,
    };
    events.iter().filter_map(void).collect()
}

fn confirmed(world: &World, run: RunId) -> Vec<Principal> {
    world.run(run).find(&id("go")).unwrap().2.confirmations.iter().map(|c| c.by.clone()).collect()
}

fn is_open(world: &World, run: RunId) -> bool {
    matches!(world.step(run, "go"), StepState::Done { .. })
}

#[test]
fn a_gate_opens_with_its_number_of_distinct_people() {
    let (mut world, _, run) = two_people();
    yes(&mut world, ada(), run);
    assert!(!is_open(&world, run));
    assert_eq!(no(&mut world, ada(), run), Refusal::AlreadyConfirmed { have: 1, needs: 2 });
    world.pass(30);
    yes(&mut world, mike(), run);
    let StepState::Done { how, .. } = world.step(run, "go") else { panic!() };
    assert_eq!(*how, How::Opened { by: vec![ada(), mike()] });
    assert_eq!(world.current(run).id.as_str(), "act");
    assert_eq!(world.current(run).state.word(), "running");
}

#[test]
fn only_holders_of_the_gates_roles_count() {
    let (mut world, incident, run) = two_people();
    let roles = vec![id("incident_commander"), id("technical_lead")];
    assert_eq!(no(&mut world, root(), run), Refusal::NotTheRole { roles: roles.clone(), holds: vec![] });
    assign(&mut world, &incident, "scribe", root());
    assert_eq!(no(&mut world, root(), run), Refusal::NotTheRole { roles, holds: vec![id("scribe")] });
    assert!(matches!(no(&mut world, rita(), run), Refusal::NotPermitted { .. }), "a responder opens no gates");
}

#[test]
fn one_role_that_goes_from_hand_to_hand_is_not_two_people() {
    let (mut world, incident, run) = two_people();
    yes(&mut world, ada(), run);
    assign(&mut world, &incident, "incident_commander", root());
    let events = yes(&mut world, root(), run);
    assert_eq!(voided(&events), [(ada(), Voided::ViewChanged)]);
    assert!(!is_open(&world, run));
    yes(&mut world, mike(), run);
    assert!(is_open(&world, run));
}

#[test]
fn where_the_launcher_is_another_somebody_else_confirms() {
    let (mut world, incident) = World::declared();
    let run = world.start(&incident, "somebody-else");
    assert_eq!(no(&mut world, ada(), run), Refusal::LauncherExcluded);
    yes(&mut world, mike(), run);
    assert!(is_open(&world, run));
}

#[test]
fn a_gate_that_nobody_can_pass_is_refused_at_launch() {
    let (mut shared, incident) = World::declared();
    let mut personal = shared.clone();
    personal.mode = Mode::Personal;
    personal.restart();
    let few = |needs, have| Refusal::TooFewPeople { step: id("go"), needs, have };
    assert_eq!(personal.refused(ada(), launch(&incident, "two-people")), few(2, 1));
    assert_eq!(personal.refused(ada(), launch(&incident, "somebody-else")), few(1, 0));
    personal.all_good("shop");
    personal.pass(60);
    personal.outage();
    personal.ok(ada(), launch(&incident, "failover-west"));
    shared.ok(ada(), launch(&incident, "two-people"));

    let mut production = World::empty();
    let mut crowded = Plan { environment: Environment::Production, ..plan("shop") };
    let Action::Gate(gate) = &mut crowded.procedures[3].steps[0].action else { unreachable!() };
    gate.people = 3;
    production.load(crowded);
    production.ok(ada(), declare(Declared::Plan(id("shop"))));
    let incident = production.only_incident().id.clone();
    let why = production.refused(ada(), launch(&incident, "two-people"));
    assert_eq!(why, few(3, 2), "mike may pass no gate in production");
}

#[test]
fn a_yes_counts_for_ten_minutes() {
    let (mut world, _, run) = two_people();
    yes(&mut world, ada(), run);
    let expires = world.now.utc.plus(CONFIRMATION_LASTS);
    assert_eq!(next_due(&world.state, &world.now), Some(expires));
    assert!(world.pass(CONFIRMATION_LASTS.secs() - 1).is_empty());
    assert_eq!(voided(&world.pass(1)), [(ada(), Voided::Expired)]);
    assert_eq!(next_due(&world.state, &world.now), None);
    yes(&mut world, mike(), run);
    assert!(!is_open(&world, run));
}

#[test]
fn a_yes_out_of_time_does_not_count_even_before_the_engine_says_so() {
    for (day, passed, opens) in [(0, 600, false), (-1, 600, false), (1, 599, true), (-1, 599, true)] {
        let (mut world, _, run) = two_people();
        yes(&mut world, ada(), run);
        let now = &mut world.now;
        now.uptime = now.uptime.plus(Span::from_secs(passed));
        now.utc = Moment::from_micros(now.utc.plus(Span::from_secs(passed)).micros() + day * 86_400_000_000);
        let events = yes(&mut world, mike(), run);
        let expired = if opens { vec![] } else { vec![(ada(), Voided::Expired)] };
        assert_eq!((voided(&events), is_open(&world, run)), (expired, opens), "the wall clock moved by {day} days");
    }
}

#[test]
fn a_yes_can_be_taken_back_and_given_again() {
    let (mut world, _, run) = two_people();
    assert_eq!(world.refused(ada(), withdraw(run)), Refusal::NotConfirmed);
    yes(&mut world, ada(), run);
    assert_eq!(world.refused(mike(), withdraw(run)), Refusal::NotConfirmed);
    assert_eq!(voided(&world.ok(ada(), withdraw(run))), [(ada(), Voided::Withdrawn)]);
    assert!(confirmed(&world, run).is_empty());
    yes(&mut world, ada(), run);
    assert_eq!(confirmed(&world, run), [ada()]);
}

#[test]
fn the_target_has_to_be_typed() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "go");
    let Command::Confirm { step, digest, max_loss, .. } = world.confirm(run, None) else { unreachable!() };
    let typed = Command::Confirm { run, step, target: "east".into(), digest, max_loss };
    assert_eq!(world.refused(ada(), typed), Refusal::WrongTarget { typed: "east".into(), right: "west".into() });
}

#[test]
fn a_yes_is_to_what_was_shown() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "go");
    let stale = world.confirm(run, None);
    world.pass(30);
    assert_eq!(world.confirm(run, None), stale, "time alone changes nothing that was shown");
    world.turns("db-west", Verdict::Degraded);
    assert_eq!(world.refused(ada(), stale), Refusal::ViewChanged);
    yes(&mut world, ada(), run);
    assert!(is_open(&world, run));
}

#[test]
fn an_earlier_yes_to_another_view_is_void_and_can_be_given_anew() {
    let (mut world, incident) = World::declared();
    world.loses(Loss::Measured(Span::ZERO));
    assign(&mut world, &incident, "technical_lead", mike());
    let mut paired = plan("shop");
    let Action::Gate(gate) = &mut paired.procedures[0].steps[3].action else { unreachable!() };
    (gate.people, gate.roles) = (2, Default::default());
    world.load(paired);
    let run = world.start(&incident, "failover-west");
    world.walk_to(run, "go");
    yes(&mut world, ada(), run);
    world.turns("web-west", Verdict::Degraded);
    let mut again = world.clone();
    let events = yes(&mut again, ada(), run);
    assert_eq!(voided(&events), [(ada(), Voided::ViewChanged)], "ada has looked again");
    assert_eq!(confirmed(&again, run), [ada()]);
    let events = yes(&mut world, mike(), run);
    assert_eq!(voided(&events), [(ada(), Voided::ViewChanged)]);
    assert_eq!(confirmed(&world, run), [mike()]);
    yes(&mut world, ada(), run);
    assert!(is_open(&world, run));
}

#[test]
fn a_yes_binds_a_ceiling_and_more_voids_it() {
    let (mut world, _, run) = two_people();
    let secs = Span::from_secs;
    let below = world.confirm(run, Some(secs(2)));
    let grew = |accepted, now| Refusal::LossGrew { accepted, now };
    assert_eq!(world.refused(ada(), below), grew(Some(secs(2)), Some(secs(3))));
    let Command::Confirm { step, target, digest, .. } = world.confirm(run, None) else { unreachable!() };
    let none = Command::Confirm { run, step, target, digest, max_loss: None };
    assert_eq!(world.refused(ada(), none), grew(None, Some(secs(3))), "what is lost has to be accepted");

    let exact = world.confirm(run, Some(secs(3)));
    world.ok(ada(), exact);
    world.loses(Loss::AtMost(secs(3)));
    assert!(world.pass(1).is_empty(), "a bound as large is no more");
    world.loses(Loss::AtMost(secs(4)));
    let why = Voided::LossGrew { accepted: secs(3), now: Some(secs(4)) };
    let mut later = world.clone();
    assert_eq!(voided(&world.pass(1)), [(ada(), why.clone())]);
    let events = yes(&mut later, mike(), run);
    assert_eq!(voided(&events), [(ada(), why)], "before the engine has looked, too");
}

#[test]
fn a_ceiling_for_a_known_loss_is_none_for_one_that_nobody_can_say() {
    let (mut world, _, run) = two_people();
    yes(&mut world, ada(), run);
    let shown = world.confirm(run, None);
    world.loses(Loss::Unknown);
    assert_eq!(world.refused(mike(), shown), Refusal::ViewChanged);
    let events = yes(&mut world, mike(), run);
    assert_eq!(voided(&events), [(ada(), Voided::ViewChanged)]);
    yes(&mut world, ada(), run);
    assert!(is_open(&world, run), "both saw that nobody can say, and accepted it");
}

#[test]
fn a_loss_that_nobody_can_say_takes_a_ceiling_all_the_same() {
    let (mut world, _, run) = two_people();
    world.loses(Loss::Unknown);
    let Command::Confirm { step, target, digest, .. } = world.confirm(run, None) else { unreachable!() };
    let none = Command::Confirm { run, step, target, digest, max_loss: None };
    assert_eq!(world.refused(ada(), none), Refusal::LossGrew { accepted: None, now: None });
}

#[test]
fn a_plan_whose_data_does_not_travel_asks_for_no_ceiling() {
    let (mut world, incident) = World::declared();
    let mut still = plan("shop");
    still.components[3].replication = None;
    world.load(still);
    let run = world.start(&incident, "failover-west");
    world.walk_to(run, "go");
    assert_eq!(world.view(run).loss, None);
    let Command::Confirm { step, target, digest, .. } = world.confirm(run, None) else { unreachable!() };
    world.ok(ada(), Command::Confirm { run, step, target, digest, max_loss: None });
    assert!(is_open(&world, run));
}

#[test]
fn a_no_stops_the_run_until_the_gate_is_asked_again() {
    let (mut world, _, run) = two_people();
    yes(&mut world, ada(), run);
    let silent = Command::Decline { run, step: id("go"), reason: String::new() };
    assert!(matches!(world.refused(mike(), silent), Refusal::Text { .. }));
    world.ok(mike(), decline(run));
    assert!(matches!(world.step(run, "go"), StepState::Declined { .. }));
    assert!(confirmed(&world, run).is_empty());
    assert!(world.pass(3_600).is_empty());
    let why = world.refused(ada(), withdraw(run));
    assert!(matches!(&why, Refusal::StepIs { state, .. } if state == "declined"), "{why:?}");
    world.ok(ada(), Command::Retry { run, step: id("go"), values: Default::default() });
    assert_eq!(world.current(run).attempts, 2);
    yes(&mut world, ada(), run);
    yes(&mut world, mike(), run);
    assert!(is_open(&world, run));
}

#[test]
fn a_held_run_opens_no_gate_but_takes_back_and_declines() {
    let (mut world, _, run) = two_people();
    yes(&mut world, ada(), run);
    world.ok(rita(), Command::Hold { run, reason: None });
    assert_eq!(no(&mut world, mike(), run), Refusal::RunHeld { run, by: "rita".into() });
    world.clone().ok(ada(), withdraw(run));
    world.clone().ok(mike(), decline(run));
    assert_eq!(voided(&world.pass(CONFIRMATION_LASTS.secs())), [(ada(), Voided::Expired)]);
}

#[test]
fn what_is_no_gate_is_not_confirmed() {
    let (mut world, _, run) = World::failing_over();
    let step = id("bridge");
    for command in [
        Command::Withdraw { run, step: id("bridge") },
        Command::Decline { run, step: id("bridge"), reason: "no".into() },
        Command::Confirm { run, step, target: "west".into(), digest: String::new(), max_loss: None },
    ] {
        let why = world.refused(ada(), command);
        assert!(matches!(&why, Refusal::WrongKind { kind, .. } if kind == "manual"), "{why:?}");
    }
    assert!(matches!(world.refused(ada(), decline(run)), Refusal::NotItsTurn { .. }));
}

#[test]
fn a_gate_shows_how_each_thing_is_known() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    world.goes_wrong(run);
    world.ok(mike(), Command::Skip { run, step: id("stop"), reason: "by hand".into() });
    world.loses(Loss::AtMost(Span::from_secs(4)));
    let shown = world.view(run);
    let signs: Vec<Sign> = shown.checks.iter().map(Check::sign).collect();
    assert_eq!(signs, [Sign::Caution, Sign::Caution], "the bridge and what was skipped: {:?}", shown.checks);
    let says = |guard| shown.guards.iter().find(|one| one.guard == guard).map(|one| one.says);
    assert_eq!(says(Guard::Target), Some(Says::Pass), "what the step found is said by the guard");
    assert_eq!(says(Guard::Fence), Some(Says::Refuse), "nothing fenced, and no step ahead does it");
    assert_eq!((shown.number, shown.no_return, shown.people), (4, Return::None, 1));
    assert_eq!((shown.loss, shown.remaining), (Some(Loss::AtMost(Span::from_secs(4))), Some(Span::from_secs(9))));
}

#[test]
fn a_gate_says_when_the_writes_were_made_that_would_be_lost() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "go");
    world.loses(Loss::AtMost(Span::from_secs(4)));
    let (from, until) = world.view(run).window.unwrap();
    assert_eq!(until.since(from), Span::from_secs(4));
    world.loses(Loss::Measured(Span::ZERO));
    assert_eq!(world.view(run).window, None, "nothing would be");
}

#[test]
fn a_gate_says_the_way_back_and_how_long_it_took_the_last_time() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "go");
    let known = &world.state.plans["shop"].plan;
    let back = known.procedures.iter().find(|p| p.kind == ProcedureKind::Failback).unwrap();
    let (name, failback) = (back.name.clone(), back.id.clone());
    assert_eq!(world.view(run).back, Some(WayBack::NeverRun { name: name.clone() }));
    let foretold = Foretold { median: Span::from_secs(60), ninetieth: Span::from_secs(90), left_out: 0 };
    let took = |secs| Compared { run: RunId(secs), foretold: foretold.clone(), took: Span::from_secs(secs) };
    let runs = world.state.forecasts.entry(id("shop")).or_default();
    runs.insert(failback, Arc::new(vec![took(70), took(2_100)]));
    assert_eq!(world.view(run).back, Some(WayBack::Took { name, last: Span::from_secs(2_100) }), "the newest counts");
    let (world, _, run) = two_people();
    assert_eq!(world.view(run).back, None, "no failover, no way back");
}

#[test]
fn after_a_failover_no_loss_is_spoken_of_until_data_travels_the_other_way() {
    let (mut world, _, run) = World::failing_over();
    world.loses(Loss::Measured(Span::from_secs(3)));
    let lost = |world: &World| worst_loss(&world.state.plans["shop"], &world.readings, &world.now);
    assert_eq!(lost(&world), Some(Loss::Measured(Span::from_secs(3))));
    world.walk_to(run, "open");
    world.goes_well(run);
    assert_eq!(lost(&world), None);
}
