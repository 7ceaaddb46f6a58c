use serde_json::json;
use warroom::channels::{Earnest, Message};
use warroom::core::comms::Attempt;
use warroom::core::time::Span;

use crate::fake::{Fake, reply};
use crate::{answer, message, never, not_now, secret, tries};

fn bot(dir: &tempfile::TempDir, url: &str) -> String {
    let token = secret(dir.path(), "token", "xoxb-1-2-3");
    format!("kind = 'slack'\ntoken = '{token}'\nchannel = 'C024BE91L'\napi = '{url}'")
}

#[tokio::test]
async fn an_incoming_webhook_gets_text_in_which_nothing_is_markup_by_chance() {
    let fake = Fake::start(|_| reply(200, "ok")).await;
    let drill = Message { earnest: Earnest::Drill, ..message() };
    assert_eq!(answer(tries(&format!("kind = 'slack_webhook'\nurl = '{}'", fake.url), &drill).await), "200 ok");
    let text = "*DRILL KESTREL critical: recovering*\nOrders &lt;fail&gt; &amp; we move to West.\n_ada_";
    assert_eq!(fake.got()[0].json(), json!({ "text": text }));
}

#[tokio::test]
async fn a_bot_posts_once_and_answers_its_own_message_from_then_on_and_keeps_it_current() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|_| reply(200, r#"{"ok":true,"channel":"C024BE91L","ts":"1503435956.000247"}"#)).await;
    let settings = bot(&dir, &fake.url);
    let first = tries(&settings, &message()).await;
    assert_eq!(first, Attempt::Took { answer: "200 ok".into(), reference: Some("1503435956.000247".into()) });
    let second =
        Message { number: 2, reference: Some("1503435956.000247".into()), text: "West serves.".into(), ..message() };
    assert_eq!(tries(&settings, &second).await, Attempt::took("200 ok"));
    let got = fake.got();
    let paths: Vec<&str> = got.iter().map(|got| got.path.as_str()).collect();
    assert_eq!(paths, ["/chat.postMessage", "/chat.postMessage", "/chat.update"]);
    assert!(got.iter().all(|got| got.header("authorization") == "Bearer xoxb-1-2-3"));
    assert_eq!((&got[0].json()["channel"], &got[0].json()["thread_ts"]), (&json!("C024BE91L"), &json!(null)));
    assert_eq!(got[1].json()["thread_ts"], "1503435956.000247");
    assert_eq!(got[2].json()["ts"], "1503435956.000247");
    assert!(got[2].json()["text"].as_str().unwrap().contains("West serves."));
}

#[tokio::test]
async fn a_first_message_that_cannot_be_brought_up_to_date_is_said_and_the_words_have_arrived() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|got| match got.path.as_str() {
        "/chat.update" => reply(200, r#"{"ok":false,"error":"edit_window_closed"}"#),
        _ => reply(200, r#"{"ok":true,"ts":"2.0"}"#),
    });
    let fake = fake.await;
    let second = Message { reference: Some("1.0".into()), ..message() };
    let said = answer(tries(&bot(&dir, &fake.url), &second).await);
    assert_eq!(said, "200 ok, and the incident's first message stays as it was: edit_window_closed");
}

#[tokio::test]
async fn what_slack_refuses_with_200_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (error, comes_right) in [("invalid_auth", false), ("channel_not_found", false), ("internal_error", true)] {
        let body = json!({ "ok": false, "error": error }).to_string();
        let fake = Fake::start(move |_| reply(200, &body)).await;
        let tried = tries(&bot(&dir, &fake.url), &message()).await;
        let said = if comes_right { not_now(tried).0 } else { never(tried) };
        assert_eq!(said, error);
    }
    let busy = Fake::start(|_| reply(429, r#"{"ok":false,"error":"ratelimited"}"#).later("30")).await;
    assert_eq!(not_now(tries(&bot(&dir, &busy.url), &message()).await).1, Some(Span::from_secs(30)));
    let proxy = Fake::start(|_| reply(200, "<html>log in</html>")).await;
    assert!(not_now(tries(&bot(&dir, &proxy.url), &message()).await).0.contains("no answer of Slack's"));
}
