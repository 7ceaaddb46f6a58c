//! Parts that do not count for a while.

use serde_json::Value;

use crate::home::{Home, at_an_incident, eventually};

#[test]
fn a_part_is_paused_with_reason_and_end_and_counts_again_when_somebody_says_so() {
    let home = at_an_incident("      - Look around\n");
    let said = home.good(&["health", "pause", "shop", "--for", "2h", "--reason", "the provider works on it"]);
    assert!(said.contains("the whole plan is looked at and not counted for 2h00m"), "{said}");
    assert!(said.contains("PAUSED: the provider works on it"), "{said}");
    let listed = home.good(&["health", "list"]);
    assert!(listed.contains("the whole plan paused for 1h59m"), "{listed}");
    let listed: Value = serde_json::from_str(&home.good(&["health", "list", "shop", "--json"])).unwrap();
    assert_eq!(listed[0]["pauses"][0]["reason"], "the provider works on it");
    home.good(&["health", "resume", "shop"]);
    let refused = home.refused(&["health", "resume", "shop"]);
    assert!(refused.contains("the whole plan is not paused; nothing is"), "{refused}");
    let refused = home.refused(&["health", "pause", "shop", "--site", "north", "--for", "1h", "--reason", "x"]);
    assert!(refused.contains("has no site north; it has"), "{refused}");
    let refused = home.refused(&["health", "pause", "shop", "--for", "8d", "--reason", "x"]);
    assert!(refused.contains("at most 7d"), "{refused}");
}

/// A plan with one probe, which runs a script; and the script.
fn with_a_probe(home: &Home) -> std::path::PathBuf {
    let dir = home.dir.path();
    let script = dir.join("look");
    let plan = format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\ncomponents:\n  - component_id: pay\n    name: Payments\n    \
         type: api\n    probes:\n      - {{id: pay, command: [\"sh\", \"{}\"], every: 500ms, timeout: 500ms, fail_after: 2}}\n",
        script.display()
    );
    std::fs::write(&script, "exit 0\n").unwrap();
    std::fs::write(dir.join("shop.yml"), plan).unwrap();
    home.good(&["plan", "load", dir.join("shop.yml").to_str().unwrap()]);
    script
}

/// How many looks from the first place found that.
fn looks(shown: &Value, found: &str) -> u64 {
    let slots = shown["places"][0]["slots"].as_array();
    slots.into_iter().flatten().map(|slot| slot[found].as_u64().unwrap()).sum()
}

#[test]
fn a_probe_is_shown_with_what_it_found_before_and_the_evidence_of_its_last_failure() {
    let home = Home::new();
    let script = with_a_probe(&home);
    let show = |more: &[&str]| home.good(&[&["health", "show", "shop", "pay"], more].concat());
    eventually("it was good", || (looks(&home.json(&["health", "show", "shop", "pay"]), "good") > 0).then_some(()));
    std::fs::write(&script, "echo 17 in the queue; printf 'no\\033[2J answer\\n' >&2; exit 3\n").unwrap();
    let shown =
        eventually("it is down", || Some(show(&["--since", "2h"])).filter(|shown| shown.starts_with("pay  DOWN")));
    for words in [
        "history of 2h00m, from engine",
        " bad",
        "last failure",
        "status 3: no^[[2J answer",
        "at most 500ms; down after 2 bad in a row",
        "    standard error:\n    no^[[2J answer\n    output:\n    17 in the queue",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let json = home.json(&["health", "show", "shop", "pay"]);
    let place = &json["places"][0];
    assert_eq!((&json["verdict"], &place["place"]), (&"down".into(), &"engine".into()));
    assert!(place["last_failure"]["detail"].as_str().unwrap().contains("17 in the queue"), "{json}");
    assert!(looks(&json, "good") > 0 && looks(&json, "bad") >= 2, "{json}");
    let refused = home.refused(&["health", "show", "shop", "cash"]);
    assert!(refused.contains("plan shop has no probe cash; it has pay"), "{refused}");
}
