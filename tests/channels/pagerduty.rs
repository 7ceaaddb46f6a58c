use warroom::channels::{Message, Trouble};

use crate::fake::{Fake, reply};
use crate::{answer, message, never, secret, tries};

fn service(dir: &tempfile::TempDir, url: &str) -> String {
    let key = secret(dir.path(), "key", "R0123456789");
    format!("kind = 'pagerduty'\nrouting_key = '{key}'\napi = '{url}'")
}

#[tokio::test]
async fn an_incident_is_one_alert_that_is_triggered_and_resolved() {
    let dir = tempfile::tempdir().unwrap();
    let fake =
        Fake::start(|_| reply(202, r#"{"status":"success","message":"Event processed","dedup_key":"warroom/DR-1"}"#))
            .await;
    let settings = service(&dir, &fake.url);
    assert!(answer(tries(&settings, &message()).await).starts_with("202 {\"status\":\"success\""));
    let over = Message { trouble: Trouble::IsOver, number: 2, ..message() };
    answer(tries(&settings, &over).await);
    let events: Vec<_> = fake.got().iter().map(|got| (got.path.clone(), got.json())).collect();
    for (path, event) in &events {
        assert_eq!((path.as_str(), &event["dedup_key"]), ("/v2/enqueue", &"warroom/DR-1".into()));
        assert_eq!(event["routing_key"], "R0123456789");
    }
    let (first, last) = (&events[0].1, &events[1].1);
    assert_eq!((&first["event_action"], &last["event_action"]), (&"trigger".into(), &"resolve".into()));
    // What the API asks of a trigger: a summary, a source, and one of four severities.
    let payload = &first["payload"];
    assert_eq!((&payload["severity"], &payload["source"]), (&"critical".into(), &"PRODUCTION".into()));
    assert!(payload["summary"].as_str().unwrap().starts_with("KESTREL critical: recovering: Orders"));
}

#[tokio::test]
async fn severities_are_those_of_the_api_and_a_long_summary_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|_| reply(202, "")).await;
    for (ours, theirs) in [("critical", "critical"), ("high", "error"), ("medium", "warning"), ("low", "info")] {
        let long = Message { severity: ours.into(), text: "é".repeat(4_000), ..message() };
        answer(tries(&service(&dir, &fake.url), &long).await);
        let payload = fake.got().last().unwrap().json()["payload"].clone();
        assert_eq!(payload["severity"], theirs);
        assert_eq!(payload["summary"].as_str().unwrap().chars().count(), 1_024);
    }
}

#[tokio::test]
async fn a_wrong_key_is_wrong_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|_| reply(400, r#"{"status":"invalid event"}"#)).await;
    assert_eq!(never(tries(&service(&dir, &fake.url), &message()).await), "400 {\"status\":\"invalid event\"}");
}
