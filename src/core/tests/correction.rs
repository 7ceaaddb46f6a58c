//! When an incident began, by somebody who knows better.

use crate::core::clocks::clocks;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, at, rita};
use crate::core::health::Verdict;
use crate::core::ids::IncidentId;
use crate::core::objectives::{downtime, rto};
use crate::core::past::Past;
use crate::core::people::Act;
use crate::core::refusal::{Latest, Refusal};
use crate::core::time::{Moment, Span};

fn began(incident: &IncidentId, began: Past) -> Command {
    Command::CorrectBegan { incident: incident.clone(), began, reason: "customers called first".into() }
}

fn ago(seconds: u64) -> Past {
    Past::Ago(Span::from_secs(seconds))
}

fn gone(world: &World, incident: &IncidentId) -> String {
    downtime(world.incident(incident), &world.now).to_string()
}

fn out(world: &World, name: &str) -> String {
    let incident = world.only_incident();
    let all = clocks(&world.state.plans["shop"], Some(incident), &world.readings, &world.now).components;
    all.iter().find(|c| c.component.as_str() == name).unwrap().clock.elapsed().to_string()
}

#[test]
fn every_clock_follows_when_it_is_said_to_have_begun_earlier() {
    let (mut world, incident) = World::declared();
    world.pass(20);
    let seen = world.incident(&incident).began.clone();
    let events = world.ok(ada(), began(&incident, ago(90)));
    let [Event::IncidentBeganCorrected { from, to, reason, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((from, reason.as_str()), (&seen, "customers called first"));
    assert_eq!(world.now.since(to).to_string(), "1m30s");
    assert_eq!(gone(&world, &incident), "1m30s");
    assert_eq!(out(&world, "db"), "1m30s", "what began with it begins when it did");
    let ends = rto(&world.state.plans["shop"], world.incident(&incident), &world.now).unwrap().ends;
    assert_eq!(ends, to.utc.plus(Span::from_secs(600)));
    let told = world.incident(&incident).corrected.clone().unwrap();
    assert_eq!((told.seen, told.by, told.reason.as_str()), (seen.clone(), ada(), "customers called first"));
    world.ok(ada(), began(&incident, ago(60)));
    assert_eq!(world.incident(&incident).corrected.as_ref().unwrap().seen, seen, "what the engine saw is kept");
    assert_eq!(gone(&world, &incident), "1m00s");
}

#[test]
fn it_may_have_begun_later_than_the_last_good_sample_and_nothing_of_it_before() {
    let (mut world, incident) = World::declared();
    world.pass(20);
    world.ok(ada(), began(&incident, ago(25)));
    assert_eq!((gone(&world, &incident), out(&world, "db")), ("25s".into(), "25s".into()));
}

#[test]
fn what_fails_after_it_was_noticed_keeps_its_own_beginning() {
    let (mut world, incident) = World::declared();
    world.turns("api-east", Verdict::Ok);
    world.pass(100);
    world.turns("api-east", Verdict::Down);
    world.ok(ada(), began(&incident, ago(200)));
    assert_eq!(out(&world, "db"), "3m20s");
    assert_eq!(out(&world, "api"), "1m50s", "its first time was longer, its second is as it was");
}

#[test]
fn what_is_back_already_was_out_for_longer_by_as_much() {
    let (mut world, incident) = World::declared();
    world.turns("db-east", Verdict::Ok);
    world.pass(20);
    assert_eq!(out(&world, "db"), "10s");
    world.ok(ada(), began(&incident, ago(40)));
    assert_eq!(out(&world, "db"), "20s");
}

#[test]
fn a_moment_is_taken_as_it_was_shown_whatever_became_of_the_clock() {
    for off in [0, 86_400_000_000, -86_400_000_000] {
        let (mut world, incident) = World::declared();
        let shown = world.incident(&incident).began.utc;
        world.now.utc = Moment::from_micros(world.now.utc.micros() + off);
        let earlier = Moment::from_micros(shown.micros() - 60_000_000);
        world.ok(ada(), began(&incident, Past::At(earlier)));
        assert_eq!((world.incident(&incident).began.utc, gone(&world, &incident)), (earlier, "1m10s".into()));
    }
}

#[test]
fn before_the_machine_came_up_only_wall_clocks_tell_and_it_is_marked() {
    let (mut world, incident) = World::declared();
    world.ok(ada(), began(&incident, ago(20_000)));
    assert_eq!(gone(&world, &incident), "~5h33m");
    world.ok(ada(), began(&incident, ago(40_000)));
    assert_eq!(gone(&world, &incident), "~11h06m");
    world.ok(ada(), began(&incident, ago(30)));
    assert_eq!(gone(&world, &incident), "30s");
}

#[test]
fn later_than_it_was_noticed_or_absurdly_early_is_refused_with_the_limits() {
    let (mut world, incident) = World::declared();
    let detected = world.incident(&incident).detected.clone().unwrap();
    world.pass(20);
    let why = world.refused(ada(), began(&incident, ago(5)));
    let Refusal::BadBegan { latest, because, .. } = why else { panic!("{why:?}") };
    assert_eq!((latest, because), (detected.utc, Latest::Detected));
    let tomorrow = Past::At(at(86_400).utc);
    assert!(matches!(world.refused(ada(), began(&incident, tomorrow)), Refusal::BadBegan { .. }));
    let long_ago = ago(31 * 86_400);
    assert!(matches!(world.refused(ada(), began(&incident, long_ago)), Refusal::BadBegan { .. }));
    let act = Act::CorrectClock;
    assert!(
        matches!(world.refused(rita(), began(&incident, ago(90))), Refusal::NotPermitted { act: a, .. } if a == act)
    );
}

#[test]
fn without_a_reason_it_is_refused_and_the_same_moment_is_no_news() {
    let (mut world, incident) = World::declared();
    let same = Past::At(world.incident(&incident).began.utc);
    assert!(world.ok(ada(), began(&incident, same)).is_empty());
    let command = Command::CorrectBegan { incident: incident.clone(), began: ago(90), reason: " ".into() };
    assert!(matches!(world.refused(ada(), command), Refusal::Text { .. }));
    world.ok(ada(), Command::Cancel { incident: incident.clone(), reason: "false alarm".into() });
    assert!(matches!(world.refused(ada(), began(&incident, ago(90))), Refusal::IncidentIs { .. }));
}
