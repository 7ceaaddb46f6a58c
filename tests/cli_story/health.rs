//! Parts that do not count for a while.

use serde_json::Value;

use crate::home::at_an_incident;

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
