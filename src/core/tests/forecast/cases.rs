//! Cases with known answers.

use super::*;
use crate::core::command::Command;
use crate::core::fixtures::ada;
use crate::core::forecast::{Basis, Known, Miss, Saving, misses};
use crate::core::observe::StepEnd;
use crate::core::plan::{Action, Lanes, OnFailure, Procedure, Retry, Subject};
use crate::core::preview::preview;
use crate::core::run::Failure;

#[test]
fn what_goes_one_after_the_other_takes_the_sum_and_what_goes_side_by_side_the_longest() {
    let (mut world, run) = run_of(vec![step("a"), step("b"), step("c")]);
    let often: &[u64] = &[10, 10, 10, 10, 10];
    seen(&mut world, &[("a", often), ("b", often), ("c", often)]);
    let told = forecast(&world, run);
    assert!(is_about(told.median, 30, 5) && is_about(told.ninetieth, 33, 6), "{told:?}");
    assert_eq!((told.basis, told.known.earlier), (Basis::Steps, 3));
    assert_eq!(names(&world, run, &told.critical), "a b c");

    let (mut world, run) = run_of(vec![step("a"), step("b").needs(&[]), step("c").needs(&[])]);
    seen(&mut world, &[("a", often), ("b", &[60, 60, 60, 60, 60]), ("c", often)]);
    let told = forecast(&world, run);
    assert!(is_about(told.median, 60, 5), "{told:?}");
    assert_eq!(names(&world, run, &told.critical), "b");
}

#[test]
fn an_authors_word_counts_where_there_is_no_earlier_run_and_what_nobody_knows_makes_the_end_a_least_one() {
    let (mut world, run) = run_of(vec![said("a", 60), said("b", 60), step("c"), wait("d", 30)]);
    seen(&mut world, &[("a", &[20, 20, 20])]);
    let told = forecast(&world, run);
    assert_eq!(told.known, Known { earlier: 1, author: 1, fixed: 1, unknown: 1 });
    assert_eq!(told.basis, Basis::SomeSteps);
    assert!(is_about(told.median, 110, 12), "{told:?}");
}

#[test]
fn what_must_stay_healthy_for_a_while_takes_at_least_that_while() {
    let stable = Action::Health { subject: Subject::Site(text("west")), within: secs(600), stable_for: secs(300) };
    let (world, run) = run_of(vec![does("stable", stable)]);
    let told = forecast(&world, run);
    assert_eq!((told.basis, told.median, told.known.unknown), (Basis::SomeSteps, secs(300), 1));
}

#[test]
fn where_no_step_is_known_the_authors_word_on_the_whole_serves_until_its_time_is_over() {
    let steps = vec![step("a"), step("b")];
    let (world, run) = begun(recovery("recover", steps.clone()));
    let told = forecast(&world, run);
    assert_eq!((told.basis, told.median, told.ninetieth), (Basis::Nothing, Span::ZERO, Span::ZERO));

    let estimated_duration = Some(secs(600));
    let (mut world, run) = begun(Procedure { estimated_duration, ..recovery("recover", steps.clone()) });
    let told = forecast(&world, run);
    assert_eq!((told.basis, told.median), (Basis::Procedure(secs(600)), secs(600)));
    assert!(told.ninetieth > secs(900), "{told:?}");
    world.pass(300);
    let later = forecast(&world, run);
    assert!(later.median < secs(500) && later.median > secs(300), "{later:?}");
    world.pass(7_200);
    assert_eq!(forecast(&world, run).basis, Basis::Nothing, "twelve times as long as its author said");

    let known = vec![said("a", 5), step("b")];
    let (world, run) = begun(Procedure { estimated_duration, ..recovery("recover", known) });
    assert_eq!(forecast(&world, run).basis, Basis::SomeSteps, "a step that is known counts more");
}

#[test]
fn people_take_no_time_and_the_forecast_says_where_they_come_in() {
    let (mut world, run) = run_of(vec![gate("go"), said("a", 60), manual("ask"), gate("again"), said("b", 60)]);
    seen(&mut world, &[("go", &[900]), ("ask", &[900])]);
    let told = forecast(&world, run);
    assert!(is_about(told.median, 120, 12), "{told:?}");
    assert_eq!(names(&world, run, &told.waits), "go");
    assert_eq!(names(&world, run, &told.people), "ask again");
    assert_eq!(names(&world, run, &told.critical), "go a ask again b");
    world.pass(3_600);
    assert_eq!(forecast(&world, run), told, "as if the gate were opened now");
    confirm(&mut world, run, "go");
    assert_eq!(names(&world, run, &forecast(&world, run).waits), "");
}

#[test]
fn a_failure_waits_for_people_and_is_taken_to_be_tried_again_now() {
    let (mut world, run) = run_of(vec![said("a", 60), said("b", 60)]);
    world.ends(run, "a", 1, bad());
    let told = forecast(&world, run);
    assert_eq!(names(&world, run, &told.waits), "a");
    assert!(is_about(told.median, 120, 12), "{told:?}");
    world.ok(ada(), skip(run, "a"));
    assert!(is_about(forecast(&world, run).median, 60, 12));
}

#[test]
fn what_runs_has_less_left_the_longer_it_runs_and_is_never_over_before_now() {
    let (mut world, run) = run_of(vec![step("a"), said("b", 30)]);
    seen(&mut world, &[("a", &[100, 100, 110, 90, 100])]);
    let mut last = forecast(&world, run).median;
    for _ in 0..10 {
        world.pass(10);
        let told = forecast(&world, run).median;
        assert!(told < last && told >= secs(25), "{told} after {last}");
        last = told;
    }
}

#[test]
fn what_runs_longer_than_ever_is_named_and_its_end_no_longer_guessed() {
    let (mut world, run) = run_of(vec![step("a"), said("b", 30)]);
    seen(&mut world, &[("a", &[10, 11, 10, 9, 10])]);
    world.pass(600);
    let told = forecast(&world, run);
    assert_eq!(names(&world, run, &told.overrun), "a");
    assert_eq!((told.basis, told.known), (Basis::SomeSteps, Known { author: 1, unknown: 1, ..Known::default() }));
    assert!(is_about(told.median, 30, 12), "{told:?}");
}

#[test]
fn what_runs_ends_by_its_time_out() {
    let (mut world, run) = run_of(vec![Step { timeout: Some(secs(70)), ..said("a", 60) }]);
    world.pass(65);
    let told = forecast(&world, run);
    assert!(told.ninetieth <= secs(5), "{told:?}");
    assert_eq!(told.basis, Basis::Steps);
}

#[test]
fn a_wait_takes_what_is_left_of_it_and_a_pause_comes_before_the_next_try() {
    let (mut world, run) = run_of(vec![wait("a", 100), wait("b", 20)]);
    world.pass(40);
    let told = forecast(&world, run);
    assert_eq!((told.median, told.ninetieth), (secs(80), secs(80)));

    let retry = Retry { times: 1, every: secs(50), ..Retry::NEVER };
    let (mut world, run) = run_of(vec![Step { retry, ..step("a") }, wait("b", 10)]);
    seen(&mut world, &[("a", &[10, 10, 10, 10, 10])]);
    world.ends(run, "a", 1, bad());
    world.pass(20);
    assert!(is_about(forecast(&world, run).median, 30 + 10 + 10, 6));
}

#[test]
fn a_step_without_needs_waits_for_all_above_it() {
    let steps =
        vec![wait("a", 10), wait("b", 40).needs(&["a"]), wait("c", 20).needs(&["a"]), wait("all", 5), wait("end", 5)];
    let (world, run) = run_of(steps);
    let told = forecast(&world, run);
    assert_eq!(told.median, secs(60));
    assert_eq!(names(&world, run, &told.critical), "a b all end");
}

#[test]
fn steps_wait_for_a_lane_of_the_run_and_of_their_host() {
    let lanes = |run, host| Lanes { run, host };
    let waits = || ["a", "b", "c", "d", "e"].map(|name| wait(name, 10).needs(&[]));
    for (lanes_of_run, ends) in [(1, 50), (2, 30), (4, 20), (5, 10), (8, 10)] {
        let procedure = Procedure { lanes: lanes(lanes_of_run, 4), ..recovery("recover", waits().into()) };
        let (world, run) = begun(procedure);
        assert_eq!(forecast(&world, run).median, secs(ends), "{lanes_of_run} lanes");
    }
    for (lanes_of_host, ends) in [(1, 30), (2, 20), (3, 10)] {
        let hosts = ["db-1", "db-1", "db-1", "db-2", "db-2"];
        let steps = waits().into_iter().zip(hosts).map(|(step, host)| step.on(host)).collect();
        let (world, run) = begun(Procedure { lanes: lanes(8, lanes_of_host), ..recovery("recover", steps) });
        assert_eq!(forecast(&world, run).median, secs(ends), "{lanes_of_host} lanes");
    }
}

#[test]
fn lanes_that_other_runs_hold_on_a_host_come_free_when_those_should_be_over() {
    let of = |name: &str, seconds| {
        let steps = vec![wait(&format!("of-{name}"), seconds).on("db-1")];
        Procedure { lanes: Lanes { run: 8, host: 1 }, components: vec![id(name)], ..recovery(name, steps) }
    };
    let (mut world, incident) = incident_of(shop(vec![of("db", 100), of("web", 10)]));
    let (first, second) = (world.start(&incident, "db"), world.start(&incident, "web"));
    assert_eq!(forecast(&world, first).median, secs(100));
    assert_eq!(forecast(&world, second).median, secs(110));
    world.pass(60);
    assert_eq!(forecast(&world, second).median, secs(50));
}

#[test]
fn what_mends_a_failure_is_on_the_way_only_once_its_step_has_failed() {
    let mend = OnFailure::Do(vec![wait("mend", 100)]);
    let (mut world, run) = run_of(vec![wait("before", 5), step("a").on_failure(mend), wait("end", 10)]);
    seen(&mut world, &[("a", &[10, 10, 10, 10, 10])]);
    assert!(is_about(forecast(&world, run).median, 25, 5));
    world.pass(5);
    world.ends(run, "a", 1, bad());
    let told = forecast(&world, run);
    assert_eq!(told.median, secs(110));
    assert_eq!(names(&world, run, &told.critical), "a.mend end");
}

#[test]
fn what_is_certain_to_be_passed_over_takes_no_time() {
    let steps = vec![
        wait("a", 10),
        wait("b", 100).when("mode == \"full\""),
        wait("c", 20).when("step.a == done"),
        wait("d", 40).when("step.a == failed"),
    ];
    let parameters = vec![parameter("mode", "quick")];
    let (mut world, run) = begun(Procedure { parameters, ..recovery("recover", steps) });
    assert_eq!(forecast(&world, run).median, secs(70), "what becomes of a is not known yet");
    world.pass(10);
    assert_eq!(forecast(&world, run).median, secs(20));
}

#[test]
fn a_call_that_is_left_out_takes_all_its_steps_with_it() {
    let inner = recovery("inner", vec![wait("x", 50), wait("y", 50)]);
    let outer = recovery("outer", vec![wait("a", 10), call("do", "inner"), wait("b", 10)]);
    let (mut world, incident) = incident_of(shop(vec![outer, inner]));
    let run = world.start(&incident, "outer");
    let told = forecast(&world, run);
    assert_eq!(told.median, secs(120));
    assert_eq!(names(&world, run, &told.critical), "a do.x do.y b", "a call is no step of its own");
    let saves = told.saves.unwrap();
    assert_eq!((names(&world, run, &[saves.place]).as_str(), saves.span), ("do", secs(100)));
    world.ok(ada(), skip(run, "do"));
    assert_eq!(forecast(&world, run).median, secs(20));
}

#[test]
fn a_run_on_its_way_back_undoes_one_after_the_other_what_was_done() {
    let steps = ["a", "b", "c"].map(|name| said(name, 5).needs(&[]).undo());
    let (mut world, run) = run_of(steps.into());
    took(&mut world, "recover", "undo.a", &[30, 30, 30, 30, 30]);
    took(&mut world, "recover", "undo.b", &[60, 60, 60, 60, 60]);
    done(&mut world, run, &["a", "b"]);
    world.ends(run, "c", 1, bad());
    world.ok(ada(), roll_back(run));
    let told = forecast(&world, run);
    assert!(is_about(told.median, 90, 5), "{told:?}");
    assert_eq!((told.basis, told.known.earlier), (Basis::Steps, 2));
    assert_eq!(names(&world, run, &told.critical), "undo.b undo.a");
    assert_eq!(told.saves, None);
    world.pass(30);
    assert!(is_about(forecast(&world, run).median, 60, 8));
}

#[test]
fn leaving_out_the_longest_step_that_may_be_saves_most() {
    let (world, run) = run_of(vec![
        wait("a", 10),
        wait("check", 240).needs(&["a"]),
        wait("side", 60).needs(&["a"]),
        gate("go"),
        wait("promote", 600).no_return(),
        wait("end", 20),
    ]);
    let told = forecast(&world, run);
    assert_eq!(told.saves, Some(Saving { place: 1, span: secs(180) }), "then the one beside it decides");
}

#[test]
fn a_run_that_ends_after_the_objective_says_by_how_much() {
    let (mut world, run) = run_of(vec![wait("a", 300), gate("go"), wait("b", 400)]);
    let incident = world.only_incident().clone();
    let judged = |world: &World| {
        let loaded = &world.state.plans["shop"];
        misses(loaded, &incident, world.run(run), &forecast(world, run), &world.now)
    };
    // The database's objective is ten minutes, of which ten seconds were over when the run began.
    assert_eq!(judged(&world), Some(Miss::Likely(secs(110))));
    world.pass(300);
    world.pass(200);
    assert_eq!(judged(&world), Some(Miss::Likely(secs(310))), "the gate has cost 200 s");
    world.pass(200);
    assert_eq!(judged(&world), Some(Miss::Already), "and the clocks say by how much");
}

#[test]
fn a_run_that_may_end_after_the_objective_says_so_too() {
    let (mut world, run) = run_of(vec![step("a")]);
    took(&mut world, "recover", "a", &[500]);
    let (loaded, told) = (&world.state.plans["shop"], forecast(&world, run));
    let found = misses(loaded, world.only_incident(), world.run(run), &told, &world.now);
    assert!(matches!(found, Some(Miss::Possible(by)) if by < secs(400)), "{found:?} {told:?}");
}

#[test]
fn what_a_launch_leaves_out_is_no_part_of_its_forecast() {
    use crate::core::command::Options;
    use crate::core::decide::{Context, Launch};
    use crate::core::plan::Part;
    let steps = vec![wait("a", 10), Step { part: Some(Part::Verify), ..wait("verify", 90) }];
    let (world, incident) = incident_of(shop(vec![recovery("recover", steps)]));
    for (without, ends) in [(None, 100), (Some(Part::Verify), 10)] {
        let options = Options { without: without.into_iter().collect(), ..Options::default() };
        let by = ada();
        let c = Context { state: &world.state, readings: &world.readings, by: &by, now: &world.now };
        let (plan, procedure) = (id("shop"), id("recover"));
        let launch = Launch {
            incident: &incident,
            plan: &plan,
            procedure: &procedure,
            values: &Default::default(),
            options: &options,
        };
        assert_eq!(preview(c, launch).unwrap().forecast.unwrap().median, secs(ends));
    }
}

#[test]
fn a_run_that_is_over_has_none() {
    let (mut world, run) = run_of(vec![wait("a", 10)]);
    world.pass(10);
    assert_eq!(of_run(&world.state, world.run(run), &world.now), None);

    let (mut world, run) = run_of(vec![step("a"), wait("b", 10)]);
    world.ends(run, "a", 1, StepEnd::Bad(Failure::Stopped));
    world.ok(ada(), Command::Abort { run, reason: "enough".into() });
    assert_eq!(of_run(&world.state, world.run(run), &world.now), None);
}
