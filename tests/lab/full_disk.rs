//! The disk of the site that is to take over is full.

use warroom::core::command::{Command, Declared};
use warroom::core::ids::{IncidentId, RunId};
use warroom::core::run::{RunResult, StepState};

use crate::harness::eventually;
use crate::lab::{Lab, Wanted};
use crate::ledger::Ledger;

/// Room for the data of a laboratory twice, and for what customers write meanwhile.
const DISK: u32 = 96;

async fn lab() -> Option<Lab> {
    let lab = Lab::with(Wanted { disk: Some(DISK), ..Wanted::default() }).await?;
    lab.watched(1).await;
    Some(lab)
}

/// An incident that a person notices.
async fn noticed(lab: &Lab) -> IncidentId {
    let what = Declared::Plan("shop".parse().unwrap());
    lab.engine.ask(Command::Declare { what, severity: None, title: None }).await.incident.unwrap()
}

async fn failed(lab: &Lab, run: RunId, step: &str) {
    lab.engine.step(run, step, |state| matches!(state, StepState::Failed { .. })).await;
}

/// What waits behind a step has not begun.
async fn none_began(lab: &Lab, run: RunId, steps: &[&str]) {
    let run = lab.engine.run(run).await;
    for step in steps {
        assert_eq!(run.find(&step.parse().unwrap()).unwrap().2.attempts, 0, "{step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_to_a_full_disk_does_not_begin_and_the_source_goes_on() {
    let Some(mut lab) = lab().await else { return };
    lab.west.db.fill_disk();
    let run = lab.launch_planned(&noticed(&lab).await).await;
    failed(&lab, run, "space").await;
    none_began(&lab, run, &["fence", "stop-east", "go", "promote", "send", "name"]).await;
    lab.serves(200).await;
    assert!(lab.door.sends_to("east") && lab.east.db.is_primary().await);
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_that_a_full_disk_fails_leaves_nothing_half_done_and_is_tried_again_by_a_person() {
    let Some(mut lab) = lab().await else { return };
    lab.east.db.kill();
    let incident = lab.declare().await;
    let run = lab.launch(&incident).await;
    lab.engine.step(run, "go", |state| matches!(state, StepState::Waiting { .. })).await;
    lab.west.db.fill_disk();
    let announced = lab.confirm(run).await;
    lab.engine.step(run, "promote", |state| !matches!(state, StepState::Pending | StepState::Running { .. })).await;
    none_began(&lab, run, &["send", "name", "open"]).await;
    assert!(!lab.is_over(run).await, "a person decides");
    assert!(!lab.door.sends_to("east") && !lab.door.sends_to("west"), "nobody is sent to a site that takes no rows");

    lab.west.db.free_disk();
    if !lab.west.db.alive().await {
        lab.west.db.again().await;
    }
    let retry = Command::Retry { run, step: "promote".parse().unwrap(), values: Default::default() };
    eventually("it is tried again", || async { lab.engine.try_ask(retry.clone()).await.ok() }).await;
    let result = lab.engine.end(run).await;
    assert!(matches!(result, RunResult::Done), "{result:?}");
    lab.serves(50).await;
    assert_eq!(lab.west.db.timeline().await, 2);
    Ledger::of(&mut lab, |lab| &lab.west.db).await.holds(announced);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_to_a_disk_with_room_goes_through() {
    let Some(mut lab) = lab().await else { return };
    let run = lab.launch_planned(&noticed(&lab).await).await;
    lab.confirm(run).await;
    let result = lab.engine.end(run).await;
    assert!(matches!(result, RunResult::Done), "{result:?}");
    lab.serves(50).await;
    assert!(lab.west.db.is_primary().await && !lab.east.db.alive().await);
    Ledger::of(&mut lab, |lab| &lab.west.db).await.is_whole();
}
