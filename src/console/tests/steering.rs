//! Turning a run back, ending it, taking it up again, and settling its steps.

use super::habits::{sent, shows};
use super::rebuild::{Scene, night};
use super::story::{ADA, Hour, Night, press, write};
use crate::console::place::Thing;
use crate::core::command::Command;
use crate::core::ids::RunId;

#[test]
fn a_run_is_turned_back_for_a_reason_after_showing_what_that_undoes() {
    let mut app = night(Scene::Gates).console(&ADA);
    press(&mut app, "B");
    let shown = shows(&app);
    let at = |words: &str| shown.find(words).unwrap_or_else(|| panic!("{words}: {shown}"));
    assert!(at("Undo: Copy the ledger") < at("Undo: Stop taking orders"), "newest first: {shown}");
    assert!(shown.contains("the plan has no undo"), "{shown}");
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty(), "not without a reason");
    write(&mut app, "wrong ledger");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    assert!(
        matches!(&commands[..], [(_, Command::RollBack { run: RunId(1), reason })] if reason == "wrong ledger"),
        "{commands:?}"
    );
}

#[test]
fn a_run_that_cannot_be_turned_back_says_which_rule_says_no() {
    let mut app = Night::until(Hour::Gate).console(&ADA);
    press(&mut app, "B");
    assert!(shows(&app).contains("nothing of R1 can be undone"), "{}", shows(&app));
    let mut app = night(Scene::Back).console(&ADA);
    press(&mut app, "B");
    assert!(shows(&app).contains("going back already"), "{}", shows(&app));
}

#[test]
fn an_abort_first_shows_who_would_serve_and_what_is_stopped() {
    let mut app = night(Scene::Going).console(&ADA);
    press(&mut app, "X");
    let shown = shows(&app);
    for words in
        ["East serves, PARTLY DOWN", "West: 3 of 3 parts ok", "Copy the ledger on db1.west", "Stop taking orders"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn an_aborted_run_can_be_taken_up_again() {
    let mut app = night(Scene::Aborted).console(&ADA);
    press(&mut app, "R Enter");
    let commands = sent(&mut app);
    assert!(matches!(&commands[..], [(_, Command::Resume { run: RunId(1) })]), "{commands:?}");
}

#[test]
fn what_nobody_knows_is_settled_with_what_is_known_in_sight() {
    let mut app = night(Scene::Lost).console(&ADA);
    press(&mut app, "Space");
    let shown = shows(&app);
    for words in ["cut in mid-step", "out of sight since", "MAY DO HARM", "done", "tried again", "left out"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn a_retry_sends_only_the_values_that_were_changed() {
    let mut app = night(Scene::Lost).console(&ADA);
    press(&mut app, "Y Enter");
    let commands = sent(&mut app);
    assert!(matches!(&commands[..], [(_, Command::Retry { values, .. })] if values.is_empty()), "{commands:?}");
    let mut app = night(Scene::Lost).console(&ADA);
    press(&mut app, "Y C-u");
    write(&mut app, "cache-9");
    assert!(shows(&app).contains("runs cachectl restart cache-9"), "{}", shows(&app));
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    let [(_, Command::Retry { values, step, .. })] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(step.as_str(), "restart.cache-3");
    assert_eq!(values.iter().collect::<Vec<_>>(), [(&"item".to_owned(), &"cache-9".to_owned())]);
}

#[test]
fn a_step_is_left_out_before_its_turn_only_when_it_is_in_focus() {
    let mut app = night(Scene::Going).console(&ADA);
    press(&mut app, "g s");
    app.place.chosen.insert(app.place.list(), Thing::Step(RunId(1), "look".parse().unwrap()));
    press(&mut app, "S");
    write(&mut app, "no customers yet");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    let [(_, Command::Skip { step, reason, .. })] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!((step.as_str(), reason.as_str()), ("look", "no customers yet"));
    let mut app = night(Scene::Going).console(&ADA);
    press(&mut app, "S");
    assert!(shows(&app).contains("leave out: not now"), "it runs: {}", shows(&app));
}

#[test]
fn what_no_runbook_has_is_split_into_words_and_never_read_by_a_shell() {
    let mut app = night(Scene::Going).console(&ADA);
    press(&mut app, "O");
    assert!(shows(&app).contains("NO RUNBOOK"), "{}", shows(&app));
    write(&mut app, "grep -c 'two words' $HOME | tee");
    let shown = shows(&app);
    assert!(
        shown.contains("\"two words\"") && shown.contains("no shell reads this; handed on as it stands: $ |"),
        "{shown}"
    );
    press(&mut app, "Tab");
    write(&mut app, "db1");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    let [(_, Command::Improvise { host, argv, .. })] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(host.as_deref(), Some("db1"));
    assert_eq!(argv, &["grep", "-c", "two words", "$HOME", "|", "tee"]);
    let mut app = night(Scene::Going).console(&ADA);
    press(&mut app, "O ' x Enter");
    assert!(sent(&mut app).is_empty() && shows(&app).contains("is not closed"), "{}", shows(&app));
}
