//! Words to the world: acknowledged when they are in the journal, delivered until they arrive.

use warroom::core::command::{Command, Declared};
use warroom::core::comms::Delivery;
use warroom::core::ids::{ChannelId, IncidentId};
use warroom::core::refusal::Refusal;
use warroom::wire::Trouble;

use crate::harness::{Engine, eventually, plan};
use crate::service::{Service, webhooks};

async fn incident(engine: &Engine, shop: &Service) -> IncidentId {
    engine.load(&plan(&shop.url(), "      - One\n")).await;
    let what = Declared::Plan("shop".parse().unwrap());
    engine.ask(Command::Declare { what, severity: None, title: None }).await.incident.unwrap()
}

fn update(incident: &IncidentId, text: &str) -> Command {
    Command::SendUpdate { incident: incident.clone(), text: text.into(), channels: Default::default() }
}

async fn delivery(engine: &Engine, incident: &IncidentId) -> Delivery {
    let inbox: ChannelId = "inbox".parse().unwrap();
    engine.incident(incident).await.updates[0].deliveries[&inbox].clone()
}

fn settings(inbox: &Service) -> String {
    webhooks(&[("inbox", inbox)])
}

#[tokio::test]
async fn an_update_arrives_by_a_real_request_and_says_so() {
    let (shop, inbox) = (Service::start().await, Service::start().await);
    let engine = Engine::with_config(&settings(&inbox)).await;
    let id = incident(&engine, &shop).await;
    engine.ask(update(&id, "We are on it.\nNext at 03:40Z.")).await;
    let delivered = eventually("it is delivered", || async {
        let delivery = delivery(&engine, &id).await;
        matches!(delivery, Delivery::Delivered { .. }).then_some(delivery)
    })
    .await;
    let Delivery::Delivered { answer, .. } = delivered else { unreachable!() };
    assert_eq!(answer, "200 answered");
    let message: serde_json::Value = serde_json::from_str(&inbox.asked()[0].body).unwrap();
    assert_eq!(message["text"], "We are on it.\nNext at 03:40Z.");
    assert_eq!(message["environment"], "PRACTICE");
    assert_eq!(message["number"], 1);
}

#[tokio::test]
async fn what_is_owed_is_delivered_after_a_crash_and_after_refusals_with_one_key() {
    let (shop, inbox) = (Service::start().await, Service::start().await);
    inbox.answers(503);
    let mut engine = Engine::with_config(&settings(&inbox)).await;
    let id = incident(&engine, &shop).await;
    engine.ask(update(&id, "We are on it.")).await;
    eventually("the first try was refused", || async {
        let waits = matches!(delivery(&engine, &id).await, Delivery::Waiting { tries: 1.., last: Some(why), .. } if why.contains("503"));
        waits.then_some(())
    })
    .await;
    engine.kill();
    inbox.answers(200);
    engine.start_again().await;
    eventually("it is delivered", || async {
        matches!(delivery(&engine, &id).await, Delivery::Delivered { .. }).then_some(())
    })
    .await;
    let keys: Vec<String> = inbox.asked().iter().map(|got| got.header("idempotency-key").to_owned()).collect();
    assert!(keys.len() >= 2);
    assert!(keys.iter().all(|key| *key == format!("{id}/1/inbox")), "{keys:?}");
}

#[tokio::test]
async fn a_channel_that_will_never_take_it_is_said_to_have_failed() {
    let (shop, inbox) = (Service::start().await, Service::start().await);
    inbox.answers(404);
    let engine = Engine::with_config(&settings(&inbox)).await;
    let id = incident(&engine, &shop).await;
    engine.ask(update(&id, "We are on it.")).await;
    let failed = eventually("it failed", || async {
        let delivery = delivery(&engine, &id).await;
        matches!(delivery, Delivery::Failed { .. }).then_some(delivery)
    })
    .await;
    assert!(matches!(failed, Delivery::Failed { why, .. } if why == "404 answered"));
}

#[tokio::test]
async fn a_channel_that_the_settings_lack_is_refused_by_name() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let id = incident(&engine, &shop).await;
    let trouble = engine.refused(update(&id, "We are on it.")).await;
    assert!(matches!(trouble, Trouble::Refused(Refusal::NotFound { .. })), "{trouble:?}");
}
