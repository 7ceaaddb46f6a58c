//! What looks found before, from a real engine, across its ends.

use std::process::Command;

use warroom::client::ClientError;
use warroom::core::health::history::{LastFailure, Slot, summary};
use warroom::core::ids::{PlanId, ProbeId};
use warroom::core::plan::Place;
use warroom::core::time::{Moment, Span};
use warroom::wire::{Evidence, Histories, Trouble};

use crate::harness::{Engine, eventually, plan};
use crate::service::Service;

const STEPS: &str = "      - Look around\n";

fn names() -> (PlanId, [ProbeId; 1]) {
    ("shop".parse().unwrap(), ["front".parse().unwrap()])
}

async fn asked(engine: &Engine) -> Histories {
    let (plan, probes) = names();
    engine.client.history(&plan, &probes, Span::from_secs(900), Evidence::With).await.unwrap()
}

/// All that is known of the front door: its looks as one slot, and its last failure.
async fn known(engine: &Engine) -> (Option<Slot>, Option<LastFailure>) {
    let histories = asked(engine).await;
    assert_eq!((histories.trouble, histories.probes.len()), (None, 1));
    let place = histories.probes.into_iter().flat_map(|probe| probe.places).find(|place| place.place == Place::Engine);
    place.map_or((None, None), |place| (summary(&place.slots), place.failure))
}

async fn looks(engine: &Engine, wanted: impl Fn(&Slot) -> bool) -> Slot {
    eventually("there were such looks", || async { known(engine).await.0.filter(|all| wanted(all)) }).await
}

#[tokio::test]
async fn an_engine_that_starts_again_knows_what_was_seen_before_and_how_it_failed_last() {
    let shop = Service::start().await;
    let mut engine = Engine::start().await;
    engine.load(&plan(&shop.url(), STEPS)).await;
    looks(&engine, |all| all.good >= 3).await;
    shop.answers(503);
    shop.says("no room in the pool\u{1b}[2J");
    let before = looks(&engine, |all| all.bad >= 3).await;
    let (_, failure) = known(&engine).await;
    let failure = failure.unwrap();
    assert_eq!((failure.why.as_str(), failure.asked), ("503, expected 2xx", format!("GET {}", shop.url())));
    assert_eq!(failure.terms, "every 100ms, at most 100ms; down after 2 bad in a row, ok after 2 good");
    let detail = failure.detail.unwrap();
    assert!(detail.starts_with("HTTP/1.1 503 Service Unavailable\n"), "{detail}");
    assert!(
        detail.contains("content-type: text/plain") && detail.ends_with("\n\nno room in the pool\u{1b}[2J"),
        "{detail}"
    );
    assert!(!detail.contains("x-kind"), "a header that nobody asked for: {detail}");

    shop.falls_silent();
    assert_eq!(engine.terminate(), Some(0));
    shop.speaks();
    shop.answers(200);
    engine.start_again().await;
    let after = looks(&engine, |all| all.good >= before.good).await;
    assert!(after.bad >= before.bad, "{before:?} {after:?}");
    let (_, failure) = known(&engine).await;
    assert!(failure.is_some_and(|failure| failure.why.starts_with("503")), "it is kept");
}

#[tokio::test]
async fn an_engine_that_is_killed_loses_some_seconds_of_history_and_no_more() {
    let shop = Service::start().await;
    let mut engine = Engine::start().await;
    engine.load(&plan(&shop.url(), STEPS)).await;
    let file = engine.dir.join("history.db");
    // In a process of its own, as who opens it here and closes it takes its locks away.
    let count =
        format!("import sqlite3; print(sqlite3.connect({file:?}).execute('SELECT count(*) FROM slot').fetchone()[0])");
    let written = || async {
        let said = Command::new("python3").args(["-c", &count]).output().ok()?.stdout;
        String::from_utf8(said).ok()?.trim().parse().ok().filter(|slots: &u32| *slots > 0)
    };
    eventually("a slot is over and written", written).await;
    let before = known(&engine).await.0.unwrap().looks();
    engine.kill();
    shop.falls_silent();
    engine.start_again().await;
    let after = known(&engine).await.0.map_or(0, |all| all.looks());
    assert!(after > 0 && after <= before, "{before} before, {after} after");
}

#[tokio::test]
async fn a_stretch_of_the_past_is_served_and_nonsense_is_refused() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    engine.load(&plan(&shop.url(), STEPS)).await;
    let all = looks(&engine, |all| all.good >= 2).await;
    let (plan, probes) = names();
    let now = engine.client.hello().await.unwrap().now.utc;
    let between = async |from: Moment, to: Moment| engine.client.history_between(&plan, &probes, from, to).await;
    let slots = |histories: Histories| -> usize {
        histories.probes.iter().flat_map(|probe| &probe.places).map(|place| place.slots.len()).sum()
    };
    assert!(slots(between(all.at, now).await.unwrap()) > 0);
    let long_ago = Moment::from_micros(now.micros() - 86_400_000_000);
    assert_eq!(slots(between(long_ago, all.at).await.unwrap()), 0);
    let refused = between(now, long_ago).await;
    assert!(matches!(refused, Err(ClientError::Trouble(Trouble::BadRequest { .. }))), "{refused:?}");
    let gone: [ProbeId; 1] = ["was-never-there".parse().unwrap()];
    let unknown = engine.client.history(&plan, &gone, Span::from_secs(60), Evidence::Without).await.unwrap();
    assert!(unknown.probes.iter().all(|probe| probe.places.is_empty()));
}
