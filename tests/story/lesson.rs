//! The practice script, taken from one terminal by somebody who does what its line says.

use super::home::Home;
use super::screen::Modes;
use super::terminal::{CTRL_S, ENTER, ESC, Size, Terminal};

const SMALL: Size = (80, 24);

#[test]
fn a_lesson_goes_from_a_refused_launch_to_a_fence_that_holds_and_a_score() {
    let home = Home::new();
    let mut terminal = home.open(SMALL, &["demo"]);
    terminal.is_set_as(Modes::CONSOLE);
    let call_sign = declare(&mut terminal);
    launch(&mut terminal);
    terminal.shows("Step 1 is a sentence");
    terminal.press(" ");
    terminal.shows("STEP 1: Open the bridge");
    terminal.press(ENTER);
    be_away(&mut terminal);
    fence(&mut terminal);
    pass_the_gate(&mut terminal, &call_sign);
    tell(&mut terminal);
    terminal.shows("the fence holds");
    terminal.shows("That was the lesson");
    terminal.press("q");
    terminal.shows("Enter leaves all the same");
    terminal.press(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.text());
    let score = terminal.text();
    for part in ["The lesson, whole:", "served again", "promised; counted: ", "held: East woke up without"] {
        assert!(score.contains(part), "{part:?} is not in\n{score}");
    }
    home.is_deserted();
}

fn declare(terminal: &mut Terminal) -> String {
    terminal.shows("one probe of three is bad");
    let screen = terminal.shows("PROPOSED");
    let call_sign = screen.split_whitespace().nth(1).unwrap().to_owned();
    terminal.press("D");
    terminal.shows("DECLARE AN INCIDENT");
    terminal.press(ENTER);
    terminal.shows("IC you");
    terminal.shows("One sick part is no lost site");
    call_sign
}

/// Tries at once, is refused by a guard, and launches when all of East is gone.
fn launch(terminal: &mut Terminal) {
    let preview = look_at_every_step(terminal);
    assert!(preview.contains("REFUSED if launched now"), "{preview}");
    terminal.press(ENTER);
    // The engine's answer stands at the foot of the box, in one line.
    let refused = terminal.see("the refusal", |s| {
        (s.contains("│ a guard refuses it: ") || s.contains("│ guards refuse it: ")).then(|| s.to_owned())
    });
    assert!(refused.contains("1 of 3 probes say so, limit 2"), "{refused}");
    for page in [": what it asks ", "LAUNCH A RUNBOOK", "Now all of East is gone"] {
        terminal.press(ESC);
        terminal.shows(page);
    }
    terminal.shows("East: web api db DOWN");
    let preview = look_at_every_step(terminal);
    assert!(!preview.contains("REFUSED"), "{preview}");
    terminal.press(ENTER);
}

fn look_at_every_step(terminal: &mut Terminal) -> String {
    terminal.press("L");
    terminal.shows("LAUNCH A RUNBOOK");
    terminal.press(ENTER);
    terminal.shows(": what it asks ");
    terminal.press(ENTER);
    terminal.shows(": every step ")
}

fn be_away(terminal: &mut Terminal) {
    terminal.shows("Your link is cut");
    terminal.shows("ENGINE LOST");
    let back = terminal.shows("YOU WERE AWAY");
    assert!(back.contains("Nothing stopped"), "{back}");
    terminal.press("W");
    terminal.shows_no("INPUT LOCKED");
}

/// The robot says no, the power is cut, and the gate is asked again.
fn fence(terminal: &mut Terminal) {
    terminal.shows("The robot objects: no fence");
    terminal.press("Y");
    terminal.shows("TRY AGAIN, OTHER VALUES: 3 Cut the power");
    terminal.press(ENTER);
    terminal.shows("ask the gate again");
    terminal.press("T");
    terminal.shows("STEP 7");
    terminal.press(ENTER);
    terminal.shows("read the gate, type its words");
}

fn pass_the_gate(terminal: &mut Terminal, call_sign: &str) {
    let words = format!("{call_sign} west");
    terminal.shows("0 of 2");
    terminal.press(" ");
    terminal.shows("GATE 7  Promote West");
    terminal.press(&words);
    terminal.shows(&format!("{words}   {words}"));
    terminal.press(ENTER);
    terminal.shows("Tell them: U");
}

fn tell(terminal: &mut Terminal) {
    terminal.press("U");
    terminal.shows("goes to ");
    terminal.press("Customers are served from West.");
    terminal.shows("served from West.");
    terminal.press(CTRL_S);
    terminal.shows("mail failed, visibly");
}
