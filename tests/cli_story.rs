//! The command line with real engines, ranges and pipes.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A home of its own, and the program in it.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Home {
        Home { dir: tempfile::tempdir().unwrap() }
    }

    fn warroom(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warroom"));
        command.env_clear().env("HOME", self.dir.path()).env("TMPDIR", self.dir.path());
        command.env("LANG", "C.UTF-8").env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        command
    }

    /// Runs a verb: exit status, standard output, standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        finished(self.warroom().args(args).output().unwrap())
    }

    fn good(&self, args: &[&str]) -> String {
        let (status, stdout, stderr) = self.run(args);
        assert_eq!((status, stderr.as_str()), (0, ""), "{args:?}: {stdout}");
        stdout
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.good(&[args, &["--json"]].concat())).unwrap()
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join(".local/state/warroom")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.run(&["engine", "stop"]);
    }
}

fn finished(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn pid(number: &Value) -> Pid {
    Pid::from_raw(i32::try_from(number.as_u64().unwrap()).unwrap()).unwrap()
}

/// Whether a process has ended; one that nobody has waited for yet counts.
fn is_gone(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

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
    let preview = demo.good(&["run", "start", "practice", "failover-west", "--preview"]);
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
    assert!(shown.contains("GATE 6  Promote West") && shown.contains("opened by"), "{shown}");

    eventually("the run is done", || {
        demo.good(&["run", "show", "R1"]).lines().next().is_some_and(|l| l.contains(" done ")).then_some(())
    });
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

/// A home with an incident of a plan whose procedure `mend` has these steps; `DIR` in them stands for the home.
fn at_an_incident(steps: &str) -> Home {
    let home = Home::new();
    let file = home.dir.path().join("shop.yml");
    let plan = format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\n\
         sites: [{{site_id: east, name: East, role: primary}}, {{site_id: west, name: West, role: standby}}]\n\
         components:\n  - {{component_id: pay, name: Payments, type: api}}\n\
         recovery_procedures:\n  - procedure_id: mend\n    name: Mend\n    \
         parameters: [{{name: word, default: wrong}}]\n    steps:\n{}",
        steps.replace("DIR", home.dir.path().to_str().unwrap())
    );
    std::fs::write(&file, plan).unwrap();
    home.good(&["plan", "load", file.to_str().unwrap()]);
    home.good(&["incident", "declare", "--plan", "shop"]);
    home
}

/// The lines of a stream, as they come.
fn lines_of(stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
    });
    lines
}

impl Home {
    fn refused(&self, args: &[&str]) -> String {
        let (status, _, stderr) = self.run(args);
        assert_eq!(status, 1, "{args:?}: {stderr}");
        stderr
    }

    /// Waits until a run's page has a line with all of these words.
    fn shows(&self, run: &str, words: &[&str]) -> String {
        eventually(&format!("{run} shows {words:?}"), || {
            let page = self.good(&["run", "show", run]);
            page.lines().any(|line| words.iter().all(|word| line.contains(word))).then_some(page)
        })
    }
}

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
fn a_failed_step_is_retried_with_another_value_and_a_run_is_followed_to_its_end() {
    let home = at_an_incident(
        "      - {id: try, name: Try it, command: [sh, -c, \"test -e DIR/mended\"]}\n      \
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
    std::fs::write(home.dir.path().join("mended"), "").unwrap();
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
