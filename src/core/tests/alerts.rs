//! What others say: what is news of it, what it proposes and joins, and beside each what it does not.

use crate::core::alert::{AlertKey, FIRING_KEPT, Heard, OVER_KEPT, Told, firing};
use crate::core::command::{Command, Declared};
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, at, declare, id, olga, plan, rita};
use crate::core::health::{Extent, Verdict};
use crate::core::ids::{IncidentId, Principal};
use crate::core::incident::Phase;
use crate::core::observe::{Connection, Report};
use crate::core::plan::Severity;
use crate::core::refusal::{Missing, Refusal};
use crate::core::time::{Moment, Span};

fn prometheus() -> Principal {
    Principal::Token(id("prometheus"))
}

fn alert(name: &str, severity: Severity, told: Told) -> Heard {
    Heard {
        plan: id("shop"),
        key: name.into(),
        name: name.into(),
        severity,
        summary: "7% of requests fail".into(),
        component: Some(id("db")),
        site: None,
        told,
    }
}

fn since(second: u64) -> Told {
    Told::Firing { since: Some(at(second).utc) }
}

fn ended(second: u64) -> Told {
    Told::Ended { at: Some(at(second).utc) }
}

/// Since a moment that no earlier word in the test comes near.
fn fires(name: &str, severity: Severity) -> Heard {
    alert(name, severity, since(50))
}

fn hear(world: &mut World, heard: Heard) -> Vec<Event> {
    world.ok(prometheus(), Command::HearAlerts { alerts: vec![heard] })
}

fn key(name: &str) -> AlertKey {
    AlertKey::of(&prometheus(), name)
}

/// The names of the alerts that fire and count.
fn counted(world: &World) -> Vec<String> {
    firing(&world.state.plans["shop"]).map(|known| known.alert.name.clone()).collect()
}

fn dismiss(world: &mut World, incident: &IncidentId) {
    world.ok(ada(), Command::Dismiss { incident: incident.clone(), reason: "a test of the alarm".into() });
}

fn pause(world: &mut World, of: Extent) {
    let (length, reason) = (Span::from_secs(600), "the provider works on it".into());
    world.ok(ada(), Command::PauseHealth { plan: id("shop"), of, length, reason });
}

#[test]
fn a_grave_alert_proposes_one_incident_and_a_mild_one_none() {
    for (severity, proposes) in
        [(Severity::Critical, true), (Severity::High, true), (Severity::Medium, false), (Severity::Low, false)]
    {
        let mut world = World::calm();
        hear(&mut world, fires("HighErrors", severity));
        assert_eq!(world.state.incidents.len(), usize::from(proposes), "{severity}");
        assert_eq!(counted(&world), ["HighErrors"], "{severity}");
        if proposes {
            let incident = world.only_incident();
            assert_eq!((&incident.phase, incident.severity), (&Phase::Proposed, severity));
            assert_eq!(incident.began, world.now, "its clocks begin when it was heard");
            assert_eq!(incident.alerts[&key("HighErrors")].summary, "7% of requests fail");
        }
    }
}

#[test]
fn what_is_said_later_joins_the_incident_and_makes_a_proposal_graver() {
    let mut world = World::calm();
    hear(&mut world, fires("HighErrors", Severity::High));
    hear(&mut world, fires("DiskFull", Severity::Critical));
    hear(&mut world, fires("Slow", Severity::Low));
    let incident = world.only_incident();
    assert_eq!((incident.alerts.len(), incident.severity), (3, Severity::Critical));
    let declared = incident.id.clone();
    let what = Declared::Proposal(declared.clone());
    world.ok(ada(), Command::Declare { what, severity: Some(Severity::Low), title: None });
    hear(&mut world, fires("Worse", Severity::Critical));
    let incident = world.incident(&declared);
    assert_eq!((incident.alerts.len(), incident.severity), (4, Severity::Low), "a person said how bad it is");
}

#[test]
fn trouble_that_a_probe_sees_and_what_others_say_are_one_incident() {
    let mut world = World::calm();
    hear(&mut world, fires("HighErrors", Severity::Medium));
    world.outage();
    let incident = world.only_incident();
    assert!(incident.alerts.contains_key(&key("HighErrors")), "what could wait belongs to what cannot");
    assert!(!incident.causes.is_empty());
}

#[test]
fn a_repeat_is_no_news_whatever_its_words() {
    let mut world = World::calm();
    assert!(!hear(&mut world, fires("HighErrors", Severity::High)).is_empty());
    for second in 0..5 {
        world.pass(1);
        let words = Heard { summary: format!("{second}% of requests fail"), ..fires("HighErrors", Severity::High) };
        assert_eq!(hear(&mut world, words), []);
    }
    let unsaid = alert("HighErrors", Severity::High, Told::Firing { since: None });
    assert_eq!(hear(&mut world, unsaid), [], "whoever gives no moment means the one that fires");
}

#[test]
fn one_that_is_acknowledged_is_not_proposed_again_while_it_fires() {
    let mut world = World::calm();
    hear(&mut world, fires("HighErrors", Severity::High));
    let dismissed = world.only_incident().id.clone();
    dismiss(&mut world, &dismissed);
    hear(&mut world, fires("HighErrors", Severity::High));
    world.restart();
    world.pass(3_600);
    hear(&mut world, fires("HighErrors", Severity::High));
    assert_eq!(world.only_incident().id, dismissed);
    // A twin: what ended and fires anew is.
    hear(&mut world, alert("HighErrors", Severity::High, ended(3_650)));
    world.pass(60);
    hear(&mut world, alert("HighErrors", Severity::High, since(3_700)));
    assert_eq!(world.state.open_incidents().count(), 1);
}

#[test]
fn one_of_a_closed_incident_is_not_proposed_again_until_it_gets_worse() {
    let mut world = World::calm();
    hear(&mut world, fires("HighErrors", Severity::High));
    let incident = world.only_incident().id.clone();
    world.ok(ada(), declare(Declared::Proposal(incident.clone())));
    world.ok(ada(), Command::Close { incident, reason: Some("the provider mends it".into()) });
    world.pass(60);
    assert_eq!(world.state.open_incidents().count(), 0);
    hear(&mut world, fires("HighErrors", Severity::Critical));
    assert_eq!(world.state.open_incidents().count(), 1);
}

#[test]
fn a_pause_raises_nothing_and_holds_for_what_it_is_of() {
    let site = |heard: Heard| Heard { site: Some(id("east")), ..heard };
    let plain = || fires("HighErrors", Severity::Critical);
    let table = [
        (Extent::Plan, plain(), true),
        (Extent::Component(id("db")), plain(), true),
        (Extent::Component(id("web")), plain(), false),
        (Extent::Site(id("east")), site(plain()), true),
        (Extent::Site(id("west")), site(plain()), false),
        (Extent::Site(id("east")), plain(), false),
    ];
    for (of, heard, held) in table {
        let mut world = World::calm();
        pause(&mut world, of.clone());
        hear(&mut world, heard);
        assert_eq!(world.state.incidents.is_empty(), held, "{of}");
        assert_eq!(counted(&world).is_empty(), held, "{of}");
        assert_eq!(world.state.plans["shop"].alerts.firing().len(), 1, "it is known all the same");
        world.pass(601);
        assert_eq!(world.state.incidents.len(), 1, "{of}: what still fires counts again");
    }
}

#[test]
fn while_the_engine_is_cut_off_nothing_is_proposed() {
    let mut world = World::calm();
    world.see(&Report::Connection(Connection::Cut { why: "no anchor answers".into() }));
    hear(&mut world, fires("HighErrors", Severity::Critical));
    assert!(world.state.incidents.is_empty());
    world.see(&Report::Connection(Connection::There));
    assert_eq!(world.state.incidents.len(), 1, "and then it is");
}

#[test]
fn a_stale_word_changes_nothing_that_is_newer() {
    // What is told, one after the other, and whether each is news; then whether it fires.
    type Row<'a> = (&'a str, &'a [(Told, bool)], bool);
    let table: [Row<'_>; 8] = [
        ("a replay of what ended", &[(since(10), true), (ended(20), true), (since(10), false)], false),
        ("something older than it", &[(since(10), true), (ended(20), true), (since(5), false)], false),
        ("it fires anew", &[(since(10), true), (ended(20), true), (since(30), true)], true),
        ("an old end", &[(since(10), true), (ended(20), true), (since(30), true), (ended(20), false)], true),
        ("an older beginning", &[(since(30), true), (since(10), false)], true),
        ("its end, twice", &[(since(10), true), (ended(20), true), (ended(20), false)], false),
        ("the end of what nobody raised", &[(ended(20), false)], false),
        (
            "an end without a moment",
            &[(since(10), true), (Told::Ended { at: None }, true), (Told::Firing { since: None }, true)],
            true,
        ),
    ];
    for (what, told, fires) in table {
        let mut world = World::calm();
        for (told, news) in told {
            let events = hear(&mut world, alert("HighErrors", Severity::Low, *told));
            assert_eq!(!events.is_empty(), *news, "{what}: {told:?}");
        }
        assert_eq!(!counted(&world).is_empty(), fires, "{what}");
    }
}

#[test]
fn a_sender_whose_clock_is_ahead_shields_nothing() {
    let mut world = World::calm();
    let far = Moment::from_micros(at(0).utc.micros() + 86_400_000_000);
    hear(&mut world, alert("HighErrors", Severity::Low, Told::Firing { since: Some(far) }));
    let again = alert("HighErrors", Severity::Low, Told::Firing { since: Some(far) });
    assert_eq!(hear(&mut world, again), [], "it is the same one");
    world.pass(10);
    let end = alert("HighErrors", Severity::Low, Told::Ended { at: Some(world.now.utc) });
    assert_eq!(hear(&mut world, end).len(), 1);
    world.pass(10);
    let anew = alert("HighErrors", Severity::Low, Told::Firing { since: Some(world.now.utc) });
    assert_eq!(hear(&mut world, anew).len(), 1);
}

#[test]
fn nobody_ends_what_another_says() {
    let mut world = World::calm();
    hear(&mut world, fires("HighErrors", Severity::Low));
    let other = Principal::Token(id("other"));
    let end = alert("HighErrors", Severity::Low, Told::Ended { at: None });
    assert_eq!(world.ok(other, Command::HearAlerts { alerts: vec![end] }), []);
    assert_eq!(counted(&world), ["HighErrors"]);
}

#[test]
fn what_fires_holds_back_no_recovery() {
    let mut world = World::calm();
    world.outage();
    hear(&mut world, fires("HighErrors", Severity::High));
    let incident = world.only_incident().id.clone();
    world.ok(ada(), declare(Declared::Proposal(incident.clone())));
    world.all_good("shop");
    world.pass(10);
    assert_eq!(world.phase(&incident), &Phase::Recovered);
    let known = world.incident(&incident).alerts[&key("HighErrors")].clone();
    assert!(world.state.plans["shop"].alerts.still_fires(&known), "and it is known to fire still");
}

#[test]
fn what_a_person_declares_takes_in_what_fires() {
    let mut world = World::calm();
    hear(&mut world, fires("HighErrors", Severity::Medium));
    world.ok(rita(), declare(Declared::Plan(id("shop"))));
    assert!(world.only_incident().alerts.contains_key(&key("HighErrors")));
}

#[test]
fn an_alert_brings_the_objective_of_its_component() {
    let rto = |component: &str| {
        let mut world = World::calm();
        hear(&mut world, Heard { component: Some(id(component)), ..fires("HighErrors", Severity::High) });
        let incident = world.only_incident().clone();
        crate::core::objectives::rto(&world.state.plans["shop"], &incident, &world.now).and_then(|rto| rto.of)
    };
    let table = plan("shop").components.into_iter().map(|c| (c.id.to_string(), c.rto.map(|_| c.name)));
    for (component, of) in table {
        assert_eq!(rto(&component), of, "{component}");
    }
}

#[test]
fn a_token_is_for_alerts_and_nothing_else_and_observers_say_none() {
    let mut world = World::calm();
    world.outage();
    let proposed = world.only_incident().id.clone();
    for command in [
        declare(Declared::Proposal(proposed.clone())),
        Command::Note { incident: None, text: "hello".into() },
        Command::Dismiss { incident: proposed, reason: "no".into() },
    ] {
        let why = world.refused(prometheus(), command);
        assert!(matches!(why, Refusal::Stranger { .. }), "{why:?}");
    }
    let hear = || Command::HearAlerts { alerts: vec![fires("HighErrors", Severity::High)] };
    let why = world.refused(olga(), hear());
    assert!(matches!(why, Refusal::NotPermitted { .. }), "{why:?}");
}

#[test]
fn what_the_plan_does_not_have_is_refused_with_what_it_has() {
    let fine = || fires("HighErrors", Severity::High);
    let missing = |heard: Heard| match World::calm().refused(prometheus(), Command::HearAlerts { alerts: vec![heard] })
    {
        Refusal::NotFound { missing, known } => (missing, known),
        other => panic!("{other:?}"),
    };
    let (what, known) = missing(Heard { component: Some(id("nothing")), ..fine() });
    assert_eq!(what, Missing::Part(id("shop"), Extent::Component(id("nothing"))));
    assert!(known.contains(&"db".to_owned()), "{known:?}");
    let (what, known) = missing(Heard { site: Some(id("north")), ..fine() });
    assert_eq!((what, known.len()), (Missing::Part(id("shop"), Extent::Site(id("north"))), 2));
    assert_eq!(missing(Heard { plan: id("bank"), ..fine() }).0, Missing::Plan(id("bank")));
    for bad in [
        Heard { name: " ".into(), ..fine() },
        Heard { key: String::new(), ..fine() },
        Heard { key: "k".repeat(201), ..fine() },
    ] {
        let why = World::calm().refused(prometheus(), Command::HearAlerts { alerts: vec![bad] });
        assert!(matches!(why, Refusal::Text { .. }), "{why:?}");
    }
}

#[test]
fn a_flood_is_bounded_and_a_flood_of_mild_ones_hides_no_grave_one() {
    let mut world = World::calm();
    let flood = (0..FIRING_KEPT).map(|n| fires(&format!("Mild{n}"), Severity::Low)).collect();
    world.ok(prometheus(), Command::HearAlerts { alerts: flood });
    let one_more = Command::HearAlerts { alerts: vec![fires("OneMore", Severity::Low)] };
    let why = world.refused(prometheus(), one_more);
    assert_eq!(why, Refusal::TooManyAlerts { plan: id("shop"), severity: Severity::Low });
    hear(&mut world, fires("Grave", Severity::Critical));
    assert_eq!(world.only_incident().severity, Severity::Critical);
    for n in 0..OVER_KEPT as u64 + 50 {
        hear(&mut world, alert("Mild0", Severity::Low, Told::Ended { at: None }));
        hear(&mut world, alert(&format!("Other{n}"), Severity::Low, Told::Firing { since: None }));
        hear(&mut world, alert(&format!("Other{n}"), Severity::Low, Told::Ended { at: None }));
    }
    let kept = serde_json::to_value(&world.state.plans["shop"].alerts).unwrap();
    assert!(kept.as_object().unwrap().len() <= 4 * FIRING_KEPT + OVER_KEPT, "{}", kept.as_object().unwrap().len());
}

#[test]
fn long_words_are_cut_and_a_new_text_of_the_plan_keeps_what_fires() {
    let mut world = World::calm();
    let long = Heard { summary: "é".repeat(10_000), name: "n".repeat(10_000), ..fires("Long", Severity::Low) };
    hear(&mut world, long);
    let known = world.state.plans["shop"].alerts.get(&key("Long")).unwrap().alert.clone();
    assert_eq!((known.name.chars().count(), known.summary.chars().count()), (120, 500));
    world.load(crate::core::plan::Plan { name: "Shop, again".into(), ..plan("shop") });
    assert_eq!(counted(&world).len(), 1);
}

#[test]
fn a_probe_that_turns_good_does_not_free_an_alert() {
    let mut world = World::calm();
    hear(&mut world, fires("HighErrors", Severity::High));
    let incident = world.only_incident().id.clone();
    dismiss(&mut world, &incident);
    world.turns("db-east", Verdict::Down);
    world.turns("db-east", Verdict::Ok);
    let known = world.state.plans["shop"].alerts.get(&key("HighErrors")).unwrap();
    assert_eq!(known.covered_by.as_ref(), Some(&incident), "dismissed stays dismissed");
}
