//! The whole story: an outage is met, recovered and told, from one terminal.

use super::home::Home;
use super::screen::Modes;
use super::sequences::assert_only_draws;
use super::terminal::{CTRL_S, ENTER, Size, Terminal};

const UPDATE: &str = "Customers are served from West.";
const NOTE: &str = "We watched it hold.";

#[test]
fn an_outage_is_met_recovered_and_told_at_80x24() {
    story((80, 24));
}

#[test]
fn an_outage_is_met_recovered_and_told_at_132x38() {
    story((132, 38));
}

fn story(size: Size) {
    let home = Home::new();
    let mut terminal = home.open(size, &["demo", "--after", "2s"]);
    terminal.is_set_as(Modes::CONSOLE);
    let call_sign = declare(&mut terminal);
    launch(&mut terminal);
    tick_off(&mut terminal);
    pass_the_gate(&mut terminal, &call_sign);
    recover(&mut terminal);
    tell(&mut terminal);
    note(&mut terminal);
    close(&mut terminal, &call_sign);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0, "{}", terminal.text());
    home.is_deserted();
    assert_only_draws(&terminal.bytes());
}

/// The outage is in the head; two keys declare it. Hands back the call-sign.
fn declare(terminal: &mut Terminal) -> String {
    let screen = terminal.shows("PROPOSED");
    assert!(head(&screen).starts_with(" PRACTICE  "), "{screen}");
    let call_sign = head(&screen).split_whitespace().nth(1).unwrap().to_owned();
    terminal.see("east down in the head", |s| head(s).contains("East: web api db DOWN").then_some(()));
    terminal.see("fewer customers served", |s| (served(s)? < 90).then_some(()));
    terminal.press("D");
    let declared = terminal.shows("DECLARE AN INCIDENT");
    assert!(declared.contains(&format!("{call_sign}, proposed, of Practice range")), "{declared}");
    terminal.press(ENTER);
    terminal.shows("IC you");
    terminal.shows_no("DECLARE AN INCIDENT");
    call_sign
}

/// Nothing starts before every step was shown.
fn launch(terminal: &mut Terminal) {
    terminal.press("L");
    terminal.shows("LAUNCH A RUNBOOK");
    terminal.press(ENTER);
    terminal.shows("nothing starts yet");
    terminal.shows(": what it asks ");
    terminal.press(ENTER);
    let preview = terminal.shows(": every step ");
    assert!(preview.contains("Open the bridge and say who leads"), "{preview}");
    assert!(preview.contains("{\"on\":false}") && preview.contains("Enter LAUNCHES"), "{preview}");
    terminal.shows("8 of 8 guards hold");
    terminal.press(ENTER);
    terminal.shows("R1: launched");
}

/// A step that a person does is shown as said by them, and the steps behind it run with their output.
fn tick_off(terminal: &mut Terminal) {
    terminal.shows("FOR YOU   step 1: Open the bridge");
    terminal.press(" ");
    terminal.shows("STEP 1: Open the bridge and say who leads");
    terminal.press(ENTER);
    let screen = terminal.shows("gate 7: Promote West; 0 of 1");
    assert!(row(&screen, "Open the bridge a").contains("said by you"), "{screen}");
    assert!(row(&screen, "Wait until nothi").contains("seen: exit 0"), "{screen}");
    terminal.shows("east: nothing in flight");
}

/// The gate shows what it costs; neither Enter nor pasted words open it, the typed ones do.
fn pass_the_gate(terminal: &mut Terminal, call_sign: &str) {
    let words = format!("{call_sign} west");
    terminal.press(" ");
    let shown = terminal.shows("GATE 7  Promote West");
    for part in
        ["You lose ", " of writes, ", "for good", "Users see ", "After this ", "are lost", "East is fenced", "DOWN"]
    {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }
    assert!(shown.contains(&format!("Confirm: type  {words}")), "{shown}");

    terminal.paste(&words);
    terminal.shows("Pasted text does not confirm: type it.");
    terminal.press(ENTER);
    // What is typed next is only taken when neither the paste nor Enter has sent anything.
    let (first, rest) = words.split_at(1);
    terminal.press(first);
    terminal.see("a typed letter", |s| row(s, "Confirm: type").contains(&format!("{words}   {first}")).then_some(()));
    terminal.press(ENTER);
    let refused = terminal.shows("is not what confirms");
    assert!(refused.contains("GATE 7") && !refused.contains("gate 7 confirmed"), "{refused}");
    terminal.press(rest);
    terminal.see("the words", |s| row(s, "Confirm: type").contains(&format!("{words}   {words}")).then_some(()));
    terminal.press(ENTER);
    terminal.shows("GATE Promote West");
    terminal.see("the opened gate", |s| row(s, "GATE Promote West").contains("opened by you").then_some(()));
}

/// Customers are served again, and the clocks stop when it has held.
fn recover(terminal: &mut Terminal) {
    terminal.see("all customers served", |s| (served(s)? == 100).then_some(()));
    let screen = terminal.see("recovered", |s| line(s, 1).ends_with("recovered").then(|| s.to_owned()));
    assert!(screen.contains("East ✗ FENCED, DOWN, 3 of 3"), "East stays as it is:\n{screen}");
    let stopped = line(&screen, 1).to_owned();
    assert!(stopped.starts_with(" WAS DOWN "), "{screen}");
    let clock = |s: &str| head(s).split_whitespace().last().unwrap().to_owned();
    terminal.see("a second to pass", |s| (clock(s) != clock(&screen)).then_some(()));
    assert_eq!(line(&terminal.text(), 1), stopped, "the clocks stand");
    assert_eq!(served(&terminal.text()), Some(100));
}

/// An update is written, sent, delivered, and found where it arrived.
fn tell(terminal: &mut Terminal) {
    terminal.press("U");
    terminal.shows("goes to inbox (webhook)");
    terminal.press(UPDATE);
    terminal.shows(UPDATE);
    terminal.press(CTRL_S);
    terminal.shows_no("goes to inbox");
    terminal.press("gu");
    terminal.shows(" Updates ");
    terminal.see("its delivery", |s| row(s, " inbox ").contains("delivered").then_some(()));
    terminal.press("gx");
    terminal.shows("F puts a fault on what is chosen");
    let screen = terminal.see("the update in the inbox", |s| {
        let below = s.split_once(" inbox ")?.1;
        below.contains(UPDATE).then(|| s.to_owned())
    });
    assert!(row(&screen, "east ").contains("✗ down"), "{screen}");
    assert!(row(&screen, "west ").contains("✓ no fault"), "{screen}");
}

/// The timeline says who did what; a note goes into it.
fn note(terminal: &mut Terminal) {
    terminal.press("gi");
    let screen = terminal.shows("the clocks stopped at ");
    assert!(row(&screen, "Promote West opened by").contains(" you "), "{screen}");
    assert!(row(&screen, UPDATE).contains("update 1 to inbox"), "{screen}");
    terminal.press("N");
    terminal.shows("Goes into the incident's timeline");
    terminal.press(NOTE);
    terminal.shows(NOTE);
    terminal.press(ENTER);
    terminal.shows_no("Goes into the incident's timeline");
    terminal.see("the note", |s| row(s, NOTE).contains(" you ").then_some(()));
}

/// The way back is owed until somebody says that nobody will go it; what waits then is the closing.
fn close(terminal: &mut Terminal, call_sign: &str) {
    terminal.shows("owed: failback to East");
    terminal.press(" ");
    terminal.shows("COMMIT: THE FAILOVER STAYS");
    terminal.press("East is not built again.");
    terminal.shows("East is not built again.");
    terminal.press(ENTER);
    terminal.shows_no("COMMIT: THE FAILOVER STAYS");
    terminal.shows(&format!("{call_sign} has recovered: close it"));
    terminal.press(" ");
    terminal.shows("It has recovered. Closing ends it.");
    terminal.press(ENTER);
    terminal.shows(&format!("{call_sign} closed"));
    terminal.shows("NO INCIDENT");
    terminal.shows("nothing waits for you");
}

fn line(screen: &str, number: usize) -> &str {
    screen.lines().nth(number).unwrap_or_default()
}

fn head(screen: &str) -> &str {
    line(screen, 0)
}

/// The first row with that text, empty when there is none.
fn row<'a>(screen: &'a str, text: &str) -> &'a str {
    screen.lines().find(|row| row.contains(text)).unwrap_or_default()
}

/// How many in a hundred customers are served, as the head says.
fn served(screen: &str) -> Option<u32> {
    line(screen, 2).split_once("CUSTOMERS ")?.1.split_once("% ok")?.0.parse().ok()
}
