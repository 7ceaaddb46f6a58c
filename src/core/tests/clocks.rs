//! Downtime and objectives: from the last good sample to the first good one of a window that held.

use crate::core::command::{Command, Declared};
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, at, declare, launch, plan};
use crate::core::follow::next_due;
use crate::core::health::Verdict;
use crate::core::ids::IncidentId;
use crate::core::incident::Phase;
use crate::core::loss::Loss;
use crate::core::objectives::{Standing, downtime, good_since, rpo, rto, ticks};
use crate::core::plan::Plan;
use crate::core::run::RunState;
use crate::core::time::Span;

fn gone(world: &World, incident: &IncidentId) -> String {
    downtime(world.incident(incident), &world.now).to_string()
}

fn standing(world: &World, incident: &IncidentId) -> Standing {
    rto(&world.state.plans["shop"], world.incident(incident), &world.now).unwrap().standing
}

const fn secs(n: u64) -> Span {
    Span::from_secs(n)
}

#[test]
fn downtime_runs_from_the_last_good_sample_to_the_first_good_one_of_a_window_that_held() {
    let (mut world, incident) = World::declared();
    assert_eq!(gone(&world, &incident), "10s");
    world.pass(50);
    assert_eq!(gone(&world, &incident), "1m00s");
    world.turns("front", Verdict::Ok);
    assert_eq!(*world.phase(&incident), Phase::Verifying { since: world.now.clone() });
    assert!(!ticks(world.incident(&incident)));
    assert!(world.pass(9).is_empty(), "it has not held yet");
    assert_eq!(gone(&world, &incident), "1m00s", "the clock stands while it is looked at");
    assert_eq!(next_due(&world.state, &world.now), Some(world.now.utc.plus(secs(1))));
    let events = world.pass(1);
    assert!(matches!(events.as_slice(), [Event::IncidentRecovered { .. }]), "{events:?}");
    world.pass(500);
    assert_eq!(gone(&world, &incident), "1m00s");
    assert_eq!(world.incident(&incident).phase, Phase::Recovered);
    world.ok(ada(), Command::Close { incident: incident.clone(), reason: None });
    assert_eq!(gone(&world, &incident), "1m00s", "closing later adds nothing");
}

#[test]
fn a_relapse_inside_the_window_or_after_it_resumes_the_clocks() {
    for seconds in [5, 10] {
        let (mut world, incident) = World::declared();
        world.turns("front", Verdict::Ok);
        world.pass(seconds);
        let events = world.turns("front", Verdict::Down);
        assert!(matches!(events.as_slice(), [_, Event::IncidentRelapsed { .. }]), "{events:?}");
        assert_eq!(*world.phase(&incident), Phase::Declared);
        assert!(ticks(world.incident(&incident)));
        world.pass(5);
        assert_eq!(gone(&world, &incident), format!("{}s", 10 + seconds + 5));
        world.turns("front", Verdict::Ok);
        world.pass(10);
        assert_eq!(gone(&world, &incident), format!("{}s", 10 + seconds + 5));
    }
}

#[test]
fn a_front_door_that_is_slow_does_not_hold() {
    let (mut world, incident) = World::declared();
    world.turns("front", Verdict::Ok);
    world.turns("front", Verdict::Degraded);
    assert_eq!(*world.phase(&incident), Phase::Declared);
}

#[test]
fn a_relapse_while_runs_were_begun_goes_back_to_recovering() {
    let (mut world, incident, _) = World::failing_over();
    assert_eq!(*world.phase(&incident), Phase::Recovering);
    world.turns("front", Verdict::Ok);
    assert_eq!(world.phase(&incident).word(), "verifying");
    world.turns("front", Verdict::Down);
    assert_eq!(*world.phase(&incident), Phase::Recovering);
}

#[test]
fn where_the_front_door_was_hit_it_alone_decides_else_every_cause() {
    let (mut world, incident) = World::declared();
    world.turns("front", Verdict::Ok);
    assert_eq!(world.phase(&incident).word(), "verifying", "East may stay down");

    let mut world = World::calm();
    for name in ["db-east", "web-east"] {
        world.turns(name, Verdict::Down);
    }
    let incident = world.only_incident().id.clone();
    world.ok(ada(), declare(Declared::Proposal(incident.clone())));
    world.turns("db-east", Verdict::Ok);
    assert_eq!(*world.phase(&incident), Phase::Declared);
    world.pass(5);
    world.turns("web-east", Verdict::Ok);
    assert_eq!(*world.phase(&incident), Phase::Verifying { since: world.now.clone() }, "since the last one came back");
}

#[test]
fn the_tightest_affected_objective_counts_and_a_missed_one_says_by_how_much_and_what_is_next() {
    let (mut world, incident) = World::declared();
    let shown = rto(&world.state.plans["shop"], world.incident(&incident), &world.now).unwrap();
    assert_eq!((shown.objective, shown.of.as_deref()), (secs(600), Some("db")));
    assert_eq!(shown.ends, world.incident(&incident).began.utc.plus(secs(600)));
    assert_eq!(shown.standing, Standing::Left(secs(590)));
    world.pass(590);
    assert_eq!(standing(&world, &incident), Standing::Left(Span::ZERO), "met to the second");
    world.pass(60);
    let next = Some((secs(1_800), secs(1_140)));
    assert_eq!(standing(&world, &incident), Standing::Missed { by: secs(60), next });
    world.turns("front", Verdict::Ok);
    world.pass(3_600);
    assert_eq!(standing(&world, &incident), Standing::Missed { by: secs(60), next }, "it stands with the clock");

    let (mut world, incident) = World::declared();
    world.pass(7_200);
    assert_eq!(standing(&world, &incident), Standing::Missed { by: secs(6_610), next: None });
    assert_eq!(rpo(&world.state.plans["shop"], world.incident(&incident)), Some(secs(5)));
}

#[test]
fn without_an_affected_component_of_its_own_the_plans_objective_counts_and_without_any_none() {
    let mut world = World::calm();
    world.turns("web-east", Verdict::Down);
    let incident = world.only_incident().id.clone();
    let shown = rto(&world.state.plans["shop"], world.incident(&incident), &world.now).unwrap();
    assert_eq!((shown.objective, shown.of), (secs(1_800), None));
    assert_eq!(rpo(&world.state.plans["shop"], world.incident(&incident)), Some(secs(15)));
    world.load(Plan { rto: None, rpo: None, ..plan("shop") });
    assert_eq!(rto(&world.state.plans["shop"], world.incident(&incident), &world.now), None);
}

#[test]
fn across_boots_durations_are_by_the_wall_clock_and_marked() {
    let (mut world, incident) = World::declared();
    world.reboot("boot-2");
    assert_eq!(gone(&world, &incident), "~1m10s");
    world.turns("front", Verdict::Ok);
    world.pass(10);
    assert_eq!(gone(&world, &incident), "~1m10s");
    assert_eq!(*world.phase(&incident), Phase::Recovered);
}

#[test]
fn a_clock_that_was_set_does_not_change_what_is_measured_within_a_boot() {
    let (mut world, incident) = World::declared();
    world.turns("front", Verdict::Ok);
    world.now.utc = at(0).utc;
    assert_eq!(gone(&world, &incident), "10s");
    assert!(world.pass(9).is_empty());
    assert_eq!(world.pass(1).len(), 1, "ten seconds have been measured");
}

#[test]
fn parts_that_come_back_around_a_clock_that_is_set_back_hold_from_the_later_one() {
    let mut world = World::calm();
    for name in ["db-east", "web-east"] {
        world.turns(name, Verdict::Down);
    }
    let incident = world.only_incident().id.clone();
    world.turns("db-east", Verdict::Ok);
    world.pass(100);
    world.now.utc = at(0).utc;
    world.turns("web-east", Verdict::Ok);
    let good = good_since(&world.state.plans["shop"], world.incident(&incident)).unwrap();
    assert_eq!(good, world.now);
}

#[test]
fn a_restart_is_no_relapse_and_the_window_begins_with_what_the_new_engine_sees() {
    let (mut world, incident) = World::declared();
    world.turns("front", Verdict::Ok);
    world.pass(8);
    world.restart();
    assert_eq!(world.phase(&incident).word(), "verifying", "not seen is not bad");
    assert_eq!(next_due(&world.state, &world.now), None, "nothing holds that nobody looks at");
    assert!(world.pass(60).is_empty());
    world.turns("front", Verdict::Ok);
    assert_eq!(*world.phase(&incident), Phase::Verifying { since: world.now.clone() });
    let looked_again = world.now.clone();
    world.pass(10);
    assert_eq!(world.incident(&incident).stopped, Some(looked_again));
}

#[test]
fn a_window_can_be_held_after_a_reboot_with_a_clock_set_back() {
    let (mut world, incident) = World::declared();
    world.turns("front", Verdict::Ok);
    world.now.utc = at(0).utc;
    world.reboot("boot-2");
    world.turns("front", Verdict::Ok);
    world.pass(10);
    assert_eq!(*world.phase(&incident), Phase::Recovered);
}

#[test]
fn an_outage_that_a_new_engine_finds_began_after_the_last_sign_of_the_one_before() {
    let mut world = World::calm();
    world.pass(3 * 86_400);
    world.ok(ada(), Command::Note { incident: None, text: "all quiet".into() });
    let quiet = world.now.clone();
    world.pass(30);
    world.restart();
    let known = world.state.plans["shop"].probes["front"].clone();
    assert_eq!((known.verdict, known.last_good.clone()), (Verdict::Unknown, Some(quiet)));
}

#[test]
fn a_failover_that_ended_has_moved_what_serves() {
    let (mut world, _, run) = World::failing_over();
    world.loses(Loss::Measured(Span::ZERO));
    world.walk_to(run, "promote");
    let events = world.goes_well(run);
    let moved = events.iter().any(|e| matches!(e, Event::SiteActivated { site, .. } if site.as_str() == "west"));
    assert!(moved, "West's data is what counts from the promotion on, whatever becomes of the rest: {events:?}");
    world.walk_to(run, "open");
    let events = world.goes_well(run);
    assert!(!events.iter().any(|e| matches!(e, Event::SiteActivated { .. })), "once: {events:?}");
    assert!(matches!(world.run(run).state, RunState::Ended { .. }));
    assert_eq!(world.state.plans["shop"].severity_of(&"web-west".parse().unwrap()).unwrap().to_string(), "high");
    let incident = world.only_incident().id.clone();
    world.ok(ada(), launch(&incident, "back-to-east"));
}
