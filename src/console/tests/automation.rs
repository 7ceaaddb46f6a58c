//! Automatic failovers on the console: counted down before everybody's eyes, stopped with one key, armed again with a reason.

use super::habits::{sent, shows};
use super::pages::{page, text};
use super::story::{ADA, Hour, MIKE, Night, SHOP, press, write};
use crate::console::app::App;
use crate::console::message::{Answer, Message};
use crate::core::command::Command;
use crate::core::health::Verdict;
use crate::core::ids::Principal;
use crate::core::people::{Access, Mode, Person};
use crate::core::plan::{Action, Attended, Need, Plan, Then};
use crate::core::time::Span;
use crate::wire::Accepted;

/// The shop, which fails over by itself once all of East is down for ten seconds, counted down for sixty.
fn shop() -> Plan {
    let mut plan = crate::plan::read("shop.yml", SHOP.as_bytes()).plan.unwrap();
    let trigger = plan.scenarios[0].trigger.as_mut().unwrap();
    (trigger.then, trigger.held_for) = (Then::Failover, Span::from_secs(10));
    plan.failover.abort_window = Span::from_secs(60);
    let moves = &mut plan.procedures[0];
    moves.parameters[0].need = Need::Default("a trigger".into());
    moves.steps.remove(1);
    for step in &mut moves.steps {
        if let Action::Gate(gate) = &mut step.action {
            gate.in_automatic = Attended::ByCountdown;
        }
    }
    plan
}

fn armed() -> Night {
    let mut night = Night::new();
    night.loads(shop());
    night.pass(100);
    night
}

/// East is gone, and its failover is counted down with 43 seconds left.
fn counted_down() -> Night {
    let mut night = armed();
    night.replicate(Some(4));
    for probe in ["db-east", "api-east", "web-east"] {
        night.probe(probe, Verdict::Down, "connection refused");
    }
    night.probe("front", Verdict::Down, "502, expected 2xx");
    night.pass(10);
    assert!(night.state.plans["shop"].automation.countdown.is_some(), "{:?}", night.state.plans["shop"].automation);
    night.pass(17);
    night
}

fn stops(app: &mut App) -> usize {
    let stops = |(_, command): &(_, Command)| matches!(command, Command::StopAutomation { reason: None, .. });
    sent(app).iter().filter(|sent| stops(sent)).count()
}

#[test]
fn a_countdown_looks_so() {
    let night = counted_down();
    for (width, height) in [(80, 24), (132, 38)] {
        let app = night.console(&ADA);
        insta::assert_snapshot!(format!("countdown_{width}x{height}"), text(&page(&app, width, height)));
        let mut app = night.console(&ADA);
        press(&mut app, "g r");
        insta::assert_snapshot!(format!("countdown_runbooks_{width}x{height}"), text(&page(&app, width, height)));
    }
    let mut night = counted_down();
    night.command(&MIKE, &Command::StopAutomation { plan: "shop".parse().unwrap(), reason: None });
    night.pass(720);
    for (width, height) in [(80, 24), (132, 38)] {
        let mut app = night.console(&ADA);
        press(&mut app, "g r");
        insta::assert_snapshot!(format!("disarmed_runbooks_{width}x{height}"), text(&page(&app, width, height)));
        app.ask(crate::console::boxes::Asked::Arm);
        insta::assert_snapshot!(format!("box_arm_{width}x{height}"), text(&page(&app, width, height)));
    }
}

#[test]
fn one_key_stops_it_from_every_screen_and_from_boxes_in_which_nothing_is_typed() {
    let night = counted_down();
    for keys in ["g w", "g r", "g s", "g h", "g t", "g i", "?", "g h Enter"] {
        let mut app = night.console(&ADA);
        press(&mut app, keys);
        sent(&mut app);
        assert!(shows(&app).contains("AUTOMATIC FAILOVER to West in 43s   X stops it"), "{keys}: {}", shows(&app));
        press(&mut app, "X");
        assert_eq!(stops(&mut app), 1, "{keys}: {}", shows(&app));
    }
}

#[test]
fn while_words_are_typed_the_letter_is_a_letter_and_control_stops_it() {
    for keys in ["N", "U", ":", "D"] {
        let mut app = counted_down().console(&ADA);
        press(&mut app, keys);
        write(&mut app, "X");
        assert_eq!(stops(&mut app), 0, "{keys}");
        press(&mut app, "C-x");
        assert_eq!(stops(&mut app), 1, "{keys}: {}", shows(&app));
    }
}

#[test]
fn what_became_of_the_stop_is_said() {
    let mut app = counted_down().console(&ADA);
    press(&mut app, "X");
    let commands = sent(&mut app);
    let [(ticket, Command::StopAutomation { .. })] = commands[..] else { panic!("{commands:?}") };
    app.take(Message::Answered { ticket, answer: Answer::Unsure("the line is dead".into()) });
    assert!(shows(&app).contains("No answer (the line is dead): stop it again"), "{}", shows(&app));
    press(&mut app, "X");
    let ticket = sent(&mut app)[0].0;
    let accepted = Accepted { seq: 1, incident: None, run: None };
    app.take(Message::Answered { ticket, answer: Answer::Yes(accepted) });
    assert!(shows(&app).contains("automatic failover stopped and disarmed"), "{}", shows(&app));
}

#[test]
fn with_nothing_counted_down_the_key_is_the_usual_one() {
    let mut app = armed().console(&ADA);
    assert!(!shows(&app).contains("AUTOMATIC"), "{}", shows(&app));
    press(&mut app, "X");
    assert!(shows(&app).contains("abort: not now"), "{}", shows(&app));
    press(&mut app, "C-x");
    assert_eq!(stops(&mut app), 0);
}

#[test]
fn whoever_may_not_stop_it_is_told_who_can_and_a_dead_link_sends_nothing() {
    let mut night = counted_down();
    let guest = Principal::Uid(1003);
    let person = Person { principal: guest.clone(), name: "gil".into(), access: [Access::Observer].into() };
    night.state.people.insert(guest.clone(), std::sync::Arc::new(person));
    assert_eq!(night.state.mode, Mode::Shared);
    let mut app = night.console(&guest);
    assert!(shows(&app).contains("who may hold a run can stop it"), "{}", shows(&app));
    press(&mut app, "X");
    assert!(sent(&mut app).is_empty() && shows(&app).contains("NOT stopped: "), "{}", shows(&app));
    let mut app = night.console(&ADA);
    app.take(Message::Lost { why: "gone".into() });
    press(&mut app, "X");
    assert!(sent(&mut app).is_empty());
}

#[test]
fn disarming_and_arming_ask_first_and_say_what_would_begin() {
    let mut app = armed().console(&ADA);
    app.ask(crate::console::boxes::Asked::Arm);
    assert!(shows(&app).contains("no automatic failover is disarmed"), "{}", shows(&app));
    app.ask(crate::console::boxes::Asked::Disarm);
    assert!(shows(&app).contains("failover-west, when site.east == down for 10s"), "{}", shows(&app));
    press(&mut app, "Enter");
    assert!(matches!(&sent(&mut app)[..], [(_, Command::StopAutomation { reason: None, .. })]));

    let mut night = counted_down();
    night.command(&MIKE, &Command::StopAutomation { plan: "shop".parse().unwrap(), reason: Some("a test".into()) });
    night.pass(60);
    let mut app = night.console(&ADA);
    app.ask(crate::console::boxes::Asked::Arm);
    let shown = shows(&app);
    assert!(
        shown.contains("DISARMED by mike 1m00s ago: a test") && shown.contains("1m00s are counted down"),
        "{shown}"
    );
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty(), "not without a reason");
    write(&mut app, "East really is lost");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    let [(_, Command::ArmAutomation { reason, .. })] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(reason, "East really is lost");
}

#[test]
fn a_plan_whose_failovers_are_never_automatic_says_nothing_of_it() {
    let mut app = Night::until(Hour::Gate).console(&ADA);
    press(&mut app, "g r");
    assert!(!shows(&app).contains("automatic:"), "{}", shows(&app));
}
