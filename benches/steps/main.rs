//! Steps through a real engine: how many a second it runs, beside GNU parallel and make with the same commands in the same minute,
//! and how soon it has 200 running ones back under care after it was killed.
//!
//! `cargo bench --bench steps` takes about a minute. What is not installed is left out by name.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use uuid::Uuid;
use warroom::client::{Address, Client, StreamItem};
use warroom::core::command::{Command as Asked, Declared};
use warroom::core::event::Event;
use warroom::core::ids::RunId;
use warroom::wire::Posted;

const STEPS: usize = 1_000;
const RUNNING: usize = 200;
const LANES: usize = 8;
const ROUNDS: usize = 3;

/// An engine in a process of its own.
struct Engine {
    child: Child,
    client: Client,
}

impl Engine {
    async fn start(dir: &Path) -> Engine {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warroom"));
        command.args(["engine", "run", "--state"]).arg(dir).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let client = Client::new(Address::in_state(dir));
        while client.hello().await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Engine { child, client }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn ask(&self, command: Asked) -> warroom::wire::Accepted {
        self.client.command(&Posted { id: Uuid::now_v7(), seen: None, command }).await.unwrap()
    }

    /// Launches the procedure of a plan; returns the run and the journal's head before it.
    async fn launch(&self, plan: String) -> (RunId, u64) {
        self.ask(Asked::LoadPlan { text: plan, read: None }).await;
        let what = Declared::Plan("bench".parse().unwrap());
        let declared = self.ask(Asked::Declare { what, severity: None, title: None }).await;
        let started = self
            .ask(Asked::StartRun {
                incident: declared.incident.unwrap(),
                plan: "bench".parse().unwrap(),
                procedure: "all".parse().unwrap(),
                values: Default::default(),
                options: Default::default(),
                seen: None,
            })
            .await;
        (started.run.unwrap(), declared.seq)
    }

    async fn ends(&self, run: RunId, from: u64) {
        let mut stream = self.client.stream(from).await.unwrap();
        while let Some(item) = stream.next().await.unwrap() {
            match item {
                StreamItem::Event(entry) if matches!(entry.event, Event::RunEnded { run: r, .. } if r == run) => return,
                StreamItem::Reset => panic!("the bench reads too slowly"),
                _ => {}
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A plan whose one procedure does that many steps side by side in so many lanes.
fn plan(steps: usize, lanes: usize, argv: &str) -> String {
    let mut text = format!(
        "plan_id: bench\nplan_name: Bench\nenvironment: practice\n\
         sites: [{{site_id: east, name: East, role: primary}}]\n\
         components: [{{component_id: shop, name: Shop, type: service}}]\n\
         recovery_procedures:\n  - procedure_id: all\n    name: All\n    max_parallel: {lanes}\n    steps:\n"
    );
    for n in 0..steps {
        writeln!(text, "      - {{id: s{n}, command: {argv}, needs: []}}").unwrap();
    }
    text
}

async fn through_the_engine() -> Duration {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::start(dir.path()).await;
    let begun = Instant::now();
    let (run, from) = engine.launch(plan(STEPS, LANES, "[/bin/true]")).await;
    engine.ends(run, from).await;
    begun.elapsed()
}

fn with_parallel() -> Option<Duration> {
    let mut command = Command::new("parallel");
    command.args(["-j", &LANES.to_string()]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().ok()?;
    let lines = "/bin/true\n".repeat(STEPS);
    child.stdin.take()?.write_all(lines.as_bytes()).ok()?;
    child.wait().ok()?.success().then(|| begun.elapsed())
}

fn with_make() -> Option<Duration> {
    let dir = tempfile::tempdir().unwrap();
    let targets: Vec<String> = (0..STEPS).map(|n| format!("s{n}")).collect();
    let all = targets.join(" ");
    fs::write(dir.path().join("Makefile"), format!("all: {all}\n.PHONY: all {all}\n{all}:\n\t@/bin/true\n")).unwrap();
    let begun = Instant::now();
    let status = Command::new("make").args(["-s", "-j", &LANES.to_string()]).current_dir(dir.path()).status().ok()?;
    status.success().then(|| begun.elapsed())
}

/// From the start of a new engine to the moment when it watches every one of the running steps.
async fn back_under_care() -> (Duration, Duration) {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::start(dir.path()).await;
    let end = dir.path().join("end");
    let script = format!("[/bin/sh, -c, \"while [ ! -e '{}' ]; do sleep 1; done\"]", end.display());
    let (run, from) = engine.launch(plan(RUNNING, RUNNING, &script)).await;
    until(|| watched(engine.child.id()) >= RUNNING).await;
    engine.kill();
    let begun = Instant::now();
    let engine = Engine::start(dir.path()).await;
    let answers = begun.elapsed();
    until(|| watched(engine.child.id()) >= RUNNING).await;
    let back = begun.elapsed();
    fs::write(&end, "").unwrap();
    engine.ends(run, from).await;
    (answers, back)
}

async fn until(mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came true");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// How many processes a process watches by pidfd.
fn watched(pid: u32) -> usize {
    let Ok(fds) = fs::read_dir(format!("/proc/{pid}/fd")) else { return 0 };
    let is_pidfd = |path: &Path| fs::read_link(path).is_ok_and(|to| to.to_string_lossy().contains("pidfd"));
    fds.flatten().filter(|fd| is_pidfd(&fd.path())).count()
}

fn median(mut all: Vec<Duration>) -> Option<Duration> {
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}

fn say(what: &str, took: Option<Duration>, engine: Duration) {
    match took {
        Some(took) => println!(
            "{what:<22} {took:>8.2?}  {:>6.0} steps/s   the engine takes {:.2} times as long",
            STEPS as f64 / took.as_secs_f64(),
            engine.as_secs_f64() / took.as_secs_f64()
        ),
        None => println!("{what:<22} is not installed here"),
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut engine, mut parallel, mut make) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            engine.push(through_the_engine().await);
            parallel.extend(with_parallel());
            make.extend(with_make());
        }
        let took = median(engine).unwrap();
        println!("{STEPS} times /bin/true, {LANES} at a time, median of {ROUNDS}:");
        println!("{:<22} {took:>8.2?}  {:>6.0} steps/s", "warroom", STEPS as f64 / took.as_secs_f64());
        say("GNU parallel", median(parallel), took);
        say("make -j", median(make), took);
        let (answers, back) = back_under_care().await;
        println!(
            "{RUNNING} running steps: a new engine answers after {answers:.0?} and watches them all after {back:.0?}"
        );
    });
}
