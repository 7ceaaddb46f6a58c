//! Scenarios: what brings them, once; what they forbid; and that nothing brings them when all is well.

use crate::core::alert::{Heard, Told};
use crate::core::command::{Command, Declared};
use crate::core::event::Event;
use crate::core::fixtures::{PROBES, World, ada, declare, id, launch, mike, plan, rita};
use crate::core::health::{Change, Extent, Manner, Verdict};
use crate::core::ids::{PlanId, Principal, ProbeId};
use crate::core::incident::Phase;
use crate::core::observe::{Connection, Report};
use crate::core::plan::{Disaster, DownWhen, Method, Place, Plan, Scenario, Severity, Then, Trigger};
use crate::core::refusal::Refusal;
use crate::core::scenario::Answer;
use crate::core::time::Span;

/// A scenario with what is usual for its disaster.
fn scenario(name: &str, disaster: Disaster, trigger: Option<Trigger>) -> Scenario {
    Scenario { trigger, ..Scenario::usual(id(name), format!("The {name}"), disaster) }
}

fn when(text: &str, seconds: u64, then: Then) -> Option<Trigger> {
    Some(Trigger { when: text.parse().unwrap(), held_for: Span::from_secs(seconds), then })
}

/// `shop`, all of it of low priority, so that nothing but a trigger brings an incident.
fn quiet(scenarios: Vec<Scenario>) -> Plan {
    let mut plan = Plan { scenarios, pages: vec![id("pager")], ..plan("shop") };
    plan.components.iter_mut().for_each(|component| component.priority = Severity::Low);
    plan
}

fn world(scenarios: Vec<Scenario>) -> World {
    let mut world = World::empty();
    world.load(quiet(scenarios));
    world.all_good("shop");
    world.pass(60);
    world
}

/// One scenario `lost`: the site East is down for a minute.
fn east_lost(then: Then) -> World {
    world(vec![scenario("lost", Disaster::DataCentreOutage, when("site.east == down", 60, then))])
}

fn east(world: &mut World, to: Verdict) {
    for probe in ["web-east", "api-east", "db-east"] {
        world.turns(probe, to);
    }
}

fn proposals(world: &World) -> usize {
    world.journal.iter().filter(|entry| matches!(entry.event, Event::IncidentProposed(_))).count()
}

#[test]
fn each_trigger_brings_its_incident_and_its_twin_brings_none() {
    use Verdict::{Degraded, Down, Unknown};
    type Row<'a> = (&'a str, &'a [(&'a str, Verdict)], &'a [(&'a str, Verdict)]);
    let table: [Row<'_>; 7] = [
        (
            "site.east == down",
            &[("web-east", Down), ("api-east", Down), ("db-east", Down)],
            &[("web-east", Down), ("api-east", Down)],
        ),
        ("site.east == degraded", &[("web-east", Degraded)], &[("web-west", Degraded)]),
        ("component.db == down", &[("db-west", Down)], &[("db-west", Degraded)]),
        ("component.db.east == down", &[("db-east", Down)], &[("db-west", Down)]),
        (
            "component.web == down and component.api == down",
            &[("web-east", Down), ("api-west", Down)],
            &[("web-east", Down)],
        ),
        ("component.front in [down, degraded]", &[("front", Degraded)], &[("front", Unknown)]),
        (
            "component.db == down and not component.web == down",
            &[("db-east", Down)],
            &[("db-east", Down), ("web-east", Down)],
        ),
    ];
    for (text, brings, twin) in table {
        let play = |turns: &[(&str, Verdict)]| {
            let mut world = world(vec![scenario("it", Disaster::ServerFailure, when(text, 30, Then::Propose))]);
            turns.iter().for_each(|(probe, to)| drop(world.turns(probe, *to)));
            world.pass(29);
            let early = proposals(&world);
            world.pass(1);
            (early, proposals(&world))
        };
        assert_eq!(play(&[]), (0, 0), "all is well: {text}");
        assert_eq!(play(brings), (0, 1), "{text}");
        assert_eq!(play(twin), (0, 0), "the twin of {text}");
    }
}

#[test]
fn an_incident_says_what_its_trigger_saw_since_when_and_how_bad_it_is() {
    let mut world = east_lost(Then::Propose);
    world.pass(10);
    east(&mut world, Verdict::Down);
    world.pass(60);
    let incident = world.only_incident();
    assert_eq!(incident.phase, Phase::Proposed);
    assert_eq!(incident.severity, Severity::High, "the impact of the scenario, not the low priority of the parts");
    let first_good = world.state.plans["shop"].probes["web-east"].last_good.clone().unwrap();
    assert_eq!(incident.began, first_good, "it began with the outage, not with the end of the minute");
    assert_eq!(incident.causes.len(), 3);
    let (name, matched) = incident.counting().next().unwrap();
    assert_eq!((name.as_str(), matched.saw[0].what.as_str()), ("lost", "site.east"));
    assert_eq!((matched.saw[0].found.as_str(), matched.saw[0].why.contains("Down")), ("down", true));
}

#[test]
fn a_trigger_that_does_not_hold_long_enough_brings_nothing_and_starts_over() {
    let mut world = east_lost(Then::Propose);
    for _ in 0..5 {
        east(&mut world, Verdict::Down);
        world.pass(59);
        world.turns("web-east", Verdict::Ok);
        world.pass(5);
    }
    assert_eq!(proposals(&world), 0);
    assert!(world.state.plans["shop"].triggers.is_empty());
}

#[test]
fn what_people_have_ended_is_not_proposed_again_until_it_has_passed() {
    let mut world = east_lost(Then::Propose);
    east(&mut world, Verdict::Down);
    world.pass(60);
    let incident = world.only_incident().id.clone();
    world.ok(ada(), Command::Dismiss { incident, reason: "they move the racks".into() });
    world.pass(3_600);
    assert_eq!(proposals(&world), 1);
    east(&mut world, Verdict::Ok);
    world.pass(5);
    east(&mut world, Verdict::Down);
    world.pass(60);
    assert_eq!(proposals(&world), 2, "a new outage is a new proposal");
}

#[test]
fn what_was_dismissed_before_a_trigger_was_ripe_is_not_brought_back_by_it() {
    let mut plan =
        quiet(vec![scenario("lost", Disaster::DataCentreOutage, when("site.east == down", 60, Then::Propose))]);
    plan.components.iter_mut().for_each(|component| component.priority = Severity::Critical);
    let mut world = World::empty();
    world.load(plan);
    world.all_good("shop");
    east(&mut world, Verdict::Down);
    assert_eq!(proposals(&world), 1, "grave trouble is proposed at once");
    world.pass(30);
    let incident = world.only_incident().id.clone();
    world.ok(ada(), Command::Dismiss { incident, reason: "a drill of the provider".into() });
    world.pass(600);
    assert_eq!(proposals(&world), 1);
}

#[test]
fn an_open_incident_is_taken_for_the_scenario_and_none_is_added() {
    let mut world = east_lost(Then::Propose);
    let events = world.ok(rita(), declare(Declared::Plan(id("shop"))));
    assert!(events.iter().any(|event| matches!(event, Event::IncidentDeclared(_))));
    east(&mut world, Verdict::Down);
    world.pass(60);
    let incident = world.only_incident();
    assert_eq!(incident.counting().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["lost"]);
    assert_eq!(incident.causes.len(), 3, "what failed since has joined it");
    assert_eq!(proposals(&world), 0);
}

#[test]
fn where_the_plan_says_so_the_engine_declares_and_pages() {
    let mut world = east_lost(Then::Declare);
    east(&mut world, Verdict::Down);
    world.pass(59);
    assert!(world.state.incidents.is_empty());
    world.pass(1);
    let incident = world.only_incident();
    assert_eq!(incident.phase, Phase::Declared);
    assert!(incident.detected.is_some() && incident.declared.is_some());
    assert!(incident.roles.is_empty(), "nobody leads before somebody does");
    assert_eq!(incident.updates.len(), 1);
    assert!(incident.updates[0].text.contains("Nobody leads yet"), "{}", incident.updates[0].text);
    assert!(incident.updates[0].deliveries.contains_key("pager"));
    world.pass(3_600);
    assert_eq!((world.state.incidents.len(), world.only_incident().updates.len()), (1, 1), "once");
}

#[test]
fn an_engine_that_cannot_see_brings_nothing_and_looks_for_the_whole_time_again() {
    let mut world = east_lost(Then::Propose);
    east(&mut world, Verdict::Down);
    world.pass(50);
    world.see(&Report::Connection(Connection::Cut { why: "10.0.0.1:53 does not answer".into() }));
    world.pass(600);
    assert_eq!(proposals(&world), 0, "cut off");
    world.see(&Report::Connection(Connection::There));
    world.pass(600);
    assert_eq!(proposals(&world), 0, "nothing was looked at since");
    east(&mut world, Verdict::Down);
    world.pass(59);
    assert_eq!(proposals(&world), 0);
    world.pass(1);
    assert_eq!(proposals(&world), 1);
}

#[test]
fn a_restart_neither_brings_an_incident_nor_brings_one_back() {
    let mut world = east_lost(Then::Propose);
    east(&mut world, Verdict::Down);
    world.pass(30);
    world.restart();
    world.pass(600);
    assert_eq!(proposals(&world), 0, "unknown is not down");
    east(&mut world, Verdict::Down);
    world.pass(60);
    let incident = world.only_incident().id.clone();
    world.ok(ada(), Command::Dismiss { incident, reason: "known".into() });
    world.restart();
    world.pass(5);
    assert_eq!(world.state.plans["shop"].triggers["lost"].answer, Answer::Given, "what nobody sees may still hold");
    east(&mut world, Verdict::Down);
    world.pass(600);
    assert_eq!(proposals(&world), 1);
}

#[test]
fn a_clock_that_is_set_by_a_day_neither_ripens_a_trigger_nor_holds_it_back() {
    for day in [86_400, -86_400_i64] {
        let mut world = east_lost(Then::Propose);
        world.pass(86_400);
        east(&mut world, Verdict::Down);
        world.pass(30);
        world.now.utc = crate::core::time::Moment::from_micros(world.now.utc.micros() + day * 1_000_000);
        world.pass(29);
        assert_eq!(proposals(&world), 0, "{day}");
        world.pass(1);
        assert_eq!(proposals(&world), 1, "{day}");
    }
}

#[test]
fn paused_parts_trigger_nothing() {
    let mut world = east_lost(Then::Declare);
    let (plan, length) = (id("shop"), Span::from_secs(3_600));
    let of = Extent::Site(id("east"));
    world.ok(mike(), Command::PauseHealth { plan, of, length, reason: "the provider works there".into() });
    east(&mut world, Verdict::Down);
    world.pass(3_000);
    assert!(world.state.incidents.is_empty());
    world.pass(600);
    world.pass(60);
    assert_eq!(world.only_incident().phase, Phase::Declared, "it counts again, and has held for a minute");
}

#[test]
fn a_thousand_flapping_probes_are_one_incident() {
    let mut plan =
        quiet(vec![scenario("flaps", Disaster::NetworkFailure, when("component.web == degraded", 10, Then::Propose))]);
    let web = &mut plan.components[1];
    let probe = web.probes[0].clone();
    web.probes =
        (0..1_000).map(|n| crate::core::plan::Probe { id: id(&format!("web-{n}")), ..probe.clone() }).collect();
    plan.components.iter_mut().for_each(|component| component.priority = Severity::Critical);
    let mut world = World::empty();
    world.load(plan);
    for round in 0..3 {
        for n in 0..1_000 {
            let (plan, probe): (PlanId, ProbeId) = (id("shop"), id(&format!("web-{n}")));
            let (to, manner) = match (round + n) % 3 {
                0 => (Verdict::Ok, Manner::Steady),
                1 => (Verdict::Degraded, Manner::Flapping),
                _ => (Verdict::Down, Manner::Steady),
            };
            let (since, place) = (world.now.clone(), Place::Engine);
            let (from, why) = (Verdict::Unknown, "it comes and goes".into());
            let change = Change { place, from, to, manner, since, why, last_good: None };
            world.see(&Report::Probe { plan, probe, change });
        }
        world.pass(20);
    }
    assert_eq!(proposals(&world), 1);
    assert_eq!(world.only_incident().causes.len(), 1_000, "all of them joined it");
    assert_eq!(world.only_incident().counting().count(), 0, "they are down as well, and not only degraded");
}

#[test]
fn what_is_in_the_data_is_not_failed_over_until_somebody_rules_it_out() {
    let rotten = scenario("rotten", Disaster::DatabaseCorruption, None);
    let mut world = world(vec![rotten]);
    world.ok(ada(), declare(Declared::Plan(id("shop"))));
    let incident = world.only_incident().id.clone();
    let name = |reason: Option<&str>| Command::NameScenario {
        incident: incident.clone(),
        scenario: id("rotten"),
        reason: reason.map(Into::into),
    };
    world.ok(rita(), name(Some("checksums differ")));
    let refused = world.refused(ada(), launch(&incident, "failover-west"));
    let Refusal::ScenarioForbids { method, allows, .. } = refused else { panic!("{refused:?}") };
    assert_eq!((method, allows), (Method::Failover, vec![Method::PointInTime, Method::Rebuild]));
    world.ok(ada(), launch(&incident, "look-around"));
    let rule_out = |reason: &str| Command::RuleOutScenario {
        incident: incident.clone(),
        scenario: id("rotten"),
        reason: reason.into(),
    };
    assert!(matches!(world.refused(rita(), rule_out("no")), Refusal::NotPermitted { .. }));
    assert!(matches!(world.refused(ada(), rule_out("  ")), Refusal::Text { .. }));
    world.ok(ada(), rule_out("the checksums were of another table"));
    world.outage();
    world.ok(ada(), launch(&incident, "failover-west"));
}

#[test]
fn naming_what_is_not_there_is_refused_with_what_is() {
    let mut world = world(vec![scenario("rotten", Disaster::DatabaseCorruption, None)]);
    world.ok(ada(), declare(Declared::Plan(id("shop"))));
    let incident = world.only_incident().id.clone();
    let (scenario, reason) = (id("roten"), None);
    let refused = world.refused(ada(), Command::NameScenario { incident: incident.clone(), scenario, reason });
    assert!(matches!(refused, Refusal::NotFound { known, .. } if known == ["rotten"]));
    let (scenario, reason) = (id("rotten"), "no".into());
    let refused = world.refused(ada(), Command::RuleOutScenario { incident, scenario, reason });
    assert!(matches!(refused, Refusal::NotFound { known, .. } if known.is_empty()));
}

#[test]
fn a_new_text_of_the_plan_keeps_a_trigger_that_is_as_before_and_forgets_one_that_is_not() {
    let mut world = east_lost(Then::Propose);
    east(&mut world, Verdict::Down);
    world.pass(50);
    let again = |seconds| {
        let lost = scenario("lost", Disaster::DataCentreOutage, when("site.east == down", seconds, Then::Propose));
        quiet(vec![Scenario { strategy: Some("new words".into()), ..lost }])
    };
    let mut other = world.clone();
    world.load(again(60));
    world.pass(10);
    assert_eq!(proposals(&world), 1, "the trigger is as before");
    other.load(again(61));
    other.pass(10);
    assert_eq!(proposals(&other), 0, "another trigger begins anew");
    other.pass(51);
    assert_eq!(proposals(&other), 1);
}

#[test]
fn a_site_by_its_own_rule_is_what_triggers_ask_about() {
    let mut plan =
        quiet(vec![scenario("lost", Disaster::DataCentreOutage, when("site.east == down", 1, Then::Propose))]);
    plan.sites[0].down_when = DownWhen::Any;
    let mut world = World::empty();
    world.load(plan);
    PROBES.iter().for_each(|probe| drop(world.turns(probe, Verdict::Ok)));
    world.turns("db-east", Verdict::Down);
    world.pass(1);
    assert_eq!(proposals(&world), 1);
}

/// What others say that fires or is over, of an alert that by itself proposes nothing.
fn word(name: &str, told: Told) -> Command {
    Command::HearAlerts {
        alerts: vec![Heard {
            plan: id("shop"),
            key: name.into(),
            name: name.into(),
            severity: Severity::Low,
            summary: "checksums of 3 pages differ".into(),
            component: Some(id("db")),
            site: None,
            told,
        }],
    }
}

#[test]
fn an_alert_from_outside_is_a_trigger_and_another_or_one_that_is_over_is_its_twin() {
    let rotten = || scenario("rotten", Disaster::DatabaseCorruption, when("alert.PagesCorrupt", 30, Then::Propose));
    let says = |world: &mut World, name: &str, told| world.ok(Principal::Token(id("prometheus")), word(name, told));
    let mut world = world(vec![rotten()]);
    let (mut other, mut over) = (world.clone(), world.clone());
    says(&mut world, "PagesCorrupt", Told::Firing { since: None });
    world.pass(30);
    let incident = world.only_incident();
    assert_eq!((incident.severity, incident.alerts.len(), incident.causes.len()), (Severity::High, 1, 0));
    let (_, matched) = incident.counting().next().unwrap();
    assert_eq!((matched.saw[0].what.as_str(), matched.saw[0].found.as_str()), ("alert.PagesCorrupt", "firing"));
    assert_eq!(matched.saw[0].why, "checksums of 3 pages differ");

    says(&mut other, "PagesSlow", Told::Firing { since: None });
    other.pass(3_600);
    assert_eq!(proposals(&other), 0);

    says(&mut over, "PagesCorrupt", Told::Firing { since: None });
    over.pass(29);
    says(&mut over, "PagesCorrupt", Told::Ended { at: None });
    over.pass(3_600);
    assert_eq!(proposals(&over), 0);
}
