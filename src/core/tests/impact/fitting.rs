//! What fits, best first.

use super::{chained, seen, shop};
use crate::core::command::Command;
use crate::core::fixtures::{World, ada, id};
use crate::core::health::SiteVerdict;
use crate::core::health::Verdict::{self, Degraded, Down};
use crate::core::impact::{Aim, Fit, Fitting, Hindrance, Impact, Reason, fits};
use crate::core::plan::{Disaster, Plan, Procedure, ProcedureKind, Scenario, Then, Trigger};
use crate::core::tests::workshop::step;
use crate::core::time::Span;

const EAST: [(&str, Verdict); 3] = [("web-east", Down), ("api-east", Down), ("db-east", Down)];

/// The chained shop with a recovery of the database, one of web, and a backup.
fn stocked() -> Plan {
    let mut shop = chained();
    for (name, works_on) in [("mend-web", "web"), ("mend-db", "db")] {
        let mend = Procedure::plain(id(name), name, ProcedureKind::Recovery, vec![step("mend")]);
        shop.procedures.push(Procedure { components: vec![id(works_on)], ..mend });
    }
    shop.procedures.push(Procedure::plain(id("save"), "save", ProcedureKind::Backup, vec![step("save")]));
    shop
}

fn found(world: &World) -> Vec<Fit> {
    fits(&world.state, shop(world), &Impact::now(shop(world)))
}

fn names(found: &[Fit]) -> Vec<String> {
    let name = |fit: &Fit| match &fit.what {
        Fitting::Procedure(id) => id.as_str().to_owned(),
        Fitting::Scenario(id) => id.as_str().to_owned(),
    };
    found.iter().map(name).collect()
}

#[test]
fn what_fits_stands_in_the_order_in_which_it_helps() {
    let unsaid = ["two-people", "somebody-else"];
    type Row<'a> = (&'a [(&'a str, Verdict)], &'a [&'a str]);
    let table: [Row<'_>; 5] = [
        (&[], &[]),
        (&EAST, &["failover-west", "mend-web", "mend-db", "look-around"]),
        (&[("db-east", Down)], &["mend-db", "failover-west", "mend-web", "look-around"]),
        (&[("front", Down)], &["look-around"]),
        (&[("web-west", Down)], &["mend-web"]),
    ];
    for (troubled, expected) in table {
        let world = seen(stocked(), troubled);
        let expected: Vec<&str> = match troubled {
            [] => Vec::new(),
            _ => expected.iter().copied().chain(unsaid).collect(),
        };
        assert_eq!(names(&found(&world)), expected, "{troubled:?}");
        assert!(found(&world).iter().all(|fit| fit.hindered.is_none()), "{troubled:?}");
    }
}

#[test]
fn each_says_why() {
    let reason = |world: &World, name: &str| {
        let known = found(world).into_iter().find(|fit| fit.what == Fitting::Procedure(id(name)));
        known.unwrap_or_else(|| panic!("{name} does not fit")).reason
    };
    let works_on = |aim, name: &str| Reason::WorksOn { aim, components: vec![id(name)], more: 0 };
    let world = seen(stocked(), &[("db-east", Down)]);
    let (from, is) = ("East".to_owned(), SiteVerdict::Partly);
    let to = Some(("West".to_owned(), SiteVerdict::Ok));
    assert_eq!(reason(&world, "failover-west"), Reason::Moves { from, is, to });
    assert_eq!(reason(&world, "mend-db"), works_on(Aim::Cause, "db"));
    assert_eq!(reason(&world, "mend-web"), works_on(Aim::Dependent, "web"));
    assert_eq!(reason(&world, "look-around"), Reason::FindsOut);
    assert_eq!(reason(&world, "two-people"), Reason::Unsaid);
    assert_eq!(reason(&seen(stocked(), &[("web-west", Down)]), "mend-web"), works_on(Aim::Standby, "web"));
}

#[test]
fn a_move_to_a_site_that_cannot_serve_comes_last_and_says_so() {
    for (there, is) in [(Down, SiteVerdict::Partly), (Verdict::Unknown, SiteVerdict::Unknown)] {
        let world = seen(stocked(), &[&EAST[..], &[("api-west", there)]].concat());
        let found = found(&world);
        let last = found.last().unwrap();
        assert_eq!(last.what, Fitting::Procedure(id("failover-west")), "{there:?}");
        assert_eq!(last.hindered, Some(Hindrance::TargetIs { site: "West".into(), is }), "{there:?}");
    }
    let world = seen(stocked(), &[&EAST[..], &[("api-west", Degraded)]].concat());
    let found = found(&world);
    assert!(found.iter().all(|fit| fit.hindered.is_none()), "the twin: what is degraded answers");
    assert_eq!(names(&found)[0], "failover-west");
}

#[test]
fn a_move_away_from_a_site_that_does_not_serve_or_is_well_does_not_fit() {
    let world = seen(stocked(), &EAST);
    assert!(!names(&found(&world)).contains(&"back-to-east".to_owned()));
    let mut nowhere = stocked();
    nowhere.procedures[0].to = Some(id("east"));
    assert!(!names(&found(&seen(nowhere, &EAST))).contains(&"failover-west".to_owned()));
    let mut open = stocked();
    (open.procedures[0].from, open.procedures[0].to) = (None, None);
    let found = found(&seen(open, &EAST));
    let known = found.iter().find(|fit| fit.what == Fitting::Procedure(id("failover-west"))).unwrap();
    assert_eq!(known.reason, Reason::Moves { from: "East".into(), is: SiteVerdict::Down, to: None });
}

#[test]
fn what_a_run_is_at_already_comes_last() {
    let (mut world, _, run) = World::failing_over();
    for name in ["api-west", "web-west"] {
        world.turns(name, Verdict::Ok);
    }
    let found = found(&world);
    let known = found.iter().find(|fit| fit.what == Fitting::Procedure(id("failover-west"))).unwrap();
    assert_eq!(known.hindered, Some(Hindrance::Moving(run)));

    let mut world = seen(stocked(), &[("db-east", Down)]);
    let incident = world.only_incident().id.clone();
    world.ok(
        crate::core::fixtures::ada(),
        crate::core::fixtures::declare(crate::core::command::Declared::Proposal(incident.clone())),
    );
    let run = world.start(&incident, "mend-db");
    let found = self::found(&world);
    let known = found.iter().find(|fit| fit.what == Fitting::Procedure(id("mend-db"))).unwrap();
    assert_eq!(known.hindered, Some(Hindrance::AtWork(run)));
    assert!(names(&found).iter().position(|n| *n == "mend-db") > names(&found).iter().position(|n| *n == "mend-web"));
}

/// The stocked shop, prepared for a lost East and for orders that are wrong.
fn prepared() -> Plan {
    let scenario = |name: &str, disaster: Disaster, when: Option<&str>| {
        let trigger = when.map(|text| Trigger {
            when: text.parse().unwrap(),
            held_for: Span::from_secs(60),
            then: Then::Propose,
        });
        Scenario { trigger, ..Scenario::usual(id(name), name, disaster) }
    };
    let mut shop = stocked();
    shop.scenarios = vec![
        scenario("east-lost", Disaster::DataCentreOutage, Some("site.east == down")),
        scenario("orders-wrong", Disaster::DatabaseCorruption, None),
        scenario("west-lost", Disaster::DataCentreOutage, Some("site.west == down")),
    ];
    shop
}

#[test]
fn a_scenario_that_shows_comes_first_and_one_that_may_come_last_but_not_one_of_other_parts() {
    let world = seen(prepared(), &EAST);
    assert_eq!(names(&found(&world))[..2], ["east-lost", "failover-west"]);
    assert_eq!(found(&world)[0].reason, Reason::Shows);
    let world = seen(prepared(), &[("db-east", Down)]);
    let fits = found(&world);
    let at = |name: &str| names(&fits).iter().position(|known| known == name);
    assert_eq!(fits[at("east-lost").unwrap()].reason, Reason::AsksAbout);
    assert!(at("mend-db") < at("east-lost") && at("west-lost").is_none() && at("orders-wrong").is_none());
}

#[test]
fn what_the_incident_is_taken_for_comes_first_and_stands_in_the_way_of_what_it_forbids() {
    let mut world = seen(prepared(), &EAST);
    let incident = world.only_incident().id.clone();
    let (scenario, reason) = (id("orders-wrong"), None);
    world.ok(ada(), Command::NameScenario { incident: incident.clone(), scenario, reason });
    let fits = found(&world);
    let taken = fits.iter().find(|fit| fit.what == Fitting::Scenario(id("orders-wrong"))).unwrap();
    assert_eq!(taken.reason, Reason::TakenFor);
    let failover = fits.iter().find(|fit| fit.what == Fitting::Procedure(id("failover-west"))).unwrap();
    assert_eq!(failover.hindered, Some(Hindrance::Forbidden(id("orders-wrong"))));
    let (scenario, reason) = (id("orders-wrong"), "another table".into());
    world.ok(ada(), Command::RuleOutScenario { incident, scenario, reason });
    let fits = found(&world);
    assert!(fits.iter().all(|fit| fit.what != Fitting::Scenario(id("orders-wrong")) && fit.hindered.is_none()));
}
