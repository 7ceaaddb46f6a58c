//! Two runs never work on the same part at once, whatever the incident.

use warroom::core::command::Command;
use warroom::core::refusal::Refusal;
use warroom::core::run::{RunResult, StepState};
use warroom::text;
use warroom::wire::Trouble;

use crate::harness::{Engine, start};
use crate::yard::Yard;

const PLAN: &str = "
    - procedure_id: mend
      name: Mend the front door
      components: [front]
      steps:
        - {id: work, command: [sh, -c, 'until test -e DIR/go; do sleep 0.02; done']}
    - procedure_id: other
      name: Mend something
      parameters: [{name: part, type: component, default: front}]
      steps: [{id: work, command: ['true']}]
    - procedure_id: look
      name: Look around
      kind: validation
      components: [front]
      steps: [{id: work, command: ['true']}]";

#[tokio::test]
async fn what_a_run_works_on_is_locked_against_others_across_incidents_until_it_ends() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let (first, run) = engine.launch(&yard.shop("", PLAN), "mend").await;
    let second = engine.declare(&yard.shop("", PLAN)).await;
    assert_ne!(first, second);
    engine.step(run, "work", |s| matches!(s, StepState::Running { .. })).await;

    let refused = engine.refused(start(&second, "other")).await;
    let Trouble::Refused(refusal @ Refusal::ComponentsLocked { .. }) = refused else { panic!("{refused:?}") };
    let sentence = text::refusal(&refusal);
    let sign = engine.incident(&first).await.call_sign.to_string();
    let leads = engine.client.hello().await.unwrap().you.name;
    assert_eq!(sentence, format!("R1 of {sign} works on front; {leads} leads there: let it end, or have it aborted"));
    let looks = engine.ask(start(&second, "look")).await.run.unwrap();
    assert_eq!(engine.end(looks).await, RunResult::Done, "whoever only looks is in nobody's way");

    yard.put("go", "");
    assert_eq!(engine.end(run).await, RunResult::Done);
    let other = engine.ask(start(&second, "other")).await.run.unwrap();
    assert_eq!(engine.end(other).await, RunResult::Done);
}

#[tokio::test]
async fn an_aborted_run_keeps_its_lock_until_what_it_was_at_has_ended_and_takes_it_again() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let deaf = PLAN.replace("until test", "trap \"touch DIR/told\" TERM; touch DIR/deaf; until test");
    let (first, run) = engine.launch(&yard.shop("", &deaf), "mend").await;
    let second = engine.declare(&yard.shop("", &deaf)).await;
    yard.until_there("deaf").await;
    engine.ask(Command::Abort { run, reason: "wrong one".into() }).await;
    let refused = engine.refused(start(&second, "other")).await;
    assert!(matches!(refused, Trouble::Refused(Refusal::ComponentsLocked { .. })), "{refused:?}");
    // What ends well before it is told to stop is done.
    yard.until_there("told").await;
    yard.put("go", "");
    engine.step(run, "work", |s| matches!(s, StepState::Failed { .. })).await;

    let again = engine.ask(start(&second, "mend")).await.run.unwrap();
    assert_eq!(engine.end(again).await, RunResult::Done);
    std::fs::remove_file(yard.path("go")).unwrap();
    let third = engine.ask(start(&second, "mend")).await.run.unwrap();
    let refused = engine.refused(Command::Resume { run }).await;
    assert!(matches!(refused, Trouble::Refused(Refusal::ComponentsLocked { .. })), "{refused:?}");
    yard.put("go", "");
    engine.end(third).await;
    engine.ask(Command::Resume { run }).await;
    assert_eq!(engine.run(run).await.incident, first);
}
