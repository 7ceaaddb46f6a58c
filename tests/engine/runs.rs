//! Steps that run programs, and what becomes of them when things go wrong.

use std::path::Path;

use warroom::core::command::Command;
use warroom::core::refusal::Refusal;
use warroom::core::run::{Evidence, Failure, How, RunResult, RunState, StepState};
use warroom::wire::Trouble;

use crate::harness::{Engine, PATIENCE, Service, eventually, plan, signal};

fn waiting(state: &StepState) -> bool {
    matches!(state, StepState::Waiting { .. })
}

fn failed(state: &StepState) -> bool {
    matches!(state, StepState::Failed { .. })
}

#[tokio::test]
async fn a_program_runs_with_its_arguments_as_they_are_and_its_output_can_be_read() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let steps = "      - {id: say, name: Say it, command: [printf, \"%s|\", \"${to}\", \"; rm -rf /\", \"$(id)\"]}\n";
    let (_, run) = engine.launch(&plan(&shop.url(), steps), "mend").await;
    let done = engine.step(run, "say", StepState::is_settled).await;
    assert!(matches!(done, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. }));
    let output = engine.client.output(run, &"say".parse().unwrap(), 1, 0).await.unwrap();
    assert_eq!(String::from_utf8(output.bytes).unwrap(), "west|; rm -rf /|$(id)|");
    assert_eq!(output.total, 22);
    let ended = engine.run(run).await.state;
    assert!(matches!(ended, RunState::Ended { result: RunResult::Done, .. }), "{ended:?}");
}

#[tokio::test]
async fn steps_run_in_file_order_and_a_failure_stops_the_run_until_somebody_decides() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let flag = engine.dir.join("flag");
    let steps = format!(
        "      - {{id: first, name: First, command: [test, -e, \"{}\"]}}\n      - {{id: second, name: Second, command: [\"true\"]}}\n",
        flag.display()
    );
    let (_, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    let state = engine.step(run, "first", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Exit { code: 1 }, .. }));
    assert_eq!(engine.run(run).await.steps[1].state, StepState::Pending, "nothing after it has begun");

    std::fs::write(&flag, "").unwrap();
    engine.ask(Command::Retry { run, step: "first".parse().unwrap() }).await;
    engine.step(run, "second", StepState::is_settled).await;
    assert_eq!(engine.run(run).await.steps[0].attempts, 2);
}

#[tokio::test]
async fn a_step_is_tried_again_by_itself_as_often_as_the_plan_says() {
    let shop = Service::start().await;
    let api = Service::start().await;
    api.answers(503);
    let engine = Engine::start().await;
    let steps = format!(
        "      - {{id: call, name: Call, http: {{method: POST, url: \"{}\", json: {{site: \"${{to}}\"}}}}, retry: {{times: 2, every: 100ms}}}}\n",
        api.url()
    );
    let (_, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    let state = engine.step(run, "call", failed).await;
    let StepState::Failed { why: Failure::WrongAnswer { why }, .. } = state else { panic!("{state:?}") };
    assert_eq!(why, "503, expected 2xx: answered");
    let bodies = api.bodies.lock().unwrap().clone();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|(_, body)| body == "{\"site\":\"west\"}"));
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_ended_and_so_is_what_it_started() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let pid_file = engine.dir.join("child.pid");
    let steps = format!(
        "      - {{id: slow, name: Slow, timeout: 300ms, command: [sh, -c, \"sleep 1000 & echo $! > {}; wait\"]}}\n",
        pid_file.display()
    );
    let (_, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    let state = engine.step(run, "slow", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::TimedOut { .. }, .. }), "{state:?}");
    gone(&pid_file).await;
}

#[tokio::test]
async fn aborting_a_run_ends_what_still_runs_of_it() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let pid_file = engine.dir.join("child.pid");
    let steps = format!(
        "      - {{id: slow, name: Slow, command: [sh, -c, \"echo $$ > {}; exec sleep 1000\"]}}\n      - Never\n",
        pid_file.display()
    );
    let (_, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    eventually("the program runs", || async { pid_file.exists().then_some(()) }).await;
    engine.ask(Command::Abort { run, reason: "wrong runbook".into() }).await;
    gone(&pid_file).await;
    let state = engine.step(run, "slow", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }));
    let known = engine.run(run).await;
    assert_eq!(known.steps[1].state, StepState::Pending);
    assert!(matches!(known.state, RunState::Ended { result: RunResult::Aborted { .. }, .. }));
}

#[tokio::test]
async fn killed_in_the_middle_of_a_run_the_engine_says_what_it_no_longer_knows() {
    let shop = Service::start().await;
    let mut engine = Engine::start().await;
    let (pid_file, count) = (engine.dir.join("child.pid"), engine.dir.join("count"));
    let steps = format!(
        "      - Open the bridge\n      - {{id: work, name: Work, command: [sh, -c, \"echo x >> {}; echo $$ > {}; exec sleep 1000\"]}}\n      - Afterwards\n",
        count.display(),
        pid_file.display()
    );
    let (incident, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    engine.step(run, "step-1", waiting).await;
    engine.ask(Command::SayDone { run, step: "step-1".parse().unwrap(), note: Some("as always".into()) }).await;
    eventually("the program runs", || async { pid_file.exists().then_some(()) }).await;
    let before = engine.state().await;

    engine.kill();
    engine.start_again().await;
    let state = engine.step(run, "work", |s| matches!(s, StepState::Unknown { .. })).await;
    let StepState::Unknown { what, .. } = state else { panic!("{state:?}") };
    assert_eq!(what, "the engine stopped while the program ran, and it still runs");
    let after = engine.state().await;
    assert_eq!(after.runs[&run].steps[0], before.runs[&run].steps[0], "what was acknowledged is still there");
    assert_eq!(after.incidents[&incident].call_sign, before.incidents[&incident].call_sign);

    let step = "work".parse().unwrap();
    let trouble = engine.refused(Command::Retry { run, step }).await;
    assert!(matches!(trouble, Trouble::Refused(Refusal::StillAlive { attempt: 1, .. })), "{trouble:?}");
    assert_eq!(std::fs::read_to_string(&count).unwrap(), "x\n", "nothing was repeated");

    let pid: u32 = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
    signal(pid, rustix::process::Signal::KILL);
    gone(&pid_file).await;
    eventually("a retry is taken", || async {
        engine.try_ask(Command::Retry { run, step: "work".parse().unwrap() }).await.ok()
    })
    .await;
    eventually("it runs a second time", || async {
        (std::fs::read_to_string(&count).unwrap() == "x\nx\n").then_some(())
    })
    .await;
    engine.ask(Command::Abort { run, reason: "end of the test".into() }).await;
}

#[tokio::test]
async fn a_person_says_what_became_of_a_step_that_was_lost() {
    let shop = Service::start().await;
    let mut engine = Engine::start().await;
    let pid_file = engine.dir.join("child.pid");
    let steps = format!(
        "      - {{id: work, name: Work, command: [sh, -c, \"echo $$ > {}; exec sleep 1000\"]}}\n      - Afterwards\n",
        pid_file.display()
    );
    let (_, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    eventually("the program runs", || async { pid_file.exists().then_some(()) }).await;
    engine.kill();
    engine.start_again().await;
    engine.step(run, "work", |s| matches!(s, StepState::Unknown { .. })).await;
    engine.ask(Command::SayDone { run, step: "work".parse().unwrap(), note: Some("I looked".into()) }).await;
    let done = engine.step(run, "work", StepState::is_settled).await;
    assert!(matches!(done, StepState::Done { how: How::Said { .. }, .. }), "{done:?}");
    engine.step(run, "step-2", waiting).await;
    let pid: u32 = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
    signal(pid, rustix::process::Signal::KILL);
}

#[tokio::test]
async fn a_held_run_starts_nothing_new() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let steps = "      - One\n      - {id: two, name: Two, command: [\"true\"]}\n";
    let (_, run) = engine.launch(&plan(&shop.url(), steps), "mend").await;
    engine.step(run, "step-1", waiting).await;
    engine.ask(Command::Hold { run, reason: Some("wait for the network people".into()) }).await;
    engine.ask(Command::SayDone { run, step: "step-1".parse().unwrap(), note: None }).await;
    assert_eq!(engine.run(run).await.steps[1].state, StepState::Pending);
    engine.ask(Command::Resume { run }).await;
    engine.step(run, "two", StepState::is_settled).await;
}

#[tokio::test]
async fn a_plan_edited_in_mid_run_changes_nothing_under_way() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let (_, run) = engine.launch(&plan(&shop.url(), "      - One\n      - Two\n"), "mend").await;
    engine.load(&plan(&shop.url(), "      - Something else\n")).await;
    let known = engine.run(run).await;
    assert_eq!(known.procedure.steps.len(), 2);
    assert_ne!(known.plan_hash, engine.state().await.plans["shop"].hash);
}

/// Waits until the process whose id a file holds is gone.
async fn gone(pid_file: &Path) {
    let pid = std::fs::read_to_string(pid_file).unwrap().trim().to_owned();
    let stat = format!("/proc/{pid}/stat");
    let lives = || std::fs::read_to_string(&stat).is_ok_and(|s| !s.contains(") Z "));
    eventually(&format!("process {pid} is gone within {PATIENCE:?}"), || async { (!lives()).then_some(()) }).await;
}
