//! Pages and connections.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use futures_util::{StreamExt as _, stream};
use tokio::net::TcpListener;
use warroom::core::health::Found;
use warroom::core::health::history::DETAIL_KEPT;
use warroom::core::plan::{Limit, Limits, Look, Measure, Probe, Side};
use warroom::core::time::Span;
use warroom::probes::Answer;

use crate::{PATIENT, ask, probe};

async fn serve() -> String {
    let endless = || async {
        let chunks = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]));
        Response::new(Body::from_stream(chunks))
    };
    let trickle = || async {
        let chunks = stream::once(async { Ok::<_, std::io::Error>("pool is empty") }).chain(stream::pending());
        let body = Body::from_stream(chunks);
        Response::builder().status(503).header("server", "envoy").header("set-cookie", "id=secret").body(body).unwrap()
    };
    let router = Router::new()
        .route("/good", get(|| async { "orders: open" }))
        .route("/broken", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .route("/moved", get(|| async { axum::response::Redirect::to("/good") }))
        .route("/trickle", get(trickle))
        .route("/late", get(|| async { std::future::pending::<()>().await }))
        .route("/endless", get(endless));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn http(url: String, status: Option<u16>, contains: Option<&str>, limit: Option<Span>, timeout: Span) -> Answer {
    let contains = contains.map(str::to_owned);
    let warn =
        limit.map(|limit| Limit { measure: Measure::Latency, side: Side::Above, at: limit.micros() as f64 / 1e6 });
    let limits = Limits { warn: warn.into_iter().collect(), fail: Vec::new() };
    ask(&Probe { timeout, limits, ..probe(Look::Http { url, status, contains }) }).await
}

#[tokio::test]
async fn an_http_probe_looks_at_status_and_text() {
    let at = serve().await;
    let table = [
        ("good", None, None, Found::Good, "200 in "),
        ("good", Some(200), Some("orders: open"), Found::Good, "200 in "),
        ("good", None, Some("orders: closed"), Found::Bad, "200 without \"orders: closed\""),
        ("good", Some(204), None, Found::Bad, "200, expected 204"),
        ("broken", None, None, Found::Bad, "503, expected 2xx"),
        ("broken", Some(503), None, Found::Good, "503 in "),
        ("moved", None, None, Found::Bad, "303, expected 2xx"),
    ];
    for (path, status, contains, found, why) in table {
        let answer = http(format!("http://{at}/{path}"), status, contains, None, PATIENT).await;
        assert_eq!(answer.found, found, "{path}: {answer:?}");
        assert!(answer.why.starts_with(why), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_right_and_late_is_degraded() {
    let at = serve().await;
    let answer = http(format!("http://{at}/good"), None, None, Some(Span::from_micros(1)), PATIENT).await;
    assert_eq!(answer.found, Found::Degraded);
    assert!(answer.why.starts_with("200 in ") && answer.why.contains("limit"), "{answer:?}");
}

#[tokio::test]
async fn no_answer_in_time_is_bad_and_takes_no_longer_than_the_time_out() {
    let at = serve().await;
    let limit = Span::from_millis(50);
    let answer = http(format!("http://{at}/late"), None, None, None, limit).await;
    assert_eq!(answer.found, Found::Bad);
    assert_eq!(answer.why, "no answer within 50ms");
}

#[tokio::test]
async fn a_body_without_end_is_read_only_so_far() {
    let at = serve().await;
    let answer = http(format!("http://{at}/endless"), None, Some("y"), None, PATIENT).await;
    assert_eq!(answer.found, Found::Bad);
    assert_eq!(answer.why, "200 without \"y\"");
    assert!(answer.took < PATIENT);
}

#[tokio::test]
async fn what_came_back_is_kept_of_a_bad_answer_and_a_body_that_does_not_end_changes_nothing() {
    let at = serve().await;
    let answer = http(format!("http://{at}/trickle"), None, None, None, PATIENT).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "503, expected 2xx"));
    assert!(answer.took < PATIENT);
    let detail = answer.detail.unwrap();
    assert!(detail.starts_with("HTTP/1.1 503 Service Unavailable\nserver: envoy\ndate: "), "{detail}");
    assert!(detail.ends_with("\n\npool is empty") && !detail.contains("secret"), "{detail}");
    let answer = http(format!("http://{at}/endless"), None, Some("y"), None, PATIENT).await;
    assert_eq!(answer.detail.map(|detail| detail.len()), Some(DETAIL_KEPT));
    let answer = http(format!("http://{at}/good"), None, None, None, PATIENT).await;
    assert_eq!((answer.found, answer.detail), (Found::Good, None));
}

#[tokio::test]
async fn a_tcp_probe_opens_a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let tcp = |address: &str| probe(Look::Tcp { address: address.to_owned() });
    let answer = ask(&tcp(&address)).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    drop(listener);
    let refused = ask(&tcp(&address)).await;
    assert_eq!((refused.found, refused.why.as_str()), (Found::Bad, "connection refused"));
}

#[tokio::test]
async fn a_refused_connection_says_so_in_plain_words() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let answer = http(format!("http://{address}/"), None, None, None, Span::from(Duration::from_secs(20))).await;
    assert_eq!(answer.why, "connection refused");
}
