//! Failovers as people meet them: what guards say at a launch, breaking the glass, runs that guards hold, ways back that are owed.

use super::habits::{sent, shows};
use super::pages::{page, text};
use super::story::{ADA, Hour, MIKE, Night, press, write};
use crate::console::app::App;
use crate::console::decoder::Input;
use crate::core::command::{Command, Declared};
use crate::core::failover::{Guard, MoveKind};
use crate::core::health::Verdict;
use crate::core::ids::RunId;

/// An incident that a person declared while everything was well.
fn nothing_is_down() -> Night {
    let mut night = Night::until(Hour::Calm);
    let what = Declared::Plan("shop".parse().unwrap());
    night.command(&ADA, &Command::Declare { what, severity: None, title: None });
    night.pass(2);
    night
}

/// The same, with the glass of the guard of the source broken for so many seconds.
fn broken(seconds: u64) -> Night {
    let mut night = nothing_is_down();
    let (incident, reason) = (night.incident(), "the probes are blind".to_owned());
    night.command(&ADA, &Command::BreakGlass { incident, guard: Guard::Source, reason });
    night.pass(seconds);
    night
}

/// A failover held by guards before its fence: the site that takes over went bad.
fn held() -> Night {
    let mut night = Night::until(Hour::Manual);
    night.probe("db-west", Verdict::Down, "connection refused");
    let step = night.state.runs.get(&RunId(1)).unwrap().procedure.steps[1].id.clone();
    night.command(&MIKE, &Command::SayDone { run: RunId(1), step, note: None });
    night.pass(1);
    assert!(!night.state.runs.get(&RunId(1)).unwrap().guarded.is_empty());
    night
}

fn both_sizes(name: &str, app: &App) {
    for (width, height) in [(80, 24), (132, 38)] {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&page(app, width, height)));
    }
}

#[test]
fn a_launch_shows_what_its_guards_find_and_what_would_be_right() {
    let mut app = nothing_is_down().console(&ADA);
    press(&mut app, "L Enter x Enter");
    both_sizes("launch_guarded", &app);
    press(&mut app, "F4");
    both_sizes("launch_guards", &app);
    press(&mut app, "Esc Enter");
    assert_eq!(sent(&mut app).len(), 1, "the engine has the last word");
}

#[test]
fn a_failover_can_be_launched_as_an_emergency_from_its_options() {
    let mut app = nothing_is_down().console(&ADA);
    press(&mut app, "L Enter x Enter F3");
    both_sizes("launch_kind", &app);
    press(&mut app, "Space Enter");
    let shown = shows(&app);
    assert!(shown.contains("OPTIONS: as emergency") && !shown.contains("REFUSED if launched"), "{shown}");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    let [(_, Command::StartRun { options, .. })] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(options.move_kind, Some(MoveKind::Emergency));
}

#[test]
fn glass_is_broken_by_a_reason_and_a_name_that_are_typed() {
    let mut app = nothing_is_down().console(&ADA);
    press(&mut app, "L Enter x Enter F4 F2");
    both_sizes("glass_box", &app);
    press(&mut app, "Enter");
    app.type_all(vec![Input::Paste("East is dark".into())]);
    press(&mut app, "Tab");
    app.type_all(vec![Input::Paste("source".into())]);
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty(), "neither Enter alone nor what is pasted");
    assert!(shows(&app).contains("It needs a reason"), "{}", shows(&app));
    write(&mut app, "East is dark");
    press(&mut app, "Enter Tab");
    write(&mut app, "fence");
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty(), "not the name of another guard: {}", shows(&app));
    press(&mut app, "C-u");
    write(&mut app, "source");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    let [(_, Command::BreakGlass { guard, reason, .. })] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!((*guard, reason.as_str()), (Guard::Source, "East is dark"));
}

#[test]
fn every_console_counts_an_override_down_and_can_put_it_back_with_one_key() {
    let night = broken(17);
    for who in [&ADA, &MIKE] {
        let mut app = night.console(who);
        assert!(shows(&app).contains("GLASS  guard source: counts in 43s"), "{}", shows(&app));
        press(&mut app, "V");
        assert!(sent(&mut app).is_empty(), "the key opens a box");
        press(&mut app, "Enter");
        let commands = sent(&mut app);
        assert!(matches!(&commands[..], [(_, Command::PutGlassBack { guard: Guard::Source, .. })]), "{commands:?}");
    }
    both_sizes("glass_countdown", &night.console(&MIKE));
    let mut boxed = night.console(&MIKE);
    press(&mut boxed, "V");
    both_sizes("glass_back", &boxed);
}

#[test]
fn an_override_that_counts_is_seen_where_it_helps_and_in_the_review() {
    let mut app = broken(61).console(&ADA);
    both_sizes("glass_overridden", &app);
    press(&mut app, "L Enter x Enter");
    let shown = shows(&app);
    assert!(!shown.contains("REFUSED if launched"), "{shown}");
    press(&mut app, "F4");
    assert!(shows(&app).contains("OVERRIDDEN by ada"), "{}", shows(&app));
    press(&mut app, "Esc Esc Esc Esc g o");
    both_sizes("reports_review", &app);
}

#[test]
fn a_run_that_guards_hold_says_so_with_what_helps_and_is_resumed() {
    let mut app = held().console(&ADA);
    both_sizes("guarded_war", &app);
    press(&mut app, "g s");
    both_sizes("guarded_run", &app);
    press(&mut app, "R Enter");
    let commands = sent(&mut app);
    assert!(matches!(&commands[..], [(_, Command::Resume { run: RunId(1) })]), "{commands:?}");
}

#[test]
fn a_failover_turns_into_an_emergency_with_a_reason() {
    let mut app = held().console(&ADA);
    press(&mut app, ": e m e r g e n c y Enter");
    both_sizes("box_emergency", &app);
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty(), "a reason is needed");
    write(&mut app, "East burns");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    assert!(matches!(&commands[..], [(_, Command::TurnEmergency { run: RunId(1), .. })]), "{commands:?}");
}

#[test]
fn the_way_back_that_is_owed_waits_until_somebody_commits() {
    let mut app = Night::until(Hour::Recovered).console(&ADA);
    assert!(shows(&app).contains("owed: failback to East"), "{}", shows(&app));
    press(&mut app, "Space Enter");
    assert!(sent(&mut app).is_empty(), "a reason is needed");
    write(&mut app, "West is home now");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    assert!(matches!(&commands[..], [(_, Command::CommitMove { .. })]), "{commands:?}");
    press(&mut app, "Esc K Enter");
    assert!(shows(&app).contains("It needs a reason"), "{}", shows(&app));
}
