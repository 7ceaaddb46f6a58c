//! A run with lanes, lists and two gates at once: launched with typed values, turned back, and a program that no runbook has.

use super::home::Home;
use super::terminal::{ENTER, ESC, Size, Terminal};

const SIZE: Size = (100, 32);
const RIGHT: &str = "\x1b[C";

/// A home with an incident of a plan that has all of it.
fn home() -> Home {
    let home = Home::with_plan();
    home.good(&["plan", "load", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/story/graph.yml")]);
    home.good(&["incident", "declare", "--plan", "ledger", "--title", "The books are wrong"]);
    home
}

fn launch(terminal: &mut Terminal) {
    terminal.shows("Nothing runs.");
    terminal.press("L");
    terminal.shows("LAUNCH A RUNBOOK");
    terminal.press(ENTER);
    terminal.shows("what it asks");
    terminal.press(ENTER);
    terminal.shows("book is needed");
    terminal.press(RIGHT);
    terminal.shows("● orders");
    terminal.press(ENTER);
    let preview = terminal.shows("checked now:");
    for words in ["✓ now:", "runs echo 'stopped orders'", "can be undone", "3 times"] {
        assert!(preview.contains(words), "{words}: {preview}");
    }
    terminal.press(ENTER);
    terminal.shows_no("LAUNCH Rebuild");
}

#[test]
fn two_gates_wait_at_once_and_a_run_is_turned_back() {
    let home = home();
    let mut terminal = home.open(SIZE, &[]);
    launch(&mut terminal);
    terminal.shows("1 OF 2 FOR YOU");
    terminal.press(" ");
    terminal.shows("GATE 6  Take the left side");
    terminal.press(ESC);
    terminal.shows_no("Confirm: type");
    terminal.press(" ");
    terminal.shows("GATE 7  Take the right side");
    terminal.press(ESC);
    terminal.shows_no("Confirm: type");
    terminal.press("gs");
    let run = terminal.shows("+ Mend a part");
    assert!(run.contains("3 of 3") && run.contains("┌a") && run.contains("└b"), "{run}");
    terminal.press("B");
    terminal.shows("Undo: Stop the writers");
    terminal.press("the wrong book");
    terminal.shows("the wrong book");
    terminal.press(ENTER);
    let back = terminal.shows("ROLLED BACK: 1 step undone");
    assert!(back.contains("STAYS DONE"), "{back}");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0, "{}", terminal.text());
}

#[test]
fn a_program_that_no_runbook_has_runs_word_by_word() {
    let home = home();
    let mut terminal = home.open(SIZE, &[]);
    terminal.shows("Nothing runs.");
    terminal.press("O");
    terminal.shows("NO RUNBOOK");
    terminal.press("printf '%s.' 'two words' |");
    let asked = terminal.shows("no shell reads this");
    assert!(asked.contains("\"two words\""), "{asked}");
    terminal.press(ENTER);
    terminal.shows("two words.|.");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0, "{}", terminal.text());
}
