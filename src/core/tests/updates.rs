//! Notes, updates and what becomes of them, and the rule for every text that a person writes.

use std::collections::BTreeSet;

use crate::core::command::{Command, Declared};
use crate::core::comms::{Attempt, Delivery, Due, MAX_TEXT, due};
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, declare, id, plan};
use crate::core::ids::{ChannelId, IncidentId};
use crate::core::observe::Report;
use crate::core::plan::{Plan, Severity};
use crate::core::refusal::{BadText, Missing, Refusal};
use crate::core::state::{ENDED_KEPT, TIMELINE_KEPT};
use crate::core::time::Span;

fn note(text: &str) -> Command {
    Command::Note { incident: None, text: text.into() }
}

fn update(incident: &IncidentId, channels: &[&str]) -> Command {
    let channels: BTreeSet<ChannelId> = channels.iter().map(|c| id(c)).collect();
    Command::SendUpdate { incident: incident.clone(), text: "We are on it.".into(), channels }
}

fn tried(incident: &IncidentId, number: usize, attempt: Attempt) -> Report {
    Report::Delivery { incident: incident.clone(), number, channel: id("inbox"), attempt }
}

fn not_now() -> Attempt {
    Attempt::not_now("503")
}

fn took() -> Attempt {
    Attempt::took("202")
}

fn delivery<'a>(world: &'a World, incident: &IncidentId) -> &'a Delivery {
    &world.incident(incident).updates[0].deliveries["inbox"]
}

#[test]
fn an_update_is_owed_to_the_plans_channels_until_each_took_it() {
    let (mut world, incident) = World::declared();
    let events = world.ok(ada(), update(&incident, &[]));
    assert!(matches!(events.as_slice(), [Event::UpdateSent { number: 1, .. }]), "{events:?}");
    assert_eq!(
        *delivery(&world, &incident),
        Delivery::Waiting { tries: 0, next: world.now.utc, last: None, rest: None }
    );
    world.see(&tried(&incident, 1, not_now()));
    let Delivery::Waiting { tries: 1, next, last: Some(why), rest: None } = delivery(&world, &incident) else {
        panic!()
    };
    assert_eq!((next.since(world.now.utc).secs(), why.as_str()), (1, "503"));
    world.see(&tried(&incident, 1, took()));
    assert!(matches!(delivery(&world, &incident), Delivery::Delivered { .. }));
    assert!(world.see(&tried(&incident, 1, not_now())).is_empty(), "what was delivered stays delivered");
}

#[test]
fn what_comes_later_answers_what_came_before_unless_that_is_not_taken_at_once() {
    let (mut world, incident) = World::declared();
    for _ in 0..2 {
        world.ok(ada(), update(&incident, &["inbox"]));
    }
    let inbox = id("inbox");
    let waits = |world: &World| world.state.incidents[&incident].comes_after_another(1, &inbox);
    assert!(waits(&world));
    let mut late = world.clone();
    late.see(&tried(&incident, 1, not_now()));
    assert!(!waits(&late), "newer words do not wait for a channel that is out of order");

    world.see(&tried(&incident, 1, Attempt::Took { answer: "200".into(), reference: Some("m-1".into()) }));
    assert!(!waits(&world));
    world.see(&tried(&incident, 2, Attempt::Took { answer: "200".into(), reference: Some("m-2".into()) }));
    assert_eq!(world.state.incidents[&incident].reference_of(&inbox), Some("m-1"), "the first is the one to answer");
    assert_eq!(world.state.incidents[&incident].reference_of(&id("pager")), None);
}

#[test]
fn a_report_of_what_nobody_waits_for_brings_nothing() {
    let (mut world, incident) = World::declared();
    world.ok(ada(), update(&incident, &[]));
    for number in [0, 2, usize::MAX] {
        assert!(world.see(&tried(&incident, number, took())).is_empty());
    }
    assert!(world.see(&tried(&id("DR-0"), 1, took())).is_empty());
    let elsewhere = Report::Delivery { incident, number: 1, channel: id("pager"), attempt: took() };
    assert!(world.see(&elsewhere).is_empty());
}

#[test]
fn an_update_goes_where_the_command_says_and_only_to_channels_that_are_there() {
    let (mut world, incident) = World::declared();
    world.ok(ada(), update(&incident, &["pager"]));
    assert_eq!(world.incident(&incident).updates[0].deliveries.len(), 1);
    let why = world.refused(ada(), update(&incident, &["pager", "pigeon"]));
    let known = vec!["inbox".to_owned(), "pager".to_owned()];
    assert_eq!(why, Refusal::NotFound { missing: Missing::Channel(id("pigeon")), known });
    world.load(Plan { channels: Vec::new(), ..plan("shop") });
    assert_eq!(world.refused(ada(), update(&incident, &[])), Refusal::NoChannels);
}

#[test]
fn an_update_that_is_still_owed_keeps_its_incident_from_being_forgotten() {
    let (mut world, owing) = World::declared();
    world.ok(ada(), update(&owing, &[]));
    let cancel = |incident: IncidentId| Command::Cancel { incident, reason: "no more".into() };
    world.ok(ada(), cancel(owing.clone()));
    let one_more = |world: &mut World| {
        world.pass(1);
        world.ok(ada(), declare(Declared::Plan(id("shop"))));
        let newest = world.state.open_incidents().next_back().unwrap().id.clone();
        world.ok(ada(), cancel(newest));
    };
    for _ in 0..ENDED_KEPT + 2 {
        one_more(&mut world);
    }
    assert!(world.state.incidents.contains_key(&owing));
    world.see(&tried(&owing, 1, took()));
    one_more(&mut world);
    assert!(!world.state.incidents.contains_key(&owing));
    assert_eq!(world.state.incidents.len(), ENDED_KEPT);
}

#[test]
fn a_note_stands_with_or_without_an_incident_that_is_there() {
    let (mut world, incident) = World::declared();
    world.ok(ada(), note("hello"));
    world.ok(ada(), Command::Note { incident: Some(incident), text: "here".into() });
    let nowhere = Command::Note { incident: Some(id("DR-0")), text: "where".into() };
    assert!(matches!(world.refused(ada(), nowhere), Refusal::NotFound { missing: Missing::Incident(_), .. }));
}

#[test]
fn texts_are_trimmed_and_refused_when_they_are_empty_too_long_or_not_what_they_seem() {
    let mut world = World::calm();
    let kept = |events: Vec<Event>| match events.as_slice() {
        [Event::NoteAdded { text, .. }] => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(kept(world.ok(ada(), note("  two\r\nlines\tand 日本 👩‍🚒 \n"))), "two\nlines\tand 日本 👩‍🚒");
    assert_eq!(kept(world.ok(ada(), note(&"x".repeat(MAX_TEXT)))).len(), MAX_TEXT);
    let table = [
        ("", BadText::Empty),
        (" \n\t ", BadText::Empty),
        ("\u{1b}[2J", BadText::Control { code_point: 0x1b }),
        ("a\rb", BadText::Control { code_point: 0xd }),
        ("a\u{9b}b", BadText::Control { code_point: 0x9b }),
        ("a\u{202e}b", BadText::Control { code_point: 0x202e }),
        ("a\u{61c}b", BadText::Control { code_point: 0x61c }),
        ("a\u{200b}b", BadText::Control { code_point: 0x200b }),
        ("a\u{ad}b", BadText::Control { code_point: 0xad }),
        ("a\u{3164}b", BadText::Control { code_point: 0x3164 }),
        ("a\u{e0041}b", BadText::Control { code_point: 0xe_0041 }),
    ];
    for (text, bad) in table {
        assert_eq!(world.refused(ada(), note(text)), Refusal::Text { field: "note".into(), bad }, "{text:?}");
    }
    let bad = BadText::TooLong { bytes: MAX_TEXT + 1, limit: MAX_TEXT };
    let why = world.refused(ada(), note(&"x".repeat(MAX_TEXT + 1)));
    assert_eq!(why, Refusal::Text { field: "note".into(), bad });
}

#[test]
fn the_state_keeps_the_last_rows_of_the_timeline_without_bulk() {
    let mut world = World::calm();
    for _ in 0..TIMELINE_KEPT + 5 {
        world.ok(ada(), note("tick"));
    }
    assert_eq!(world.state.timeline.len(), TIMELINE_KEPT);
    assert_eq!(world.state.timeline.back().unwrap().seq, world.head);
    world.load(plan("bank"));
    let last = &world.state.timeline.back().unwrap().event;
    assert!(matches!(last, Event::PlanLoaded { body: None, .. }));
}

#[test]
fn an_update_with_a_place_that_nobody_filled_in_is_refused() {
    let (mut world, incident) = World::declared();
    let send = |text: &str| Command::SendUpdate {
        incident: incident.clone(),
        text: text.into(),
        channels: Default::default(),
    };
    let why = world.say(ada(), send("Customers: [[what they see]].")).unwrap_err();
    assert_eq!(why, Refusal::Text { field: "update".into(), bad: BadText::Open { what: "what they see".into() } });
    world.ok(ada(), send("Lists [[like this stand as they are, [and] so do these]."));
}

#[test]
fn the_next_update_is_due_by_severity_from_the_last_one_until_the_incident_has_recovered() {
    for (severity, minutes) in [
        (Severity::Critical, Some(20)),
        (Severity::High, Some(30)),
        (Severity::Medium, Some(60)),
        (Severity::Low, None),
    ] {
        let mut world = World::calm();
        let what = Declared::Plan(id("shop"));
        world.ok(ada(), Command::Declare { what, severity: Some(severity), title: None });
        let incident = world.only_incident().id.clone();
        let due = |world: &World| due(&world.state.incidents[&incident], &world.now);
        let span = |minutes: u64| Span::from_secs(minutes * 60);
        assert_eq!(due(&world), minutes.map(|all| Due::In(span(all))), "{severity}");
        world.pass(60 * 61);
        assert_eq!(due(&world), minutes.map(|all| Due::Late(span(61 - all))), "{severity}");
        world.ok(ada(), update(&incident, &["inbox"]));
        assert_eq!(due(&world), minutes.map(|all| Due::In(span(all))), "{severity}");
        world.ok(ada(), Command::Close { incident: incident.clone(), reason: Some("it is over".into()) });
        assert_eq!(due(&world), None, "{severity}");
    }
}
