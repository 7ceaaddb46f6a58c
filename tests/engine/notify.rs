//! Steps that tell the world: done when the words have arrived, and only then.

use warroom::core::run::{Evidence, Failure, How, RunResult, StepState};
use warroom::text;

use crate::failure::failed;
use crate::harness::{Engine, eventually};
use crate::service::{Service, webhooks};
use crate::yard::Yard;

fn settings(pager: &Service, inbox: &Service) -> String {
    webhooks(&[("pager", pager), ("inbox", inbox)])
}

fn running(state: &StepState) -> bool {
    matches!(state, StepState::Running { .. })
}

async fn asked(service: &Service, times: usize) {
    eventually(&format!("{times} requests"), || async { (service.asked().len() >= times).then_some(()) }).await;
}

const PLAN: &str = "
    parameters: [{name: line, default: '3'}]
    steps:
      - {id: ask, command: [echo, '16.2'], result: {version: {line: last}}}
      - {id: tell, notify: {text: 'West serves ${version} on line ${line}', channels: [pager, inbox]}}
      - {id: next, command: ['true']}";

#[tokio::test]
async fn words_carry_values_and_are_said_to_be_delivered_when_every_channel_has_them() {
    let (yard, pager, inbox) = (Yard::new(), Service::start().await, Service::start().await);
    inbox.answers(503);
    let engine = Engine::with_config(&settings(&pager, &inbox)).await;
    let run = engine.mend(&yard.mend(PLAN)).await;
    asked(&pager, 1).await;
    asked(&inbox, 1).await;
    assert!(running(&engine.now(run, "tell").await), "one of them does not have it");
    assert_eq!(engine.now(run, "next").await, StepState::Pending);
    inbox.answers(200);
    assert_eq!(engine.end(run).await, RunResult::Done);
    let done = engine.now(run, "tell").await;
    assert!(matches!(done, StepState::Done { how: How::Seen(Evidence::Delivered { channels: 2 }), .. }), "{done:?}");
    let message: serde_json::Value = serde_json::from_str(&pager.asked()[0].body).unwrap();
    assert_eq!(message["text"], "West serves 16.2 on line 3");
    assert_eq!(pager.asked().len(), 1, "who had it is told once");
}

#[tokio::test]
async fn words_that_were_sent_when_the_engine_was_killed_come_again_with_the_same_key() {
    let (yard, pager, inbox) = (Yard::new(), Service::start().await, Service::start().await);
    pager.falls_silent();
    let mut engine = Engine::with_config(&settings(&pager, &inbox)).await;
    let run = engine.mend(&yard.mend(PLAN)).await;
    asked(&pager, 1).await;
    eventually("the other channel's answer is noted", || async {
        let state = engine.state().await;
        let incident = state.incidents.values().next().unwrap();
        let noted = incident.updates[0]
            .deliveries
            .values()
            .any(|d| matches!(d, warroom::core::comms::Delivery::Delivered { .. }));
        noted.then_some(())
    })
    .await;
    engine.kill();
    pager.speaks();
    engine.start_again().await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    let keys: Vec<String> = pager.asked().iter().map(|got| got.header("idempotency-key").to_owned()).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
    assert!(keys[0].ends_with("/1/pager"), "{keys:?}");
    assert_eq!(inbox.asked().len(), 1);
}

#[tokio::test]
async fn a_channel_that_will_never_take_them_fails_the_step() {
    let (yard, pager, inbox) = (Yard::new(), Service::start().await, Service::start().await);
    pager.answers(404);
    pager.says("no such room");
    let engine = Engine::with_config(&settings(&pager, &inbox)).await;
    let run = engine.mend(&yard.mend(PLAN)).await;
    let StepState::Failed { why, .. } = engine.step(run, "tell", failed).await else { panic!() };
    assert_eq!(text::failure(&why), "no answer: pager: 404 no such room");
    assert_eq!(engine.now(run, "next").await, StepState::Pending);
}

#[tokio::test]
async fn a_channel_that_the_settings_lack_fails_the_step_by_name() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let run = engine.mend(&yard.mend(PLAN)).await;
    let StepState::Failed { why: Failure::NoAnswer { why }, .. } = engine.step(run, "tell", failed).await else {
        panic!()
    };
    assert!(why.contains("the settings have no channel inbox"), "{why}");
}
