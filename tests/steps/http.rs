//! Requests to a real server on loopback.

use std::collections::BTreeMap;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, Capture, HttpRequest};
use warroom::core::run::{Evidence, Failure};

use crate::world::{World, template, why};

async fn serve() -> String {
    let state = || async { ([("etag", "\"v7\"")], r#"{"state": {"primary": "west", "lag": 3}}"#) };
    let echo = |headers: HeaderMap, body: String| async move {
        let key = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        (StatusCode::UNAUTHORIZED, format!("{} does not fit {body}", key.unwrap_or_default()))
    };
    let router = Router::new()
        .route("/state", get(state))
        .route("/large", get(|| async { "1".repeat(1024 * 1024 + 1) }))
        .route("/echo", post(echo));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn request(method: &str, url: &str) -> HttpRequest {
    HttpRequest {
        method: method.into(),
        url: template(url),
        headers: BTreeMap::new(),
        json: None,
        status: None,
        contains: None,
    }
}

#[tokio::test]
async fn results_are_taken_from_the_answer() {
    let at = serve().await;
    let world = World::of(Action::Http(request("GET", &format!("{at}/state")))).capturing(&[
        ("primary", Capture::Json("/state/primary".into())),
        ("lag", Capture::Json("/state/lag".into())),
        ("tag", Capture::Header("ETag".into())),
    ]);
    let (evidence, results) = world.good().await;
    assert_eq!(evidence, Evidence::Answered { status: 200 });
    assert_eq!(results.into_values().collect::<Vec<_>>(), ["3", "west", "\"v7\""]);
    assert!(matches!(world.look().await, StepEnd::Good { .. }));
}

#[tokio::test]
async fn a_result_that_is_missing_is_a_failure_that_says_so() {
    let at = serve().await;
    for (path, capture, sentence) in [
        ("state", Capture::Json("/state/site".into()), "no result it: nothing stands at \"/state/site\""),
        ("state", Capture::Header("x-epoch".into()), "no result it: the answer has no header x-epoch"),
        ("state", Capture::Rows, "no result it: steps of kind http have no number of rows"),
        (
            "large",
            Capture::Json("/a".into()),
            "no result it: the answer has more than 1048576 bytes, which is the most that is read as JSON",
        ),
    ] {
        let world = World::of(Action::Http(request("GET", &format!("{at}/{path}")))).capturing(&[("it", capture)]);
        assert_eq!(world.wrong().await, sentence);
    }
}

#[tokio::test]
async fn a_secret_stands_in_headers_and_body_only_and_is_masked_when_it_comes_back() {
    let at = serve().await;
    let mut asked = request("POST", &format!("{at}/echo"));
    asked.headers.insert("Authorization".into(), template("Bearer ${token}"));
    asked.json = Some(serde_json::json!({"token": "${token}", "site": "${site}"}));
    let world = World::of(Action::Http(asked)).with(&[("site", "west")]).with_secret("token", "hunter2-and-more");
    let end = world.perform().await;
    assert!(matches!(end, StepEnd::Bad(Failure::WrongAnswer { .. })), "{end:?}");
    assert_eq!(why(end), r#"401, expected 2xx: Bearer *** does not fit {"site":"west","token":"***"}"#);

    let in_address = World::of(Action::Http(request("GET", &format!("{at}/${{token}}"))));
    assert_eq!(in_address.with_secret("token", "hunter2-and-more").wrong().await, "${token} has no value");
}

#[tokio::test]
async fn a_request_that_acts_is_not_tried_beforehand() {
    let at = serve().await;
    let end = World::of(Action::Http(request("POST", &format!("{at}/echo")))).look().await;
    assert_eq!(why(end), "a step of kind http acts; it is not tried beforehand");
}
