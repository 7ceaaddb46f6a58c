//! Steps that run programs, and what becomes of them when things go wrong.

use std::path::Path;

use warroom::core::command::Command;
use warroom::core::ids::{IncidentId, RunId};
use warroom::core::refusal::Refusal;
use warroom::core::run::{Evidence, Failure, How, RunResult, RunState, StepState};
use warroom::wire::Trouble;

use crate::harness::{Engine, PATIENCE, eventually, plan, signal};
use crate::service::Service;

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
    engine.ask(Command::Retry { run, step: "first".parse().unwrap(), values: Default::default() }).await;
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
    let bodies = api.asked();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|got| got.body == "{\"site\":\"west\"}"));
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

/// One manual step, then a program that says that it runs and goes on until `end` is there.
fn until_told(engine: &Engine, more: &str) -> String {
    let dir = engine.dir.display();
    format!(
        "      - Open the bridge\n      - {{id: work, name: Work, {more}command: [sh, -c, \"echo x >> {dir}/count; echo $$ > {dir}/child.pid; while ! test -e {dir}/end; do sleep 0.05; done; echo ended\"]}}\n      - Afterwards\n"
    )
}

/// Launches that and waits until the program runs.
async fn launch_until_told(engine: &Engine) -> (IncidentId, RunId) {
    launch_with(engine, "").await
}

async fn launch_with(engine: &Engine, more: &str) -> (IncidentId, RunId) {
    let shop = Service::start().await;
    let (incident, run) = engine.launch(&plan(&shop.url(), &until_told(engine, more)), "mend").await;
    engine.step(run, "step-1", waiting).await;
    engine.ask(Command::SayDone { run, step: "step-1".parse().unwrap(), note: Some("as always".into()) }).await;
    eventually("the program runs", || async { engine.dir.join("child.pid").exists().then_some(()) }).await;
    (incident, run)
}

fn count(engine: &Engine) -> String {
    std::fs::read_to_string(engine.dir.join("count")).unwrap()
}

#[tokio::test]
async fn an_engine_killed_in_the_middle_of_a_run_takes_back_what_still_runs() {
    let mut engine = Engine::start().await;
    let (incident, run) = launch_until_told(&engine).await;
    let before = engine.state().await;
    engine.kill();
    engine.start_again().await;

    let after = engine.state().await;
    assert_eq!(after.runs[&run], before.runs[&run], "what was acknowledged is still there");
    assert_eq!(after.incidents[&incident].call_sign, before.incidents[&incident].call_sign);
    std::fs::write(engine.dir.join("end"), "").unwrap();
    let done = engine.step(run, "work", StepState::is_settled).await;
    assert!(matches!(done, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. }), "{done:?}");
    assert_eq!(count(&engine), "x\n", "nothing was repeated");
    let output = engine.client.output(run, &"work".parse().unwrap(), 1, 0).await.unwrap();
    assert_eq!(output.bytes, b"ended\n");
}

#[tokio::test]
async fn an_end_that_came_while_no_engine_ran_is_taken_from_the_disk() {
    let mut engine = Engine::start().await;
    let (_, run) = launch_until_told(&engine).await;
    engine.kill();
    std::fs::write(engine.dir.join("end"), "").unwrap();
    gone(&engine.dir.join("child.pid")).await;
    engine.start_again().await;
    let done = engine.step(run, "work", StepState::is_settled).await;
    assert!(matches!(done, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. }), "{done:?}");
    assert_eq!(count(&engine), "x\n");
    engine.step(run, "step-3", waiting).await;
}

#[tokio::test]
async fn a_run_aborted_by_the_next_engine_ends_what_the_one_before_started() {
    let mut engine = Engine::start().await;
    let (_, run) = launch_until_told(&engine).await;
    engine.kill();
    engine.start_again().await;
    engine.ask(Command::Abort { run, reason: "the site is back".into() }).await;
    gone(&engine.dir.join("child.pid")).await;
    let state = engine.step(run, "work", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{state:?}");
}

/// Kills engine and shim at once, so that nobody is left who knows, and starts the engine again.
async fn lose_sight(engine: &mut Engine, run: RunId) -> StepState {
    let pids = std::fs::read_to_string(engine.dir.join("runs/R1/work.1/pid.json")).unwrap();
    let pids: serde_json::Value = serde_json::from_str(&pids).unwrap();
    engine.kill();
    signal(u32::try_from(pids["shim_pid"].as_u64().unwrap()).unwrap(), rustix::process::Signal::KILL);
    engine.start_again().await;
    engine.step(run, "work", |s| matches!(s, StepState::Unknown { .. })).await
}

#[tokio::test]
async fn what_nobody_can_know_is_unknown_and_not_repeated_while_it_lives() {
    let mut engine = Engine::start().await;
    let (_, run) = launch_until_told(&engine).await;
    let state = lose_sight(&mut engine, run).await;
    let StepState::Unknown { what, .. } = state else { panic!("{state:?}") };
    assert_eq!(what, "its shim is gone; processes that it started still live");

    let step = "work".parse().unwrap();
    let trouble = engine.refused(Command::Retry { run, step, values: Default::default() }).await;
    assert!(matches!(trouble, Trouble::Refused(Refusal::StillAlive { attempt: 1, .. })), "{trouble:?}");
    assert_eq!(count(&engine), "x\n", "nothing was repeated");

    std::fs::write(engine.dir.join("end"), "").unwrap();
    gone(&engine.dir.join("child.pid")).await;
    eventually("a retry is taken", || async {
        engine.try_ask(Command::Retry { run, step: "work".parse().unwrap(), values: Default::default() }).await.ok()
    })
    .await;
    engine.step(run, "work", StepState::is_settled).await;
    assert_eq!(count(&engine), "x\nx\n");
}

#[tokio::test]
async fn an_idempotent_step_that_was_lost_is_done_again_by_itself_once_nothing_of_it_lives() {
    let mut engine = Engine::start().await;
    let (_, run) = launch_with(&engine, "idempotent: true, ").await;
    lose_sight(&mut engine, run).await;
    assert_eq!(count(&engine), "x\n", "the first try still lives");
    std::fs::write(engine.dir.join("end"), "").unwrap();
    engine.step(run, "work", StepState::is_settled).await;
    assert_eq!(count(&engine), "x\nx\n");
    assert_eq!(engine.run(run).await.steps[1].attempts, 2);
}

#[tokio::test]
async fn a_person_says_what_became_of_a_step_that_was_lost() {
    let mut engine = Engine::start().await;
    let (_, run) = launch_until_told(&engine).await;
    lose_sight(&mut engine, run).await;
    engine.ask(Command::SayDone { run, step: "work".parse().unwrap(), note: Some("I looked".into()) }).await;
    let done = engine.step(run, "work", StepState::is_settled).await;
    assert!(matches!(done, StepState::Done { how: How::Said { .. }, .. }), "{done:?}");
    engine.step(run, "step-3", waiting).await;
    std::fs::write(engine.dir.join("end"), "").unwrap();
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

#[tokio::test]
async fn a_plan_edited_in_mid_run_changes_no_lane_list_call_or_undo_of_it() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let dir = engine.dir.display().to_string();
    let text = |word: &str, items: &str| {
        let say = format!("command: [sh, -c, \"echo {word} $WARROOM_STEP >> {dir}/said\"]");
        let wait = format!("command: [sh, -c, \"while ! test -e {dir}/end; do sleep 0.02; done\"]");
        let steps = format!(
            "      - {{id: wait, needs: [], {wait}}}\n\
             \x20     - {{id: each, needs: [wait], for_each: [{items}], {say}, undo: {{{say}}}}}\n\
             \x20     - {{id: call, needs: [wait], procedure: other}}\n\
             \x20     - {{id: wrong, needs: [each, call], command: [\"false\"], on_failure: rollback}}\n\
             \x20 - procedure_id: other\n    name: Another\n    steps:\n      - {{id: said, {say}}}\n"
        );
        plan(&shop.url(), &steps)
    };
    let (_, run) = engine.launch(&text("old", "x, y"), "mend").await;
    let before = engine.run(run).await;
    engine.load(&text("new", "x, z")).await;
    std::fs::write(engine.dir.join("end"), "").unwrap();
    eventually("it is rolled back", || async {
        let state = engine.run(run).await.state;
        matches!(state, RunState::Ended { result: RunResult::RolledBack { undone: 2, .. }, .. }).then_some(())
    })
    .await;
    let after = engine.run(run).await;
    assert_eq!((&after.procedure, &after.plan_hash), (&before.procedure, &before.plan_hash));
    assert_ne!(after.plan_hash, engine.state().await.plans["shop"].hash);
    let said = std::fs::read_to_string(engine.dir.join("said")).unwrap();
    let mut said: Vec<&str> = said.lines().collect();
    said.sort_unstable();
    assert_eq!(said, ["old call.said", "old each.x", "old each.y", "old undo.each.x", "old undo.each.y"]);
}

/// Waits until the process whose id a file holds is gone.
async fn gone(pid_file: &Path) {
    let pid = std::fs::read_to_string(pid_file).unwrap().trim().to_owned();
    let stat = format!("/proc/{pid}/stat");
    let lives = || std::fs::read_to_string(&stat).is_ok_and(|s| !s.contains(") Z "));
    eventually(&format!("process {pid} is gone within {PATIENCE:?}"), || async { (!lives()).then_some(()) }).await;
}
