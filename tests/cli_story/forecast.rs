//! When a run ends: foretold from estimates first, from earlier runs then, and compared with what it took.

use serde_json::Value;

use crate::home::at_an_incident;

#[test]
fn a_run_is_foretold_and_its_forecast_compared_with_what_it_took() {
    let home = at_an_incident(
        "      - {id: go, gate: Go on}\n      \
         - {id: act, name: Act, command: [\"true\"], estimate: 20m}\n      \
         - {id: settle, wait: 1s}\n",
    );
    let page = home.good(&["run", "start", "shop", "mend", "--preview"]);
    for part in [
        "takes           about 20m",
        "without waiting for people\n",
        "left: 1 by author, 1 fixed, 1 people's (no time)",
    ] {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
    home.good(&["run", "start", "shop", "mend"]);
    home.shows("R1", &["ends ~", ", in 9 of 10 cases by ", "if gate 1 is opened now"]);
    assert!(home.good(&["run", "show", "R1"]).contains("left: 1 by author, 1 fixed\n"));
    let json = home.json(&["run", "show", "R1"]);
    let told = &json["forecast"];
    assert_eq!((&told["basis"], &told["waits"][0]), (&"steps".into(), &"go".into()));
    assert_eq!(told["critical_path"], serde_json::json!(["go", "act", "settle"]));
    assert!(told["ends"].is_string() && told["median"].is_string(), "{told}");
    assert_eq!(told["saves"]["step"], "act");

    home.good(&["run", "confirm", "R1", "go", "--target", "mend"]);
    home.shows("R1", &["forecast at start 20m", ", took ", " of work"]);
    assert_eq!(home.json(&["run", "show", "R1"])["forecast"], Value::Null);
    let page = home.good(&["plan", "show", "shop", "mend"]);
    assert!(page.contains("forecasts: 1 of 1 ended by the 90th percentile; typically 99 % off"), "{page}");

    // From now on it is known better.
    home.good(&["run", "start", "shop", "mend"]);
    home.shows("R2", &["left: 1 by earlier runs, 1 fixed"]);
    home.good(&["run", "confirm", "R2", "go", "--target", "mend"]);
    home.shows("R2", &["forecast at start 1s to ", ", took "]);
    let json = home.json(&["plan", "show", "shop", "mend"]);
    assert_eq!(json["forecasts"]["runs"].as_array().map(Vec::len), Some(2));
    assert!(json["forecasts"]["typically_off_percent"].is_u64(), "{json}");
}
