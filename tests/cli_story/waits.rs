//! What a run waits for at any moment, and how it stands for programs (DL-3).

use serde_json::{Value, json};

use crate::home::at_an_incident;

#[test]
fn a_run_says_at_any_moment_what_it_waits_for() {
    let home = at_an_incident(
        "      - {id: ask, manual: Ask everybody}\n      \
         - {id: work, shell: 'until test -e DIR/flag; do sleep 0.05; done; test -e DIR/well', timeout: 2m}\n      \
         - {id: go, gate: Go on, roles: [incident_commander]}\n      \
         - {id: there, name: It is there, file: {path: DIR/flag}}\n",
    );
    home.good(&["run", "start", "shop", "mend"]);
    home.shows("R1", &["waits for a person to do step ask, Ask everybody"]);
    let status = home.json(&["run", "show", "R1"])["status"].take();
    assert_eq!((&status["status"], &status["progress"]), (&"in_progress".into(), &0.into()));
    assert_eq!((&status["failover_id"], &status["plan_id"]), (&"R1".into(), &"shop".into()));
    assert_eq!(status["waits_for"][0]["for"], "hand");
    assert_eq!(status["next_steps"][0], "do step ask, Ask everybody");
    assert_eq!(status["verification"]["status"], "pending");

    home.good(&["run", "done", "R1", "ask"]);
    home.shows("R1", &["waits for the program of step work: ", " of 2m00s"]);
    home.good(&["run", "hold", "R1", "--reason", "the provider looks"]);
    home.shows(
        "R1",
        &["waits for a person to resume it, held by ", ": the provider looks; the program of step work: "],
    );
    home.good(&["run", "resume", "R1"]);

    std::fs::write(home.dir.path().join("flag"), "").unwrap();
    home.shows("R1", &["waits for a person to settle step work", "FAILED: exit 1"]);
    assert_eq!(home.json(&["run", "show", "R1"])["status"]["error"], "step work: FAILED: exit 1");
    std::fs::write(home.dir.path().join("well"), "").unwrap();
    home.good(&["run", "retry", "R1", "work"]);
    home.shows("R1", &["waits for people at step go, Go on: 0 of 1; incident commander ("]);
    home.good(&["run", "confirm", "R1", "go", "--target", "mend"]);
    home.shows("R1", &["waits for nothing: it is over"]);

    let status = home.json(&["run", "show", "R1"])["status"].take();
    assert_eq!((&status["status"], &status["progress"]), (&"completed".into(), &100.into()));
    assert_eq!((&status["error"], &status["waits_for"]), (&Value::Null, &json!([])));
    assert!(status["completed_at"].is_string() && status["duration"].is_u64(), "{status}");
    let verification = &status["verification"];
    assert_eq!((&verification["status"], &verification["data_integrity_verified"]), (&"passed".into(), &true.into()));
    let look = &verification["looks"][0];
    assert_eq!((&look["step"], &look["finding"]), (&"there".into(), &"done, seen: the file is as it should be".into()));
    let nothing = json!({ "components_failed_over": null, "dns_updated": null, "load_balancer_updated": null,
                          "health_checks_passed": null, "data_synchronization_completed": null });
    assert_eq!(status["result"], nothing, "nothing shows any of it");
}
