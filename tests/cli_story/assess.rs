//! The initial assessment, of real servers on loopback.

use std::net::TcpListener;

use serde_json::Value;

use crate::Demo;
use crate::home::{Home, eventually};

/// A plan whose database listens and whose payment provider does not; nothing looks at the storage.
fn plan(home: &Home, good: u16, bad: u16) -> String {
    let file = home.dir.path().join("shop.yml");
    let text = format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\nrto: 30m\n\
         components:\n  \
         - {{component_id: web, name: Web shop, type: web, dependencies: [db, pay]}}\n  \
         - {{component_id: db, name: Orders, type: database, probes: [{{tcp: \"127.0.0.1:{good}\", every: 1s, timeout: 500ms}}]}}\n  \
         - {{component_id: pay, name: Payments, type: payment, rto: 10m, \
         probes: [{{tcp: \"127.0.0.1:{bad}\", every: 1s, timeout: 500ms, fail_after: 2}}]}}\n  \
         - {{component_id: files, name: Files, type: storage}}\n\
         recovery_procedures:\n  - procedure_id: other-provider\n    name: Take the other provider\n    \
         components: [pay]\n    steps:\n      - Call them\n"
    );
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A port on which nothing listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn group<'a>(assessment: &'a Value, name: &str) -> &'a Value {
    assessment["groups"].as_array().unwrap().iter().find(|g| g["group"] == name).unwrap()
}

#[test]
fn an_assessment_says_how_each_group_stands_and_is_written_to_the_incident() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plan = plan(&home, listener.local_addr().unwrap().port(), free_port());
    home.good(&["plan", "load", &plan]);
    eventually("everything was looked at", || {
        let probes = home.json(&["status"])["plans"][0]["probes"].clone();
        (probes["db"]["verdict"] == "ok" && probes["pay"]["verdict"] == "down").then_some(())
    });
    assert!(home.good(&["status"]).contains("impact          direct pay; by dependency web; likely cause pay"));
    let declared = home.json(&["incident", "declare", "--plan", "shop"]);
    let call_sign = declared["call_sign"].as_str().unwrap().to_owned();

    let told = home.good(&["status", "--assess"]);
    for words in [
        "services",
        "1 unknown",
        "Web shop: nothing looks at it",
        "databases     1 ok",
        "pay         DOWN Payments: DOWN, connection refused",
        "storage",
        "dependent     web",
        "tightest RTO  10m00s, of pay",
        "likely cause  pay, 1 needs it",
        "1 Take the other provider: works on pay, the likely cause",
        "written to the incident",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let json = home.json(&["status", "--assess", "--incident", &call_sign.to_lowercase()]);
    assert_eq!((&json["written"], &json["call_sign"]), (&Value::Bool(true), &Value::from(call_sign.as_str())));
    assert_eq!(group(&json["assessment"], "external")["worst"], "down");
    assert_eq!(group(&json["assessment"], "database")["parts"][0]["places"][0]["verdict"], "ok");

    let shown = home.good(&["incident", "show"]);
    assert!(shown.contains("assessed 20") && shown.contains("Payments: DOWN"), "{shown}");
    let shown = home.json(&["incident", "show"]);
    let kept = &shown["incident"]["assessed"];
    assert_eq!(kept["assessment"], json["assessment"]);
    let timeline = home.good(&["timeline", &call_sign]);
    assert!(timeline.contains(&format!("{call_sign} assessed: services 1 of 1 unknown, databases ok")), "{timeline}");

    home.good(&["incident", "cancel", "--reason", "a test"]);
    let refused = home.refused(&["status", "--assess", "--incident", &call_sign]);
    assert!(refused.contains("it would have to be open"), "{refused}");
    let told = home.good(&["status", "--assess"]);
    assert!(told.contains("nothing was written: no incident is open") && told.contains("Payments: DOWN"), "{told}");
    let json = home.json(&["status", "--assess"]);
    assert_eq!(json["written"], Value::Bool(false));
    assert_eq!(group(&json["plans"][0]["assessment"], "external")["worst"], "down");
    drop(listener);
}

#[test]
fn what_an_engine_that_has_just_started_has_not_looked_at_is_unknown() {
    let home = Home::new();
    let file = home.dir.path().join("shop.yml");
    let text = "plan_id: shop\nplan_name: Shop\nenvironment: practice\n\
                components:\n  - {component_id: db, name: Orders, type: database, probes: [{heartbeat: true, every: 1h}]}\n\
                recovery_procedures:\n  - procedure_id: look\n    name: Look\n    steps:\n      - Look around\n";
    std::fs::write(&file, text).unwrap();
    home.good(&["plan", "load", file.to_str().unwrap()]);
    home.good(&["heartbeat", "shop", "db"]);
    eventually("the heartbeat counts", || {
        let json = home.json(&["status", "--assess"]);
        (group(&json["plans"][0]["assessment"], "database")["worst"] == "ok").then_some(())
    });
    home.good(&["engine", "restart"]);
    let json = home.json(&["status", "--assess"]);
    let database = group(&json["plans"][0]["assessment"], "database");
    assert_eq!(database["worst"], "unknown");
    assert_eq!(database["parts"][0]["places"][0]["why"], "not looked at since the engine started");
}

#[test]
fn of_several_open_incidents_one_has_to_be_named_and_a_dark_site_is_the_cause() {
    let demo = Demo::start(&["--after", "1s"]);
    demo.waits_for("is proposed");
    let told = eventually("all of East is down", || {
        Some(demo.good(&["status", "--assess"])).filter(|told| told.contains("all of East"))
    });
    assert!(told.contains("East serves, DOWN; West ok"), "{told}");
    assert!(told.contains("moves customers from East, DOWN, to West, ok"), "{told}");

    let second = demo.home.dir.path().join("second.yml");
    let text = "plan_id: second\nplan_name: Second\nenvironment: practice\n\
                components: [{component_id: a, name: A, type: api}]\n\
                recovery_procedures: [{procedure_id: p, name: P, steps: [Look]}]\n";
    std::fs::write(&second, text).unwrap();
    demo.good(&["plan", "load", second.to_str().unwrap()]);
    demo.good(&["incident", "declare", "--plan", "second"]);
    let refused = demo.refused(&["status", "--assess"]);
    assert!(refused.contains("several incidents are open; name one of"), "{refused}");
}
