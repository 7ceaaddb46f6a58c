//! What no runbook has.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::home::{at_an_incident, finished};

#[test]
fn what_no_runbook_has_is_done_as_a_step_of_the_journal() {
    let home = at_an_incident("      - Look around\n");
    let (status, stdout, stderr) = home.run(&["do", "here", "--", "sh", "-c", "echo out; echo err >&2; echo '${x}'"]);
    assert_eq!((status, stdout.as_str()), (0, "out\nerr\n${x}\n"), "{stderr}");
    assert!(stderr.starts_with("PRACTICE KESTREL  on here: sh -c 'echo out; "), "{stderr}");
    assert!(stderr.ends_with("R1 started\nR1 done, seen: exit 0\n"), "{stderr}");
    assert!(home.good(&["timeline"]).contains("R1 started: Off the script"));

    let (status, stdout, stderr) = home.run(&["do", "here", "--json", "--", "sh", "-c", "echo no; exit 3"]);
    let told: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((status, &told[0]["run"], &told[1]["text"]), (1, &"R2".into(), &"no\n".into()), "{stdout}");
    assert!(told[2]["state"]["failed"].is_object(), "{stdout}");
    assert!(stderr.contains("R2 FAILED: exit 3; it waits: `warroom run retry R2 command` tries again"), "{stderr}");
    home.good(&["run", "skip", "R2", "command", "--reason", "it was only a look"]);

    let nobody = home.refused(&["do", "--incident", "HERON", "here", "--", "true"]);
    assert!(nobody.contains("there is no incident HERON; known are KESTREL"), "{nobody}");
}

#[test]
fn an_interrupt_only_stops_looking() {
    let home = at_an_incident("      - Look around\n");
    let flag = home.dir.path().join("end");
    let script = format!("echo begun; while ! test -e {}; do sleep 0.05; done; echo ended", flag.display());
    let mut command = home.warroom();
    command.args(["do", "here", "--", "sh", "-c", &script]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let (status, _, stderr) = finished(child.wait_with_output().unwrap());
    assert_eq!(status, 1, "{stderr}");
    assert!(stderr.contains("stopped looking; R1 goes on: `warroom run show R1 --follow` looks again, "), "{stderr}");

    home.shows("R1", &["running since"]);
    std::fs::write(&flag, "").unwrap();
    home.good(&["run", "show", "R1", "--follow"]);
    assert_eq!(home.good(&["run", "log", "R1", "command"]), "begun\nended\n");
}
