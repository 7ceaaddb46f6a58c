//! What waits for what: needs, lanes, lists, calls and conditions, as a run goes through them.

use std::collections::BTreeMap;

use super::workshop::*;
use crate::core::command::{Command, Options};
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, id};
use crate::core::ids::RunId;
use crate::core::observe::StepEnd;
use crate::core::plan::{Action, Call, Lanes, Notice, OnFailure, Part, Procedure, Retry, Severity, Step};
use crate::core::refusal::Refusal;
use crate::core::run::{Evidence, RunResult, StepState};
use crate::core::template::Values;
use crate::core::time::Span;

#[test]
fn steps_without_needs_go_one_after_the_other() {
    let (mut world, run) = run_of(vec![step("a"), step("b"), step("c")]);
    for (ends, at_next) in [("a", vec!["b"]), ("b", vec!["c"]), ("c", vec![])] {
        done(&mut world, run, &[ends]);
        assert_eq!(at(&world, run), at_next);
    }
    assert_eq!(result(&world, run), RunResult::Done);
}

#[test]
fn what_is_independent_runs_side_by_side_and_waits_for_all_that_it_needs() {
    let steps = vec![
        step("a"),
        step("left").needs(&["a"]),
        step("right").needs(&["a"]),
        step("apart").needs(&[]),
        step("both").needs(&["left", "right"]),
        step("end"),
    ];
    let (mut world, run) = run_of(steps);
    assert_eq!(at(&world, run), ["a", "apart"]);
    done(&mut world, run, &["a"]);
    assert_eq!(at(&world, run), ["left", "right", "apart"]);
    done(&mut world, run, &["right", "apart"]);
    assert_eq!(at(&world, run), ["left"]);
    done(&mut world, run, &["left"]);
    assert_eq!(at(&world, run), ["both"]);
    done(&mut world, run, &["both"]);
    assert_eq!(at(&world, run), ["end"], "what says nothing waits for all above it");
}

#[test]
fn no_more_run_side_by_side_than_there_are_lanes_and_people_take_none() {
    let mut steps: Vec<Step> = ["a", "b", "c", "d"].map(|n| step(n).needs(&[])).into();
    steps.push(manual("ask").needs(&[]));
    let (mut world, run) = begun(Procedure { lanes: Lanes { run: 2, host: 4 }, ..recovery("recover", steps) });
    assert_eq!(at(&world, run), ["a", "b", "ask"]);
    done(&mut world, run, &["b"]);
    assert_eq!(at(&world, run), ["a", "c", "ask"]);
}

#[test]
fn no_more_run_on_one_host_than_it_has_lanes() {
    let steps: Vec<Step> = [("a", "db-1"), ("b", "db-1"), ("c", "db-2"), ("d", "${where}"), ("e", "db-2")]
        .map(|(name, host)| step(name).needs(&[]).on(host))
        .into();
    let procedure = Procedure { parameters: vec![parameter("where", "db-1")], ..recovery("recover", steps) };
    let (mut world, run) = begun(Procedure { lanes: Lanes { run: 8, host: 1 }, ..procedure });
    assert_eq!(at(&world, run), ["a", "c"]);
    done(&mut world, run, &["a"]);
    assert_eq!(at(&world, run), ["b", "c"]);
    done(&mut world, run, &["c", "b"]);
    assert_eq!(at(&world, run), ["d", "e"], "a host is the one that its name is filled in as");
}

#[test]
fn runs_share_the_lanes_of_a_host_and_the_most_urgent_goes_first() {
    let of = |name: &str, priority| {
        let steps = ["a", "b", "c"].map(|n| step(n).needs(&[]).on("db-1")).into();
        Procedure { lanes: Lanes { run: 8, host: 2 }, priority, components: vec![id(name)], ..recovery(name, steps) }
    };
    let procedures = vec![of("db", None), of("api", Some(Severity::Low)), of("web", None)];
    let (mut world, incident) = incident_of(shop(procedures));
    let mut start = |procedure: &str, priority| {
        let options = Options { priority, ..Options::default() };
        world.ok(ada(), launch(&incident, procedure, options, &[]));
    };
    start("db", Some(Severity::Medium));
    start("api", None);
    start("web", Some(Severity::Critical));
    let [db, api, web] = [1, 2, 3].map(RunId);
    let now = |world: &World| [db, api, web].map(|run| at(world, run).join(" "));
    assert_eq!(now(&world), ["a b", "", ""], "what runs is not pushed aside");
    done(&mut world, db, &["a"]);
    assert_eq!(now(&world), ["b", "", "a"]);
    done(&mut world, web, &["a"]);
    done(&mut world, db, &["b"]);
    assert_eq!(now(&world), ["", "", "b c"]);
    done(&mut world, web, &["b", "c"]);
    assert_eq!(now(&world), ["c", "a", ""]);
    done(&mut world, db, &["c"]);
    done(&mut world, api, &["a", "b", "c"]);
    assert_eq!([db, api, web].map(|run| result(&world, run)), [RunResult::Done, RunResult::Done, RunResult::Done]);
}

#[test]
fn a_pause_keeps_its_lane() {
    let again = Retry { times: 1, every: Span::from_secs(5), ..Retry::NEVER };
    let steps = vec![Step { retry: again, ..step("a") }, step("b").needs(&[])];
    let (mut world, run) = begun(Procedure { lanes: Lanes { run: 1, host: 1 }, ..recovery("recover", steps) });
    world.ends(run, "a", 1, bad());
    assert_eq!(words(&world, run), "a pausing, b pending");
    world.pass(5);
    assert_eq!(words(&world, run), "a running, b pending");
}

#[test]
fn a_list_is_done_side_by_side_and_what_follows_waits_for_all_of_it() {
    let (mut world, run) = run_of(vec![step("a"), step("go").each(&["one", "two"]), step("end")]);
    done(&mut world, run, &["a"]);
    assert_eq!(at(&world, run), ["go.one", "go.two"]);
    done(&mut world, run, &["go.two"]);
    assert_eq!(at(&world, run), ["go.one"]);
    done(&mut world, run, &["go.one"]);
    assert_eq!(at(&world, run), ["end"]);
    assert_eq!(world.run(run).progress(), (3, 4));
}

#[test]
fn a_list_of_nothing_is_done_at_once_and_keeps_the_order() {
    let (mut world, run) = run_of(vec![step("a"), step("go").each(&[]), step("end")]);
    assert_eq!(at(&world, run), ["a"]);
    done(&mut world, run, &["a", "end"]);
    assert_eq!(result(&world, run), RunResult::Done);
}

#[test]
fn each_pass_knows_its_own_item() {
    let step = Step { action: Action::Command { argv: vec![text("${item}")] }, ..step("go").each(&["one", "two"]) };
    let (world, run) = run_of(vec![step]);
    let known = world.run(run);
    let of = |step: &str| known.values_of(known.find(&id(step)).unwrap().1)["item"].clone();
    assert_eq!([of("go.one"), of("go.two")], ["one", "two"]);
}

/// `outer` calls `inner` between two steps of its own.
fn nested(inner: Vec<Step>) -> (World, RunId) {
    let outer = recovery("outer", vec![step("a"), call("sub", "inner"), step("z")]);
    let (mut world, incident) = incident_of(shop(vec![outer, recovery("inner", inner)]));
    let run = world.start(&incident, "outer");
    (world, run)
}

#[test]
fn a_procedure_that_is_called_stands_in_the_place_of_its_call() {
    let (mut world, run) = nested(vec![step("b"), step("c").needs(&[])]);
    assert_eq!(words(&world, run), "a running, sub pending, sub.b pending, sub.c pending, z pending");
    done(&mut world, run, &["a"]);
    assert_eq!(at(&world, run), ["sub.b", "sub.c"]);
    done(&mut world, run, &["sub.b"]);
    assert_eq!(at(&world, run), ["sub.c"]);
    done(&mut world, run, &["sub.c", "z"]);
    assert_eq!(result(&world, run), RunResult::Done);
}

#[test]
fn a_procedure_without_steps_that_is_called_keeps_the_order_around_it() {
    let (mut world, run) = nested(Vec::new());
    assert_eq!(at(&world, run), ["a"]);
    done(&mut world, run, &["a"]);
    assert_eq!(at(&world, run), ["z"]);
}

#[test]
fn what_must_be_so_before_a_procedure_is_looked_at_when_it_is_called_too() {
    let inner = Procedure { preconditions: vec![step("check")], ..recovery("inner", vec![step("b")]) };
    let outer = recovery("outer", vec![step("a"), call("sub", "inner")]);
    let (mut world, incident) = incident_of(shop(vec![outer, inner]));
    let run = world.start(&incident, "outer");
    done(&mut world, run, &["a"]);
    assert_eq!(at(&world, run), ["sub.check"]);
    world.ends(run, "sub.check", 1, bad());
    assert!(world.pass(3_600).is_empty(), "{}", words(&world, run));
}

#[test]
fn a_call_hands_values_over_and_they_are_known_inside_it_only() {
    let call = Call { procedure: id("inner"), values: BTreeMap::from([("what".into(), text("${who}-1"))]) };
    let outer = recovery("outer", vec![does("sub", Action::Procedure(call)), step("z")]);
    let outer = Procedure { parameters: vec![parameter("who", "db")], ..outer };
    let inner = Procedure { parameters: vec![parameter("what", "?")], ..recovery("inner", vec![step("b")]) };
    let (mut world, incident) = incident_of(shop(vec![outer, inner]));
    let run = world.start(&incident, "outer");
    let known = world.run(run);
    let what = |step: &str| known.values_of(known.find(&id(step)).unwrap().1).get("what").cloned();
    assert_eq!((what("sub.b"), what("z")), (Some("db-1".into()), None));
}

#[test]
fn a_call_that_is_left_out_leaves_out_all_that_is_in_it() {
    let deepest = recovery("deepest", vec![step("d")]);
    let inner = recovery("inner", vec![step("b"), call("more", "deepest")]);
    let outer = recovery("outer", vec![step("a"), call("sub", "inner"), step("z")]);
    let (mut world, incident) = incident_of(shop(vec![outer, inner, deepest]));
    let run = world.start(&incident, "outer");
    world.ok(ada(), skip(run, "sub"));
    done(&mut world, run, &["a"]);
    assert_eq!(
        words(&world, run),
        "a done, sub skipped, sub.b not needed, sub.more not needed, sub.more.d not needed, z running"
    );
    done(&mut world, run, &["z"]);
    assert_eq!(result(&world, run), RunResult::Partly { skipped: 1, failed: 0, of: 3 });
}

#[test]
fn what_is_left_out_before_its_turn_holds_those_behind_it_until_its_own_needs_are_settled() {
    let (mut world, run) = run_of(vec![step("a"), step("b"), step("c")]);
    world.ok(ada(), skip(run, "b"));
    assert_eq!(words(&world, run), "a running, b skipped, c pending");
    done(&mut world, run, &["a"]);
    assert_eq!(at(&world, run), ["c"]);
}

#[test]
fn a_step_whose_condition_does_not_hold_is_not_needed_and_the_run_is_done_without_it() {
    for (value, of_b) in [("true", "running"), ("false", "not needed")] {
        let steps = vec![step("a"), step("b").when("careful"), step("c")];
        let procedure = Procedure { parameters: vec![parameter("careful", value)], ..recovery("recover", steps) };
        let (mut world, run) = begun(procedure);
        done(&mut world, run, &["a"]);
        assert_eq!(world.step(run, "b").word(), of_b);
        if of_b == "not needed" {
            done(&mut world, run, &["c"]);
            assert_eq!(result(&world, run), RunResult::Done, "nobody left anything out");
        }
    }
}

#[test]
fn a_condition_asks_how_steps_stand_what_they_brought_and_what_probes_say() {
    let holds = [
        ("step.a == done", true),
        ("step.a == failed", false),
        ("step.b == not_needed", true),
        ("step.b == done", false),
        ("step.list == done", true),
        ("lag < 30s", true),
        ("lag < 10s", false),
        ("component.db.east == down", true),
        ("component.db.west == ok", true),
        ("component.db == down", true),
        ("site.west == ok and site.east == down", true),
        ("component.nowhere == unknown", true),
    ];
    for (condition, expected) in holds {
        let steps = vec![
            step("a"),
            step("b").when("step.a == failed"),
            step("list").each(&["one", "two"]),
            step("asked").when(condition),
        ];
        let (mut world, run) = run_of(steps);
        let results = Values::from([("lag".to_owned(), "12s".to_owned())]);
        world.ends(run, "a", 1, StepEnd::Good { evidence: Evidence::ExitedWell, results });
        done(&mut world, run, &["list.one", "list.two"]);
        assert_eq!(at(&world, run).contains(&"asked".to_owned()), expected, "{condition}: {}", words(&world, run));
    }
}

#[test]
fn a_step_waits_for_those_that_its_condition_asks_about() {
    let (mut world, run) = run_of(vec![step("a"), step("b").needs(&[]).when("step.a == done")]);
    assert_eq!(at(&world, run), ["a"]);
    done(&mut world, run, &["a"]);
    assert_eq!(at(&world, run), ["b"]);
}

#[test]
fn a_condition_that_cannot_be_told_fails_its_step_before_it_acts_and_nothing_else_begins() {
    let steps = vec![step("a").when("nobody_said"), step("b").needs(&[])];
    let (mut world, run) = run_of(steps);
    let StepState::Failed { why, .. } = world.step(run, "a") else { panic!("{}", words(&world, run)) };
    assert!(format!("{why:?}").contains("nobody_said has no value"), "{why:?}");
    assert_eq!(words(&world, run), "a failed, b pending");
    assert_eq!(world.run(run).steps[0].attempts, 0);
    world.ok(ada(), skip(run, "a"));
    assert_eq!(at(&world, run), ["b"]);
}

#[test]
fn what_a_condition_asks_for_and_nobody_brought_can_be_given_by_a_person() {
    let (mut world, run) = run_of(vec![gate("go").when("lag < 30s"), step("b")]);
    assert_eq!(words(&world, run), "go failed, b pending");
    for (value, stands) in [("soon", "go failed, b pending"), ("5s", "go waiting, b pending")] {
        let values = Values::from([("lag".to_owned(), value.to_owned())]);
        world.ok(ada(), Command::Retry { run, step: id("go"), values });
        assert_eq!(words(&world, run), stands);
    }
}

#[test]
fn what_a_launch_leaves_out_is_skipped_but_never_a_gate_and_never_a_precondition() {
    let part = |step: Step| Step { part: Some(Part::Verify), ..step };
    let steps = vec![part(gate("go")), part(step("look")), step("act")];
    let procedure = Procedure { preconditions: vec![part(step("guard"))], ..recovery("recover", steps) };
    let (mut world, incident) = incident_of(shop(vec![procedure]));
    let options = Options { without: [Part::Verify].into(), ..Options::default() };
    world.ok(ada(), launch(&incident, "recover", options, &[]));
    let run = RunId(1);
    assert_eq!(words(&world, run), "guard running, go pending, look skipped, act pending");
    done(&mut world, run, &["guard"]);
    confirm(&mut world, run, "go");
    done(&mut world, run, &["act"]);
    assert_eq!(result(&world, run), RunResult::Partly { skipped: 1, failed: 0, of: 4 });
}

#[test]
fn options_of_a_launch_change_lanes_tries_and_time() {
    let again = Retry { times: 3, ..Retry::NEVER };
    let steps = vec![Step { retry: again, ..step("a") }, step("b").needs(&[])];
    let (mut world, incident) = incident_of(shop(vec![recovery("recover", steps)]));
    let timeout = Some(Span::from_secs(60));
    let options = Options { parallel: Some(1), retries: Some(0), timeout, ..Options::default() };
    world.ok(ada(), launch(&incident, "recover", options, &[]));
    let run = RunId(1);
    assert_eq!(at(&world, run), ["a"]);
    assert_eq!(world.run(run).procedure.timeout, timeout);
    world.ends(run, "a", 1, bad());
    assert_eq!(words(&world, run), "a failed, b pending");
}

#[test]
fn steps_that_tell_the_world_at_once_number_their_words_apart() {
    let notice = Notice { text: text("On it"), channels: Default::default() };
    let tell = |name: &str| does(name, Action::Notify(notice.clone())).needs(&[]);
    let (world, run) = run_of(vec![tell("a"), tell("b")]);
    let numbers: Vec<usize> = world
        .journal
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::UpdateSent { number, .. } => Some(*number),
            _ => None,
        })
        .collect();
    assert_eq!((numbers, at(&world, run)), (vec![1, 2], vec!["a".into(), "b".into()]));
}

#[test]
fn a_long_chain_of_steps_that_end_by_themselves_ends_in_one_turn() {
    let many = |n: usize| (0..n).map(|i| wait(&format!("w{i}"), 0)).collect::<Vec<_>>();
    let (world, run) = run_of(many(1_500));
    assert_eq!(result(&world, run), RunResult::Done);
}

#[test]
fn without_a_gate_that_was_opened_nothing_is_done_that_cannot_be_taken_back() {
    // The gate stands above in the file, but nothing makes the step wait for it.
    let beside = vec![gate("go"), step("promote").no_return().needs(&[])];
    assert_eq!(cannot(vec![recovery("recover", beside)]), "there is no return from promote, and it waits for no gate");
    // The gate is on the way, but it was left out.
    let steps = vec![gate("go").when("ask"), step("promote").no_return(), step("end")];
    let procedure = Procedure { parameters: vec![parameter("ask", "false")], ..recovery("recover", steps) };
    let (mut world, run) = begun(procedure);
    assert_eq!(words(&world, run), "go not needed, promote failed, end pending");
    world.ok(ada(), retry(run, "promote"));
    assert_eq!(words(&world, run), "go not needed, promote failed, end pending");
    world.ok(ada(), skip(run, "promote"));
    assert_eq!(at(&world, run), ["end"]);
}

#[test]
fn what_a_call_hides_behind_a_gate_of_the_caller_is_behind_it() {
    let inner = recovery("inner", vec![gate("sure"), step("promote").no_return()]);
    let outer = recovery("outer", vec![gate("go"), call("sub", "inner")]);
    let (mut world, incident) = incident_of(shop(vec![outer, inner]));
    let run = world.start(&incident, "outer");
    confirm(&mut world, run, "go");
    assert_eq!(at(&world, run), ["sub.sure"]);
    confirm(&mut world, run, "sub.sure");
    assert_eq!(at(&world, run), ["sub.promote"]);
}

#[test]
fn a_result_can_be_used_by_later_steps_and_a_person_can_give_a_step_another_value() {
    let argv = vec![text("fix"), text("${found}"), text("${what}")];
    let steps = vec![step("a"), does("b", Action::Command { argv })];
    let (mut world, run) = begun(Procedure { parameters: vec![parameter("what", "x")], ..recovery("recover", steps) });
    let results = Values::from([("found".to_owned(), "seven".to_owned())]);
    world.ends(run, "a", 1, StepEnd::Good { evidence: Evidence::ExitedWell, results });
    world.ends(run, "b", 1, bad());
    let values = Values::from([("what".to_owned(), "y".to_owned())]);
    world.ok(ada(), Command::Retry { run, step: id("b"), values });
    let known = world.run(run);
    let values = known.values_of(known.find(&id("b")).unwrap().1);
    assert_eq!((values["found"].as_str(), values["what"].as_str()), ("seven", "y"));
    let unknown = Values::from([("nobody".to_owned(), "y".to_owned())]);
    world.ends(run, "b", 2, bad());
    let why = world.refused(ada(), Command::Retry { run, step: id("b"), values: unknown });
    assert!(matches!(why, Refusal::ParameterUnknown { .. }), "{why:?}");
}

#[test]
fn a_step_that_goes_on_after_its_failure_lets_those_behind_it_begin() {
    let (mut world, run) = run_of(vec![step("a").on_failure(OnFailure::Continue), step("b")]);
    world.ends(run, "a", 1, bad());
    assert_eq!(words(&world, run), "a failed, b running");
    done(&mut world, run, &["b"]);
    assert_eq!(result(&world, run), RunResult::Partly { skipped: 0, failed: 1, of: 2 });
}
