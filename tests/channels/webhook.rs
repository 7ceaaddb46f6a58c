use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use warroom::core::comms::Attempt;
use warroom::core::time::Span;

use crate::fake::{Fake, reply};
use crate::{answer, message, never, not_now, secret, tries};

fn plain(url: &str) -> String {
    format!("kind = 'webhook'\nurl = '{url}'")
}

/// What a receiver does with a signature.
fn is_signed(signature: &str, key: &str, body: &str) -> bool {
    let at = signature.strip_prefix("t=").and_then(|rest| rest.split_once(',')).unwrap().0;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    let wanted: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    signature.split(',').any(|part| part == format!("v1={wanted}"))
}

#[tokio::test]
async fn a_message_is_posted_with_its_key_and_the_answer_is_kept() {
    let fake = Fake::start(|_| reply(202, "{\"id\":7}")).await;
    assert_eq!(answer(tries(&plain(&fake.url), &message()).await), "202 {\"id\":7}");
    let got = &fake.got()[0];
    assert_eq!((got.method.as_str(), got.header("idempotency-key")), ("POST", "DR-1/1/chat"));
    let body = got.json();
    assert_eq!((&body["call_sign"], &body["text"]), (&"KESTREL".into(), &"Orders <fail> & we move to West.".into()));
    assert_eq!(got.header("warroom-signature"), "", "nobody named a key");
}

#[tokio::test]
async fn a_receiver_can_tell_by_either_key_that_it_comes_from_here() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|_| reply(200, "")).await;
    let (old, new) = (secret(dir.path(), "old", "the old key"), secret(dir.path(), "new", "the new key"));
    let settings = format!("{}\nsign_with = '{new}'\nsign_also_with = '{old}'", plain(&fake.url));
    answer(tries(&settings, &message()).await);
    let got = &fake.got()[0];
    let signature = got.header("warroom-signature");
    assert!(is_signed(signature, "the new key", &got.body) && is_signed(signature, "the old key", &got.body));
    assert!(!is_signed(signature, "the new key", &got.body.replace("West", "East")));
    assert!(!is_signed(signature, "another key", &got.body));
}

#[tokio::test]
async fn an_address_can_be_a_secret_and_is_shown_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|_| reply(200, "")).await;
    let hidden = secret(dir.path(), "hook", &format!("{}/T0/B0/xyzzy", fake.url));
    answer(tries(&plain(&hidden), &message()).await);
    assert_eq!(fake.got()[0].path, "/T0/B0/xyzzy");
    let nowhere = secret(dir.path(), "nowhere", "http://127.0.0.1:1/xyzzy");
    let (why, _) = not_now(tries(&plain(&nowhere), &message()).await);
    assert_eq!(why, "connection refused");
    let none = secret(dir.path(), "none", "xyzzy");
    assert!(!never(tries(&plain(&none), &message()).await).contains("xyzzy"));
    let (missing, _) = not_now(tries(&plain("file:/nowhere/at/all"), &message()).await);
    assert!(missing.contains("cannot be had"), "it may be there later: {missing}");
}

#[tokio::test]
async fn who_is_busy_is_left_alone_for_as_long_as_they_ask() {
    let fake = Fake::start(|_| reply(429, "slow down").later("90")).await;
    assert_eq!(
        not_now(tries(&plain(&fake.url), &message()).await),
        ("429 slow down".into(), Some(Span::from_secs(90)))
    );
    let broken = Fake::start(|_| reply(500, "")).await;
    assert_eq!(not_now(tries(&plain(&broken.url), &message()).await), ("500".into(), None));
    let wrong = Fake::start(|_| reply(404, "no such hook")).await;
    assert_eq!(never(tries(&plain(&wrong.url), &message()).await), "404 no such hook");
    let moved = Fake::start(|_| reply(302, "")).await;
    assert!(matches!(tries(&plain(&moved.url), &message()).await, Attempt::NotNow { .. }), "no redirect is followed");
}

#[tokio::test]
async fn a_connection_that_is_cut_before_the_answer_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let cut = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
    let (why, _) = not_now(tries(&plain(&url), &message()).await);
    assert!(!why.is_empty());
    cut.await.unwrap();
}
