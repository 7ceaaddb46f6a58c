//! Runs before they begin, while they go on, and what they wrote.

use std::process::Stdio;

use serde_json::Value;

use crate::home::{PATIENCE, at_an_incident, finished, lines_of};

#[test]
fn a_preview_says_what_would_happen_and_by_its_status_whether_it_could() {
    let home = at_an_incident(
        "      - {id: say, name: Say it, command: [echo, \"${word}\"], estimate: 3s}\n      \
         - {id: go, gate: Go on}\n      \
         - {id: last, name: The last, no_return: true, command: [\"true\"]}\n",
    );
    let page = home.good(&["run", "start", "shop", "mend", "--preview", "-p", "word=right", "--parallel", "2"]);
    for part in [
        "Mend   mend of plan shop (PRACTICE)",
        "for KESTREL",
        "side by side: at most 2",
        "echo right   here",
        "about 3s, its author says",
        "The last   (last)   NO RETURN",
        "no return       last",
        "must confirm    go: Go on: 1 person",
        "could start     now",
    ] {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
    let json = home.json(&["run", "start", "shop", "mend", "--preview"]);
    assert_eq!((&json["refused"], &json["steps"][0]["expected"]["estimate"]), (&Value::Null, &"3s".into()));
    assert_eq!(home.json(&["run", "list"]), Value::Array(vec![]), "a preview changes nothing");

    let missing = home.refused(&["run", "start", "shop", "mend", "--preview", "--component", "cache"]);
    assert!(missing.contains("plan shop has no component cache; it has pay"), "{missing}");
    home.good(&["incident", "cancel", "--reason", "false alarm"]);
    let (status, page, stderr) = home.run(&["run", "start", "shop", "mend", "--preview"]);
    assert_eq!((status, stderr.as_str()), (1, "warroom: it could not start now\n"));
    assert!(page.contains("REFUSED now     no incident is declared"), "{page}");

    // Earlier runs tell how long a step takes.
    home.good(&["incident", "reopen", "KESTREL", "--reason", "it was none"]);
    home.good(&["run", "start", "shop", "mend"]);
    home.shows("R1", &["(go)", "waiting for people"]);
    home.good(&["run", "confirm", "R1", "go", "--target", "mend"]);
    home.shows("R1", &["R1", " done "]);
    let page = home.good(&["run", "start", "shop", "mend", "--preview"]);
    assert!(page.contains("as in 1 earlier run"), "{page}");
}

#[test]
fn a_preview_has_what_the_launch_rests_on_looked_at_now() {
    let steps = "      - {id: act, name: Act, command: [\"true\"]}\n";
    let there = "    preconditions:\n      - {id: there, name: The flag is there, file: {path: DIR/flag}}\n";
    let home = at_an_incident(&format!("{steps}{there}"));
    let (status, page, stderr) = home.run(&["run", "start", "shop", "mend", "--preview"]);
    assert_eq!((status, stderr.as_str()), (1, "warroom: not every precondition was seen to hold\n"), "{page}");
    assert!(page.contains("checked now: DOES NOT HOLD: ") && page.contains("first checked   0 of 1 hold\n"), "{page}");
    assert!(page.contains("checked now     program true: /"), "{page}");

    std::fs::write(home.dir.path().join("flag"), "").unwrap();
    let page = home.good(&["run", "start", "shop", "mend", "--preview"]);
    assert!(page.contains("checked now: holds: ") && page.contains("could start     now"), "{page}");
    let json = home.json(&["run", "start", "shop", "mend", "--preview"]);
    assert_eq!((&json["preconditions"]["hold"], &json["steps"][0]["checked"]["good"]), (&1.into(), &true.into()));
    home.good(&["run", "start", "shop", "mend", "--follow"]);
}

#[test]
fn a_failed_step_is_retried_with_another_value_and_a_run_is_followed_to_its_end() {
    let home = at_an_incident(
        "      - {id: try, name: Try it, command: [test, \"${word}\", =, right]}\n      \
         - {id: ask, name: Ask, manual: Ask everybody}\n      \
         - {id: tell, name: Tell, manual: Tell everybody}\n",
    );
    let mut command = home.warroom();
    command.args(["run", "start", "shop", "mend", "--follow"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = lines_of(child.stdout.take().unwrap());
    let until = |part: &str| {
        while !lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line has {part:?}")).contains(part) {}
    };
    until("R1 started: Mend");
    until("Try it (try)");
    until("^ R1 step 1 Try it (try): FAILED: exit 1");

    assert!(home.refused(&["run", "retry", "R1", "try", "-p", "wrd=right"]).contains("there is no parameter wrd"));
    home.good(&["run", "skip", "R1", "tell", "--reason", "nobody is left to be told"]);
    until("R1 Tell skipped: nobody is left to be told");
    let tried = home.good(&["run", "retry", "R1", "try", "-p", "word=right"]);
    assert!(tried.contains("is tried again with word=right"), "{tried}");
    until("^ R1 step 2 Ask (ask): waiting for people");
    home.good(&["run", "done", "R1", "ask"]);
    until("R1 is over: PARTLY: 2 of 3 steps done, 1 skipped");
    let (status, _, stderr) = finished(child.wait_with_output().unwrap());
    assert_eq!((status, stderr.as_str()), (1, "warroom: R1 is over: PARTLY: 2 of 3 steps done, 1 skipped\n"));

    // It is over: following it ends at once, and says so in the same way.
    assert!(home.refused(&["run", "show", "R1", "--follow"]).contains("PARTLY"));
    home.good(&["run", "start", "shop", "mend"]);
    home.good(&["run", "skip", "R2", "tell", "--reason", "later"]);
    home.good(&["run", "abort", "R2", "--reason", "enough"]);
    assert!(home.refused(&["run", "show", "R2", "--follow"]).contains("R2 is over: aborted by "));
}

#[test]
fn output_is_printed_from_any_byte_and_of_any_try() {
    let home =
        at_an_incident("      - {id: say, name: Say it, command: [sh, -c, \"echo try $WARROOM_ATTEMPT; exit 1\"]}\n");
    let mut follow = home.warroom();
    home.good(&["run", "start", "shop", "mend"]);
    home.shows("R1", &["(say)", "FAILED"]);
    let first = home.good(&["run", "log", "R1", "say"]);
    assert!(first.starts_with("try "), "{first}");
    assert_eq!(home.good(&["run", "log", "R1", "say", "--from", "2"]), first[2..]);
    assert_eq!(home.good(&["run", "log", "R1", "say", "1", "--from", "1000"]), "");
    assert!(home.refused(&["run", "log", "R1", "say", "2"]).contains("step say is failed after 1 tries"));

    // Following a try that has yet to begin waits for it.
    let child = follow.args(["run", "log", "R1", "say", "2", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    home.good(&["run", "retry", "R1", "say"]);
    let (status, second, _) = finished(child.wait_with_output().unwrap());
    assert_eq!(status, 0);
    assert!(second.starts_with("try "), "{second}");
    assert_eq!(home.json(&["run", "log", "R1", "say", "2"])["text"], second.as_str());
}

#[test]
fn what_is_not_kept_of_an_output_is_told_where_it_was() {
    let home = at_an_incident(
        "      - {id: say, name: Say it, command: [sh, -c, \"yes 01234567 | head -c 36000000; echo end\"]}\n",
    );
    home.good(&["run", "start", "shop", "mend"]);
    // Whoever follows reads what goes afterwards: only what is over has its gap.
    home.shows("R1", &["(say)", "done, seen"]);
    let all = home.good(&["run", "log", "R1", "say"]);
    let (missing, gap) =
        all.lines().enumerate().find(|(_, line)| line.contains("not kept")).expect("a line for the gap");
    assert!(missing > 1_000 && gap.ends_with(" bytes of output are not kept]"), "{gap}");
    assert!(all.len() < 20_000_000 && all.starts_with("01234567\n") && all.ends_with("\nend\n"), "{}", all.len());
    let behind = home.good(&["run", "log", "R1", "say", "--from", "18000000"]);
    assert!(behind.starts_with("\n[") && behind.ends_with("\nend\n"), "{}", behind.len());
}
