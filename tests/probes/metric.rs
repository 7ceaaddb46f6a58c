//! Numbers out of a Prometheus-compatible server.

use std::collections::HashMap;

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use warroom::core::health::Found;
use warroom::core::plan::{Limit, Limits, Look, Measure, Probe, Side};
use warroom::probes::Answer;

use crate::{ask, probe};

const ODD: &str = r#"sum(rate(x{a="b&c=d #+%"}[5m])) + 1"#;

fn success(kind: &str, result: &str) -> (StatusCode, String) {
    let body = format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}},"warnings":[]}}"#);
    (StatusCode::OK, body)
}

async fn query(Query(asked): Query<HashMap<String, String>>) -> impl IntoResponse {
    let sample = |text: &str| format!(r#"{{"metric":{{"job":"shop"}},"value":[1782.123,"{text}"]}}"#);
    match asked["query"].as_str() {
        "one" => success("vector", &format!("[{}]", sample("0.725"))),
        "scalar" => success("scalar", r#"[1782,"42"]"#),
        ODD => success("scalar", r#"[1782,"7"]"#),
        "none" => success("vector", "[]"),
        "several" => success("vector", &format!("[{},{}]", sample("1"), sample("2"))),
        "nan" => success("vector", &format!("[{}]", sample("NaN"))),
        "inf" => success("vector", &format!("[{}]", sample("+Inf"))),
        "words" => success("vector", &format!("[{}]", sample("\\u001b[2Jmany"))),
        "range" => success("matrix", r#"[{"metric":{},"values":[[1,"2"]]}]"#),
        "text" => success("string", r#"[1782,"hello"]"#),
        "histogram" => success("vector", r#"[{"metric":{},"histogram":[1782,{"count":"3"}]}]"#),
        "wrong" => {
            let error = format!("parse error\\u001b[2J {}", "x".repeat(5_000));
            let body = format!(r#"{{"status":"error","errorType":"bad_data","error":"{error}"}}"#);
            (StatusCode::BAD_REQUEST, body)
        }
        "page" => (StatusCode::BAD_GATEWAY, "<html>".to_owned()),
        "deep" => success("vector", &"[".repeat(10_000)),
        _ => success("vector", &format!("[{}]", vec![sample("1"); 2_000].join(","))),
    }
}

async fn serve() -> String {
    let router = Router::new()
        .route("/api/v1/query", get(query))
        .route("/behind/a/path/api/v1/query", get(|| async { success("scalar", r#"[1,"3"]"#) }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn asked(url: &str, query: &str, limits: Limits) -> Answer {
    let look = Look::Metric { url: url.to_owned(), query: query.to_owned() };
    ask(&Probe { limits, ..probe(look) }).await
}

#[tokio::test]
async fn one_number_is_a_measure() {
    let at = serve().await;
    for (url, query, value) in [
        (at.clone(), "one", 0.725),
        (at.clone(), "scalar", 42.0),
        (format!("{at}/"), ODD, 7.0),
        (format!("{at}/behind/a/path/"), "one", 3.0),
    ] {
        let answer = asked(&url, query, Limits::default()).await;
        assert_eq!(answer.found, Found::Good, "{answer:?}");
        assert_eq!(answer.measured[&Measure::Value], value);
        assert!(answer.why.starts_with(&format!("{value} in ")), "{answer:?}");
    }
}

#[tokio::test]
async fn limits_judge_the_number() {
    let at = serve().await;
    let limit = |side, at| Limits { warn: Vec::new(), fail: vec![Limit { measure: Measure::Value, side, at }] };
    for (limits, found) in [
        (limit(Side::Above, 0.8), Found::Good),
        (limit(Side::Above, 0.7), Found::Bad),
        (limit(Side::Below, 0.7), Found::Good),
        (limit(Side::Below, 0.8), Found::Bad),
    ] {
        assert_eq!(asked(&at, "one", limits.clone()).await.found, found, "{limits:?}");
    }
}

#[tokio::test]
async fn what_is_not_one_number_is_bad_and_says_what_came() {
    let at = serve().await;
    for (query, why) in [
        ("none", "200, one number expected, came nothing: no series fits the query"),
        ("several", "200, one number expected, came 2 numbers"),
        ("nan", "NaN, which is no number to judge"),
        ("inf", "+Inf, which is no number to judge"),
        ("range", "200, one number expected, came a range of numbers"),
        ("text", "200, one number expected, came a text"),
        ("histogram", "200, one number expected, came a histogram"),
        ("wrong", "400, bad_data: parse error"),
        ("page", "502, and no answer of a Prometheus-compatible server"),
        ("deep", "200, and no answer of a Prometheus-compatible server"),
        ("endless", "200, more than 64 KiB for one number"),
        ("words", ""),
    ] {
        let answer = asked(&at, query, Limits::default()).await;
        assert_eq!(answer.found, Found::Bad, "{answer:?}");
        assert!(answer.why.starts_with(why), "{answer:?}, not {why}");
        assert!(answer.why.len() < 200 && !answer.why.contains('\u{1b}'), "{answer:?}");
    }
}
