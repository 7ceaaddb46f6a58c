//! Runs that are aborted: what they were at ends with them, whatever it had come to.

use std::path::Path;
use std::time::Duration;

use warroom::core::command::Command;
use warroom::core::run::{Evidence, Failure, How, StepState};

use crate::failure::failed;
use crate::harness::{Engine, signal};
use crate::hosts::lives;
use crate::yard::Yard;

/// Command lines of processes that have to do with a directory.
fn at_work_in(dir: &Path) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(dir.to_str().unwrap())).collect()
}

#[tokio::test]
async fn a_run_aborted_at_any_moment_of_a_start_leaves_nothing_behind() {
    let (yard, mut engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend("steps: [{id: work, command: [sh, -c, 'exec sleep 1000', 'DIR']}]");
    let incident = engine.declare(&plan).await;
    for moment in 0..25_u64 {
        let run = engine.ask(crate::harness::start(&incident, "mend")).await.run.unwrap();
        // The moments differ; none is waited for.
        tokio::time::sleep(Duration::from_micros(moment * 400)).await;
        engine.ask(Command::Abort { run, reason: "too soon".into() }).await;
        let state = engine.step(run, "work", |s| !matches!(s, StepState::Running { .. })).await;
        assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{run}: {state:?}");
        assert_eq!(at_work_in(yard.path("").as_path()), Vec::<String>::new(), "{run}");
    }
    engine.terminate();
    assert_eq!(at_work_in(&engine.dir), Vec::<String>::new());
    assert_eq!(at_work_in(yard.path("").as_path()), Vec::<String>::new());
}

#[tokio::test]
async fn what_ended_before_its_run_was_aborted_is_not_called_stopped() {
    let (yard, mut engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - {id: fails, needs: [], command: ['false']}
          - {id: work, needs: [], command: [sh, -c, 'echo $PPID > DIR/shim; until test -e DIR/go; do sleep 0.02; done; echo well']}",
    );
    let run = engine.mend(&plan).await;
    yard.until_there("shim").await;
    engine.step(run, "fails", failed).await;
    engine.kill();
    yard.put("go", "");
    let exit = engine.dir.join("runs/R1/work.1/exit.json");
    crate::harness::eventually("it ends", || async { exit.exists().then_some(()) }).await;
    engine.start_again().await;
    engine.ask(Command::Abort { run, reason: "elsewhere".into() }).await;
    let state = engine.step(run, "work", |s| !matches!(s, StepState::Running { .. })).await;
    assert!(matches!(state, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. }), "{state:?}");
}

#[tokio::test]
async fn aborting_a_run_ends_what_a_killed_shim_left_behind() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - {id: work, shell: 'sleep 1000 & echo $! > DIR/child; echo $PPID > DIR/shim; wait'}
          - {id: next, command: ['true']}",
    );
    let run = engine.mend(&plan).await;
    yard.until_there("shim").await;
    signal(yard.text("shim").trim().parse().unwrap(), rustix::process::Signal::KILL);
    engine.step(run, "work", |s| matches!(s, StepState::Unknown { .. })).await;
    assert!(lives(&yard.path("child")), "nobody has asked for its end");
    engine.ask(Command::Abort { run, reason: "enough".into() }).await;
    let state = engine.step(run, "work", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{state:?}");
    assert!(!lives(&yard.path("child")));
}
