//! Runs in which several things happen at once, and several wait.

use super::habits::{sent, shows};
use super::pages::{page, text};
use super::rebuild::{Scene, behind_a_gate, long, night};
use super::story::{ADA, press, write};
use crate::console::place::Thing;
use crate::core::command::Command;
use crate::core::ids::RunId;

#[test]
fn each_of_two_gates_that_wait_is_opened_in_turn() {
    let mut app = night(Scene::Gates).console(&ADA);
    assert!(shows(&app).contains("1 OF 2 FOR YOU"), "{}", shows(&app));
    press(&mut app, "Space");
    assert!(shows(&app).contains("GATE 9  Take the copied ledger"), "{}", shows(&app));
    press(&mut app, "Esc Space");
    assert!(shows(&app).contains("Go on with these caches"), "{}", shows(&app));
    write(&mut app, "KESTREL rebuild");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    assert!(
        matches!(&commands[..], [(_, Command::Confirm { step, .. })] if step.as_str() == "caches-ok"),
        "{commands:?}"
    );
}

#[test]
fn a_key_is_for_the_gate_in_focus_and_else_for_one_that_waits() {
    let mut app = night(Scene::Gates).console(&ADA);
    let choose = |step: &str| Thing::Step(RunId(1), step.parse().unwrap());
    press(&mut app, "g s");
    app.place.chosen.insert(app.place.list(), choose("open"));
    press(&mut app, "C");
    assert!(shows(&app).contains("GATE 9"), "the step in focus is no gate: {}", shows(&app));
    press(&mut app, "Esc");
    app.place.chosen.insert(app.place.list(), choose("caches-ok"));
    press(&mut app, "C");
    assert!(shows(&app).contains("Go on with these caches"), "{}", shows(&app));
    press(&mut app, "F2");
    assert!(shows(&app).contains("DECLINE GATE 17"), "{}", shows(&app));
}

#[test]
fn what_waits_is_counted_one_by_one() {
    let app = night(Scene::Lost).console(&ADA);
    assert!(shows(&app).contains("step 14 UNKNOWN"), "{}", shows(&app));
}

#[test]
fn every_scene_shows_its_run_at_every_size() {
    for scene in Scene::ALL {
        let mut app = night(scene).console(&ADA);
        press(&mut app, "g s");
        for (width, height) in [(60, 15), (80, 24), (200, 60)] {
            let shown = text(&page(&app, width, height));
            assert!(shown.contains("Rebuild the shop") || scene == Scene::Before, "{scene:?}: {shown}");
        }
    }
}

#[test]
fn a_long_run_is_scrolled_to_its_end() {
    let mut app = long(400).console(&ADA);
    press(&mut app, "g s G");
    assert!(shows(&app).contains("Step number 399"), "{}", shows(&app));
}

#[test]
fn a_list_is_folded_but_for_what_needs_somebody() {
    let mut app = night(Scene::Lost).console(&ADA);
    press(&mut app, "g s");
    let shown = shows(&app);
    assert!(shown.contains("+ Restart a cache") && shown.contains("cache-3"), "{shown}");
    assert!(!shown.contains("cache-4"), "it only runs: {shown}");
    app.place.chosen.insert(app.place.list(), Thing::Group(RunId(1), "restart".parse().unwrap()));
    press(&mut app, "Enter");
    assert!(text(&page(&app, 80, 40)).contains("cache-4"), "{}", shows(&app));
}

#[test]
fn what_mends_and_what_undoes_is_shown_when_it_matters_and_not_before() {
    let shown = |scene| {
        let mut app = night(scene).console(&ADA);
        press(&mut app, "g s");
        text(&page(&app, 80, 60))
    };
    assert!(!shown(Scene::Going).contains("mend") && !shown(Scene::Going).contains("Undo:"));
    assert!(shown(Scene::Mending).contains("mend Restart"));
    let back = shown(Scene::Back);
    let at = |words: &str| back.find(words).unwrap_or_else(|| panic!("{words}: {back}"));
    assert!(at("ROLLING BACK") < at("Undo: Copy") && at("Undo: Copy") < at("Undo: Stop"), "newest first: {back}");
    assert!(back.contains("STAYS DONE"));
}

#[test]
fn a_gate_behind_many_steps_counts_those_that_went_well_and_can_be_opened() {
    let mut app = behind_a_gate(60).console(&ADA);
    press(&mut app, "Space");
    let shown = shows(&app);
    assert!(shown.contains("59 steps before it") && shown.contains("FAILED"), "{shown}");
    write(&mut app, "KESTREL many");
    press(&mut app, "Enter");
    assert_eq!(sent(&mut app).len(), 1, "{}", shows(&app));
}
