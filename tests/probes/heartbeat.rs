//! Others that report to an engine, and fall silent.

use std::process::Command;

use warroom::client::ClientError;
use warroom::core::health::Verdict;
use warroom::wire::{Heartbeat, Trouble};

use crate::harness::{Engine, eventually};

fn plan(every: &str) -> String {
    format!(
        "plan_id: shop\nplan_name: Shop\ncomponents:\n  - component_id: backup\n    \
         name: Backup\n    type: service\n    probes:\n      - {{id: nightly, heartbeat: true, every: {every}, fail_after: 1, \
         pass_after: 1}}\n      - {{id: other, tcp: '127.0.0.1:1', every: 1h}}\n"
    )
}

async fn verdict(engine: &Engine) -> (Verdict, String) {
    let state = engine.state().await;
    let known = state.plans["shop"].probes.get("nightly");
    known.map_or((Verdict::Unknown, String::new()), |known| (known.verdict, known.why.clone()))
}

async fn becomes(engine: &Engine, wanted: Verdict) -> String {
    let what = format!("it is {wanted:?}");
    eventually(&what, || async {
        let (verdict, why) = verdict(engine).await;
        (verdict == wanted).then_some(why)
    })
    .await
}

fn report(engine: &Engine, more: &[&str]) -> std::process::Output {
    let mut told = Command::new(env!("CARGO_BIN_EXE_warroom"));
    told.arg("heartbeat").args(more).arg("--state").arg(&engine.dir).output().unwrap()
}

#[tokio::test]
async fn who_reports_is_well_and_who_reports_trouble_is_not() {
    let engine = Engine::start().await;
    engine.load(&plan("1h")).await;
    assert_eq!(verdict(&engine).await.0, Verdict::Unknown, "nothing is known before the first report");
    let told = report(&engine, &["shop", "nightly"]);
    assert!(told.status.success() && told.stdout.is_empty(), "{told:?}");
    assert_eq!(becomes(&engine, Verdict::Ok).await, "reported");
    let before = engine.client.hello().await.unwrap().head;
    for _ in 0..20 {
        let (plan, probe) = ("shop".parse().unwrap(), "nightly".parse().unwrap());
        engine.client.heartbeat(&plan, &probe, &Heartbeat::default()).await.unwrap();
    }
    assert!(report(&engine, &["shop", "nightly", "--down", "no space left"]).status.success());
    assert_eq!(becomes(&engine, Verdict::Down).await, "reported trouble: no space left");
    let after = engine.client.hello().await.unwrap().head;
    assert!(after - before < 5, "reports are not journaled: {before} to {after}");
    assert!(report(&engine, &["shop", "nightly"]).status.success());
    becomes(&engine, Verdict::Ok).await;
}

#[tokio::test]
async fn silence_is_failure_and_the_next_report_ends_it() {
    let engine = Engine::start().await;
    engine.load(&plan("500ms")).await;
    let why = becomes(&engine, Verdict::Down).await;
    assert!(why.starts_with("silent for "), "{why}");
    assert!(report(&engine, &["shop", "nightly"]).status.success());
    becomes(&engine, Verdict::Ok).await;
}

#[tokio::test]
async fn a_report_to_what_does_not_wait_for_one_is_refused() {
    let engine = Engine::start().await;
    engine.load(&plan("1h")).await;
    let ask = async |plan: &str, probe: &str| {
        engine.client.heartbeat(&plan.parse().unwrap(), &probe.parse().unwrap(), &Heartbeat::default()).await
    };
    for (plan, probe) in [("shop", "none"), ("none", "nightly")] {
        let trouble = ask(plan, probe).await;
        assert!(matches!(trouble, Err(ClientError::Trouble(Trouble::NotFound { .. }))), "{trouble:?}");
    }
    let other = ask("shop", "other").await;
    assert!(matches!(other, Err(ClientError::Trouble(Trouble::BadRequest { .. }))), "{other:?}");
    let told = report(&engine, &["shop", "none"]);
    assert_eq!(told.status.code(), Some(1));
}
