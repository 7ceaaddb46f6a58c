//! Tasks and decisions, from the command line.

use crate::Demo;

#[test]
fn a_task_is_given_and_done_and_a_decision_is_asked_for_objected_to_and_made() {
    let demo = Demo::start(&["--after", "1s"]);
    demo.waits_for("is proposed");
    demo.good(&["incident", "declare"]);
    let given = demo.good(&["task", "give", "me", "look at the replica's log", "--within", "15m"]);
    assert!(given.contains("task 1 for ") && given.contains(", within 15m00s: look at the replica's log"), "{given}");
    assert!(demo.good(&["task", "list"]).contains(" left  look at the replica's log"));
    assert!(demo.good(&["task", "done", "1", "--note", "nothing there"]).contains("task 1 is done: nothing there"));
    assert!(demo.refused(&["task", "drop", "1", "--reason", "enough"]).contains("task 1 is over already"));
    assert!(demo.refused(&["task", "done", "7"]).contains("there is no task 7; they are 1 to 1"));

    let ask = ["decision", "ask", "Fail over now?", "--option", "now", "--option", "in ten minutes"];
    let asked = demo.good(&ask);
    assert!(asked.contains("(1) now (2) in ten minutes; strong objections within 2m00s"), "{asked}");
    demo.good(&["decision", "object", "1", "the replica is behind"]);
    let made = demo.good(&["decision", "make", "1", "2", "--why", "it catches up", "--again", "10m"]);
    assert!(made.contains("(2) in ten minutes, because it catches up; looked at again in 10m00s"), "{made}");
    let list = demo.good(&["decision", "list"]);
    assert!(list.contains(" objects: the replica is behind") && list.contains("1 strong objection"), "{list}");
    assert_eq!(demo.json(&["decision", "list"])[0]["decision"]["made"]["option"], 2);
    assert!(demo.refused(&["decision", "make", "1", "1", "--why", "now"]).contains("is made already"));
    let timeline = demo.good(&["timeline"]);
    assert!(timeline.contains("strong objection to decision 1") && timeline.contains("task 1 is done"), "{timeline}");
}
