//! What plans are prepared for, and what an incident is taken for.

use serde_json::Value;

use crate::home::Home;

const PLAN: &str = "\
plan_id: shop
plan_name: Shop
environment: practice
sites: [{site_id: east, name: East, role: primary}, {site_id: west, name: West, role: standby}]
components:
  - {component_id: orders, name: Orders, type: database, sites: [east, west]}
scenarios:
  - {scenario_id: orders-wrong, name: Orders are wrong, type: database_corruption}
  - scenario_id: east-lost
    name: East is lost
    type: data_centre_outage
    procedure: failover-west
    estimate: 2h
    when: site.east == down
    for: 2m
    then: declare
recovery_procedures:
  - {procedure_id: failover-west, name: Fail over, kind: failover, from: east, to: west, steps: [Do it]}
";

fn home() -> Home {
    let home = Home::new();
    let file = home.dir.path().join("shop.yml");
    std::fs::write(&file, PLAN).unwrap();
    home.good(&["plan", "load", file.to_str().unwrap()]);
    home
}

#[test]
fn a_plan_shows_its_risks_and_what_shows_that_they_have_come() {
    let home = home();
    let shown = home.good(&["plan", "show", "shop"]);
    let line =
        |words: &[&str]| assert!(shown.lines().any(|l| words.iter().all(|w| l.contains(w))), "{words:?}: {shown}");
    line(&["medium", "HIGH: east-lost"]);
    line(&["low", "MEDIUM: orders-wrong"]);
    line(&["risk high, RTO 4h00m, RPO 1h00m; recovered by failover by failover-west", "about 2h00m"]);
    line(&["declared by the engine when site.east == down for 2m00s"]);
    line(&["risk medium, RTO 6h00m, RPO 30m00s; recovered by an earlier point in time; also rebuild"]);
    line(&["told by people only"]);
    let shown: Value = home.json(&["plan", "show", "shop"]);
    assert_eq!(shown["plan"]["scenarios"][1]["trigger"]["when"], "site.east == down");
}

#[test]
fn corruption_refuses_a_failover_until_somebody_rules_it_out() {
    let home = home();
    home.good(&["incident", "declare", "--plan", "shop"]);
    let refused = home.refused(&["incident", "scenario", "order-wrong"]);
    assert!(refused.contains("no scenario order-wrong here; there are orders-wrong and east-lost"), "{refused}");
    let said = home.good(&["incident", "scenario", "orders-wrong", "--reason", "checksums differ"]);
    assert!(said.contains("is taken for Orders are wrong: checksums differ"), "{said}");
    let refused = home.refused(&["run", "start", "shop", "failover-west"]);
    assert!(refused.contains("which failover does not mend; an earlier point in time or rebuild would"), "{refused}");
    let (status, _, usage) = home.run(&["incident", "scenario", "orders-wrong", "--rule-out"]);
    assert_eq!(status, 2, "{usage}");
    home.good(&["incident", "scenario", "orders-wrong", "--rule-out", "--reason", "another table"]);
    let shown = home.good(&["incident", "show"]);
    assert!(shown.contains("RULED OUT by") && shown.contains(": another table"), "{shown}");
    let refused = home.refused(&["run", "start", "shop", "failover-west"]);
    assert!(refused.contains("limit 2"), "it is for the guards now, and nobody says that East is down: {refused}");
}
