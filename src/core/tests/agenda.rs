//! Tasks and decisions: who has what to do until when, and what was decided by whom, against what.

use crate::core::agenda::{MOST, TaskEnd};
use crate::core::command::Command;
use crate::core::fixtures::{World, ada, mike, rita};
use crate::core::ids::{IncidentId, Principal};
use crate::core::refusal::{Agenda, BadText, Missing, Refusal};
use crate::core::time::Span;
use crate::text;

fn minutes(n: u64) -> Span {
    Span::from_secs(n * 60)
}

fn give(incident: &IncidentId, owner: Principal) -> Command {
    let (text, within) = ("look at the log".into(), Some(minutes(15)));
    Command::GiveTask { incident: incident.clone(), text, owner, within, report: None }
}

fn done(incident: &IncidentId, number: usize) -> Command {
    Command::EndTask { incident: incident.clone(), number, how: TaskEnd::Done { words: Some("nothing".into()) } }
}

fn ask(incident: &IncidentId, options: &[&str]) -> Command {
    let options = options.iter().map(ToString::to_string).collect();
    Command::AskDecision { incident: incident.clone(), question: "Fail over?".into(), options, within: None }
}

fn decide(incident: &IncidentId, option: usize) -> Command {
    let (why, again) = ("the replica is behind".into(), Some(minutes(10)));
    Command::Decide { incident: incident.clone(), number: 1, option, why, again }
}

fn task(world: &World, incident: &IncidentId) -> String {
    text::task_stands(&world.state.incidents[incident].tasks[0], &world.now)
}

fn decision(world: &World, incident: &IncidentId) -> String {
    text::decision_stands(&world.state.incidents[incident].decisions[0], &world.now)
}

#[test]
fn a_task_has_an_owner_and_a_time_until_it_is_done_once() {
    let (mut world, incident) = World::declared();
    world.ok(ada(), give(&incident, mike()));
    assert_eq!(world.state.incidents[&incident].tasks[0].owner, mike());
    world.pass(60);
    assert_eq!(task(&world, &incident), "14m00s left");
    world.pass(60 * 18);
    assert_eq!(task(&world, &incident), "LATE 4m00s");
    world.ok(mike(), done(&incident, 1));
    assert_eq!(task(&world, &incident), "is done: nothing");
    assert_eq!(world.refused(mike(), done(&incident, 1)), Refusal::Agenda(Agenda::TaskOver { number: 1 }));
    assert_eq!(world.refused(mike(), done(&incident, 2)), Refusal::Agenda(Agenda::NoTask { number: 2, of: 1 }));
    assert_eq!(world.refused(mike(), done(&incident, 0)), Refusal::Agenda(Agenda::NoTask { number: 0, of: 1 }));
}

#[test]
fn a_task_is_for_somebody_who_is_known_and_says_what_it_is() {
    let (mut world, incident) = World::declared();
    let stranger = world.refused(ada(), give(&incident, Principal::Uid(4_711)));
    assert!(matches!(stranger, Refusal::NotFound { missing: Missing::Person(_), .. }));
    let Command::GiveTask { incident: of, owner, within, report, .. } = give(&incident, mike()) else { panic!() };
    let empty = Command::GiveTask { incident: of, text: " ".into(), owner, within, report };
    assert_eq!(world.refused(ada(), empty), Refusal::Text { field: "task".into(), bad: BadText::Empty });
    for _ in 0..MOST {
        world.ok(ada(), give(&incident, mike()));
    }
    assert_eq!(world.refused(ada(), give(&incident, mike())), Refusal::Agenda(Agenda::TooMany));
}

#[test]
fn a_decision_is_made_once_from_its_options_with_what_was_said_against_it() {
    let (mut world, incident) = World::declared();
    world.ok(rita(), ask(&incident, &["now", "in ten minutes"]));
    world.pass(80);
    assert_eq!(decision(&world, &incident), "strong objections for 40s more");
    let text = "it is ten minutes behind".to_owned();
    world.ok(mike(), Command::Object { incident: incident.clone(), number: 1, text });
    world.pass(40);
    assert_eq!(decision(&world, &incident), "waits for whoever decides, 1 strong objection");
    assert_eq!(world.refused(ada(), decide(&incident, 3)), Refusal::Agenda(Agenda::NoOption { option: 3, of: 2 }));
    assert!(matches!(world.refused(rita(), decide(&incident, 2)), Refusal::NotPermitted { .. }), "who leads decides");
    world.ok(ada(), decide(&incident, 2));
    let told = decision(&world, &incident);
    assert_eq!(told, "decided: (2), because the replica is behind, 1 strong objection");
    assert_eq!(world.refused(ada(), decide(&incident, 1)), Refusal::Agenda(Agenda::Decided { number: 1 }));
    world.pass(60 * 11);
    assert!(decision(&world, &incident).ends_with("; to be looked at again since 1m00s"));
    let journal: Vec<String> = world.journal.iter().map(|entry| text::event(&world.state, entry)).collect();
    assert!(journal.iter().any(|told| told.contains("decision 1: (2) in ten minutes, because the replica is behind")));
}

#[test]
fn options_are_two_to_nine_and_each_is_another() {
    let (mut world, incident) = World::declared();
    for wrong in [&["now"][..], &["now", "now"], &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]] {
        assert_eq!(world.refused(ada(), ask(&incident, wrong)), Refusal::Agenda(Agenda::BadOptions), "{wrong:?}");
    }
    world.ok(ada(), ask(&incident, &["1", "2", "3", "4", "5", "6", "7", "8", "9"]));
}

#[test]
fn an_incident_that_is_over_takes_no_more_of_them() {
    let (mut world, incident) = World::declared();
    world.ok(ada(), give(&incident, mike()));
    world.ok(ada(), ask(&incident, &["now", "later"]));
    world.ok(ada(), Command::Close { incident: incident.clone(), reason: Some("it is over".into()) });
    for late in [give(&incident, mike()), done(&incident, 1), ask(&incident, &["a", "b"]), decide(&incident, 1)] {
        assert!(matches!(world.refused(ada(), late), Refusal::IncidentIs { .. }));
    }
}
