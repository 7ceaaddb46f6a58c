//! What terminals, links and other people's text do to a console: none of it does damage.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::home::{Home, Stat, eventually};
use super::screen::Modes;
use super::sequences::{assert_only_draws, sequences};
use super::terminal::{CTRL_Z, DOWN, ENTER, ESC, Size, Terminal};

const SMALL: Size = (80, 24);

/// What stands on the war room of a run, whatever the time is.
const WAR_ROOM: [&str; 4] = [" PRODUCTION ", "1 Open the bridge", "4 Close the bridge", "? help"];

/// A console on a run that waits for a person.
fn at_work(home: &Home) -> Terminal {
    let terminal = home.open(SMALL, &[]);
    shows_war_room(&terminal);
    terminal
}

fn shows_war_room(terminal: &Terminal) {
    terminal.see("the war room", |screen| WAR_ROOM.iter().all(|part| screen.contains(part)).then_some(()));
}

#[test]
fn an_arrow_whose_bytes_come_apart_moves_and_closes_nothing() {
    let home = Home::with_run();
    let mut terminal = at_work(&home);
    loop {
        terminal.press("L");
        terminal.shows("▸ Mend it by hand");
        terminal.press(ESC);
        let split = Instant::now();
        // Longer than it takes to read what is there, shorter than a bare Esc is held back.
        std::thread::sleep(Duration::from_millis(20));
        terminal.press(&DOWN[1..]);
        if split.elapsed() < Duration::from_millis(60) {
            break;
        }
        // Too slow to tell: this machine is busy.
        terminal.shows_no("LAUNCH A RUNBOOK");
    }
    let screen = terminal.shows("▸ Print what is hostile");
    assert!(screen.contains("LAUNCH A RUNBOOK"), "{screen}");
}

#[test]
fn an_arrow_that_comes_apart_for_longer_types_nothing() {
    let home = Home::with_run();
    let mut terminal = at_work(&home);
    terminal.press("L");
    terminal.shows("LAUNCH A RUNBOOK");
    terminal.press(ESC);
    terminal.shows_no("LAUNCH A RUNBOOK");
    // The rest of Left: as keys it would declare an incident.
    terminal.press("[D");
    terminal.press("?");
    let screen = terminal.shows("Down goes on, Esc leaves");
    assert!(!screen.contains("DECLARE AN INCIDENT"), "{screen}");
}

#[test]
fn a_window_made_tiny_and_large_again_is_painted_whole() {
    let home = Home::with_run();
    let mut terminal = at_work(&home);
    terminal.resize((1, 1));
    terminal.see("the tiny screen", |screen| (screen.chars().count() <= 1).then_some(()));
    terminal.resize(SMALL);
    shows_war_room(&terminal);
    terminal.resize((132, 38));
    terminal.shows(" 3 Team ");
    terminal.shows(" people");
}

#[test]
fn a_storm_of_resizes_ends_in_a_whole_page() {
    let home = Home::with_run();
    let mut terminal = at_work(&home);
    terminal.press("L");
    terminal.shows("LAUNCH A RUNBOOK");
    for round in 0..300_u16 {
        terminal.resize((1 + round * 37 % 200, 1 + round * 13 % 60));
    }
    terminal.resize(SMALL);
    terminal.shows("Enter goes on; nothing starts yet");
    terminal.press(ESC);
    shows_war_room(&terminal);
}

#[test]
fn a_request_to_end_puts_the_terminal_back() {
    ended_by(Signal::TERM);
}

#[test]
fn a_hang_up_puts_the_terminal_back() {
    ended_by(Signal::HUP);
}

#[test]
fn an_interrupt_puts_the_terminal_back() {
    ended_by(Signal::INT);
}

fn ended_by(signal: Signal) {
    let home = Home::with_run();
    let mut terminal = at_work(&home);
    // In the middle of something.
    terminal.press("N");
    terminal.shows("Goes into the incident's timeline");
    terminal.is_set_as(Modes::CONSOLE);
    assert!(!terminal.is_cooked());
    terminal.signal(signal);
    assert_eq!(terminal.ends(), 1);
    terminal.shows("nothing else stopped");
    assert!(home.good(&["status"]).contains("Open the bridge"), "the engine goes on");
}

#[test]
fn a_demo_that_is_asked_to_end_leaves_nothing() {
    let home = Home::new();
    let mut terminal = home.open(SMALL, &["demo", "--calm"]);
    terminal.shows("all ok");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ends(), 1);
    home.is_deserted();
}

#[test]
fn a_demo_whose_terminal_vanishes_ends_soon_without_spinning() {
    let home = Home::new();
    let terminal = home.open(SMALL, &["demo", "--calm"]);
    terminal.shows("all ok");
    let pid = terminal.pid();
    let before = Stat::of(pid).unwrap().ticks;
    let mut program = terminal.vanish();
    // Nobody has waited for it yet: its time can be read after its end.
    let after = eventually("the demo ends", || Stat::of(pid).filter(|stat| stat.state == 'Z'));
    assert!(after.ticks - before < 100, "it took {}0 ms of processor time to end", after.ticks - before);
    program.ends(String::new);
    home.is_deserted();
}

#[test]
fn a_console_that_is_stopped_gives_the_terminal_back_and_takes_it_again() {
    let home = Home::with_run();
    let mut terminal = at_work(&home);
    for round in 0..2 {
        match round {
            0 => terminal.signal(Signal::TSTP),
            _ => terminal.press(CTRL_Z),
        }
        eventually("the console is stopped", || Stat::of(terminal.pid()).filter(|stat| stat.state == 'T'));
        terminal.is_set_as(Modes::SHELL);
        assert!(terminal.is_cooked());
        terminal.signal(Signal::CONT);
        terminal.is_set_as(Modes::CONSOLE);
        shows_war_room(&terminal);
        assert!(!terminal.is_cooked());
    }
    terminal.press("q");
    terminal.shows("leaves all the same");
    terminal.press(ENTER);
    assert_eq!(terminal.ends(), 0);
    // While it does not have the terminal, nothing of its page is left among what the shell shows.
    let bytes = String::from_utf8(terminal.bytes()).unwrap();
    let outside: Vec<&str> =
        bytes.split("\x1b[?1049l").skip(1).map(|s| s.split("\x1b[?1049h").next().unwrap()).collect();
    assert_eq!(outside, ["", "", ""]);
}

#[test]
fn the_terminal_is_asked_nothing() {
    let home = Home::with_run();
    let mut terminal = at_work(&home);
    tour(&mut terminal);
    assert_only_draws(&terminal.bytes());
}

#[test]
fn no_colour_is_sent_where_none_is_wanted() {
    let home = Home::with_run();
    let mut terminal = home.open_with(SMALL, &[], &[("NO_COLOR", "1")]);
    shows_war_room(&terminal);
    tour(&mut terminal);
    for look in sequences(&terminal.bytes()).iter().filter_map(|s| s.strip_prefix("\x1b[")?.strip_suffix('m')) {
        let coloured = look.split(';').any(|n| matches!(n.parse(), Ok(30..=38 | 40..=48 | 90..=107_u8)));
        assert!(!coloured, "{look}");
    }
}

#[test]
fn nothing_but_ascii_is_sent_where_the_locale_has_no_more() {
    let home = Home::with_run();
    home.good(&["note", "Привет, 世界 😀"]);
    let mut terminal = home.open_with(SMALL, &[], &[("LANG", "C")]);
    shows_war_room(&terminal);
    tour(&mut terminal);
    let bytes = terminal.bytes();
    let odd = bytes.iter().position(|byte| !byte.is_ascii());
    assert_eq!(odd, None, "{}", odd.map_or(String::new(), |at| String::from_utf8_lossy(&bytes[at..]).into_owned()));
}

/// Every screen, and boxes.
fn tour(terminal: &mut Terminal) {
    for (keys, shown) in [
        ("gr", "Runbooks"),
        ("gs", "Run "),
        ("gh", "Health"),
        ("gt", "Team"),
        ("gu", "Updates"),
        ("gi", "Timeline"),
        ("gw", "4 Close the bridge"),
        ("?", "Down goes on, Esc leaves"),
    ] {
        terminal.press(keys);
        terminal.shows(shown);
    }
    terminal.press(ESC);
    terminal.shows_no("Down goes on, Esc leaves");
    for (keys, shown) in [("L", "LAUNCH A RUNBOOK"), ("U", "sends it"), ("T", "STEP 1"), (":", " ACTIONS ")] {
        terminal.press(keys);
        terminal.shows(shown);
        terminal.press(ESC);
        shows_war_room(terminal);
        terminal.shows_no(shown);
    }
}

#[test]
fn hostile_text_reaches_no_terminal_as_it_is() {
    let home = Home::with_run();
    let mut terminal = at_work(&home);
    terminal.press("N");
    terminal.shows("Goes into the incident's timeline");
    let drives = "before \x1b]52;c;aGFja2Vk\x07\x1b[2J\x1b[6n\u{9b}6n after";
    terminal.paste(&format!("\u{202e}desrever\u{202c} {drives}"));
    terminal.shows("<U+202E>desrever<U+202C>");
    terminal.press(ENTER);
    terminal.shows("the note holds U+202E");
    terminal.press(ESC);
    terminal.shows_no("Goes into the incident's timeline");
    terminal.press("N");
    terminal.shows("Goes into the incident's timeline");
    terminal.paste(drives);
    terminal.shows(" after");
    terminal.press(ENTER);
    terminal.shows_no("Goes into the incident's timeline");
    terminal.press("gi");
    terminal.see("the note", |screen| {
        screen.lines().find(|row| row.contains(" you ") && row.contains("before ")).map(str::to_owned)
    });

    terminal.press("L");
    terminal.shows("LAUNCH A RUNBOOK");
    terminal.press(DOWN);
    terminal.shows("▸ Print what is hostile");
    terminal.press(ENTER);
    terminal.shows("Enter LAUNCHES it");
    terminal.press(ENTER);
    terminal.shows("R2: launched");
    let screen = terminal.see("the output", |screen| {
        screen.lines().find(|row| row.contains("begun ") && row.contains(" ended")).map(str::to_owned)
    });
    assert!(screen.contains("desrever"), "{screen}");
    assert_only_draws(&terminal.bytes());
}
