//! How long components and tiers are out within an incident, and what that means for their objectives.

use proptest::prelude::*;

use crate::core::apply::apply;
use crate::core::clocks::{Clocks, ComponentClock, Measured, TierClock, clocks};
use crate::core::command::{Command, Declared};
use crate::core::event::Event;
use crate::core::fixtures::{PROBES, World, ada, declare, id, plan};
use crate::core::health::Verdict;
use crate::core::objectives::{Standing, rto};
use crate::core::plan::{Plan, SetBy, Share, Standby, Tier};
use crate::core::state::{Entry, State};
use crate::core::time::{Exactness, Moment, Span};

/// The shop: the database of tier 1, with 10 min of its own; service and web of tier 2; the front door of none.
fn tiered() -> Plan {
    let mut shop = plan("shop");
    for (name, tier) in [("db", 1), ("api", 2), ("web", 2)] {
        shop.components.iter_mut().find(|c| c.id.as_str() == name).unwrap().tier = Some(tier);
    }
    shop
}

fn declared() -> World {
    let mut world = World::empty();
    world.load(tiered());
    world.all_good("shop");
    world.pass(60);
    world.outage();
    let proposed = world.only_incident().id.clone();
    world.ok(ada(), declare(Declared::Proposal(proposed)));
    world
}

fn read(world: &World) -> Clocks {
    clocks(&world.state.plans["shop"], Some(world.only_incident()), &world.readings, &world.now)
}

fn component(world: &World, name: &str) -> ComponentClock {
    let all = read(world).components;
    all.into_iter().find(|c| c.component.as_str() == name).unwrap_or_else(|| panic!("{name} was never out"))
}

fn tier(world: &World, number: u8) -> TierClock {
    read(world).tiers.into_iter().find(|t| t.tier == number).unwrap()
}

const fn secs(n: u64) -> Span {
    Span::from_secs(n)
}

#[test]
fn a_component_is_out_from_its_own_last_good_sample_to_its_first_good_one() {
    let mut world = declared();
    let began = world.only_incident().began.clone();
    world.pass(50);
    let db = component(&world, "db");
    assert_eq!((db.clock.first, db.clock.since), (began.utc, Some(began.utc)));
    assert_eq!((db.clock.downtime, db.clock.times), (secs(60), 1));
    world.turns("db-east", Verdict::Ok);
    let back = world.now.utc;
    world.pass(600);
    let db = component(&world, "db");
    assert_eq!((db.clock.downtime, db.clock.since, db.clock.back), (secs(60), None, Some(back)));
    assert_eq!(component(&world, "web").clock.downtime, secs(660), "others are still out");
    world.turns("db-east", Verdict::Down);
    world.pass(5);
    let db = component(&world, "db");
    assert_eq!((db.clock.downtime, db.clock.times), (secs(75), 2), "ten seconds before it was seen, and five since");
}

#[test]
fn what_fails_later_is_out_from_its_own_last_good_sample() {
    let mut world = World::empty();
    world.load(tiered());
    world.all_good("shop");
    world.outage();
    world.turns("api-east", Verdict::Ok);
    world.turns("db-east", Verdict::Ok);
    world.pass(100);
    world.turns("db-east", Verdict::Down);
    assert_eq!(component(&world, "db").clock.downtime, secs(10 + 10));
}

#[test]
fn a_copy_that_stands_by_and_is_down_keeps_nobody_waiting_and_a_failover_brings_back() {
    let mut world = declared();
    world.turns("db-west", Verdict::Down);
    world.turns("db-east", Verdict::Ok);
    world.pass(30);
    assert!(component(&world, "db").clock.since.is_none(), "West's copy serves nobody");
    assert_eq!(component(&world, "web").clock.downtime, secs(40));
    let west = Event::SiteActivated { plan: id("shop"), site: id("west"), run: None, components: Default::default() };
    happens(&mut world, west);
    world.pass(10);
    assert_eq!(component(&world, "web").clock.downtime, secs(40), "West's web shop is well");
    let db = component(&world, "db").clock;
    assert_eq!((db.downtime, db.times), (secs(10 + 10), 2), "and its database is out from when it had to serve");
}

fn happens(world: &mut World, event: Event) {
    world.head += 1;
    let entry = Entry { seq: world.head, at: world.now.clone(), by: ada(), event };
    apply(&mut world.state, &entry);
    world.journal.push(entry);
}

#[test]
fn a_tier_is_out_while_any_of_its_components_is_and_counts_no_second_twice() {
    let mut world = declared();
    world.pass(20);
    world.turns("api-east", Verdict::Ok);
    world.pass(20);
    let two = tier(&world, 2);
    assert_eq!((two.out, two.clock.downtime), ((1, 2), secs(50)), "the web shop is still out");
    world.turns("web-east", Verdict::Ok);
    world.pass(100);
    let two = tier(&world, 2);
    assert_eq!((two.out, two.clock.downtime, two.clock.since), ((0, 2), secs(50), None));
    world.turns("api-east", Verdict::Down);
    assert_eq!(tier(&world, 2).clock.downtime, secs(60));
}

#[test]
fn each_stands_to_the_tightest_objective_that_is_its_own_its_tiers_or_the_plans() {
    let mut world = declared();
    let goal = |world: &World, name| component(world, name).clock.rto.unwrap();
    let db = goal(&world, "db");
    assert_eq!((db.objective, db.set_by, db.standing), (secs(600), SetBy::Own, Standing::Left(secs(590))));
    assert_eq!(db.ends, Some(world.only_incident().began.utc.plus(secs(600))));
    let web = goal(&world, "web");
    assert_eq!((web.objective, web.set_by), (secs(7_200), SetBy::Tier(2)));
    let front = goal(&world, "front");
    assert_eq!((front.objective, front.set_by), (secs(1_800), SetBy::Plan));
    world.pass(690);
    let one = tier(&world, 1).clock.rto.unwrap();
    assert_eq!(one.objective, secs(600), "its database promises less than the tier's half hour");
    assert_eq!(one.standing, Standing::Missed { by: secs(100), next: Some((secs(1_800), secs(1_100))) });
    assert_eq!(one.ends, None);
    world.turns("db-east", Verdict::Ok);
    world.pass(5_000);
    assert_eq!(tier(&world, 1).clock.rto.unwrap().standing, one.standing, "it stands with its clock");
}

#[test]
fn the_head_line_takes_the_tightest_of_all_tiers_and_a_plan_may_set_its_own() {
    let mut shop = tiered();
    shop.components.iter_mut().for_each(|c| c.rto = None);
    shop.targets.tiers.insert(1, Tier { rto: secs(1_200), rpo: secs(300), standby: Standby::Warm });
    let mut world = World::empty();
    world.load(shop);
    world.all_good("shop");
    world.outage();
    let shown = rto(&world.state.plans["shop"], world.only_incident(), &world.now).unwrap();
    assert_eq!((shown.objective, shown.set_by, shown.of.as_deref()), (secs(1_200), SetBy::Tier(1), Some("db")));
}

#[test]
fn not_seen_is_neither_out_nor_back_and_a_pause_takes_a_part_out_of_the_count() {
    let mut world = declared();
    world.pass(10);
    world.restart();
    world.pass(10);
    assert_eq!(component(&world, "db").clock.downtime, secs(30), "a restart brings nothing back");
    world.turns("db-east", Verdict::Ok);
    assert_eq!(component(&world, "db").clock.downtime, secs(30));
}

#[test]
fn what_is_still_out_when_an_incident_ends_was_out_to_its_end() {
    let mut world = declared();
    world.turns("front", Verdict::Ok);
    world.pass(10);
    let incident = world.only_incident().id.clone();
    world.pass(100);
    assert_eq!(component(&world, "db").clock.downtime, secs(120), "while it is open, what is out is out");
    world.ok(ada(), Command::Close { incident, reason: None });
    world.pass(1_000);
    assert_eq!(component(&world, "db").clock.downtime, secs(10), "the clocks stopped with the front door");
}

#[test]
fn a_clock_that_is_set_a_day_off_moves_no_clock_within_a_boot() {
    const DAY: i64 = 86_400_000_000;
    for off in [DAY, -DAY] {
        let (mut world, mut other) = (declared(), declared());
        let set = |world: &mut World| world.now.utc = Moment::from_micros(world.now.utc.micros() + off);
        set(&mut other);
        for world in [&mut world, &mut other] {
            world.pass(100);
            world.turns("web-east", Verdict::Ok);
            world.pass(100);
        }
        let lengths = |world: &World| {
            let read = read(world);
            let parts = read.components.iter().map(|c| (c.clock.elapsed(), c.clock.rto.as_ref().map(|r| r.standing)));
            let tiers = read.tiers.iter().map(|t| (t.clock.elapsed(), t.clock.rto.as_ref().map(|r| r.standing)));
            parts.chain(tiers).collect::<Vec<_>>()
        };
        assert_eq!(lengths(&world), lengths(&other));
        let left = rto(&other.state.plans["shop"], other.only_incident(), &other.now).unwrap();
        let Standing::Left(span) = left.standing else { panic!("{left:?}") };
        assert_eq!(left.ends, other.now.utc.plus(span), "the end is told by the clock as it is set now");
        assert_eq!(component(&other, "db").clock.rto.unwrap().ends, Some(left.ends));
    }
}

#[test]
fn across_boots_a_length_is_marked_as_taken_from_wall_clocks() {
    let mut world = declared();
    world.reboot("boot-2");
    assert_eq!(component(&world, "db").clock.exactness, Exactness::ByWallClock);
    world.turns("db-east", Verdict::Ok);
    assert_eq!(component(&world, "db").clock.exactness, Exactness::ByWallClock);
    assert!(component(&world, "db").clock.elapsed().to_string().starts_with('~'));
}

#[test]
fn capacity_and_service_are_not_measured_until_something_measures_them() {
    let mut shop = tiered();
    shop.targets.capacity = Share::percent(80.0).ok();
    shop.targets.service = Share::percent(99.0).ok();
    let mut world = World::empty();
    world.load(shop);
    world.all_good("shop");
    let read = clocks(&world.state.plans["shop"], None, &world.readings, &world.now);
    assert_eq!((read.capacity.verdict, read.service.verdict), (Measured::NotMeasured, Measured::NotMeasured));
    assert_eq!(read.front_door.map(|door| (door.ok, door.known, door.unknown)), Some((1, 1, 0)));
    world.restart();
    let read = clocks(&world.state.plans["shop"], None, &world.readings, &world.now);
    assert_eq!(read.front_door.map(|door| (door.ok, door.known, door.unknown)), Some((0, 0, 1)));
}

/// What may happen in a random history.
#[derive(Debug, Clone)]
enum Move {
    Turns(usize, bool),
    Passes(u64),
    Serves(bool),
    Restarts,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        6 => (0..PROBES.len(), any::<bool>()).prop_map(|(probe, good)| Move::Turns(probe, good)),
        3 => (1_u64..400).prop_map(Move::Passes),
        1 => any::<bool>().prop_map(Move::Serves),
        1 => Just(Move::Restarts),
    ];
    prop::collection::vec(one, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// No part is out for longer than its incident is old by its own first sample, tiers are out at least as long as each of
    /// their components and no longer than all of them in a row, and the journal folds to the same.
    #[test]
    fn outages_add_up_whatever_happens(moves in moves()) {
        let mut world = declared();
        for step in moves {
            match step {
                Move::Turns(probe, good) => {
                    world.turns(PROBES[probe], if good { Verdict::Ok } else { Verdict::Down });
                }
                Move::Passes(seconds) => {
                    world.pass(seconds);
                }
                Move::Serves(west) => {
                    let site = id(if west { "west" } else { "east" });
                    happens(&mut world, Event::SiteActivated { plan: id("shop"), site, run: None, components: Default::default() });
                }
                Move::Restarts => {
                    world.restart();
                }
            }
        }
        for incident in world.state.incidents.values().filter(|i| i.phase.is_open()) {
            for outage in incident.outages.values() {
                prop_assert!(outage.length(&world.now).span <= world.now.since(&outage.first).span, "{outage:?}");
            }
            let read = clocks(&world.state.plans["shop"], Some(incident), &world.readings, &world.now);
            for tier in read.tiers {
                let members = read.components.iter().filter(|c| c.tier == Some(tier.tier));
                let lengths: Vec<Span> = members.map(|c| c.clock.downtime).collect();
                let sum = lengths.iter().fold(Span::ZERO, |sum, one| sum.plus(*one));
                let length = tier.clock.downtime;
                prop_assert!(lengths.iter().all(|one| *one <= length) && length <= sum, "{length} of {lengths:?}");
            }
        }
        let mut folded = State::default();
        world.journal.iter().for_each(|entry| apply(&mut folded, entry));
        prop_assert!(folded == world.state);
    }
}
