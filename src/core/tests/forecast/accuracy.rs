//! What was foretold, beside what it took.

use super::*;
use crate::core::command::{Command, Options};
use crate::core::fixtures::ada;
use crate::core::forecast::{Accuracy, AtStart, COMPARED, Compared, Foretold, accuracy};

fn compared(world: &World) -> Vec<Compared> {
    let of_plan = world.state.forecasts.get("shop");
    of_plan.and_then(|of| of.get("recover")).map(|all| all.to_vec()).unwrap_or_default()
}

#[test]
fn what_is_foretold_when_a_run_begins_is_compared_when_it_ends() {
    let (mut world, incident) =
        incident_of(shop(vec![recovery("recover", vec![manual("ask"), said("a", 60), said("b", 60)])]));
    let run = world.start(&incident, "recover");
    let AtStart::Foretold(foretold) = world.run(run).foretold.clone() else { panic!() };
    assert!(is_about(foretold.median, 120, 12), "{foretold:?}");
    world.pass(900);
    world.ok(ada(), Command::SayDone { run, step: id("ask"), note: None });
    world.pass(50);
    done(&mut world, run, &["a"]);
    world.pass(100);
    assert_eq!(compared(&world), []);
    done(&mut world, run, &["b"]);
    assert_eq!(compared(&world), [Compared { run, foretold, took: secs(150) }], "waiting for people is no part of it");
}

#[test]
fn nothing_is_compared_where_nothing_was_foretold_or_other_steps_were_done() {
    let all = |step: Step| recovery("recover", vec![step, said("b", 60)]);
    let (mut world, run) = begun(all(step("a")));
    assert_eq!(world.run(run).foretold, AtStart::Unknown);
    done(&mut world, run, &["a", "b"]);
    assert_eq!(compared(&world), []);

    let (mut world, run) = begun(all(said("a", 60)));
    world.ok(ada(), skip(run, "b"));
    done(&mut world, run, &["a"]);
    assert_eq!(compared(&world), [], "a person left a step out");

    let (mut world, run) = begun(all(said("a", 60)));
    world.ok(ada(), abort(run));
    assert_eq!(compared(&world), []);
}

#[test]
fn what_the_launch_leaves_out_is_left_out_of_what_is_foretold() {
    use crate::core::plan::Part;
    let steps = vec![said("a", 60), Step { part: Some(Part::Notify), ..said("tell", 600) }];
    let (mut world, incident) = incident_of(shop(vec![recovery("recover", steps)]));
    let options = Options { without: [Part::Notify].into(), ..Options::default() };
    world.ok(ada(), launch(&incident, "recover", options, &[]));
    let run = RunId(1);
    assert!(matches!(&world.run(run).foretold, AtStart::Foretold(told) if is_about(told.median, 60, 12)));
    world.pass(70);
    done(&mut world, run, &["a"]);
    assert_eq!(compared(&world).len(), 1);
}

#[test]
fn the_last_runs_are_kept() {
    let (mut world, incident) = incident_of(shop(vec![recovery("recover", vec![said("a", 60)])]));
    for _ in 0..COMPARED + 3 {
        let run = world.start(&incident, "recover");
        world.pass(60);
        done(&mut world, run, &["a"]);
    }
    let kept = compared(&world);
    assert_eq!((kept.len(), kept[0].run), (COMPARED, RunId(4)));
    assert!(kept[COMPARED - 1].foretold.ninetieth < kept[0].foretold.ninetieth, "earlier runs are better than a word");
}

#[test]
fn accuracy_counts_those_by_the_ninetieth_and_takes_the_middle_of_what_they_were_off() {
    let one = |took| Compared {
        run: RunId(1),
        foretold: Foretold { median: secs(100), ninetieth: secs(120), left_out: 0 },
        took: secs(took),
    };
    assert_eq!(accuracy(&[]), None);
    let runs: Vec<Compared> = [100, 90, 112, 120, 121].map(one).into();
    assert_eq!(accuracy(&runs), Some(Accuracy { runs: 5, by_ninetieth: 4, off_percent: 12 }));
}
