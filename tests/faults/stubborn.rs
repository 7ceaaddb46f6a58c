//! Programs that do not go when they are told to, or leave somebody behind.

use warroom::core::command::Command;
use warroom::core::ids::RunId;
use warroom::core::run::{Evidence, Failure, How, RunResult, RunState, StepState};

use crate::harness::{Engine, eventually, plan, start};
use crate::processes::{gone, with_argument};
use crate::service::Service;

/// Launches one step that runs this script, and waits until it has written down a process.
async fn launch(engine: &Engine, script: &str) -> RunId {
    let shop = Service::start().await;
    let script = script.replace("DIR", &engine.dir.display().to_string());
    let steps = format!("      - {{id: work, name: Work, command: [sh, -c, \"{script}\"]}}\n      - Afterwards\n");
    let (_, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    eventually("the process is there", || async {
        std::fs::read_to_string(engine.dir.join("pid")).is_ok_and(|pid| pid.ends_with('\n')).then_some(())
    })
    .await;
    run
}

async fn is_stopped(engine: &Engine, run: RunId) {
    let state = engine.step(run, "work", |state| !matches!(state, StepState::Running { .. })).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{state:?}");
    let known = engine.run(run).await;
    assert_eq!(known.steps[1].state, StepState::Pending);
    assert!(matches!(known.state, RunState::Ended { result: RunResult::Aborted { .. }, .. }));
}

#[tokio::test]
async fn aborting_a_run_ends_a_program_that_does_not_listen_to_sigterm() {
    let engine = Engine::start().await;
    let run = launch(&engine, "trap '' TERM; echo $$ > DIR/pid; while :; do sleep 1000; done").await;
    engine.ask(Command::Abort { run, reason: "wrong runbook".into() }).await;
    gone(&engine.dir.join("pid")).await;
    is_stopped(&engine, run).await;
}

#[tokio::test]
async fn aborting_a_run_ends_who_left_by_two_forks_into_a_session_of_its_own() {
    let engine = Engine::start().await;
    let run = launch(
        &engine,
        "(setsid sh -c 'trap : TERM; echo $$ > DIR/pid; while :; do sleep 1000; done' &); exec sleep 1000",
    )
    .await;
    engine.ask(Command::Abort { run, reason: "wrong runbook".into() }).await;
    gone(&engine.dir.join("pid")).await;
    is_stopped(&engine, run).await;
}

#[tokio::test]
async fn a_grandchild_that_holds_the_output_holds_up_no_run() {
    let engine = Engine::start().await;
    let run = launch(&engine, "sleep 1000 & echo $! > DIR/pid; echo done").await;
    let done = engine.step(run, "work", StepState::is_settled).await;
    assert!(matches!(done, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. }), "{done:?}");
    engine.step(run, "step-2", |state| matches!(state, StepState::Waiting { .. })).await;
    let output = engine.client.output(run, &"work".parse().unwrap(), 1, 0).await.unwrap();
    assert_eq!(output.bytes, b"done\n");
    gone(&engine.dir.join("pid")).await;
}

#[tokio::test]
async fn a_run_that_is_aborted_as_its_programs_begin_leaves_none_of_them_running() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let mark = format!("{}/nothing", engine.dir.display());
    let step = |id: &str| {
        format!("      - {{id: {id}, needs: [], command: [sh, -c, \"while :; do sleep 1000; done\", \"{mark}\"]}}\n")
    };
    let steps: String = ["a", "b", "c"].map(step).concat();
    let (incident, mut run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    for round in 0..15_u32 {
        // Now before, now while, now after they begin.
        for _ in 0..round {
            engine.client.hello().await.unwrap();
        }
        engine.ask(Command::Abort { run, reason: "wrong runbook".into() }).await;
        for id in ["a", "b", "c"] {
            let state = engine.step(run, id, |state| !matches!(state, StepState::Running { .. })).await;
            assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{id} of {run}: {state:?}");
        }
        assert_eq!(with_argument(&mark), 0, "in round {round} somebody is left");
        run = engine.ask(start(&incident, "mend")).await.run.unwrap();
    }
}
