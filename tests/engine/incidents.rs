//! Trouble is seen, declared, mended and closed.

use warroom::core::command::{Command, Declared};
use warroom::core::event::Event;
use warroom::core::incident::Phase;
use warroom::core::run::{Evidence, How, StepState};

use crate::harness::{Engine, eventually, plan, start};
use crate::service::Service;

#[tokio::test]
async fn an_outage_is_proposed_declared_recovered_and_closed() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let steps = format!(
        "      - Open the bridge\n      - {{id: look, name: Front door answers, health: {{component: front, within: 20s}}}}\n      - {{id: tell, name: Tell the router, http: {{method: POST, url: \"{}\"}}}}\n",
        Service::start().await.url()
    );
    engine.load(&plan(&shop.url(), &steps)).await;

    shop.answers(500);
    let proposed =
        eventually("an incident is proposed", || async { engine.state().await.open_incidents().next().cloned() }).await;
    assert_eq!(proposed.phase, Phase::Proposed);
    assert!(proposed.detected.is_some());

    engine.ask(Command::Declare { what: Declared::Proposal(proposed.id.clone()), severity: None, title: None }).await;
    let run = engine.ask(start(&proposed.id, "mend")).await.run.unwrap();
    engine.step(run, "step-1", |s| matches!(s, StepState::Waiting { .. })).await;
    engine.ask(Command::SayDone { run, step: "step-1".parse().unwrap(), note: None }).await;
    shop.answers(200);
    let done = engine.step(run, "look", StepState::is_settled).await;
    assert!(matches!(done, StepState::Done { how: How::Seen(Evidence::Healthy { probes: 1 }), .. }), "{done:?}");

    let recovered = eventually("the incident has recovered", || async {
        let incident = engine.incident(&proposed.id).await;
        (incident.phase == Phase::Recovered).then_some(incident)
    })
    .await;
    let stopped = recovered.stopped.unwrap();
    assert!(stopped.utc > recovered.began.utc);

    engine.ask(Command::Close { incident: proposed.id.clone(), reason: None }).await;
    let state = engine.state().await;
    assert!(matches!(state.incidents[&proposed.id].phase, Phase::Closed { reason: None }));
    assert_eq!(state.open_incidents().count(), 0, "what is good again is not proposed again");
    assert!(state.timeline.iter().any(|entry| matches!(entry.event, Event::RunEnded { .. })));
}

#[tokio::test]
async fn a_repeated_command_acts_once_even_after_a_crash() {
    use uuid::Uuid;
    use warroom::wire::Posted;
    let mut engine = Engine::start().await;
    let command = Command::Note { incident: None, text: "the bridge is open".into() };
    let posted = Posted { id: Uuid::now_v7(), seen: None, command };
    let first = engine.client.command(&posted).await.unwrap();
    assert_eq!(engine.client.command(&posted).await.unwrap(), first);
    engine.kill();
    engine.start_again().await;
    assert_eq!(engine.client.command(&posted).await.unwrap().seq, first.seq);
    let notes = engine.client.timeline(None, 100, None).await.unwrap();
    assert_eq!(notes.iter().filter(|e| matches!(e.event, Event::NoteAdded { .. })).count(), 1);
}

#[tokio::test]
async fn after_a_restart_nothing_is_healthy_until_it_was_looked_at() {
    use warroom::core::health::Verdict;
    let shop = Service::start().await;
    let mut engine = Engine::start().await;
    engine.load(&plan(&shop.url(), "      - Look around\n")).await;
    let verdict = |state: &warroom::core::state::State| state.plans["shop"].probes.values().next().unwrap().verdict;
    eventually("the probe is ok", || async { (verdict(&engine.state().await) == Verdict::Ok).then_some(()) }).await;
    engine.kill();
    engine.start_again().await;
    eventually("the probe is ok again", || async { (verdict(&engine.state().await) == Verdict::Ok).then_some(()) })
        .await;
    let timeline = engine.client.timeline(None, 100, None).await.unwrap();
    let changes = timeline.iter().filter(|e| matches!(e.event, Event::ProbeChanged { .. })).count();
    assert_eq!(changes, 2, "it was looked at anew by each engine");
}

#[tokio::test]
async fn the_end_in_order_is_the_last_entry() {
    let mut engine = Engine::start().await;
    assert_eq!(engine.terminate(), Some(0));
    assert!(!engine.dir.join("journal.db-wal").exists(), "all is in the one file");
    engine.start_again().await;
    let timeline = engine.client.timeline(None, 10, None).await.unwrap();
    let kinds: Vec<_> = timeline.iter().map(|e| std::mem::discriminant(&e.event)).collect();
    assert_eq!(kinds.len(), 3, "started, stopped, started");
    assert!(matches!(timeline[1].event, Event::EngineStopped));
}
