//! What failures mean: tries and their pauses, going on, mending, turning back, and what people do about them.

use super::workshop::*;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, id};
use crate::core::follow::next_due;
use crate::core::health::living_key;
use crate::core::ids::RunId;
use crate::core::observe::StepEnd;
use crate::core::plan::{OnFailure, Retry, Step};
use crate::core::refusal::Refusal;
use crate::core::run::{Course, Evidence, Failure, How, RunResult, RunState, StepState};
use crate::core::time::Span;

fn stopped() -> StepEnd {
    StepEnd::Bad(Failure::Stopped)
}

fn lost() -> StepEnd {
    StepEnd::Lost("its shim is gone".into())
}

fn tries(times: u32, secs: u64) -> Retry {
    Retry { times, every: Span::from_secs(secs), ..Retry::NEVER }
}

#[test]
fn pauses_grow_as_the_plan_says_and_stop_at_their_cap() {
    let secs = Span::from_secs;
    let table: [(Retry, &[u64]); 5] = [
        (tries(0, 5), &[]),
        (tries(3, 5), &[5, 5, 5]),
        (Retry { grow: 200, at_most: Some(secs(30)), ..tries(5, 5) }, &[5, 10, 20, 30, 30]),
        (Retry { grow: 150, ..tries(4, 2_000) }, &[2_000, 3_000, 3_600, 3_600]),
        (Retry { grow: 200, at_most: Some(secs(3)), ..tries(2, 5) }, &[5, 5]),
    ];
    for (retry, expected) in table {
        let pauses: Vec<Option<u64>> = (1..=retry.times + 1).map(|n| retry.pause_after(n).map(Span::secs)).collect();
        let expected: Vec<Option<u64>> = expected.iter().map(|s| Some(*s)).chain([None]).collect();
        assert_eq!(pauses, expected, "{retry:?}");
    }
    let endless = Retry { times: u32::MAX, every: Span::ZERO, grow: 300, at_most: None };
    assert_eq!(endless.pause_after(1_000), Some(Span::ZERO));
}

#[test]
fn a_step_is_tried_again_after_each_pause_and_then_waits_for_a_person() {
    let retry = Retry { grow: 200, ..tries(2, 4) };
    let (mut world, run) = run_of(vec![Step { retry, ..step("a") }]);
    for (attempt, pause) in [(1, 4), (2, 8)] {
        world.ends(run, "a", attempt, bad());
        assert_eq!(next_due(&world.state, &world.now), Some(world.now.utc.plus(Span::from_secs(pause))));
        assert_eq!(started(&world.pass(pause - 1)), Vec::<String>::new());
        assert_eq!(started(&world.pass(1)), ["a"]);
    }
    world.ends(run, "a", 3, bad());
    assert_eq!(words(&world, run), "a failed");
    assert!(world.pass(3_600).is_empty());
}

#[test]
fn a_failure_that_stops_a_run_lets_nothing_new_begin_and_what_runs_end() {
    let (mut world, run) = run_of(vec![step("a"), step("b").needs(&[]), step("c").needs(&["b"])]);
    world.ends(run, "a", 1, bad());
    done(&mut world, run, &["b"]);
    assert_eq!(words(&world, run), "a failed, b done, c pending");
    world.ok(ada(), retry(run, "a"));
    assert_eq!(words(&world, run), "a running, b done, c running");
}

#[test]
fn what_mends_a_failure_is_done_after_it_and_hides_nothing() {
    let mended = OnFailure::Do(vec![step("clean"), step("again")]);
    let (mut world, run) = run_of(vec![step("a").on_failure(mended), step("b")]);
    assert_eq!(words(&world, run), "a running, a.clean pending, a.again pending, b pending");
    world.ends(run, "a", 1, bad());
    assert_eq!(at(&world, run), ["a.clean"]);
    done(&mut world, run, &["a.clean", "a.again", "b"]);
    assert_eq!(words(&world, run), "a failed, a.clean done, a.again done, b done");
    assert_eq!(result(&world, run), RunResult::Partly { skipped: 0, failed: 1, of: 2 });
}

#[test]
fn what_did_not_fail_is_not_mended() {
    for by_hand in [false, true] {
        let (mut world, run) = run_of(vec![step("a").on_failure(OnFailure::Do(vec![step("clean")])), step("b")]);
        match by_hand {
            false => done(&mut world, run, &["a"]),
            true => {
                world.ends(run, "a", 1, lost());
                world.ok(ada(), skip(run, "a"));
            }
        }
        assert_eq!(world.step(run, "a.clean").word(), "not needed");
        assert_eq!(at(&world, run), ["b"]);
    }
}

#[test]
fn what_mends_a_step_and_what_undoes_it_know_what_was_learnt_before_and_tell_what_they_learn() {
    let inner = recovery("inner", vec![step("b")]);
    let mended = OnFailure::Do(vec![step("clean").undo(), call("more", "inner")]);
    let outer = recovery("outer", vec![step("a"), step("c").undo().on_failure(mended), step("d")]);
    let (mut world, incident) = incident_of(shop(vec![outer, inner]));
    let run = world.start(&incident, "outer");
    let brings = |name: &str| StepEnd::Good {
        evidence: Evidence::ExitedWell,
        results: [(name.to_owned(), "x".to_owned())].into(),
    };
    let knows = |world: &World, step: &str| -> Vec<String> {
        let known = world.run(run);
        known.values_of(known.find(&id(step)).unwrap().1).into_keys().collect()
    };
    world.ends(run, "a", 1, brings("found"));
    world.ends(run, "c", 1, bad());
    assert_eq!(knows(&world, "c.clean"), ["found"]);
    world.ends(run, "c.clean", 1, brings("cleaned"));
    world.ends(run, "c.more.b", 1, brings("inside"));
    for (step, expected) in [
        ("d", vec!["cleaned", "found"]),
        ("undo.c", vec!["cleaned", "found"]),
        ("undo.c.clean", vec!["cleaned", "found"]),
        ("c.more.b", vec!["inside"]),
    ] {
        assert_eq!(knows(&world, step), expected, "{step}");
    }
}

#[test]
fn mending_that_fails_waits_for_a_person() {
    let (mut world, run) = run_of(vec![step("a").on_failure(OnFailure::Do(vec![step("clean")])), step("b")]);
    world.ends(run, "a", 1, bad());
    world.ends(run, "a.clean", 1, bad());
    assert_eq!(words(&world, run), "a failed, a.clean failed, b pending");
    world.ok(ada(), skip(run, "a.clean"));
    done(&mut world, run, &["b"]);
    assert_eq!(result(&world, run), RunResult::Partly { skipped: 0, failed: 1, of: 2 });
}

#[test]
fn what_was_stopped_from_outside_waits_whatever_its_author_said() {
    for then in [OnFailure::Continue, OnFailure::Do(vec![step("clean")]), OnFailure::Rollback] {
        let (mut world, run) = run_of(vec![step("first").undo(), step("a").on_failure(then.clone()), step("b")]);
        done(&mut world, run, &["first"]);
        world.ok(ada(), abort(run));
        world.ends(run, "a", 1, stopped());
        world.ok(ada(), Command::Resume { run });
        assert_eq!(world.run(run).course, Course::Forward, "{then:?}");
        assert_eq!(world.step(run, "a").word(), "failed", "{then:?}");
        assert_eq!(at(&world, run), Vec::<String>::new(), "{then:?}");
        world.ok(ada(), retry(run, "a"));
        assert_eq!(at(&world, run), ["a"], "{then:?}");
    }
}

/// a, b and c, each with an undo, are done; d runs.
fn far() -> (World, RunId) {
    let steps = vec![step("a").undo(), step("b").undo(), step("c"), step("d").undo().on_failure(OnFailure::Rollback)];
    let (mut world, run) = run_of(steps);
    done(&mut world, run, &["a", "b", "c"]);
    (world, run)
}

#[test]
fn a_failure_that_asks_for_it_undoes_what_was_done_newest_first_one_at_a_time() {
    let (mut world, run) = far();
    world.ends(run, "d", 1, bad());
    assert_eq!(at(&world, run), ["undo.b"]);
    done(&mut world, run, &["undo.b"]);
    assert_eq!(at(&world, run), ["undo.a"]);
    done(&mut world, run, &["undo.a"]);
    assert_eq!(result(&world, run), RunResult::RolledBack { undone: 2, kept: vec![id("c")] });
    assert_eq!(words(&world, run), "a done, b done, c done, d failed, undo.a done, undo.b done, undo.d pending");
}

#[test]
fn what_still_runs_when_a_run_turns_back_is_waited_for_and_undone_first() {
    let (mut world, run) = far();
    world.ok(ada(), roll_back(run));
    assert_eq!(at(&world, run), ["d"]);
    done(&mut world, run, &["d"]);
    assert_eq!(at(&world, run), ["undo.d"]);
    done(&mut world, run, &["undo.d", "undo.b", "undo.a"]);
    assert_eq!(result(&world, run), RunResult::RolledBack { undone: 3, kept: vec![id("c")] });
}

#[test]
fn what_nobody_knows_is_not_undone_until_a_person_says_what_became_of_it() {
    let (mut world, run) = far();
    world.ends(run, "d", 1, lost());
    world.ok(ada(), roll_back(run));
    assert_eq!(at(&world, run), Vec::<String>::new());
    world.ok(ada(), Command::SayDone { run, step: id("d"), note: None });
    assert_eq!(at(&world, run), ["undo.d"]);
}

#[test]
fn undoing_never_crosses_a_step_without_return() {
    let steps = vec![step("a").undo(), gate("go"), step("promote").no_return(), step("b").undo(), step("c")];
    let (mut world, run) = run_of(steps);
    done(&mut world, run, &["a"]);
    confirm(&mut world, run, "go");
    done(&mut world, run, &["promote", "b"]);
    world.ok(ada(), roll_back(run));
    done(&mut world, run, &["c", "undo.b"]);
    let kept = ["a", "promote", "c"].map(id).into();
    assert_eq!(result(&world, run), RunResult::RolledBack { undone: 1, kept });
    assert_eq!(world.step(run, "undo.a").word(), "pending");
}

#[test]
fn an_undo_that_fails_waits_and_is_tried_again_or_left_out() {
    for (deed, undone, kept) in [("retry", 2, vec![]), ("skip", 1, vec![id("b")])] {
        let (mut world, run) = run_of(vec![step("a").undo(), step("b").undo(), manual("ask")]);
        done(&mut world, run, &["a", "b"]);
        world.ok(ada(), roll_back(run));
        world.ends(run, "undo.b", 1, bad());
        assert_eq!(at(&world, run), ["ask"], "the question is still open, and nothing is undone past what failed");
        match deed {
            "retry" => {
                world.ok(ada(), retry(run, "undo.b"));
                world.ends(run, "undo.b", 2, good());
            }
            _ => drop(world.ok(ada(), skip(run, "undo.b"))),
        }
        done(&mut world, run, &["undo.a"]);
        assert_eq!(result(&world, run), RunResult::RolledBack { undone, kept });
    }
}

#[test]
fn an_undo_can_be_left_out_before_its_turn() {
    let (mut world, run) = far();
    world.ok(ada(), skip(run, "undo.b"));
    world.ends(run, "d", 1, bad());
    assert_eq!(at(&world, run), ["undo.a"]);
    done(&mut world, run, &["undo.a"]);
    assert_eq!(result(&world, run), RunResult::RolledBack { undone: 1, kept: ["b", "c"].map(id).into() });
}

#[test]
fn what_mended_a_failure_is_undone_too_and_named_where_it_cannot_be() {
    let mended = OnFailure::Do(vec![step("clean").undo(), step("sweep")]);
    let (mut world, run) = run_of(vec![step("a").on_failure(mended), step("b").on_failure(OnFailure::Rollback)]);
    world.ends(run, "a", 1, bad());
    done(&mut world, run, &["a.clean", "a.sweep"]);
    world.ends(run, "b", 1, bad());
    assert_eq!(at(&world, run), ["undo.a.clean"]);
    done(&mut world, run, &["undo.a.clean"]);
    assert_eq!(result(&world, run), RunResult::RolledBack { undone: 1, kept: vec![id("a.sweep")] });
}

#[test]
fn a_run_that_turned_back_starts_nothing_forward_and_wakes_for_nothing() {
    let steps = vec![
        step("a").undo(),
        Step { retry: tries(3, 5), ..step("b") },
        step("c").needs(&["a"]),
        step("d").needs(&["a"]),
    ];
    let (mut world, run) = run_of(steps);
    done(&mut world, run, &["a"]);
    world.ends(run, "b", 1, bad());
    world.ok(ada(), roll_back(run));
    done(&mut world, run, &["c"]);
    world.ends(run, "d", 1, lost());
    assert_eq!(words(&world, run), "a done, b pausing, c done, d unknown, undo.a pending");
    assert!(world.pass(60).is_empty());
    assert_eq!(next_due(&world.state, &world.now), None, "nothing will follow by time alone");
    let why = world.refused(ada(), retry(run, "d"));
    assert!(matches!(&why, Refusal::RunIs { state, .. } if state.contains("only what undoes")), "{why:?}");
    world.ok(ada(), skip(run, "d"));
    assert_eq!(at(&world, run), ["undo.a"]);
}

#[test]
fn a_held_run_turns_back_when_a_person_says_so_and_keeps_what_it_did() {
    let (mut world, run) = far();
    world.ok(ada(), Command::Hold { run, reason: None });
    world.ok(ada(), roll_back(run));
    assert_eq!(world.run(run).state, RunState::Going);
    world.ends(run, "d", 1, bad());
    assert_eq!(at(&world, run), ["undo.b"]);
    let why = world.refused(ada(), roll_back(run));
    assert!(matches!(&why, Refusal::RunIs { state, .. } if state == "going back already"), "{why:?}");
}

#[test]
fn turning_back_is_refused_where_nothing_can_be_undone() {
    let (mut world, run) = run_of(vec![step("a"), manual("ask")]);
    done(&mut world, run, &["a"]);
    assert_eq!(world.refused(ada(), roll_back(run)), Refusal::NothingToUndo { run, no_return: None });
    let steps = vec![step("a").undo(), gate("go"), step("promote").no_return(), manual("ask")];
    let (mut world, run) = run_of(steps);
    done(&mut world, run, &["a"]);
    confirm(&mut world, run, "go");
    done(&mut world, run, &["promote"]);
    let no_return = Some(id("promote"));
    assert_eq!(world.refused(ada(), roll_back(run)), Refusal::NothingToUndo { run, no_return });
    world.ok(ada(), abort(run));
    assert_eq!(world.refused(ada(), roll_back(run)), Refusal::RunOver { run });
}

#[test]
fn an_aborted_rollback_is_taken_up_again_where_it_stopped() {
    let (mut world, run) = far();
    world.ends(run, "d", 1, bad());
    world.ok(ada(), abort(run));
    world.ends(run, "undo.b", 1, stopped());
    world.ok(ada(), Command::Resume { run });
    assert_eq!(words(&world, run), "a done, b done, c done, d failed, undo.a pending, undo.b failed, undo.d pending");
    world.ok(ada(), retry(run, "undo.b"));
    world.ends(run, "undo.b", 2, good());
    done(&mut world, run, &["undo.a"]);
    assert_eq!(result(&world, run), RunResult::RolledBack { undone: 2, kept: vec![id("c")] });
}

#[test]
fn what_only_rules_end_is_stopped_with_its_run() {
    let notice = crate::core::plan::Notice { text: text("hello"), channels: Default::default() };
    let tell = does("tell", crate::core::plan::Action::Notify(notice)).needs(&[]);
    let (mut world, run) = run_of(vec![wait("a", 60), tell, step("b")]);
    assert_eq!(at(&world, run), ["a", "tell"]);
    world.ok(ada(), abort(run));
    assert_eq!(words(&world, run), "a failed, tell failed, b pending");
    assert!(!world.run(run).is_active());
    world.ok(ada(), Command::Resume { run });
    world.ok(ada(), retry(run, "a"));
    world.ok(ada(), retry(run, "tell"));
    assert_eq!(at(&world, run), ["a", "tell"]);
}

#[test]
fn a_run_is_taken_up_again_only_when_it_was_aborted_and_has_stopped() {
    let (mut world, run) = run_of(vec![step("a")]);
    let why = world.refused(ada(), Command::Resume { run });
    assert!(matches!(&why, Refusal::RunIs { state, .. } if state == "not held"), "{why:?}");
    world.ok(ada(), abort(run));
    let why = world.refused(ada(), Command::Resume { run });
    assert!(matches!(&why, Refusal::RunIs { state, .. } if state == "still stopping"), "{why:?}");
    world.ends(run, "a", 1, good());
    world.ok(ada(), Command::Resume { run });
    assert_eq!(result(&world, run), RunResult::Done, "what it was at had ended well");
    assert_eq!(world.refused(ada(), Command::Resume { run }), Refusal::RunOver { run });
}

#[test]
fn steps_of_a_run_that_is_taken_up_again_are_remembered_once() {
    let (mut world, run) = run_of(vec![step("a"), step("b")]);
    done(&mut world, run, &["a"]);
    world.ok(ada(), abort(run));
    world.ends(run, "b", 1, stopped());
    world.ok(ada(), Command::Resume { run });
    world.ok(ada(), retry(run, "b"));
    world.ends(run, "b", 2, good());
    assert_eq!(world.state.took[&id::<crate::core::ids::PlanId>("shop")]["recover"]["a"].len(), 1);
}

#[test]
fn what_is_lost_from_sight_can_be_seen_again_and_its_end_counts() {
    let (mut world, run) = run_of(vec![step("a"), step("b")]);
    world.ends(run, "a", 1, lost());
    assert!(world.ends(run, "a", 1, good()).is_empty(), "it has to be seen again first");
    assert!(world.ends(run, "a", 2, StepEnd::Regained).is_empty(), "there was no second try");
    assert!(matches!(world.ends(run, "a", 1, StepEnd::Regained)[..], [Event::StepRegained { .. }]));
    assert!(world.ends(run, "a", 1, StepEnd::Regained).is_empty());
    done(&mut world, run, &["a"]);
    assert_eq!(words(&world, run), "a done, b running");
}

#[test]
fn a_lost_step_that_lives_is_neither_repeated_nor_left_out_but_can_be_said_to_be_done() {
    let (mut world, run) = run_of(vec![step("a"), step("b")]);
    world.ends(run, "a", 1, lost());
    world.readings.living.insert(living_key(run, &id("a"), 1));
    let still = Refusal::StillAlive { step: id("a"), attempt: 1 };
    assert_eq!(world.refused(ada(), retry(run, "a")), still);
    assert_eq!(world.refused(ada(), skip(run, "a")), still);
    world.ok(ada(), Command::SayDone { run, step: id("a"), note: None });
    assert!(matches!(world.step(run, "a"), StepState::Done { how: How::Said { .. }, .. }));
}

#[test]
fn a_no_at_a_gate_stops_what_is_independent_of_it_too() {
    let steps = vec![gate("go"), step("a").needs(&[]), step("b").needs(&["a"])];
    let (mut world, run) = run_of(steps);
    world.ok(ada(), Command::Decline { run, step: id("go"), reason: "not ready".into() });
    done(&mut world, run, &["a"]);
    assert_eq!(words(&world, run), "go declined, a done, b pending");
}
