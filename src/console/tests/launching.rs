//! Launching with typed parameters and options, and what is seen before.

use super::habits::{sent, shows};
use super::pages::{page, text};
use super::rebuild::{Scene, night};
use super::story::{ADA, press, write};
use crate::console::message::{Effect, Message};
use crate::core::command::{Command, Options};
use crate::core::plan::{Part, Severity};

#[test]
fn a_launch_carries_what_was_filled_in_and_how_it_differs() {
    let mut app = night(Scene::Before).console(&ADA);
    press(&mut app, "L j j Enter");
    write(&mut app, "the ledger is broken");
    press(&mut app, "Down Right Enter F3 Space Down Down Down 2 Down Space Space Enter Enter");
    let commands = sent(&mut app);
    let [(_, Command::StartRun { values, options, seen, .. })] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(values.get("ledger").map(String::as_str), Some("payments"));
    assert_eq!(values.get("reason").map(String::as_str), Some("the ledger is broken"));
    let priority = Some(Severity::High);
    let differs = Options { without: [Part::Verify].into(), parallel: Some(2), priority, ..Options::default() };
    assert_eq!((options, seen.is_some()), (&differs, true));
}

#[test]
fn what_is_wrong_is_said_under_its_field_and_nothing_goes_on() {
    let mut app = night(Scene::Before).console(&ADA);
    press(&mut app, "L j j Enter x Down Down Down Down C-u s o o n");
    assert!(shows(&app).contains("\"soon\" is no duration"), "{}", shows(&app));
    press(&mut app, "Enter Enter");
    assert!(sent(&mut app).is_empty() && shows(&app).contains("what it asks"), "{}", shows(&app));
}

#[test]
fn a_secret_typed_by_mistake_is_neither_shown_nor_sent() {
    let mut app = night(Scene::Before).console(&ADA);
    press(&mut app, "L j j Enter x Down Down Down Down Down Down Down C-u");
    write(&mut app, "hunter2");
    let shown = shows(&app);
    assert!(!shown.contains("hunter2") && shown.contains("never the secret itself"), "{shown}");
    press(&mut app, "Enter Enter");
    assert!(app.effects.is_empty(), "not even for a look");
    press(&mut app, "C-u");
    write(&mut app, "file:/etc/ledger");
    assert!(shows(&app).contains("file:/etc/ledger"), "where it is kept is no secret: {}", shows(&app));
}

#[test]
fn what_a_launch_rests_on_is_looked_at_and_never_taken_for_granted() {
    let mut app = night(Scene::Before).console(&ADA);
    press(&mut app, "L j j Enter x Enter");
    assert!(shows(&app).contains("not checked yet"), "{}", shows(&app));
    let asked: Vec<_> = std::mem::take(&mut app.effects)
        .into_iter()
        .filter_map(|effect| if let Effect::Check(of) = effect { Some(of) } else { None })
        .collect();
    let [of] = &asked[..] else { panic!("{asked:?}") };
    app.take(Message::Checks { of: of.clone(), found: Err("no answer in 10s".into()) });
    assert!(shows(&app).contains("NOT checked: no answer in 10s"), "{}", shows(&app));
    press(&mut app, "Esc Down Right Enter");
    assert!(!shows(&app).contains("NOT checked: no answer"), "that was another launch: {}", shows(&app));
}

#[test]
fn a_launch_that_would_be_refused_says_who_holds_what_it_needs() {
    let mut app = night(Scene::Going).console(&ADA);
    press(&mut app, "L j j");
    let shown = shows(&app).replace("│\n│", "");
    assert!(shown.contains("R1 of KESTREL works on") && shown.contains("ada leads there"), "{shown}");
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty());
}

#[test]
fn a_preview_shows_lanes_people_and_where_there_is_no_return() {
    let mut app = night(Scene::Before).console(&ADA);
    press(&mut app, "L j j Enter x Enter");
    let shown = text(&page(&app, 132, 80));
    for words in ["┌a", "can be undone", "NO RETURN", "estimate 4m", "now: you", "5 times", "mend", "on db1.west"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}
