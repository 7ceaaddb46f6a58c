//! Failovers that guards refuse, glass that is broken and put back, and a failover that stays.

use serde_json::Value;

use crate::home::{Home, eventually};

/// Two sites whose probes look for a file each; `stable_for` is short so that a test need not wait.
const PLAN: &str = "\
plan_id: shop
plan_name: Shop
environment: practice
stable_for: 1s
failover: {stable_for: 1s}
sites: [{site_id: east, name: East, role: primary}, {site_id: west, name: West, role: standby}]
components:
  - component_id: web
    name: Web
    type: web
    sites: [east, west]
    probes:
      - {id: web-east, site: east, file: DIR/east, every: 200ms, fail_after: 1, pass_after: 1}
      - {id: api-east, site: east, file: DIR/east, every: 200ms, fail_after: 1, pass_after: 1}
      - {id: web-west, site: west, file: DIR/west, every: 200ms, fail_after: 1, pass_after: 1}
recovery_procedures:
  - procedure_id: failover-west
    name: Fail over to West
    kind: failover
    from: east
    to: west
    steps:
      - Look at East
      - {id: ask, name: Ask East to stop, command: [\"true\"], ungraceful: skip}
      - {id: fence, name: Cut East off, command: [\"true\"], fence: network}
      - {id: go, gate: Promote West, roles: [incident_commander], after: East cannot serve again.}
      - {id: promote, name: Promote, command: [\"true\"], no_return: true}
";

/// A home with an incident while both sites are well.
fn home() -> Home {
    let home = Home::new();
    let dir = home.dir.path();
    for site in ["east", "west"] {
        std::fs::write(dir.join(site), "up").unwrap();
    }
    let file = dir.join("shop.yml");
    std::fs::write(&file, PLAN.replace("DIR", dir.to_str().unwrap())).unwrap();
    home.good(&["plan", "load", file.to_str().unwrap()]);
    home.good(&["incident", "declare", "--plan", "shop"]);
    eventually("both sites have been ok for a while", || {
        let shown: Value = preview(&home, &[]);
        says(&shown, "target").filter(|says| says == "pass")
    });
    home
}

/// A preview, whether the launch would be refused or not.
fn preview(home: &Home, more: &[&str]) -> Value {
    let mut args = vec!["run", "start", "shop", "failover-west", "--preview", "--json"];
    args.extend(more);
    serde_json::from_str(&home.run(&args).1).unwrap()
}

/// What a guard says in a preview.
fn says(preview: &Value, guard: &str) -> Option<String> {
    let found = preview["guards"].as_array().unwrap().iter().find(|one| one["guard"] == guard);
    found.map(|one| one["says"].as_str().unwrap().to_owned())
}

fn east_goes_down(home: &Home) {
    std::fs::remove_file(home.dir.path().join("east")).unwrap();
    eventually("East is down", || says(&preview(home, &[]), "source").filter(|says| says == "pass"));
}

#[test]
fn a_failover_from_a_site_that_is_well_is_refused_with_its_value_and_its_limit() {
    let home = home();
    let refused = home.refused(&["run", "start", "shop", "failover-west"]);
    assert!(refused.contains("East is down: 0 of 2 probes say so, limit 2"), "{refused}");
    assert!(refused.contains("launch it as an emergency, or break the glass of guard source"), "{refused}");
    let page = home.run(&["run", "start", "shop", "failover-west", "--preview"]).1;
    assert!(page.contains("a manual failover from East to West"), "{page}");
    assert!(page.lines().any(|line| line.contains("REFUSES") && line.contains("East is down")), "{page}");
    assert_eq!(home.json(&["run", "list"]), Value::Array(vec![]), "nothing began");

    let emergency = home.run(&["run", "start", "shop", "failover-west", "--preview", "--as", "emergency"]).1;
    assert!(emergency.contains("an emergency failover") && emergency.contains("could start     now"), "{emergency}");
    assert!(emergency.lines().any(|l| l.contains("(ask)") && l.contains("LEFT OUT IN AN EMERGENCY")), "{emergency}");
    let (status, _, wrong) = home.run(&["run", "start", "shop", "failover-west", "--as", "sudden"]);
    assert!(status == 2 && wrong.contains("planned, manual and emergency are"), "{wrong}");
}

#[test]
fn glass_is_broken_for_all_to_see_and_put_back_by_anybody() {
    let home = home();
    let broken = home.good(&["glass", "break", "source", "--reason", "the probes are blind"]);
    assert!(broken.contains("GLASS BROKEN: guard source is overridden in 60s: the probes are blind"), "{broken}");
    let refused = home.refused(&["run", "start", "shop", "failover-west"]);
    assert!(refused.contains("East is down: 0 of 2"), "it does not count yet: {refused}");
    let list = home.good(&["glass", "list"]);
    assert!(list.contains("guard source: counts in ") && list.contains("the probes are blind"), "{list}");
    let shown = home.good(&["incident", "show"]);
    assert!(
        shown.contains("GLASS guard source: counts in ") && shown.contains("Review: guard source overridden by"),
        "{shown}"
    );
    assert!(home.good(&["glass", "back", "source"]).contains("guard source is overridden no more"));
    assert!(home.good(&["glass", "list"]).contains("before it counted"));
    let never = home.refused(&["glass", "break", "manager", "--reason", "x"]);
    assert!(never.contains("no reason overrides guard manager"), "{never}");
}

#[test]
fn a_failover_leaves_a_way_back_that_is_owed_until_somebody_commits() {
    let home = home();
    east_goes_down(&home);
    home.good(&["run", "start", "shop", "failover-west"]);
    home.good(&["run", "done", "R1", "step-1"]);
    home.shows("R1", &["(go)", "0 of 1 people"]);
    let gate = home.good(&["run", "confirm", "R1", "go", "--target", "west"]);
    let line = |words: &[&str]| assert!(gate.lines().any(|l| words.iter().all(|w| l.contains(w))), "{words:?}: {gate}");
    line(&["v", "East is fenced", "network cut", "seen"]);
    line(&["v", "West is healthy", "1 of 1 parts ok"]);
    line(&["no way back: the plan has no failback between these sites"]);
    home.shows("R1", &["R1", "done"]);
    let shown = home.good(&["incident", "show"]);
    assert!(shown.contains("owed: failback to East"), "{shown}");
    let refused = home.refused(&["incident", "commit", "--reason", ""]);
    assert!(refused.contains("reason"), "{refused}");
    let stays = home.good(&["incident", "commit", "--reason", "East is not worth mending"]);
    assert!(stays.contains("the failover stays: East is not worth mending"), "{stays}");
    assert!(!home.good(&["incident", "show"]).contains("owed:"));
    let again = home.refused(&["incident", "commit", "--reason", "once more"]);
    assert!(again.contains("owes no way back"), "{again}");
}

#[test]
fn a_run_that_guards_hold_says_so_goes_on_as_an_emergency_and_is_resumed() {
    let home = home();
    east_goes_down(&home);
    home.good(&["run", "start", "shop", "failover-west"]);
    let west = home.dir.path().join("west");
    std::fs::remove_file(&west).unwrap();
    eventually("West is down", || says(&preview(&home, &[]), "target").filter(|says| says == "refuse"));
    home.good(&["run", "done", "R1", "step-1"]);
    let held = home.shows("R1", &["HELD BY GUARDS: West is healthy: 0 of 1 parts ok, worst DOWN"]);
    assert!(held.contains("or break the glass of guard target"), "{held}");
    assert!(held.contains("(fence): pending"), "nothing was cut off: {held}");
    let turned = home.good(&["run", "emergency", "R1", "--reason", "East burns"]);
    assert!(turned.contains("R1 goes on as an EMERGENCY: East burns"), "{turned}");
    std::fs::write(&west, "up").unwrap();
    eventually("West has been ok for long enough", || {
        says(&preview(&home, &[]), "target").filter(|says| says == "pass")
    });
    home.good(&["run", "resume", "R1"]);
    home.shows("R1", &["(go)", "0 of 1 people"]);
}
