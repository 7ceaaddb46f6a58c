//! Runs: launching, file order, failing, trying again, losing sight, leaving out, holding, ending.

use std::collections::BTreeMap;

use crate::core::command::{Command, Declared};
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, declare, id, launch, mike, olga, plan, rita, root};
use crate::core::follow::next_due;
use crate::core::health::Verdict;
use crate::core::health::living_key;
use crate::core::ids::{IncidentId, RunId};
use crate::core::observe::StepEnd;
use crate::core::people::{Access, Act};
use crate::core::plan::{PlanHash, Repeat};
use crate::core::refusal::{BadText, Missing, Refusal};
use crate::core::run::{Evidence, Failure, How, RunResult, RunState, StepState};
use crate::core::time::{Moment, Span};

fn said_done(run: RunId, step: &str) -> Command {
    Command::SayDone { run, step: id(step), note: None }
}

fn retry(run: RunId, step: &str) -> Command {
    Command::Retry { run, step: id(step), values: Default::default() }
}

fn skip(run: RunId, step: &str) -> Command {
    Command::Skip { run, step: id(step), reason: "done by hand".into() }
}

fn hold(run: RunId) -> Command {
    Command::Hold { run, reason: Some("wait for the provider".into()) }
}

fn abort(run: RunId) -> Command {
    Command::Abort { run, reason: "enough".into() }
}

fn failed() -> StepEnd {
    StepEnd::Bad(Failure::Exit { code: 1 })
}

fn good() -> StepEnd {
    StepEnd::good(Evidence::ExitedWell)
}

/// A failover whose command `stop` has failed for good: all three tries.
fn stuck() -> (World, RunId) {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    for _ in 0..3 {
        world.goes_wrong(run);
        world.pass(5);
    }
    assert!(matches!(world.step(run, "stop"), StepState::Failed { .. }));
    (world, run)
}

/// A failover that lost sight of its command `stop`.
fn lost() -> (World, RunId) {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    world.restart();
    assert!(matches!(world.step(run, "stop"), StepState::Unknown { .. }));
    (world, run)
}

#[test]
fn steps_run_in_file_order_and_each_end_is_known_as_it_was_learnt() {
    let (mut world, _, run) = World::failing_over();
    let words = |world: &World| world.run(run).steps.iter().map(|s| s.state.word()).collect::<Vec<_>>();
    assert_eq!(words(&world), ["waiting", "pending", "pending", "pending", "pending", "pending", "pending"]);
    world.pass(7);
    world.ok(rita(), Command::SayDone { run, step: id("bridge"), note: Some("ada leads".into()) });
    let how = How::Said { by: rita(), note: Some("ada leads".into()) };
    let (at, took) = (world.now.clone(), Span::from_secs(7));
    assert_eq!(*world.step(run, "bridge"), StepState::Done { how, at: at.clone(), took });
    assert_eq!(words(&world)[1], "running");
    world.goes_well(run);
    assert_eq!(words(&world)[..4], ["done", "done", "running", "pending"]);
    let how = How::Seen(Evidence::ExitedWell);
    assert_eq!(*world.step(run, "ready"), StepState::Done { how, at, took: Span::ZERO });
    world.walk_to(run, "open");
    world.goes_well(run);
    let RunState::Ended { result, .. } = &world.run(run).state else { panic!("{:?}", world.run(run).state) };
    assert_eq!(*result, RunResult::Done);
    assert_eq!(world.run(run).progress(), (7, 7));
}

#[test]
fn what_is_done_is_said_to_be_done_and_not_to_wait() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "open");
    let why = world.refused(ada(), said_done(run, "bridge"));
    assert!(matches!(&why, Refusal::StepIs { state, .. } if state == "done"), "{why:?}");
}

#[test]
fn another_steps_turn_is_not_taken() {
    let (mut world, _, run) = World::failing_over();
    let turn = Some(id("bridge"));
    for command in [said_done(run, "send"), retry(run, "stop")] {
        let why = world.refused(ada(), command);
        assert!(matches!(&why, Refusal::NotItsTurn { turn: t, .. } if *t == turn), "{why:?}");
    }
    let why = world.refused(ada(), said_done(run, "nowhere"));
    assert!(matches!(why, Refusal::NotFound { missing: Missing::Step(..), .. }), "{why:?}");
    let why = world.refused(ada(), said_done(RunId(99), "bridge"));
    assert_eq!(why, Refusal::NotFound { missing: Missing::Run(RunId(99)), known: vec!["R1".into()] });
}

#[test]
fn a_failure_is_tried_again_after_its_pause_and_then_waits_for_a_person() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    for attempt in [1, 2] {
        world.ends(run, "stop", attempt, failed());
        let until = world.now.utc.plus(Span::from_secs(5));
        let (since, pause, why) = (world.now.clone(), Span::from_secs(5), Failure::Exit { code: 1 });
        assert_eq!(*world.step(run, "stop"), StepState::Pausing { until, since, pause, why });
        assert_eq!(next_due(&world.state, &world.now), Some(until));
        assert!(world.pass(4).is_empty());
        let events = world.pass(1);
        assert!(
            matches!(events.as_slice(), [Event::StepStarted { attempt: a, .. }] if *a == attempt + 1),
            "{events:?}"
        );
    }
    world.ends(run, "stop", 3, failed());
    assert!(matches!(world.step(run, "stop"), StepState::Failed { .. }));
    assert!(world.pass(3_600).is_empty(), "nothing goes on by itself");
    assert_eq!(*world.step(run, "go"), StepState::Pending);
}

#[test]
fn a_time_out_is_a_failure_and_a_stop_is_not_tried_again() {
    for (why, paused) in [(Failure::TimedOut { after: Span::from_secs(20) }, true), (Failure::Stopped, false)] {
        let (mut world, _, run) = World::failing_over();
        world.walk_to(run, "stop");
        world.ends(run, "stop", 1, StepEnd::Bad(why.clone()));
        match world.step(run, "stop") {
            StepState::Pausing { why: seen, .. } => assert!(paused && *seen == why, "{why:?}"),
            StepState::Failed { why: seen, .. } => assert!(!paused && *seen == why, "{why:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn reports_that_are_stale_repeated_or_about_nothing_bring_nothing() {
    let (mut world, _, run) = World::failing_over();
    assert!(world.ends(run, "bridge", 1, good()).is_empty(), "nobody but a person ends a manual step");
    world.walk_to(run, "stop");
    for attempt in [0, 2] {
        assert!(world.ends(run, "stop", attempt, good()).is_empty(), "try {attempt} is not under way");
    }
    assert!(world.ends(run, "promote", 1, good()).is_empty());
    assert!(world.ends(run, "nowhere", 1, good()).is_empty());
    assert!(world.ends(RunId(99), "stop", 1, good()).is_empty());
    world.ends(run, "stop", 1, failed());
    assert!(world.ends(run, "stop", 1, good()).is_empty(), "it has ended already");
    world.pass(5);
    assert!(world.ends(run, "stop", 1, good()).is_empty(), "another try is under way");
}

#[test]
fn what_failed_is_tried_again_only_when_a_person_says_so() {
    let (mut world, run) = stuck();
    let events = world.ok(mike(), retry(run, "stop"));
    assert!(
        matches!(events.as_slice(), [Event::StepRetried { .. }, Event::StepStarted { attempt: 4, .. }]),
        "{events:?}"
    );
    let why = world.refused(mike(), retry(run, "stop"));
    assert!(matches!(&why, Refusal::StepIs { state, .. } if state == "running"), "{why:?}");
    world.goes_well(run);
    assert!(world.run(run).gate().is_some());
}

#[test]
fn a_step_that_was_lost_is_unknown_until_a_person_decides() {
    let (mut world, run) = lost();
    assert!(world.pass(3_600).is_empty());
    assert!(world.ends(run, "stop", 1, good()).is_empty(), "a late word from nowhere decides nothing");
    world.clone().ok(mike(), retry(run, "stop"));
    world.clone().ok(mike(), skip(run, "stop"));
    world.ok(mike(), said_done(run, "stop"));
    assert!(matches!(world.step(run, "stop"), StepState::Done { how: How::Said { .. }, .. }));
}

#[test]
fn a_step_that_is_harmless_to_repeat_is_done_again_once_nothing_of_it_lives() {
    let (mut world, incident) = World::declared();
    let mut plan = plan("shop");
    plan.procedures[0].steps[2].repeat = Repeat::IsHarmless;
    world.load(plan);
    let run = world.start(&incident, "failover-west");
    world.walk_to(run, "stop");
    let stop = id("stop");
    world.readings.living.insert(living_key(run, &stop, 1));
    world.ends(run, "stop", 1, StepEnd::Lost("its shim is gone".into()));
    assert!(world.pass(60).is_empty(), "its first try lives");
    assert!(next_due(&world.state, &world.now).is_some(), "it is looked again");
    world.readings.living.clear();
    let again = world.pass(1);
    assert_eq!(again[0], Event::StepRetried { run, step: stop, values: Default::default() });
    assert!(matches!(world.step(run, "stop"), StepState::Running { .. }));
    assert_eq!(world.run(run).steps[2].attempts, 2);
}

#[test]
fn to_say_what_became_of_a_lost_step_takes_more_than_to_tick_off_a_sentence() {
    let (mut world, run) = lost();
    let needs = vec![Access::Commander, Access::RecoveryAdmin, Access::Admin];
    assert_eq!(world.refused(rita(), said_done(run, "stop")), Refusal::NotPermitted { act: Act::SettleStep, needs });
}

#[test]
fn a_health_step_goes_on_through_a_restart_for_it_only_looks() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "ready");
    world.restart();
    assert!(matches!(world.step(run, "ready"), StepState::Running { .. }));
    world.ends(run, "ready", 1, StepEnd::good(Evidence::Healthy { probes: 3 }));
    assert!(matches!(world.step(run, "ready"), StepState::Done { .. }));
}

#[test]
fn while_processes_of_a_try_live_it_is_neither_repeated_nor_left_out() {
    let (mut world, run) = lost();
    let stop = id("stop");
    world.readings.living.insert(living_key(run, &stop, 1));
    for command in [retry(run, "stop"), skip(run, "stop")] {
        assert_eq!(world.refused(mike(), command), Refusal::StillAlive { step: stop.clone(), attempt: 1 });
    }
    world.readings.living.clear();
    world.ok(mike(), retry(run, "stop"));
}

#[test]
fn what_a_person_may_say_of_a_step_depends_on_its_kind_and_how_it_stands() {
    let (mut world, _, run) = World::failing_over();
    let is = |state: &'static str| move |why: &Refusal| matches!(why, Refusal::StepIs { state: s, .. } if s == state);
    assert!(is("waiting")(&world.refused(mike(), retry(run, "bridge"))));
    world.walk_to(run, "stop");
    assert!(is("running")(&world.refused(mike(), said_done(run, "stop"))), "the engine itself says when it is done");
    assert!(is("running")(&world.refused(mike(), skip(run, "stop"))));
    world.goes_wrong(run);
    assert!(is("pausing")(&world.refused(mike(), retry(run, "stop"))));
    assert!(is("pausing")(&world.refused(mike(), said_done(run, "stop"))));
    world.ok(mike(), skip(run, "stop"));
    for command in [said_done(run, "go"), skip(run, "go")] {
        let why = world.refused(ada(), command);
        assert!(matches!(&why, Refusal::WrongKind { kind, .. } if kind == "gate"), "{why:?}");
    }
    let why = world.refused(mike(), retry(run, "go"));
    assert!(is("waiting")(&why), "{why:?}");
}

#[test]
fn leaving_out_takes_a_reason_and_the_run_is_never_called_done() {
    let (mut world, incident) = World::declared();
    let run = world.start(&incident, "look-around");
    let silent = Command::Skip { run, step: id("read"), reason: "  ".into() };
    let why = world.refused(ada(), silent);
    assert_eq!(why, Refusal::Text { field: "reason".into(), bad: BadText::Empty });
    world.ok(ada(), skip(run, "read"));
    world.ok(ada(), said_done(run, "ask"));
    let RunState::Ended { result, .. } = &world.run(run).state else { panic!() };
    assert_eq!(*result, RunResult::Partly { skipped: 1, failed: 0, of: 2 });
}

#[test]
fn a_held_run_starts_nothing_new_and_goes_on_when_it_is_resumed() {
    let (mut world, _, run) = World::failing_over();
    world.ok(rita(), hold(run));
    assert_eq!(world.refused(rita(), hold(run)), Refusal::RunIs { run, state: "held already".into() });
    world.ok(rita(), said_done(run, "bridge"));
    assert_eq!(*world.step(run, "ready"), StepState::Pending);
    assert!(world.pass(3_600).is_empty());
    let events = world.ok(ada(), Command::Resume { run });
    assert!(matches!(events.as_slice(), [Event::RunResumed { .. }, Event::StepStarted { .. }]), "{events:?}");
    assert_eq!(world.refused(ada(), Command::Resume { run }), Refusal::RunIs { run, state: "not held".into() });
}

#[test]
fn what_runs_while_a_run_is_held_ends_and_waits_then() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    world.ok(rita(), hold(run));
    world.goes_wrong(run);
    assert_eq!(world.step(run, "stop").word(), "pausing");
    assert!(world.pass(60).is_empty(), "its next try is held too");
    assert_eq!(next_due(&world.state, &world.now), None);
    world.ok(ada(), Command::Resume { run });
    assert_eq!(world.step(run, "stop").word(), "running");
    let (mut world, run) = stuck();
    world.ok(rita(), hold(run));
    assert_eq!(world.refused(mike(), retry(run, "stop")), Refusal::RunHeld { run, by: "rita".into() });
}

#[test]
fn an_aborted_run_is_over_and_starts_nothing_more() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    world.ok(ada(), abort(run));
    for command in [abort(run), hold(run), said_done(run, "stop"), retry(run, "stop")] {
        assert_eq!(world.refused(ada(), command), Refusal::RunOver { run });
    }
    world.ends(run, "stop", 1, failed());
    assert!(
        matches!(world.step(run, "stop"), StepState::Failed { .. }),
        "it is told how it ended, and not tried again"
    );
    assert!(world.pass(60).is_empty());
    assert_eq!(next_due(&world.state, &world.now), None);
}

#[test]
fn an_aborted_run_is_taken_up_again_at_the_step_where_it_was_stopped() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    world.ok(ada(), abort(run));
    let stopping = Refusal::RunIs { run, state: "still stopping".into() };
    assert_eq!(world.refused(ada(), Command::Resume { run }), stopping);
    world.ends(run, "stop", 1, StepEnd::Bad(Failure::Stopped));
    let events = world.ok(ada(), Command::Resume { run });
    assert!(matches!(events.as_slice(), [Event::RunResumed { .. }]), "nothing starts by itself: {events:?}");
    world.ok(ada(), retry(run, "stop"));
    world.walk_to(run, "open");
    world.goes_well(run);
    assert!(matches!(&world.run(run).state, RunState::Ended { result: RunResult::Done, .. }));
}

#[test]
fn one_procedure_that_moves_traffic_runs_at_a_time() {
    let (mut world, incident, run) = World::failing_over();
    let moving = Refusal::AlreadyMoving { run, by: "ada".into() };
    world.ok(mike(), launch(&incident, "look-around"));
    assert_eq!(world.refused(mike(), launch(&incident, "back-to-east")), moving);
    assert_eq!(world.refused(mike(), launch(&incident, "failover-west")), moving);
    world.walk_to(run, "stop");
    world.ok(ada(), abort(run));
    assert_eq!(world.refused(mike(), launch(&incident, "back-to-east")), moving, "its program still runs");
    world.ends(run, "stop", 1, StepEnd::Bad(Failure::Stopped));
    world.ok(mike(), launch(&incident, "back-to-east"));
}

#[test]
fn a_plan_that_was_edited_changes_no_run_and_no_launch_that_was_not_shown() {
    let (mut world, incident, run) = World::failing_over();
    let shown = world.state.plans["shop"].hash.clone();
    let mut edited = plan("shop");
    edited.procedures[0].steps.truncate(1);
    world.load(edited);
    assert_eq!(world.run(run).steps.len(), 7);
    assert_eq!(world.run(run).plan_hash, shown);
    let Command::StartRun { plan, procedure, values, .. } = launch(&incident, "look-around") else { unreachable!() };
    let seen = |seen: &PlanHash| Command::StartRun {
        incident: incident.clone(),
        plan: plan.clone(),
        procedure: procedure.clone(),
        values: values.clone(),
        options: Default::default(),
        seen: Some(seen.clone()),
    };
    let newest = world.state.plans["shop"].hash.clone();
    let why = world.refused(ada(), seen(&shown));
    assert_eq!(why, Refusal::PlanChanged { seen: shown, newest: newest.clone() });
    world.ok(ada(), seen(&newest));
}

#[test]
fn a_launch_needs_its_parameters_and_no_others() {
    let (mut world, incident) = World::declared();
    let with = |values: &[(&str, &str)]| Command::StartRun {
        incident: incident.clone(),
        plan: id("shop"),
        procedure: id("failover-west"),
        values: values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        options: Default::default(),
        seen: None,
    };
    for values in [&[][..], &[("reason", " ")], &[("ticket", "4711")]] {
        assert_eq!(world.refused(ada(), with(values)), Refusal::ParameterMissing { name: "reason".into() });
    }
    let known = vec!["reason".to_owned(), "ticket".to_owned()];
    let why = world.refused(ada(), with(&[("reason", "x"), ("to", "moon")]));
    assert_eq!(why, Refusal::ParameterUnknown { name: "to".into(), known });
    let why = world.refused(ada(), with(&[("reason", "\u{1b}[2J")]));
    assert_eq!(why, Refusal::Text { field: "reason".into(), bad: BadText::Control { code_point: 0x1b } });
    let run = RunId(world.state.runs_so_far + 1);
    world.ok(ada(), with(&[("reason", "East is down"), ("ticket", "")]));
    let expected = [("from", "east"), ("reason", "East is down"), ("ticket", ""), ("to", "west")];
    assert_eq!(world.run(run).values, BTreeMap::from(expected.map(|(k, v)| (k.to_owned(), v.to_owned()))));
}

#[test]
fn a_launch_belongs_to_an_incident_of_its_own_plan() {
    let (mut world, incident) = World::declared();
    world.load(plan("bank"));
    let of = |incident: &IncidentId, plan: &str, procedure: &str| Command::StartRun {
        incident: incident.clone(),
        plan: id(plan),
        procedure: id(procedure),
        values: BTreeMap::new(),
        options: Default::default(),
        seen: None,
    };
    let call_sign = world.incident(&incident).call_sign.clone();
    let why = world.refused(ada(), of(&incident, "bank", "look-around"));
    assert_eq!(why, Refusal::OtherPlan { call_sign, plan: id("shop") });
    for (command, missing) in [
        (of(&incident, "moon", "look-around"), Missing::Plan(id("moon"))),
        (of(&incident, "shop", "dance"), Missing::Procedure(id("shop"), id("dance"))),
        (of(&id("DR-0"), "shop", "look-around"), Missing::Incident(id("DR-0"))),
    ] {
        let why = world.refused(ada(), command);
        assert!(matches!(&why, Refusal::NotFound { missing: m, .. } if *m == missing), "{why:?}");
    }
}

#[test]
fn runs_are_counted_through_the_life_of_a_journal() {
    let mut world = World::calm();
    for n in 1..=12 {
        world.pass(1);
        world.ok(ada(), declare(Declared::Plan(id("shop"))));
        let incident = world.state.open_incidents().next().unwrap().id.clone();
        assert_eq!(world.start(&incident, "look-around"), RunId(n));
        world.ok(ada(), abort(RunId(n)));
        world.ok(root(), Command::Close { incident, reason: Some("enough".into()) });
    }
    assert!(!world.state.runs.contains_key(&RunId(1)), "forgotten with its incident");
}

#[test]
fn a_pause_ends_after_a_reboot_with_a_clock_set_back() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    world.goes_wrong(run);
    world.now.utc = Moment::from_micros(world.now.utc.micros() - 86_400_000_000);
    assert!(world.pass(3).is_empty());
    world.reboot("another");
    assert!(matches!(world.step(run, "stop"), StepState::Pausing { .. }), "nobody has looked at East since");
    ["web-east", "api-east", "db-east"].iter().for_each(|probe| drop(world.turns(probe, Verdict::Down)));
    ["web-west", "api-west", "db-west"].iter().for_each(|probe| drop(world.turns(probe, Verdict::Ok)));
    world.pass(30);
    assert!(matches!(world.step(run, "stop"), StepState::Running { .. }), "this boot has lasted as long as the pause");
}

#[test]
fn nobody_without_access_steers_a_run() {
    let (mut world, _, run) = World::failing_over();
    for command in [hold(run), abort(run), said_done(run, "bridge"), skip(run, "bridge")] {
        assert!(matches!(world.refused(olga(), command), Refusal::NotPermitted { .. }));
    }
    for command in [abort(run), skip(run, "bridge"), Command::Resume { run }] {
        assert!(matches!(world.refused(rita(), command), Refusal::NotPermitted { .. }));
    }
}
