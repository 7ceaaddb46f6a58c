//! Pipes, terminals and what is followed.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::Value;

use crate::home::{Home, finished};

#[test]
fn a_note_may_come_from_a_pipe() {
    let home = Home::new();
    home.good(&["engine", "start"]);
    let pipe = |text: &[u8]| {
        let mut command = home.warroom();
        let mut child = command
            .args(["note", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text).unwrap();
        finished(child.wait_with_output().unwrap())
    };
    assert_eq!(pipe(b"one\r\ntwo\n"), (0, "one two\n".into(), String::new()));
    let (status, _, stderr) = pipe(b"\x1b[31mred");
    assert_eq!(status, 1);
    assert!(stderr.contains("the note holds U+001B"), "{stderr}");
    let (status, _, stderr) = pipe(&[b'x'; 40_000]);
    assert_eq!(status, 1);
    assert!(stderr.contains("the note has 16385 bytes; at most 16384 are taken"), "{stderr}");
    let (status, _, stderr) = pipe(b"\xff");
    assert_eq!((status, stderr.as_str()), (1, "warroom: standard input is not UTF-8 text\n"));
}

#[test]
fn a_closed_pipe_ends_a_verb_quietly_and_a_full_disk_is_told() {
    let home = Home::new();
    home.good(&["engine", "start"]);
    for args in [&["timeline"][..], &["status"], &["engine", "status", "--json"], &["timeline", "--follow"]] {
        let mut child = home.warroom().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The reader goes away before anything was written.
        drop(child.stdout.take());
        // What is followed has to have something to say.
        home.good(&["note", "tick"]);
        let (status, _, stderr) = finished(child.wait_with_output().unwrap());
        assert_eq!((status, stderr.as_str()), (0, ""), "{args:?}");
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (status, _, stderr) =
        finished(home.warroom().arg("status").stdout(full).stderr(Stdio::piped()).output().unwrap());
    assert_eq!(status, 1);
    assert!(stderr.contains("cannot print: No space left on device"), "{stderr}");
}

#[test]
fn what_is_followed_is_printed_as_it_happens() {
    let home = Home::new();
    home.good(&["engine", "start"]);
    let mut child = home.warroom().args(["timeline", "--follow", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("engine_started"));
    home.good(&["note", "what now"]);
    let entry: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((&entry["event"]["kind"], &entry["event"]["text"]), (&"note_added".into(), &"what now".into()));
    home.good(&["engine", "stop"]);
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(1), "the engine ended, which is not what was asked for");
}

#[test]
fn output_is_passed_on_as_it_is_but_cannot_drive_a_terminal() {
    let home = Home::new();
    let file = home.dir.path().join("shop.yml");
    let plan = "plan_id: shop\nplan_name: Shop\nenvironment: practice\n\
                components:\n  - {component_id: pay, name: Payments, type: api}\n\
                recovery_procedures:\n  - procedure_id: say\n    name: Say\n    steps:\n      \
                - {id: say, name: Say, command: [printf, '\\033[2Jred\\n']}\n";
    std::fs::write(&file, plan).unwrap();
    home.good(&["plan", "load", file.to_str().unwrap()]);
    home.good(&["incident", "declare", "--plan", "shop"]);
    home.good(&["run", "start", "shop", "say"]);
    assert_eq!(home.good(&["run", "log", "R1", "say", "--follow"]), "\u{1b}[2Jred\n");

    let pair = portable_pty::native_pty_system().openpty(portable_pty::PtySize::default()).unwrap();
    let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_warroom"));
    command.env_clear();
    command.env("HOME", home.dir.path());
    command.args(["run", "log", "R1", "say"]);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 256];
    // A terminal whose program ended reads as an error.
    while let Ok(read @ 1..) = reader.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..read]);
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(String::from_utf8(seen).unwrap(), "^[[2Jred\r\n");
}
