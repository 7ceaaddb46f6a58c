//! Runs that are aborted, taken up again and turned back.

use std::io::{Read, Write};

use serde_json::Value;

use crate::home::at_an_incident;

#[test]
fn an_abort_says_first_who_serves_and_what_it_stops_and_the_run_can_be_taken_up_again() {
    let home = at_an_incident(
        "      - {id: say, name: Say it, command: [echo, \"${word}\"]}\n      \
         - {id: work, name: Work, command: [sleep, \"1000\"]}\n      - Look around\n",
    );
    home.good(&["run", "start", "shop", "mend"]);
    home.shows("R1", &["(work)", "running since"]);
    let nothing = home.refused(&["run", "resume", "R1"]);
    assert!(nothing.contains("R1 is not held"), "{nothing}");
    let told = home.good(&["run", "abort", "R1", "--reason", "wrong site"]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "afterwards      East serves, and nothing there is looked at");
    assert_eq!(lines[1..3], ["will be stopped Work (work)", "stays done      Say it (say)"]);
    assert!(lines[3].starts_with("R1 is over: aborted by ") && lines[3].ends_with(": wrong site"), "{told}");
    assert!(home.refused(&["run", "abort", "R1", "--reason", "again"]).contains("R1 is over"));
    home.shows("R1", &["(work)", "FAILED: stopped"]);

    let resumed = home.good(&["run", "resume", "R1"]);
    assert!(
        resumed.contains("R1 resumed") && resumed.contains("^ R1 step 2 Work (work): FAILED: stopped"),
        "{resumed}"
    );
    home.good(&["run", "skip", "R1", "work", "--reason", "by hand"]);
    home.shows("R1", &["(step-3)", "waiting for people"]);
    let status = home.good(&["status"]);
    assert!(status.contains("R1  Mend: 2 of 3, going"), "{status}");
    assert!(status.contains("^ R1 step 3 Look around (step-3): waiting for people"), "{status}");

    let refused = home.refused(&["run", "rollback", "R1", "--reason", "back"]);
    assert!(refused.contains("nothing of R1 can be undone: no step that was done says how"), "{refused}");
    let shown = home.run(&["run", "rollback", "R1", "--reason", "back", "--json"]).1;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["shown"]["undoes"], Value::Array(vec![]));
    assert_eq!(shown["shown"]["stays_done"][0]["why"], "the plan has no undo for it");
}

#[test]
fn an_abort_at_a_terminal_wants_the_number_of_the_run() {
    let home = at_an_incident("      - Look around\n");
    home.good(&["run", "start", "shop", "mend"]);
    let abort = |typed: &[u8]| {
        let pair = portable_pty::native_pty_system().openpty(portable_pty::PtySize::default()).unwrap();
        let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_warroom"));
        command.env_clear();
        command.env("HOME", home.dir.path());
        command.args(["run", "abort", "R1", "--reason", "enough"]);
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        pair.master.take_writer().unwrap().write_all(typed).unwrap();
        let (mut seen, mut buffer) = (Vec::new(), [0; 256]);
        let mut reader = pair.master.try_clone_reader().unwrap();
        // A terminal whose program ended reads as an error.
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            seen.extend_from_slice(&buffer[..read]);
        }
        (child.wait().unwrap().success(), String::from_utf8(seen).unwrap())
    };
    let (good, seen) = abort(b"yes\n");
    assert!(
        !good && seen.contains("Type R1 to go on:") && seen.contains("that was not R1; nothing was done"),
        "{seen}"
    );
    home.shows("R1", &["R1", "going"]);
    let (good, seen) = abort(b"r1\n");
    assert!(good && seen.contains("afterwards      East serves"), "{seen}");
    home.shows("R1", &["R1", "aborted by"]);
}

/// Two steps side by side that can be undone, a list of which one fails, one that is mended, and one that waits.
const GRAPH: &str = r#"
      - {id: fence, name: Fence, needs: [], command: [touch, DIR/fenced], undo: {command: [rm, DIR/fenced]}}
      - {id: drain, name: Drain, needs: [], command: [touch, DIR/drained], undo: {command: [rm, DIR/drained]}}
      - id: restart
        name: Restart
        for_each: [a, b, c]
        on_failure: continue
        command: [test, "${item}", "!=", b]
      - {id: patch, name: Patch, command: ["false"], on_failure: {do: [{id: repair, name: Repair it, command: ["true"]}]}}
      - Look around
"#;

#[test]
fn a_run_is_shown_as_a_graph_and_turned_back() {
    let home = at_an_incident(GRAPH);
    let preview = home.good(&["run", "start", "shop", "mend", "--preview"]);
    for part in
        ["  1   1 x2  command Fence   (fence)", "x3  command Restart (b)   (restart.b)", "if patch fails: Repair it"]
    {
        assert!(preview.contains(part), "{part:?} is not in {preview}");
    }
    assert!(preview.contains("can be undone   fence and drain"), "{preview}");
    home.good(&["run", "start", "shop", "mend"]);
    let page = home.shows("R1", &["Look around", "waiting for people"]);
    for part in [
        "v  1   1 x2  command Fence (fence): done, seen: exit 0",
        "restart: 2 of 3 done, 1 failed",
        "  x  4   2 x3  command Restart (b) (restart.b): FAILED: exit 1",
        "command Patch (patch): FAILED: exit 1",
        "command mends patch: Repair it (patch.repair): done, seen: exit 0",
    ] {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
    assert!(!page.contains("Undo:"), "{page}");
    assert!(home.dir.path().join("fenced").exists() && home.dir.path().join("drained").exists());

    let told = home.good(&["run", "rollback", "R1", "--reason", "it was none"]);
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("will be done    Undo: "), "{told}");
    assert!(told.contains("STAYS DONE      Restart (a) (restart.a): the plan has no undo for it"), "{told}");
    assert!(lines.last().unwrap().starts_with("R1 turns back: it was none"), "{told}");
    let (status, page, _) = home.run(&["run", "show", "R1", "--follow"]);
    assert_eq!(status, 1, "what was rolled back is not done: {page}");
    let page = home.good(&["run", "show", "R1"]);
    assert!(page.starts_with("R1  ROLLED BACK: 2 steps undone; restart."), "{page}");
    for part in [
        " STAY DONE",
        "(step-5): no longer waits",
        "turned back since ",
        "undone, the newest first:",
        "Undo: Fence (undo.fence): done, seen: exit 0",
    ] {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
    assert!(!home.dir.path().join("fenced").exists() && !home.dir.path().join("drained").exists());
}

#[test]
fn every_step_that_waits_is_listed() {
    let home = at_an_incident(
        "      - {id: ask, name: Ask, needs: [], manual: Ask everybody}\n      \
         - {id: go, gate: Go on, needs: []}\n      \
         - {id: tell, name: Tell, needs: [], manual: Tell everybody}\n",
    );
    home.good(&["run", "start", "shop", "mend"]);
    let status = home.json(&["status"]);
    let waiting: Vec<&str> = status["waiting"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert_eq!(waiting.len(), 3, "{waiting:?}");
    assert!(waiting[1].starts_with("R1 step 2 Go on (go): 0 of 1 people"), "{waiting:?}");
    home.good(&["run", "done", "R1", "tell"]);
    home.good(&["run", "confirm", "R1", "go", "--target", "mend"]);
    let page = home.good(&["run", "show", "R1"]);
    assert!(page.lines().last().unwrap().starts_with("^ R1 step 1 Ask (ask): waiting for people"), "{page}");
}
