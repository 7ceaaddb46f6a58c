//! Failovers that begin by themselves: counted down, stopped, armed again, refused, and really done.

use serde_json::Value;

use crate::home::{Home, eventually};

/// A plan with two parts a site, each looked at by a file; it fails over by itself, counted down for that long.
fn home(abort_window: &str) -> Home {
    let home = Home::new();
    let dir = home.dir.path().to_str().unwrap();
    let mut plan = format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\n\
         failover: {{stable_for: 1s, abort_window: {abort_window}}}\n\
         sites: [{{site_id: east, name: East, role: primary}}, {{site_id: west, name: West, role: standby}}]\ncomponents:\n"
    );
    for part in ["web", "api"] {
        plan += &format!(
            "  - component_id: {part}\n    name: {part}\n    type: api\n    sites: [east, west]\n    probes:\n"
        );
        for site in ["east", "west"] {
            plan += &format!(
                "      - {{id: {part}-{site}, site: {site}, command: [test, -e, {dir}/{site}], every: 300ms, timeout: 300ms, \
                 fail_after: 1, pass_after: 1}}\n"
            );
        }
    }
    plan += &format!(
        "scenarios:\n  - {{scenario_id: east-lost, name: East is lost, type: data_centre_outage, procedure: failover-west, \
         when: site.east == down, for: 1s, then: failover}}\n\
         recovery_procedures:\n  - {{procedure_id: failover-west, name: Fail over, kind: failover, from: east, to: west, \
         steps: [{{id: mark, name: Send customers to West, command: [touch, {dir}/moved]}}]}}\n"
    );
    let file = home.dir.path().join("shop.yml");
    std::fs::write(&file, plan).unwrap();
    for site in ["east", "west"] {
        std::fs::write(home.dir.path().join(site), "").unwrap();
    }
    home.good(&["plan", "load", file.to_str().unwrap()]);
    believed(&home, "west", "ok");
    believed(&home, "east", "ok");
    home
}

fn believed(home: &Home, site: &str, verdict: &str) {
    eventually(&format!("{site} is {verdict}"), || {
        let listed = home.json(&["health", "list", "shop"]);
        let probes = listed[0]["probes"].as_array()?.clone();
        let mut there = probes.iter().filter(|probe| probe["site"] == site);
        there.all(|probe| probe["verdict"] == verdict).then_some(())
    });
}

fn gone(home: &Home, site: &str) {
    std::fs::remove_file(home.dir.path().join(site)).unwrap();
}

fn shown(home: &Home) -> Value {
    home.json(&["automation", "show", "shop"])[0].clone()
}

fn counted_down(home: &Home) -> Value {
    eventually("it is counted down", || Some(shown(home)).filter(|shown| !shown["countdown"].is_null()))
}

#[test]
fn a_countdown_is_stopped_stays_stopped_and_is_armed_again() {
    let home = home("10m");
    assert!(home.good(&["automation", "show"]).contains("shop: armed\n"));
    let refused = home.refused(&["automation", "arm", "--reason", "x"]);
    assert!(refused.contains("no automatic failover is stopped"), "{refused}");
    gone(&home, "east");
    let json = counted_down(&home);
    assert_eq!((&json["armed"], &json["countdown"]["procedure"]), (&true.into(), &"failover-west".into()));
    let show = home.good(&["automation", "show"]);
    for words in
        ["AUTOMATIC FAILOVER to West in ", "`warroom automation stop shop` stops it", "site.east == down for 1s"]
    {
        assert!(show.contains(words), "{words}: {show}");
    }
    let said = home.good(&["automation", "stop", "--reason", "we look ourselves"]);
    assert!(said.contains("automatic failover of plan shop STOPPED and disarmed: we look ourselves"), "{said}");
    let json = shown(&home);
    assert_eq!((&json["armed"], &json["countdown"]), (&false.into(), &Value::Null));
    assert_eq!(json["disarmed"]["reason"], "we look ourselves");
    let show = home.good(&["automation", "show"]);
    assert!(show.contains("shop: DISARMED by ") && show.contains(" ago: we look ourselves"), "{show}");
    let again = home.good(&["automation", "stop", "shop"]);
    assert!(again.contains("it was stopped already"), "{again}");
    let (status, _, usage) = home.run(&["automation", "arm"]);
    assert!(status == 2 && usage.contains("--reason"), "{usage}");
    home.good(&["automation", "arm", "--reason", "East really is lost"]);
    counted_down(&home);
    assert_eq!(home.json(&["run", "list"]), Value::Array(vec![]), "nothing was launched");
    let refused = home.refused(&["automation", "stop", "cash"]);
    assert!(refused.contains("there is no plan cash; loaded are shop"), "{refused}");
}

#[test]
fn what_nobody_stops_is_done_once_and_what_guards_refuse_is_shown() {
    let home = home("1s");
    gone(&home, "west");
    believed(&home, "west", "down");
    gone(&home, "east");
    let refused = eventually("it is refused", || {
        Some(shown(&home)["scenarios"][0]["refused"].clone()).filter(|refused| !refused.is_null())
    });
    assert_eq!(refused, serde_json::json!(["target"]));
    assert!(home.good(&["automation", "show"]).contains("east-lost: refused by target"));
    std::fs::write(home.dir.path().join("west"), "").unwrap();
    eventually("it is done", || home.dir.path().join("moved").exists().then_some(()));
    let runs = eventually("its run is over", || {
        Some(home.json(&["run", "list"])).filter(|runs| runs[0]["state"].to_string().contains("done"))
    });
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    let timeline = home.good(&["timeline"]);
    assert!(timeline.contains("AUTOMATIC FAILOVER of plan shop") && timeline.contains("West serves"), "{timeline}");
}

#[test]
fn where_nothing_begins_by_itself_that_is_said() {
    let home = crate::home::at_an_incident("      - Look around\n");
    assert_eq!(home.good(&["automation", "show"]), "shop: no scenario fails over by itself\n");
    let refused = home.refused(&["automation", "stop"]);
    assert!(refused.contains("no automatic failover is there; `warroom automation show` shows all"), "{refused}");
}
