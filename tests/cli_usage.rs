//! What the command line takes and refuses without an engine, and with which exit status.

#![allow(clippy::unwrap_used)]

use std::process::{Command, Output, Stdio};

fn warroom(home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warroom"));
    command.env_clear().env("HOME", home).env("LANG", "C.UTF-8").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let Output { status, stdout, stderr } =
        warroom(home.path()).env("WARROOM_STATE", &state).args(args).output().unwrap();
    assert!(!state.exists(), "{args:?} made a state directory");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_would_be_right() {
    for (args, part) in [
        (&["nonsense"][..], "unrecognized subcommand 'nonsense'"),
        (&[], "the console needs a terminal; `warroom status` prints, `warroom --help` lists all verbs"),
        (&["demo"], "the console needs a terminal; `warroom demo --headless` runs without one"),
        (&["plan", "check"], "<FILE>"),
        (&["run", "show"], "<RUN>"),
        (&["run", "show", "X7"], "runs read R1, R2 and so on"),
        (&["run", "done", "R1", "a/b"], "'/' cannot stand in it"),
        (&["run", "confirm", "R1", "go"], "--target <NAME>"),
        (&["run", "confirm", "R1", "go", "--target", "west", "--max-loss", "15"], "15 has no unit; write 15s"),
        (&["run", "start", "shop", "x", "-p", "reason"], "write NAME=VALUE"),
        (&["run", "start", "shop", "x", "-p", "a b=c"], "is no parameter's name"),
        (&["run", "start", "shop", "x", "--component", "a/b"], "'/' cannot stand in it"),
        (&["run", "start", "shop", "x", "--without", "gates"], "[possible values: verify, notify, dns, load-balancer]"),
        (&["run", "start", "shop", "x", "--timeout", "30"], "30 has no unit; write 30s"),
        (&["run", "start", "shop", "x", "--timeout", "0s"], "0s is no time at all"),
        (&["run", "start", "shop", "x", "--retries", "-1"], "unexpected argument '-1'"),
        (&["run", "start", "shop", "x", "--retries", "101"], "101 is not in 0..=100"),
        (&["run", "start", "shop", "x", "--parallel", "0"], "0 is not in 1..=1000"),
        (&["run", "start", "shop", "x", "--preview", "--follow"], "cannot be used with"),
        (&["run", "skip", "R1", "go"], "--reason <REASON>"),
        (&["run", "rollback", "R1"], "--reason <REASON>"),
        (&["run", "abort", "R1"], "--reason <REASON>"),
        (&["run", "retry", "R1", "go", "-p", "west"], "write NAME=VALUE"),
        (&["run", "log", "R1", "go", "0"], "0 is not in 1..=4294967295"),
        (&["run", "log", "R1", "go", "--from", "start"], "invalid digit"),
        (&["do", "here"], "<COMMAND>..."),
        (&["do", "here", "ls"], "unexpected argument 'ls'"),
        (&["do", "--", "ls"], "<HOST>"),
        (&["incident", "declare", "--severity", "terrible"], "critical, high, medium and low are"),
        (&["incident", "declare", "KESTREL", "--plan", "shop"], "cannot be used with"),
        (&["incident", "cancel", "KESTREL"], "--reason <REASON>"),
        (&["timeline", "--limit", "0"], "0 is not in 1..=1000"),
        (&["note"], "required arguments"),
        (&["token", "create", "ci"], "--plan <PLAN>"),
        (&["token", "create", "a/b", "--plan", "shop"], "'/' cannot stand in it"),
        (&["demo", "--calm", "--after", "3s"], "cannot be used with"),
        (&["demo", "--after", "soon"], "is no duration"),
        (&["demo", "--state", "/tmp/x"], "a demo has a state directory and an engine of its own"),
        (&["--engine", "https://far.example:1", "status"], "is no address of an engine; write http://127.0.0.1:PORT"),
        (&["engine", "run", "--ready-fd", "7"], "7 is not in 1..=1"),
        (&["range", "--remove", "/"], "is no directory of a demo"),
    ] {
        // The hidden range would run until it is told to end: its lifeline is closed already.
        let args: Vec<_> =
            args.iter().copied().chain((args.first() == Some(&"range")).then_some("--lifeline-fd=0")).collect();
        let (status, _, stderr) = run(&args);
        assert_eq!(status, 2, "{args:?}: {stderr}");
        assert!(stderr.contains(part), "{args:?}: {stderr}");
    }
}

#[test]
fn help_and_version_end_with_0() {
    for args in [&["--help"][..], &["run", "confirm", "--help"], &["--version"]] {
        let (status, stdout, stderr) = run(args);
        assert_eq!((status, stderr.as_str()), (0, ""), "{args:?}");
        assert!(stdout.contains("warroom"), "{stdout}");
    }
}

#[test]
fn a_verb_without_its_engine_ends_with_1_starts_none_and_says_what_would_help() {
    for args in [
        &["status"][..],
        &["engine", "status"],
        &["plan", "list"],
        &["incident", "list"],
        &["note", "x"],
        &["run", "list"],
        &["run", "show", "R1", "--follow"],
        &["do", "here", "--", "true"],
        &["role", "assign", "scribe", "me"],
        &["update", "list"],
        &["timeline"],
        &["audit", "verify"],
    ] {
        let (status, stdout, stderr) = run(args);
        assert_eq!((status, stdout.as_str()), (1, ""), "{args:?}");
        assert!(stderr.contains("there is no socket; `warroom engine start` starts one"), "{args:?}: {stderr}");
        let (status, _, stderr) = run(&[&["--json"], args].concat());
        assert_eq!(status, 1);
        let told: serde_json::Value = serde_json::from_str(&stderr).unwrap();
        assert!(told["sentence"].as_str().unwrap().starts_with("no engine answers at "), "{told}");
    }
    let (status, stdout, _) = run(&["engine", "stop"]);
    assert_eq!(status, 0, "what does not run is stopped already: {stdout}");
}

#[test]
fn without_a_home_nobody_knows_where_the_state_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_warroom")).env_clear().arg("status").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("name a directory with --state DIR"));
}

#[test]
fn plan_check_tells_every_fault_of_every_file() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let good = file(
        "good.yml",
        "plan_id: shop\nplan_name: Shop\ncomponents:\n  - {component_id: pay, name: Payments, type: api}\n",
    );
    let bad = file("bad.yml", "plan_nam: Shop\nrto: soon\n");
    let check = |paths: &[&std::path::Path], json: bool| {
        let mut command = warroom(home.path());
        command.args(["plan", "check"]).args(paths);
        if json {
            command.arg("--json");
        }
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let (status, stdout, stderr) = check(&[&good, &bad, &home.path().join("gone.yml")], false);
    assert_eq!(status, 1, "{stdout}{stderr}");
    assert!(stdout.contains("bad.yml:1:1: error"), "{stdout}");
    assert!(stdout.contains("bad.yml:2:6: error"), "{stdout}");
    assert!(stdout.contains("gone.yml: it cannot be read"), "{stdout}");
    assert!(stderr.contains("of 3 files cannot be used as they are"), "{stderr}");

    let (_, stdout, _) = check(&[&bad], true);
    let told: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(told[0]["ok"], false);
    assert_eq!(told[0]["faults"][0]["place"]["line"], 1);
}

#[test]
fn plan_check_tells_for_each_site_what_could_run_without_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("plan.yml");
    let text = "plan_name: Shop
sites:
  - {site_id: east, name: East, role: primary, holds: {hosts: [bastion-2]}}
  - {site_id: west, name: West, role: standby}
components: [{component_id: pay, name: Payments, type: api, probes: [{site: west, tcp: 'pay-west:80'}], sites: [east, west]}]
recovery_procedures:
  - procedure_id: over
    name: Over
    kind: failover
    from: east
    to: west
    steps:
      - {id: fence, command: [power, 'off', east], host: bastion-2}
      - {id: start, command: [start], host: pay-west}
  - {procedure_id: by-hand, name: By hand, kind: failover, from: east, to: west, steps: [Do it]}
";
    std::fs::write(&path, text).unwrap();
    let check = |more: &[&str]| {
        let output = warroom(home.path()).args(["plan", "check"]).arg(&path).args(more).output().unwrap();
        assert!(output.status.success(), "warnings are no errors");
        String::from_utf8(output.stdout).unwrap()
    };
    let stdout = check(&[]);
    assert!(
        stdout
            .contains("plan.yml:13:10: warning: over leaves East, and step fence runs on bastion-2, which lies there"),
        "{stdout}"
    );
    let table = "  if East is lost: over cannot: it needs 1 thing there; by-hand can run
    step fence runs on bastion-2, which lies there
  if West is lost: no failover leads away from it
";
    assert!(stdout.ends_with(table), "{stdout}");
    let told: serde_json::Value = serde_json::from_str(&check(&["--json"])).unwrap();
    let over = &told[0]["if_lost"][0]["failovers"][0];
    assert_eq!((&over["can_run"], &over["needs"][0]["step"]), (&false.into(), &"fence".into()));
}
