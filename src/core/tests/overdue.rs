//! The time that a run may take: of the engine, not of people. It holds the run and never undoes anything.

use super::workshop::*;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, id};
use crate::core::follow::next_due;
use crate::core::ids::{Principal, RunId};
use crate::core::plan::{Procedure, Retry, Step};
use crate::core::run::{Course, RunState};
use crate::core::time::Span;

/// A run that may take a minute.
fn a_minute(steps: Vec<Step>) -> (World, RunId) {
    begun(Procedure { timeout: Some(Span::from_secs(60)), ..recovery("recover", steps) })
}

fn is_overdue(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::RunOverdue { limit, .. } if *limit == Span::from_secs(60)))
}

#[test]
fn a_run_that_takes_longer_than_it_may_is_held_and_undoes_nothing() {
    let (mut world, run) = a_minute(vec![step("a").undo(), step("b"), step("c")]);
    world.pass(20);
    done(&mut world, run, &["a"]);
    assert_eq!(next_due(&world.state, &world.now), Some(world.now.utc.plus(Span::from_secs(40))));
    assert!(world.pass(39).is_empty());
    assert!(is_overdue(&world.pass(1)));
    let known = world.run(run);
    assert!(matches!(&known.state, RunState::Held { by: Principal::Engine, .. }), "{:?}", known.state);
    assert_eq!((&known.course, known.overdue.as_ref()), (&Course::Forward, Some(&world.now)));
    done(&mut world, run, &["b"]);
    assert_eq!(words(&world, run), "a done, b done, c pending, undo.a pending");
    assert!(world.pass(3_600).is_empty());
}

#[test]
fn it_is_said_once_and_a_person_lets_the_run_go_on() {
    let (mut world, run) = a_minute(vec![step("a"), step("b")]);
    assert!(is_overdue(&world.pass(60)));
    world.ok(ada(), Command::Resume { run });
    done(&mut world, run, &["a"]);
    assert!(world.pass(3_600).is_empty());
    assert_eq!(at(&world, run), ["b"]);
}

#[test]
fn people_and_pauses_take_none_of_it_and_what_runs_side_by_side_counts_once() {
    let retry = Retry { times: 1, every: Span::from_secs(50), ..Retry::NEVER };
    let (mut world, run) =
        a_minute(vec![manual("ask"), step("a"), step("b").needs(&["ask"]), Step { retry, ..step("c") }]);
    assert!(world.pass(3_600).is_empty());
    world.ok(ada(), Command::SayDone { run, step: id("ask"), note: None });
    assert!(world.pass(30).is_empty());
    done(&mut world, run, &["a"]);
    world.pass(10);
    done(&mut world, run, &["b"]);
    world.ends(run, "c", 1, bad());
    assert!(!is_overdue(&world.pass(50)), "40 s of its own, and 50 s of pause");
    assert!(is_overdue(&world.pass(20)));
}

#[test]
fn what_runs_while_a_run_is_held_counts_when_it_goes_on() {
    let (mut world, run) = a_minute(vec![step("a")]);
    world.ok(ada(), Command::Hold { run, reason: None });
    assert!(world.pass(100).is_empty(), "it is held already");
    assert!(is_overdue(&world.ok(ada(), Command::Resume { run })));
}

#[test]
fn a_clock_that_is_set_changes_nothing() {
    let (mut world, run) = a_minute(vec![step("a")]);
    for days in [1_i64, -2] {
        let micros = world.now.utc.micros() + days * 86_400_000_000;
        world.now.utc = crate::core::time::Moment::from_micros(micros);
        assert!(world.pass(10).is_empty());
    }
    assert_eq!(world.run(run).busy(&world.now), Span::from_secs(20));
    assert!(is_overdue(&world.pass(40)));
}
