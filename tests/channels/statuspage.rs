use serde_json::{Value, json};
use warroom::channels::{Earnest, Message, Trouble};
use warroom::core::comms::Attempt;

use crate::fake::{Fake, Got, reply};
use crate::{message, never, secret, tries};

fn page(dir: &tempfile::TempDir, url: &str) -> String {
    let token = secret(dir.path(), "token", "the key");
    format!("kind = 'statuspage'\npage = 'p1'\ntoken = '{token}'\napi = '{url}'\n[components]\nshop = 'major_outage'")
}

fn called(got: &[Got]) -> Vec<String> {
    got.iter().map(|got| format!("{} {}", got.method, got.path)).collect()
}

fn reference(attempt: Attempt) -> String {
    let Attempt::Took { reference: Some(reference), .. } = attempt else { panic!("{attempt:?}") };
    reference
}

#[tokio::test]
async fn an_incident_is_created_updated_and_resolved_and_its_components_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|got| match got.method.as_str() {
        "GET" => reply(200, "[]"),
        _ => reply(201, r#"{"id":"i7"}"#),
    });
    let fake = fake.await;
    let settings = page(&dir, &fake.url);
    let made = reference(tries(&settings, &message()).await);
    let later = |trouble| Message { reference: Some(made.clone()), trouble, ..message() };
    for trouble in [Trouble::Lasts, Trouble::IsWatched, Trouble::IsOver] {
        assert_eq!(reference(tries(&settings, &later(trouble)).await), "i7");
    }
    let got = fake.got();
    assert_eq!(
        called(&got),
        [
            "GET /v1/pages/p1/incidents/unresolved",
            "POST /v1/pages/p1/incidents",
            "PATCH /v1/pages/p1/incidents/i7",
            "PATCH /v1/pages/p1/incidents/i7",
            "PATCH /v1/pages/p1/incidents/i7"
        ]
    );
    assert!(got.iter().all(|got| got.header("authorization") == "OAuth the key"));
    let bodies: Vec<Value> = got[1..].iter().map(|got| got.json()["incident"].clone()).collect();
    let statuses: Vec<&Value> = bodies.iter().map(|body| &body["status"]).collect();
    assert_eq!(statuses, ["investigating", "identified", "monitoring", "resolved"]);
    let shop: Vec<&Value> = bodies.iter().map(|body| &body["components"]["shop"]).collect();
    assert_eq!(shop, ["major_outage", "major_outage", "operational", "operational"]);
    assert_eq!((&bodies[0]["component_ids"], &bodies[0]["body"]), (&json!(["shop"]), &json!(message().text)));
    assert!(bodies[0]["name"].as_str().unwrap().starts_with("KESTREL"));
}

#[tokio::test]
async fn what_an_unanswered_try_has_created_is_found_and_not_created_again() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|got| match got.method.as_str() {
        "GET" => reply(
            200,
            json!([
                { "id": "other", "metadata": { "warroom": { "incident": "DR-0" } } },
                { "id": "i7", "metadata": { "warroom": { "incident": "DR-1", "key": "DR-1/1/chat" } } },
            ]),
        ),
        _ => reply(200, r#"{"id":"i7"}"#),
    });
    let fake = fake.await;
    assert_eq!(reference(tries(&page(&dir, &fake.url), &message()).await), "i7");
    assert_eq!(called(&fake.got())[1..], ["PATCH /v1/pages/p1/incidents/i7"]);
}

#[tokio::test]
async fn a_drill_never_reaches_customers() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|_| reply(201, r#"{"id":"i7"}"#)).await;
    let drill = Message { earnest: Earnest::Drill, ..message() };
    assert_eq!(never(tries(&page(&dir, &fake.url), &drill).await), "a drill's words never go to customers");
    assert!(fake.got().is_empty());
}
