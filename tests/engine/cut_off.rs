//! An engine that is itself cut off calls nothing down.

use std::net::TcpListener;
use std::process::Stdio;

use warroom::core::health::Verdict;

use crate::harness::{Engine, eventually, plan, skip, warroom};
use crate::service::Service;

async fn verdict(engine: &Engine) -> (Verdict, String) {
    let state = engine.state().await;
    let probe = &state.plans["shop"].probes["front"];
    (probe.verdict, probe.why.clone())
}

async fn until(engine: &Engine, wanted: Verdict) -> String {
    let seen = || async { Some(verdict(engine).await).filter(|(verdict, _)| *verdict == wanted) };
    eventually(&format!("the front door is {wanted:?}"), seen).await.1
}

const STEPS: &str = "      - Look around\n";

#[tokio::test]
async fn in_a_network_of_its_own_everything_is_unknown_and_no_incident_is_proposed() {
    let temp = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new("unshare");
    command.args(["--net", "true"]).stderr(Stdio::null());
    if !command.status().is_ok_and(|status| status.success()) {
        return skip("an engine in a network of its own", "unshare --net is not allowed here");
    }
    let mut command = std::process::Command::new("unshare");
    let exe = warroom().get_program().to_owned();
    command.arg("--net").arg(exe).args(["engine", "run", "--state"]).arg(temp.path()).stdout(Stdio::null());
    let engine = Engine::of(temp.path(), command.stderr(Stdio::null()).spawn().unwrap());
    engine.answers().await;
    engine.load(&plan("http://127.0.0.1:9/", STEPS)).await;
    let looks = || async {
        let readings = engine.client.snapshot().await.unwrap().live.readings;
        let looked = readings.looks(&"shop".parse().unwrap(), &"front".parse().unwrap()).next().is_some();
        looked.then_some(())
    };
    eventually("it has looked", looks).await;
    let why = until(&engine, Verdict::Unknown).await;
    assert!(engine.state().await.incidents.is_empty(), "{why}");
}

#[tokio::test]
async fn with_no_anchor_answering_nothing_is_down_and_afterwards_everything_is_looked_at_anew() {
    let shop = Service::start().await;
    let anchor = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = anchor.local_addr().unwrap();
    let engine = Engine::with_config(&format!("[connection]\nanchors = [\"{address}\"]\n")).await;
    engine.load(&plan(&shop.url(), STEPS)).await;
    until(&engine, Verdict::Ok).await;

    drop(anchor);
    shop.answers(503);
    assert_eq!(until(&engine, Verdict::Unknown).await, "the engine is cut off");
    let state = engine.state().await;
    let (_, why) = state.cut_off.unwrap();
    assert!(why.contains("connection refused"), "{why}");
    assert!(state.incidents.is_empty());

    let anchor = TcpListener::bind(address).unwrap();
    until(&engine, Verdict::Down).await;
    eventually("it is proposed", || async { (!engine.state().await.incidents.is_empty()).then_some(()) }).await;
    drop(anchor);
}
