//! Clocks of a real outage: what is out, what would be lost, and when it really began.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::home::{Home, eventually};

/// A shop whose parts are well for as long as their files are there.
fn shop(home: &Home) {
    let dir = home.dir.path().to_str().unwrap();
    for part in ["up", "db", "dump"] {
        fs::write(home.dir.path().join(part), part).unwrap();
    }
    let two_hours_ago = SystemTime::now() - Duration::from_secs(7_200);
    File::options().write(true).open(home.dir.path().join("dump")).unwrap().set_modified(two_hours_ago).unwrap();
    let plan = format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\nrto: 1h\nrco: 80%\nrso: 99.9%\nstable_for: 1s\n\
         sites: [{{site_id: east, name: East, role: primary, capacity: {{probe: share}}}}]\n\
         components:\n\
         - {{component_id: door, name: Front door, type: web, priority: critical, probes: [\n    \
             {{id: door, file: {dir}/up, every: 200ms, fail_after: 2, pass_after: 2, front_door: true}},\n    \
             {{id: share, command: [/bin/echo, '75'], warn: {{above: 1000}}, every: 1s}}]}}\n\
         - {{component_id: db, name: Orders database, type: database, priority: critical, tier: 1, probes: [\n    \
             {{id: db, file: {dir}/db, every: 200ms, fail_after: 2, pass_after: 2}},\n    \
             {{id: dump, file: {dir}/dump, every: 200ms}}]}}\n\
         data: [{{category_id: orders, name: Orders, components: [db], rpo: 1h, backup_every: 1h, \
             backup: {{probe: dump, verified: true}}}}]\n\
         recovery_procedures: [{{procedure_id: look, name: Look, steps: [Look around]}}]\n"
    );
    let file = home.dir.path().join("shop.yml");
    fs::write(&file, plan).unwrap();
    home.good(&["plan", "load", file.to_str().unwrap()]);
}

fn status_has(home: &Home, words: &str) -> String {
    eventually(words, || {
        let status = home.good(&["status"]);
        status.contains(words).then_some(status)
    })
}

fn component<'a>(shown: &'a Value, name: &str) -> &'a Value {
    let all = shown["clocks"]["components"].as_array().unwrap();
    all.iter().find(|part| part["component"] == name).unwrap_or(&Value::Null)
}

#[test]
fn an_outage_is_timed_by_part_and_tier_and_somebody_who_knows_better_corrects_when_it_began() {
    let home = Home::new();
    shop(&home);
    status_has(&home, "front door 1 of 1 ok");
    status_has(&home, "East serves with 75% (RCO 80%: BELOW)");
    let status = status_has(&home, "2h00m by backup, RPO 1h00m: BEYOND by 1h00m; backup LATE by 1h00m");
    assert!(status.contains("looks good since"), "{status}");

    fs::remove_file(home.dir.path().join("up")).unwrap();
    fs::remove_file(home.dir.path().join("db")).unwrap();
    let both_out = || {
        let shown = home.json(&["incident", "show"]);
        let out = ["door", "db"].iter().all(|name| component(&shown, name)["since"].is_string());
        out.then_some(shown)
    };
    eventually("it is proposed", || home.good(&["status"]).contains("proposed").then_some(()));
    home.good(&["incident", "declare"]);
    let shown = eventually("both are out", both_out);
    let sign = shown["incident"]["call_sign"].as_str().unwrap();
    assert_eq!((&shown["clocks"]["tiers"][0]["tier"], &shown["clocks"]["tiers"][0]["out"][0]), (&1.into(), &1.into()));
    assert_eq!(component(&shown, "db")["rto"]["set_by"]["tier"], 1);
    assert!(status_has(&home, "front door 0 of 1 ok").contains("(tier 1)"), "the tightest objective is the tier's");

    let said = home.good(&["incident", "began", sign, "-15m", "--reason", "customers called first"]);
    assert!(said.contains(" began ") && said.contains("customers called first"), "{said}");
    let page = home.good(&["incident", "show", sign]);
    for words in ["corrected by", "the engine saw", "tier 1", "out 15m", "1 of 1 out", "RTO 30m00s (tier 1): 14m"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let shown = home.json(&["incident", "show", sign]);
    assert!(shown["downtime"].as_str().unwrap().starts_with("15m"), "{shown}");
    assert_eq!(shown["incident"]["corrected"]["reason"], "customers called first");
    eventually("looks since it began are counted", || {
        let service = &home.json(&["incident", "show", sign])["clocks"]["service"];
        let share = service["share"].as_f64()?;
        assert!(share < 99.9 && service["verdict"] == "below", "{service}");
        Some(())
    });

    let late = home.refused(&["incident", "began", sign, "2099-01-01T00:00:00Z", "--reason", "x"]);
    assert!(late.contains("it cannot have begun 2099-01-01") && late.contains("when the engine saw it"), "{late}");
    let early = home.refused(&["incident", "began", sign, "-40d", "--reason", "x"]);
    assert!(early.contains("it cannot have begun"), "{early}");
    let (status, _, wrong) = home.run(&["incident", "began", sign, "soon", "--reason", "x"]);
    assert_eq!((status, wrong.contains("write -15m")), (2, true), "{wrong}");
    assert_eq!(home.run(&["incident", "began", sign, "-15m"]).0, 2, "a reason is needed");

    fs::write(home.dir.path().join("db"), "db").unwrap();
    let back = eventually("the database is back", || {
        let page = home.good(&["incident", "show", sign]);
        page.lines().find(|line| line.contains("  db ") && line.contains("was out")).map(str::to_owned)
    });
    assert!(back.contains("met, "), "{back}");
}
