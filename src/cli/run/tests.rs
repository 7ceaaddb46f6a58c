//! Runs as they are printed, and their way back.

use super::back::{WayBack, Why};
use super::fixtures::world;
use super::picture::lines;
use crate::core::command::Command;
use crate::core::fixtures::{World, ada, id, mike};
use crate::core::ids::RunId;
use crate::core::observe::StepEnd;
use crate::core::people::Mode;
use crate::core::run::{Evidence, Failure};

fn started() -> (World, RunId) {
    let (mut world, incident) = world();
    assert_eq!(world.mode, Mode::Shared);
    let run = world.start(&incident, "rescue");
    (world, run)
}

fn good(world: &mut World, run: RunId, step: &str) {
    world.ends(run, step, 1, StepEnd::good(Evidence::ExitedWell));
}

fn bad(world: &mut World, run: RunId, step: &str) {
    world.ends(run, step, 1, StepEnd::Bad(Failure::Exit { code: 1 }));
}

/// What is printed below a run's first line, without moments.
fn page(world: &World, run: RunId) -> Vec<String> {
    let lines = lines(&world.state, world.run(run), &world.now);
    let without = |line: String| {
        let mut words: Vec<&str> = line.split(' ').collect();
        for word in &mut words {
            match word.strip_prefix('~').unwrap_or(word) {
                time if time.len() == 9 && time.ends_with('Z') => *word = if time == *word { "TIME" } else { "~TIME" },
                _ => {}
            }
        }
        words.join(" ").replace("TIME,", "TIME")
    };
    lines.into_iter().map(without).collect()
}

fn holds(world: &World, run: RunId, wanted: &[&str]) {
    let page = page(world, run);
    for line in wanted {
        assert!(page.iter().any(|l| l == line), "{line:?} is not in\n{}", page.join("\n"));
    }
}

/// Everything up to the gate: one of three restarts failed, and so did the patch, which was mended.
fn up_to_the_gate() -> (World, RunId) {
    let (mut world, run) = started();
    for step in ["ready", "fence", "drain", "restart.web-1", "restart.web-3"] {
        good(&mut world, run, step);
    }
    bad(&mut world, run, "restart.web-2");
    bad(&mut world, run, "patch");
    good(&mut world, run, "patch.repair");
    (world, run)
}

#[test]
fn rounds_and_what_goes_side_by_side_stand_beside_each_step() {
    let (mut world, run) = started();
    assert_eq!(
        page(&world, run)[..7],
        [
            "ends after ~TIME",
            "  left: 1 by author, 8 unknown, 1 people's (no time)",
            "  decided by the steps on the critical path: 1 and 2",
            ">  1   1     health  West is healthy (ready): running since TIME",
            ".  2   2 x2  command Fence East (fence): pending   on bastion-2",
            ".  3   2 x2  command Drain East (drain): pending",
            "restart: 0 of 3 done",
        ]
    );
    good(&mut world, run, "ready");
    holds(&world, run, &[">  2   2 x2  command Fence East (fence): running since TIME   on bastion-2"]);
}

#[test]
fn passes_of_a_list_stand_together_and_what_mends_stands_below_what_failed() {
    let (world, run) = up_to_the_gate();
    let page = page(&world, run);
    let at = page.iter().position(|line| line.starts_with("restart:")).unwrap();
    assert_eq!(
        page[at..at + 6],
        [
            "restart: 2 of 3 done, 1 failed",
            "  v  4   3 x3  command Restart (web-1) (restart.web-1): done, seen: exit 0   on web-1",
            "  x  5   3 x3  command Restart (web-2) (restart.web-2): FAILED: exit 1; the run went on without it   on web-2",
            "  v  6   3 x3  command Restart (web-3) (restart.web-3): done, seen: exit 0   on web-3",
            "x  7   4     command Patch names (patch): FAILED: exit 1; the run went on without it",
            "  v  8   5     command mends patch: Repair it (patch.repair): done, seen: exit 0",
        ]
    );
    assert!(!page.iter().any(|line| line.contains("Undo")), "{page:?}");
    let waits = page.last().unwrap();
    assert!(waits.starts_with("^ R1 step 10 Promote West (go): 0 of 2 people; still needed: "), "{waits}");
}

#[test]
fn the_way_back_is_shown_newest_first_once_the_run_is_turned() {
    let (mut world, run) = up_to_the_gate();
    let back = WayBack::of(world.run(run));
    let undoes: Vec<_> = back.undoes.iter().map(|(_, step, _)| step.id.as_str()).collect();
    assert_eq!(undoes, ["undo.drain", "undo.fence"]);
    let stays: Vec<_> = back.stays.iter().map(|(step, why)| (step.id.as_str(), why.clone())).collect();
    assert_eq!(stays, [("restart.web-1", Why::NoUndo), ("restart.web-3", Why::NoUndo), ("patch.repair", Why::NoUndo)]);

    world.ok(ada(), Command::RollBack { run, reason: "West is worse".into() });
    good(&mut world, run, "undo.drain");
    let page = page(&world, run);
    assert!(
        page[0].starts_with("ROLLING BACK since ") && page[0].ends_with(", turned by ada: West is worse"),
        "{page:?}"
    );
    let at = page.iter().position(|line| line == "undone, the newest first:").unwrap();
    assert!(page[at + 1].contains("Undo: Drain East (undo.drain): done, seen: exit 0"), "{page:?}");
    assert!(page[at + 2].contains("Undo: Fence East (undo.fence): running since "), "{page:?}");
    assert_eq!(page[at + 3], "  STAYS DONE Restart (web-1) (restart.web-1): the plan has no undo for it");

    bad(&mut world, run, "undo.fence");
    world.ok(mike(), Command::Skip { run, step: id("undo.fence"), reason: "it has no power".into() });
    let left = WayBack::of(world.run(run)).stays;
    assert!(left.iter().any(|(step, why)| step.id.as_str() == "fence" && *why == Why::LeftOut), "{:?}", left.len());
}

#[test]
fn behind_a_step_without_return_everything_stays() {
    let (mut world, run) = up_to_the_gate();
    world.ok(
        ada(),
        Command::AssignRole { incident: world.only_incident().id.clone(), role: id("technical_lead"), to: mike() },
    );
    for who in [ada(), mike()] {
        let yes = world.confirm(run, None);
        world.ok(who, yes);
    }
    good(&mut world, run, "promote");
    let back = WayBack::of(world.run(run));
    assert!(back.undoes.is_empty());
    let why = |name: &str| back.stays.iter().find(|(step, _)| step.id.as_str() == name).map(|(_, why)| why.sentence());
    assert_eq!(why("promote").unwrap(), "there is no return from it");
    assert_eq!(why("fence").unwrap(), "there is no return from promote");

    good(&mut world, run, "tidy");
    let ended = super::show::row(&world.state, world.run(run)).join("  ");
    assert!(ended.contains("PARTLY: 8 of 10 steps done, 2 failed"), "{ended}");
}
