//! The command line with real engines, ranges and pipes.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod agenda;
mod assess;
mod automation;
mod clocks;
mod failback;
mod forecast;
mod guards;
mod health;
mod home;
mod improvised;
mod printing;
mod runs;
mod scenario;
mod steering;
mod waits;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use home::{Home, eventually, finished, is_gone, pid};

/// A demo without a console.
struct Demo {
    home: Home,
    child: Child,
    stdin: Option<ChildStdin>,
    told: Value,
}

impl Demo {
    fn start(args: &[&str]) -> Demo {
        let home = Home::new();
        let mut command = home.warroom();
        command.args(["demo", "--headless"]).args(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        // What is said at the end can still be read.
        child.stdout = Some(stdout.into_inner());
        let stdin = child.stdin.take();
        Demo { home, child, stdin, told: serde_json::from_str(&line).unwrap() }
    }

    fn state(&self) -> &Path {
        Path::new(self.told["state"].as_str().unwrap())
    }

    fn verb<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [args, &["--state", self.told["state"].as_str().unwrap()]].concat()
    }

    fn good(&self, args: &[&str]) -> String {
        self.home.good(&self.verb(args))
    }

    fn json(&self, args: &[&str]) -> Value {
        self.home.json(&self.verb(args))
    }

    fn refused(&self, args: &[&str]) -> String {
        let (status, _, stderr) = self.home.run(&self.verb(args));
        assert_eq!(status, 1, "{args:?}: {stderr}");
        stderr
    }

    /// Closes its standard input and gives its exit status and last words.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.stdin.take());
        let mut words = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut words).unwrap();
        (self.child.wait().unwrap().code(), words)
    }

    fn waits_for(&self, part: &str) -> String {
        eventually(part, || {
            let status = self.json(&["status"]);
            let waiting = status["waiting"].as_array().unwrap().clone();
            waiting.iter().map(|w| w.as_str().unwrap().to_owned()).find(|w| w.contains(part))
        })
    }
}

#[test]
fn an_outage_is_met_recovered_and_told_from_the_command_line() {
    let demo = Demo::start(&["--after", "1s"]);
    let state = demo.state().to_owned();
    let waiting = demo.waits_for("is proposed");
    let call_sign = waiting.split(' ').next().unwrap().to_owned();

    let declared = demo.json(&["incident", "declare", &call_sign.to_lowercase()]);
    assert_eq!(declared["call_sign"], call_sign.as_str());
    let preview = eventually("the guards let it pass", || {
        let (status, preview, _) =
            demo.home.run(&demo.verb(&["run", "start", "practice", "failover-west", "--preview"]));
        (status == 0).then_some(preview)
    });
    assert!(preview.contains("{\"weight\":0}") && preview.contains("NO RETURN"), "{preview}");
    assert_eq!(demo.json(&["run", "list"]), Value::Array(vec![]), "a preview changes nothing");

    assert_eq!(demo.json(&["run", "start", "practice", "failover-west"])["run"], "R1");
    demo.waits_for("step 1 ");
    assert!(demo.good(&["run", "done", "R1", "step-1", "--note", "all here"]).contains("all here"));
    demo.waits_for("(go): 0 of 1 people; still needed: incident commander");
    assert!(demo.good(&["run", "log", "R1", "drain", "--follow"]).contains("nothing in flight"));

    let wrong = demo.refused(&["run", "confirm", "R1", "go", "--target", "east", "--max-loss", "30s"]);
    assert!(wrong.contains("\"east\" is not what this gate acts on; that is \"west\""), "{wrong}");
    let no_limit = demo.refused(&["run", "confirm", "R1", "go", "--target", "west"]);
    assert!(no_limit.contains("no loss was accepted"), "{no_limit}");
    let shown = demo.good(&["run", "confirm", "R1", "go", "--target", "west", "--max-loss", "30s"]);
    assert!(shown.contains("GATE 7  Promote West") && shown.contains("opened by"), "{shown}");

    eventually("the run is done", || {
        demo.good(&["run", "show", "R1"]).lines().next().is_some_and(|l| l.contains(" done ")).then_some(())
    });
    assert!(demo.good(&["channel", "list"]).contains("inbox  webhook"));
    assert!(demo.good(&["channel", "test", "mail"]).contains("mail took it: 202"));
    assert!(demo.refused(&["channel", "test", "pigeon"]).contains("there is no channel pigeon in the settings"));
    let draft = demo.good(&["update", "draft"]);
    assert!(draft.contains("Fail over to West (R1): 10 of 10 steps, done") && draft.contains("[["), "{draft}");
    assert!(demo.refused(&["update", "send", &draft]).contains("has an open place"));
    demo.good(&["update", "send", "Orders work again."]);
    eventually("the update is delivered", || {
        demo.good(&["update", "list"]).contains("inbox: delivered ").then_some(())
    });
    let timeline = demo.good(&["timeline", &call_sign]);
    assert!(timeline.contains("Orders work again.") && timeline.contains("R1 is over: done"), "{timeline}");
    assert!(demo.good(&["audit", "verify"]).starts_with("whole: "));
    assert!(demo.good(&["incident", "close", "--reason", "practised"]).contains("closed: practised"));

    assert_eq!(demo.end(), (Some(0), String::new()));
    assert!(!state.exists(), "the demo's directory is left");
}

#[test]
fn a_demo_that_is_killed_leaves_nothing() {
    let mut demo = Demo::start(&["--calm"]);
    let state = demo.state().to_owned();
    let engine = pid(&demo.json(&["engine", "status"])["pid"]);
    let control = demo.told["range"]["control"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    demo.child.kill().unwrap();
    demo.child.wait().unwrap();
    // The pipe of this test is none of the demo's lifelines.
    eventually("the directory goes", || (!state.exists()).then_some(()));
    eventually("the engine goes", || is_gone(engine).then_some(()));
    eventually("the range goes", || std::net::TcpStream::connect(&control).is_err().then_some(()));
}

#[test]
fn a_demo_that_is_terminated_ends_in_order_and_keeps_its_directory_when_told() {
    let mut demo = Demo::start(&["--calm", "--keep"]);
    let state = demo.state().to_owned();
    let child = Pid::from_raw(i32::try_from(demo.child.id()).unwrap()).unwrap();
    kill_process(child, Signal::TERM).unwrap();
    let mut words = String::new();
    demo.child.stdout.take().unwrap().read_to_string(&mut words).unwrap();
    assert_eq!(demo.child.wait().unwrap().code(), Some(0));
    assert_eq!(words, format!("kept: {}\n", state.display()));
    assert!(state.join("journal.db").exists());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&state).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn of_several_starts_at_once_one_engine_comes_and_all_attach_to_it() {
    let home = Home::new();
    let starts: Vec<Child> = (0..4)
        .map(|_| {
            let mut command = home.warroom();
            command.args(["engine", "start", "--json"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let pids: Vec<Value> = starts
        .into_iter()
        .map(|child| {
            let (status, stdout, stderr) = finished(child.wait_with_output().unwrap());
            assert_eq!((status, stderr.as_str()), (0, ""), "{stdout}");
            serde_json::from_str::<Value>(&stdout).unwrap()["pid"].clone()
        })
        .collect();
    assert!(pids.iter().all(|p| *p == pids[0]), "{pids:?}");

    let status = home.json(&["engine", "status"]);
    assert_eq!((&status["pid"], &status["mode"]), (&pids[0], &"personal".into()));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(home.state()).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);

    home.good(&["engine", "restart"]);
    assert_ne!(home.json(&["engine", "status"])["pid"], pids[0]);
    let running = pid(&home.json(&["engine", "status"])["pid"]);
    home.good(&["engine", "stop"]);
    assert!(is_gone(running), "stop came back before the engine was gone");
}

#[test]
fn loading_a_plan_starts_an_engine_of_ones_own() {
    let home = Home::new();
    let file = home.dir.path().join("shop.yml");
    let plan = "plan_id: shop\nplan_name: Shop\ncomponents:\n  - {component_id: pay, name: Payments, type: api}\n\
                recovery_procedures:\n  - procedure_id: look\n    name: Look\n    steps:\n      - Look around\n";
    std::fs::write(&file, plan).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let loaded = home.json(&["plan", "load", &file]);
    assert_eq!(loaded["plan"], "shop");
    assert!(home.good(&["plan", "load", &file]).contains("plan shop was loaded already: Shop"));
    assert!(home.good(&["plan", "show", "shop", "look"]).contains("Look around"));

    let (status, _, stderr) = home.run(&["incident", "declare"]);
    assert_eq!(status, 1);
    assert!(stderr.contains("no incident is proposed") && stderr.contains("or name --plan shop"), "{stderr}");
    home.good(&["incident", "declare", "--plan", "shop", "--title", "Payments fail"]);
    home.good(&["role", "assign", "technical lead", "me"]);
    let (status, _, stderr) = home.run(&["role", "assign", "scribe", "nobody"]);
    assert_eq!(status, 1);
    assert!(stderr.contains("nobody here is called \"nobody\"; known are "), "{stderr}");
}
