//! The engine goes and comes, the console goes and comes: nobody loses their place, and nothing acts behind their back.

use super::home::{Home, eventually};
use super::terminal::{DOWN, ENTER, ESC, Size, Terminal};
use rustix::process::Signal;

const SMALL: Size = (80, 24);

#[test]
fn an_engine_that_is_killed_is_told_with_the_age_of_the_data_and_found_again_at_the_same_place() {
    let home = Home::with_run();
    home.good(&["note", "the row to stand on"]);
    home.good(&["note", "a newer row"]);
    let mut terminal = home.open(SMALL, &[]);
    terminal.shows("1 Open the bridge");
    terminal.press("gi");
    terminal.shows("a newer row");
    terminal.press(DOWN);
    terminal.see("the cursor on a row", |screen| cursor(screen).contains("the row to stand on").then_some(()));

    home.kill_engine();
    terminal.shows("ENGINE LOST");
    let first = terminal.see("the age of the data", |screen| age(screen).map(str::to_owned));
    terminal.see("an older age", |screen| (age(screen)? != first).then_some(()));
    for (typed, counted) in [("N", "1 key dropped"), ("U", "2 keys dropped"), ("D", "3 keys dropped")] {
        terminal.press(typed);
        terminal.shows(counted);
    }
    let screen = terminal.text();
    assert!(cursor(&screen).contains("the row to stand on"), "{screen}");

    home.good(&["engine", "start"]);
    let screen = terminal.shows_no("ENGINE LOST");
    assert!(cursor(&screen).contains("the row to stand on"), "{screen}");
    terminal.press("N");
    terminal.shows("Goes into the incident's timeline");
}

#[test]
fn a_box_keeps_what_was_typed_and_drops_what_is_typed_while_the_engine_is_gone() {
    let home = Home::with_run();
    let mut terminal = home.open(SMALL, &[]);
    terminal.shows("1 Open the bridge");
    terminal.press("N");
    terminal.shows("Goes into the incident's timeline");
    terminal.press("before ");
    terminal.shows("before");
    home.kill_engine();
    terminal.shows("ENGINE LOST");
    terminal.press("xyz");
    terminal.press(ENTER);
    terminal.shows("4 keys dropped");
    home.good(&["engine", "start"]);
    terminal.shows_no("ENGINE LOST");
    terminal.press("after");
    terminal.shows("before after");
    terminal.press(ENTER);
    terminal.shows_no("Goes into the incident's timeline");
    eventually("the note is in the journal", || home.good(&["timeline"]).contains("before after").then_some(()));
}

#[test]
fn a_console_that_comes_back_says_what_happened_and_only_space_and_w_unlock_it() {
    let home = Home::with_run();
    let mut terminal = home.open(SMALL, &[]);
    terminal.shows("1 Open the bridge");
    terminal.press("gt");
    terminal.shows(" Team ");
    leave(&mut terminal);
    home.good(&["note", "while nobody looked"]);

    let mut terminal = home.open(SMALL, &[]);
    let screen = terminal.shows("YOU WERE AWAY");
    for part in ["Nothing stopped", "INPUT LOCKED", "while nobody looked", "still you", "step 1: Open the bridge"] {
        assert!(screen.contains(part), "{part:?} is not in\n{screen}");
    }
    terminal.press(ENTER);
    terminal.press("N");
    terminal.press(ESC);
    passes_seconds(&terminal, 2);
    let screen = terminal.text();
    assert!(screen.contains("INPUT LOCKED") && !screen.contains("NOTE"), "{screen}");
    terminal.press("W");
    terminal.shows_no("YOU WERE AWAY");
    terminal.shows(" Team ");
    leave(&mut terminal);

    let mut terminal = home.open(SMALL, &[]);
    let screen = terminal.shows("YOU WERE AWAY");
    assert!(!screen.contains("while nobody looked"), "it was told already:\n{screen}");
    terminal.press(" ");
    terminal.shows("STEP 1: Open the bridge");
}

#[test]
fn a_draft_survives_a_console_that_is_killed() {
    let home = Home::with_run();
    let mut terminal = home.open(SMALL, &[]);
    terminal.shows("1 Open the bridge");
    terminal.press("U");
    terminal.shows("sends it");
    terminal.press("We are moving.");
    terminal.press(ENTER);
    terminal.press("More at noon.");
    terminal.shows("More at noon.");
    let kept = home.state().join("console.json");
    eventually("the draft is kept", || {
        std::fs::read_to_string(&kept).is_ok_and(|text| text.contains("More at noon.")).then_some(())
    });
    terminal.signal(Signal::KILL);
    drop(terminal);

    let mut terminal = home.open(SMALL, &[]);
    terminal.shows("YOU WERE AWAY");
    terminal.shows("update 1 kept, unsent, 28 characters");
    terminal.press("W");
    terminal.shows_no("YOU WERE AWAY");
    terminal.press("U");
    let screen = terminal.shows("We are moving.");
    assert!(screen.contains("More at noon."), "{screen}");
}

/// Quits, although something waits.
fn leave(terminal: &mut Terminal) {
    terminal.press("q");
    terminal.shows("leaves all the same");
    terminal.press(ENTER);
    assert_eq!(terminal.ends(), 0);
}

/// The row that the cursor is on.
fn cursor(screen: &str) -> &str {
    screen.lines().find(|row| row.starts_with('▸')).unwrap_or_default()
}

/// How old the data is, as the head says.
fn age(screen: &str) -> Option<&str> {
    Some(screen.lines().nth(3)?.split_once(" data ")?.1.split_once(" old")?.0)
}

/// Waits until the head's clock has moved on that often: keys that were typed before are taken by then.
fn passes_seconds(terminal: &Terminal, seconds: usize) {
    let clock = |screen: &str| screen.lines().next().and_then(|row| row.rsplit(' ').next()).map(str::to_owned);
    for _ in 0..seconds {
        let now = clock(&terminal.text());
        terminal.see("a second to pass", |screen| (clock(screen) != now).then_some(()));
    }
}
