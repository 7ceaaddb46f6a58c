//! Kinds of step that the engine does with its own hands, through its own end.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use warroom::core::command::Command;
use warroom::core::health::Verdict;
use warroom::core::run::{Evidence, Failure, How, RunResult, StepState};
use warroom::text;

use crate::failure::failed;
use crate::harness::{Engine, eventually};
use crate::service::Service;
use crate::yard::Yard;

fn running(state: &StepState) -> bool {
    matches!(state, StepState::Running { .. })
}

async fn asked(service: &Service) {
    eventually("a request came", || async { (!service.asked().is_empty()).then_some(()) }).await;
}

#[tokio::test]
async fn a_request_on_its_way_when_the_engine_was_killed_is_unknown_and_not_sent_again() {
    let (yard, api) = (Yard::new(), Service::start().await);
    api.falls_silent();
    let mut engine = Engine::start().await;
    let run =
        engine.mend(&yard.mend(&format!("steps: [{{id: call, http: {{method: POST, url: '{}'}}}}]", api.url()))).await;
    asked(&api).await;
    engine.kill();
    api.speaks();
    engine.start_again().await;
    let StepState::Unknown { what, .. } = engine.now(run, "call").await else { panic!() };
    assert_eq!(what, "the engine stopped while it waited for an answer");
    engine.ask(Command::SayDone { run, step: "call".parse().unwrap(), note: Some("it has it".into()) }).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(api.asked().len(), 1);
}

#[tokio::test]
async fn a_request_that_does_no_harm_twice_is_sent_again_after_a_kill() {
    let (yard, api) = (Yard::new(), Service::start().await);
    api.falls_silent();
    let mut engine = Engine::start().await;
    let steps = format!("steps: [{{id: call, idempotent: true, http: {{method: PUT, url: '{}'}}}}]", api.url());
    let run = engine.mend(&yard.mend(&steps)).await;
    asked(&api).await;
    engine.kill();
    api.speaks();
    engine.start_again().await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    let keys: Vec<String> = api.asked().iter().map(|got| got.header("idempotency-key").to_owned()).collect();
    assert_eq!(keys.len(), 2);
    assert!(keys[0].ends_with("/R1/call/1") && keys[1].ends_with("/R1/call/2"), "{keys:?}");
}

#[tokio::test]
async fn waits_and_pauses_go_on_through_a_kill_and_are_not_begun_anew() {
    let (yard, mut engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - {id: settle, needs: [], wait: 4s}
          - {id: again, needs: [], command: [sh, -c, 'echo try >> DIR/log; test -e DIR/fixed'], retry: {times: 1, every: 4s}}",
    );
    let began = Instant::now();
    let run = engine.mend(&plan).await;
    engine.step(run, "again", |s| matches!(s, StepState::Pausing { .. })).await;
    yard.put("fixed", "");
    for _ in 0..4 {
        engine.kill();
        engine.start_again().await;
        assert!(running(&engine.now(run, "settle").await) || began.elapsed() >= Duration::from_secs(4));
    }
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert!(began.elapsed() >= Duration::from_secs(4));
    let StepState::Done { how: How::Seen(Evidence::Waited { .. }), took, .. } = engine.now(run, "settle").await else {
        panic!()
    };
    assert!(took.to_std() < Duration::from_secs(8), "{took} would be the wait twice");
    assert_eq!(yard.lines("log"), ["try", "try"]);
}

#[tokio::test]
async fn settings_that_are_not_valid_are_put_back_as_they_were() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    yard.put("app.json", "{\"site\": \"east\"}");
    yard.put("good.json", "{\"site\": \"west\"}");
    yard.put("bad.json", "{\"site\": ");
    let plan = yard.mend(
        "
        steps:
          - {id: good, config: {files: [{from: DIR/good.json, to: DIR/app.json, format: json, mode: '0640'}], keep: DIR/kept}}
          - {id: refused, on_failure: continue, config: {files: [{from: DIR/good.json, to: DIR/app.json}, {from: DIR/east.json, to: DIR/other.json}], check: ['false'], keep: DIR/kept}}
          - {id: bad, config: {files: [{from: DIR/bad.json, to: DIR/app.json, format: json}], keep: DIR/kept}}",
    );
    yard.put("east.json", "{}");
    let run = engine.mend(&plan).await;
    let state = engine.step(run, "bad", failed).await;
    assert!(matches!(
        engine.now(run, "good").await,
        StepState::Done { how: How::Seen(Evidence::FilesPut { files: 1 }), .. }
    ));
    assert_eq!(yard.text("app.json"), "{\"site\": \"west\"}");
    assert_eq!(std::fs::metadata(yard.path("app.json")).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(!yard.has("other.json"), "what was not there before is not there again");
    assert!(failed(&engine.now(run, "refused").await));
    let StepState::Failed { why, .. } = state else { panic!() };
    assert!(text::failure(&why).contains("bad.json") || text::failure(&why).contains("app.json"), "{why:?}");
}

#[tokio::test]
async fn a_file_and_the_health_of_a_part_are_waited_for_as_the_plan_says() {
    let (yard, front) = (Yard::new(), Service::start().await);
    front.answers(503);
    let engine = Engine::start().await;
    let plan = yard.shop(
        &format!(
            "components: [{{component_id: front, name: Front, type: web, priority: low, probes: [{{http: '{}', every: 100ms, timeout: 100ms, fail_after: 1, pass_after: 1}}]}}]",
            front.url()
        ),
        "
        - procedure_id: mend
          name: Mend it
          steps:
            - {id: dump, file: {path: DIR/dump.json, format: json, min_size: 1KiB}, retry: {times: 100, every: 100ms}}
            - {id: well, health: {component: front, within: 20s, stable_for: 1s}}
            - {id: pause, manual: Go on}
            - {id: ill, health: {component: front, within: 500ms}}",
    );
    let run = engine.mend(&plan).await;
    engine.step(run, "dump", |s| matches!(s, StepState::Pausing { .. })).await;
    yard.put("dump.json", &format!("\"{}\"", "x".repeat(2_000)));
    engine.step(run, "well", running).await;
    front.answers(200);
    let done = engine.step(run, "well", StepState::is_settled).await;
    let StepState::Done { how: How::Seen(Evidence::Healthy { probes: 1 }), took, .. } = done else {
        panic!("{done:?}")
    };
    assert!(took.to_std() >= Duration::from_secs(1), "{took}");
    front.answers(503);
    eventually("the engine has seen it fail", || async {
        let state = engine.state().await;
        state.plans["shop"].probes.values().all(|p| p.verdict == Verdict::Down).then_some(())
    })
    .await;
    engine.ask(Command::SayDone { run, step: "pause".parse().unwrap(), note: None }).await;
    let state = engine.step(run, "ill", failed).await;
    let StepState::Failed { why: Failure::NotHealthy { why }, .. } = state else { panic!("{state:?}") };
    assert!(why.starts_with("front is down: ") && why.ends_with(", after 500ms"), "{why}");
}
