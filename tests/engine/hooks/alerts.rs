//! What alerts bring.

use std::process::Command;

use serde_json::json;
use warroom::core::event::Event;
use warroom::core::ids::Principal;
use warroom::core::incident::Phase;
use warroom::core::plan::Severity;

use super::{Hooked, NEVER, TOKEN, alert, firing, notification, token};

const DB: &str = r#", "warroom_component": "db", "warroom_site": "east""#;

fn fires(starts: &str) -> String {
    notification(&[alert("c6eadffa33fcdf37", "firing", starts, NEVER, DB)])
}

fn resolved(starts: &str, ends: &str) -> String {
    notification(&[alert("c6eadffa33fcdf37", "resolved", starts, ends, DB)])
}

#[tokio::test]
async fn what_alertmanager_posts_proposes_an_incident_and_is_said_by_it() {
    let hooked = Hooked::start().await;
    let answer = hooked.notify(&fires("2026-01-01T03:08:45.828Z")).await;
    assert_eq!((answer.status, answer.body), (200, json!({"taken": 1})));
    let state = hooked.engine.state().await;
    let incident = state.open_incidents().next().expect("it is proposed before the answer comes").clone();
    assert_eq!((&incident.phase, incident.severity), (&Phase::Proposed, Severity::Critical));
    let kept = incident.alerts.values().next().unwrap();
    assert_eq!(kept.summary, "Checkout answers 7% errors");
    assert_eq!(kept.source, Principal::Token("alertmanager".parse().unwrap()));
    let raised = state.timeline.iter().find(|entry| matches!(entry.event, Event::AlertRaised { .. })).unwrap();
    assert_eq!(raised.by, kept.source, "the journal says who said it");

    let shown = |verb: &[&str]| {
        let mut told = Command::new(env!("CARGO_BIN_EXE_warroom"));
        let output = told.args(verb).arg("--state").arg(&hooked.engine.dir).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for verb in [&["status"][..], &["health", "list"]] {
        let page = shown(verb);
        let line = "alert CheckoutErrors of Orders database at East  critical  said by alertmanager since 03:08:45Z: \
                    Checkout answers 7% errors";
        assert!(page.contains(line), "{page}");
    }
    let page: serde_json::Value = serde_json::from_str(&shown(&["health", "list", "--json"])).unwrap();
    assert_eq!(page[0]["alerts"][0]["key"], "token:alertmanager/c6eadffa33fcdf37");
    assert!(
        shown(&["timeline"]).contains("KESTREL proposed, critical: alert CheckoutErrors of Orders database at East")
    );
}

#[tokio::test]
async fn a_repeat_is_not_journaled_an_end_is_and_what_is_stale_changes_nothing() {
    let mut hooked = Hooked::start().await;
    let (first, later) = ("2026-01-01T03:08:45.828Z", "2026-01-01T04:00:00Z");
    assert_eq!(hooked.notify(&fires(first)).await.status, 200);
    let head = hooked.head().await;
    for _ in 0..5 {
        assert_eq!(hooked.notify(&fires(first)).await.body, json!({"taken": 1}));
    }
    assert_eq!(hooked.head().await, head, "a repeat is no news");

    let end = "2026-01-01T03:30:00Z";
    assert_eq!(hooked.notify(&resolved(first, end)).await.status, 200);
    assert!(hooked.firing().await.is_empty());
    for replayed in [fires(first), resolved(first, end), fires("2026-01-01T03:00:00Z")] {
        assert_eq!(hooked.notify(&replayed).await.status, 200);
        assert!(hooked.firing().await.is_empty(), "{replayed}");
    }
    assert_eq!(hooked.notify(&fires(later)).await.status, 200);
    assert_eq!(hooked.notify(&resolved(first, end)).await.status, 200);
    assert_eq!(hooked.firing().await, ["CheckoutErrors"], "an old end does not end a later one");

    hooked.engine.kill();
    hooked.engine.start_again().await;
    assert_eq!(hooked.firing().await, ["CheckoutErrors"], "what fires is known to the next engine");
    let state = hooked.engine.state().await;
    assert_eq!(state.incidents.len(), 1, "all of it belongs to the one incident");
}

#[tokio::test]
async fn what_fits_is_taken_and_what_does_not_is_told_with_what_would() {
    let more = token("both", "wr_both", "\"shop\", \"bank\"", "");
    let hooked = Hooked::with("", &more).await;
    let at = "2026-01-01T03:08:45.828Z";
    let body = notification(&[
        alert("1", "firing", at, NEVER, DB),
        alert("2", "firing", at, NEVER, r#", "warroom_component": "databse""#),
        alert("3", "firing", at, NEVER, r#", "warroom_site": "east\u001b[2J""#),
        alert("4", "firing", at, NEVER, r#", "warroom_plan": "bank""#),
    ]);
    let answer = hooked.notify(&body).await;
    let refused = |why: &str| json!({"alert": "CheckoutErrors", "why": why});
    assert_eq!(answer.status, 422);
    assert_eq!(answer.body["taken"], 1);
    let list = answer.body["refused"].as_array().unwrap();
    for why in [
        "plan shop has no component databse; it has db",
        "label warroom_site is \"east^[[2J\": '\\u{1b}' cannot stand in it; letters, digits, '-', '_' and '.' can, the first \
         a letter or digit",
        "token alertmanager is not for plan bank; it is for shop",
    ] {
        assert!(list.contains(&refused(why)), "{why}: {list:#?}");
    }
    assert_eq!(hooked.firing().await.len(), 1);

    let other = notification(&[alert("4", "firing", at, NEVER, r#", "warroom_plan": "bank""#)]);
    assert_eq!(hooked.notify(&other).await.status, 403, "nothing of it is for this token");
    let unsaid = notification(&[alert("5", "firing", at, NEVER, "")]);
    let answer = hooked.post("/hooks/alertmanager", "wr_both", &unsaid).await;
    let why = "no label warroom_plan says of which plan it is; this token is for bank and shop";
    assert_eq!((answer.status, answer.body["refused"][0]["why"].as_str()), (422, Some(why)));
    let absent = hooked.post("/hooks/alertmanager", "wr_both", &other).await;
    let why = "there is no plan bank; loaded are shop";
    assert_eq!((absent.status, absent.body["refused"][0]["why"].as_str()), (422, Some(why)));
}

#[tokio::test]
async fn any_program_can_say_that_something_is_wrong_and_that_it_is_over() {
    let hooked = Hooked::start().await;
    let say = async |body: &str| hooked.post("/hooks/generic", TOKEN, body).await;
    let answer = say(r#"{"name": "disk-full", "status": "firing", "summary": "3% left", "component": "db"}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let state = hooked.engine.state().await;
    assert_eq!(firing(&state), ["disk-full"]);
    assert_eq!(state.incidents.len(), 0, "medium, when nobody says how bad it is");
    let graver = r#"{"name": "disk-full", "status": "firing", "severity": "high", "component": "db"}"#;
    assert_eq!(say(graver).await.status, 200);
    assert_eq!(hooked.engine.state().await.open_incidents().count(), 1, "and then it is worse");
    assert_eq!(say(r#"{"name": "disk-full", "status": "resolved", "component": "db"}"#).await.status, 200);
    assert!(hooked.firing().await.is_empty());
    for (body, part) in [
        (r#"{"name": "x"}"#, "missing field `status`"),
        (r#"{"name": "x", "status": "burning"}"#, "unknown variant `burning`"),
        (r#"{"name": "x", "status": "firing", "severty": "high"}"#, "unknown field `severty`"),
        (r#"{"name": "x", "status": "firing", "component": "../db"}"#, "cannot stand in it"),
    ] {
        let answer = say(body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.sentence().contains(part), "{part}: {answer:?}");
    }
    let nameless = say(r#"{"name": " ", "status": "firing"}"#).await;
    assert_eq!(nameless.body["refused"][0]["why"], "the name is empty; say it in a few words");
}

#[tokio::test]
async fn a_token_made_by_the_program_is_one_that_its_engine_takes() {
    use super::{PLAN, free};
    use crate::harness::{Engine, warroom};
    let text = warroom().args(["token", "create", "ci", "--plan", "shop", "--for", "90d"]).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    let secret = text.lines().find_map(|line| line.trim().strip_prefix("wr_")).unwrap();
    let lines: String = text.split("`warroom engine restart`:").nth(1).unwrap().to_owned();
    assert!(!lines.contains(secret), "the settings hold no token");
    let address = free();
    let engine = Engine::with_config(&format!("[hooks]\nlisten = \"{address}\"\n{lines}")).await;
    engine.load(PLAN).await;
    let hooked = Hooked { engine, address };
    let answer = hooked.post("/hooks/generic", &format!("wr_{secret}"), r#"{"name": "x", "status": "firing"}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let again = warroom().args(["token", "create", "ci", "--plan", "shop"]).output().unwrap();
    assert!(!String::from_utf8(again.stdout).unwrap().contains(secret), "each is another");
}
