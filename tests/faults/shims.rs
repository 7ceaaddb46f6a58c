//! Shims killed beside or without their engine, and shims that are about to begin.

use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use warroom::core::command::Command;
use warroom::core::ids::RunId;
use warroom::core::refusal::Refusal;
use warroom::core::run::{Evidence, Failure, How, StepState};
use warroom::wire::Trouble;

use crate::harness::{Engine, eventually, plan, signal};
use crate::processes::{gone, lives};
use crate::service::Service;

/// A program that notes its try, says a word, and says another when it is told to end.
fn until_told(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "      - {{id: work, name: Work, command: [sh, -c, \"echo $WARROOM_ATTEMPT >> {dir}/tries; echo $$ > {dir}/child.pid; echo before; while ! test -e {dir}/end; do sleep 0.05; done; echo after\"]}}\n"
    )
}

/// Launches that and waits until it has said its first word.
async fn launch(engine: &Engine) -> RunId {
    let shop = Service::start().await;
    let (_, run) = engine.launch(&plan(&shop.url(), &until_told(&engine.dir)), "mend").await;
    says(engine, run, "before\n").await;
    run
}

async fn says(engine: &Engine, run: RunId, all: &str) {
    eventually(&format!("it has said {all:?}"), || async {
        let output = engine.client.output(run, &"work".parse().unwrap(), 1, 0).await.ok()?;
        (output.bytes == all.as_bytes()).then_some(())
    })
    .await;
}

fn attempt(engine: &Engine) -> PathBuf {
    engine.dir.join("runs/R1/work.1")
}

fn pid(engine: &Engine, name: &str) -> u32 {
    let pids = std::fs::read_to_string(attempt(engine).join("pid.json")).unwrap();
    let pids: serde_json::Value = serde_json::from_str(&pids).unwrap();
    u32::try_from(pids[name].as_u64().unwrap()).unwrap()
}

async fn unknown(engine: &Engine, run: RunId) -> String {
    let state = engine.step(run, "work", |state| matches!(state, StepState::Unknown { .. })).await;
    let StepState::Unknown { what, .. } = state else { unreachable!() };
    what
}

#[tokio::test]
async fn a_killed_shim_leaves_its_command_and_what_it_says_alone() {
    let engine = Engine::start().await;
    let run = launch(&engine).await;
    signal(pid(&engine, "shim_pid"), Signal::KILL);
    assert_eq!(unknown(&engine, run).await, "its shim is gone; processes that it started still live");
    let again = Command::Retry { run, step: "work".parse().unwrap(), values: Default::default() };
    let trouble = engine.refused(again.clone()).await;
    assert!(matches!(trouble, Trouble::Refused(Refusal::StillAlive { attempt: 1, .. })), "{trouble:?}");

    std::fs::write(engine.dir.join("end"), "").unwrap();
    says(&engine, run, "before\nafter\n").await;
    eventually("a retry is taken", || async { engine.try_ask(again.clone()).await.ok() }).await;
    let done = engine.step(run, "work", StepState::is_settled).await;
    assert!(matches!(done, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. }), "{done:?}");
    assert_eq!(std::fs::read_to_string(engine.dir.join("tries")).unwrap(), "1\n2\n");
}

#[tokio::test]
async fn with_engine_shim_and_command_killed_nobody_guesses_how_it_ended() {
    let mut engine = Engine::start().await;
    let run = launch(&engine).await;
    engine.kill();
    signal(pid(&engine, "shim_pid"), Signal::KILL);
    signal(pid(&engine, "child_pid"), Signal::KILL);
    gone(&engine.dir.join("child.pid")).await;
    engine.start_again().await;
    let what = unknown(&engine, run).await;
    assert_eq!(what, "its shim is gone, and so is all that it started; it left no exit status");
    assert_eq!(std::fs::read_to_string(engine.dir.join("tries")).unwrap(), "1\n");
}

#[tokio::test]
async fn an_end_that_a_killed_shim_had_written_counts() {
    let mut engine = Engine::start().await;
    let run = launch(&engine).await;
    let shim = pid(&engine, "shim_pid");
    engine.kill();
    std::fs::write(engine.dir.join("end"), "").unwrap();
    eventually("the end is on disk", || async { attempt(&engine).join("exit.json").exists().then_some(()) }).await;
    if lives(shim) {
        signal(shim, Signal::KILL);
    }
    engine.start_again().await;
    let done = engine.step(run, "work", StepState::is_settled).await;
    assert!(matches!(done, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. }), "{done:?}");
}

#[tokio::test]
async fn aborting_a_run_ends_what_a_killed_shim_has_left() {
    let engine = Engine::start().await;
    let run = launch(&engine).await;
    signal(pid(&engine, "shim_pid"), Signal::KILL);
    unknown(&engine, run).await;
    assert!(lives(pid(&engine, "child_pid")));
    engine.ask(Command::Abort { run, reason: "wrong runbook".into() }).await;
    gone(&engine.dir.join("child.pid")).await;
    let state = engine.step(run, "work", |state| !matches!(state, StepState::Unknown { .. })).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{state:?}");
}

#[tokio::test]
async fn a_shim_that_has_a_try_and_has_yet_to_say_so_is_waited_for() {
    let mut engine = Engine::start().await;
    let run = launch(&engine).await;
    engine.kill();
    for name in ["shim_pid", "child_pid"] {
        signal(pid(&engine, name), Signal::KILL);
    }
    gone(&engine.dir.join("child.pid")).await;
    // As a shim leaves its directory that was given the word and holds it, and has written nothing yet.
    std::fs::remove_file(attempt(&engine).join("pid.json")).unwrap();
    let shim = std::fs::File::open(attempt(&engine)).unwrap();
    flock(&shim, FlockOperation::LockExclusive).unwrap();
    engine.start_again().await;
    eventually("a second shim has found it taken", || async {
        let log = std::fs::read_to_string(attempt(&engine).join("shim.log")).unwrap();
        log.contains("shim of").then_some(())
    })
    .await;
    let state = engine.run(run).await.steps[0].state.clone();
    assert!(matches!(state, StepState::Running { .. }), "{state:?}");

    // It dies of something before it has started anything.
    drop(shim);
    let state = engine.step(run, "work", |state| !matches!(state, StepState::Running { .. })).await;
    assert!(matches!(state, StepState::Failed { why: Failure::NotStarted { .. }, .. }), "{state:?}");
    assert_eq!(std::fs::read_to_string(engine.dir.join("tries")).unwrap(), "1\n");
}
