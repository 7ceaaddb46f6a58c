//! The client against real sockets with a small server behind them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use uuid::Uuid;

use super::*;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::fixtures::at;
use crate::core::people::Mode;
use crate::core::refusal::Refusal;
use crate::core::state::{PROTOCOL, State};
use crate::wire::{Accepted, Hello, Live, Posted, Snapshot, Trouble, You};

fn socket(path: PathBuf) -> Address {
    Address::Socket { path, mode: Mode::Personal }
}

/// A server on a Unix socket that lives as long as the test's runtime.
fn serve(routes: Router) -> (TempDir, Client) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (directory, Client::new(socket(path)))
}

fn hello() -> Hello {
    Hello {
        engine: "0.1.0".into(),
        protocol: PROTOCOL,
        now: at(1),
        epoch: 1,
        head: 3,
        mode: Mode::Personal,
        pid: 7,
        you: You { principal: crate::core::ids::Principal::Uid(1), name: "ada".into(), access: vec![] },
    }
}

fn snapshot() -> Snapshot {
    let live = Live { now: at(1), readings: Default::default(), present: vec![], output: vec![], read_only: None };
    Snapshot { protocol: PROTOCOL, seq: 3, hash: "ab".into(), now: at(1), state: State::default(), live }
}

fn note() -> Posted {
    Posted { id: Uuid::from_u128(5), seen: Some(3), command: Command::Note { incident: None, text: "hi".into() } }
}

#[tokio::test]
async fn an_engine_is_asked_over_a_socket_however_long_its_path() {
    let directory = tempfile::tempdir().unwrap();
    let deep =
        directory.path().join("a-rather-long-name-for-a-directory-that-nobody-would-choose").join("x".repeat(90));
    std::fs::create_dir_all(&deep).unwrap();
    let path = deep.join("engine.sock");
    // Bound next door and moved: a name of that length cannot be bound directly.
    let near = directory.path().join("s");
    let listener = UnixListener::bind(&near).unwrap();
    std::fs::rename(&near, &path).unwrap();
    let routes = Router::new().route("/v1/hello", get(|| async { axum::Json(hello()) }));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let (_, answer) = Client::connect(&socket(path)).await.unwrap();
    assert_eq!(answer, hello());
}

#[tokio::test]
async fn an_engine_is_asked_over_plain_http_on_the_loopback() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let routes = Router::new().route("/v1/hello", get(|| async { axum::Json(hello()) }));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    assert_eq!(Client::new(address).hello().await.unwrap(), hello());
}

#[tokio::test]
async fn a_snapshot_of_another_protocol_is_told_apart_from_a_broken_one() {
    let (_directory, client) = serve(Router::new().route("/v1/snapshot", get(|| async { axum::Json(snapshot()) })));
    assert_eq!(client.snapshot().await.unwrap(), snapshot());

    let newer = json!({"protocol": PROTOCOL + 1, "state": "of another shape"});
    let (_directory, client) = serve(Router::new().route("/v1/snapshot", get(|| async { axum::Json(newer) })));
    let error = client.snapshot().await.unwrap_err();
    assert!(matches!(error, ClientError::Protocol { theirs } if theirs == PROTOCOL + 1), "{error:?}");
    let says = format!("the engine speaks protocol {} and this program {PROTOCOL}; update this program", PROTOCOL + 1);
    assert_eq!(error.to_string(), says);

    let (_directory, client) =
        serve(Router::new().route("/v1/snapshot", get(|| async { format!("{{\"protocol\": {PROTOCOL}}}") })));
    assert!(matches!(client.snapshot().await, Err(ClientError::Broken(_))));
}

#[tokio::test]
async fn what_the_engine_refuses_arrives_as_data_and_as_a_sentence() {
    let refused = json!({
        "code": "refused", "data": {"code": "not_confirmed"}, "sentence": "whatever the engine says",
    });
    let newer = json!({"code": "overcast", "data": {"since": 3}, "sentence": "the sky is\u{1b}[2J grey"});
    let routes = Router::new()
        .route("/v1/commands", post(|| async { (StatusCode::CONFLICT, axum::Json(refused)) }))
        .route("/v1/hello", get(|| async { (StatusCode::SERVICE_UNAVAILABLE, axum::Json(newer)) }))
        .route("/v1/samples", get(|| async { (StatusCode::BAD_GATEWAY, "<html>") }));
    let (_directory, client) = serve(routes);

    let error = client.command(&note()).await.unwrap_err();
    let ClientError::Trouble(trouble) = &error else { panic!("{error:?}") };
    assert_eq!(*trouble, Trouble::Refused(Refusal::NotConfirmed));
    assert_eq!(error.to_string(), "you have not confirmed this gate; there is nothing to take back");
    assert_eq!(client.hello().await.unwrap_err().to_string(), "the sky is^[[2J grey (overcast)");
    let samples = client.samples(&"shop".parse().unwrap(), &[]).await;
    assert_eq!(samples.unwrap_err().to_string(), "the engine's answer cannot be read: status 502");
}

#[tokio::test]
async fn nobody_there_is_told_with_what_would_help() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("engine.sock");
    let error = Client::new(socket(missing.clone())).hello().await.unwrap_err();
    assert!(error.is_absent());
    let expected = "there is no socket; `warroom engine start` starts one";
    assert_eq!(error.to_string(), format!("no engine answers at {}: {expected}", missing.display()));

    // A socket that its engine left behind.
    drop(UnixListener::bind(&missing).unwrap());
    let stale = Address::Socket { path: missing.clone(), mode: Mode::Shared };
    let error = Client::new(stale).hello().await.unwrap_err();
    assert!(error.is_absent());
    let expected = "nobody listens; `systemctl start warroom` starts it";
    assert_eq!(error.to_string(), format!("no engine answers at {}: {expected}", missing.display()));
}

/// Reads one request and gives its body.
async fn read_request(stream: &mut tokio::net::UnixStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 1024];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_ascii_lowercase().lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return body.to_owned();
        }
    }
}

#[tokio::test]
async fn a_command_whose_answer_was_lost_goes_out_again_with_the_same_identifier() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let bodies = seen.clone();
    tokio::spawn(async move {
        for turn in 0..3 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let body = read_request(&mut stream).await;
            bodies.lock().unwrap().push(body);
            if turn == 2 {
                let body = serde_json::to_string(&Accepted { seq: 9, incident: None, run: None }).unwrap();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    let accepted = Client::new(socket(path)).command(&note()).await.unwrap();
    assert_eq!(accepted.seq, 9);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|body| *body == serde_json::to_string(&note()).unwrap()), "{seen:?}");
}

#[tokio::test]
async fn a_command_that_never_got_an_answer_is_not_called_undone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    // One connection is taken and dropped, then the engine is gone.
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
    });
    let error = Client::new(socket(path)).command(&note()).await.unwrap_err();
    assert!(matches!(error, ClientError::AnswerLost(_)), "{error:?}");
}

#[tokio::test]
async fn a_stream_brings_what_the_engine_says_until_it_ends() {
    let entry = crate::core::state::Entry {
        seq: 4,
        at: at(2),
        by: crate::core::ids::Principal::Engine,
        event: Event::EngineStopped,
    };
    let line = |sort: &str, data: String| format!("event: {sort}\ndata: {data}\n\n");
    let text = [
        line("now", serde_json::to_string(&at(1)).unwrap()),
        line("event", serde_json::to_string(&entry).unwrap()),
        line("weather", "7".into()),
        line("live", serde_json::to_string(&snapshot().live).unwrap()),
        line("reset", String::new()),
    ]
    .concat();
    let asked = Arc::new(Mutex::new(String::new()));
    let note = asked.clone();
    let routes = Router::new().route(
        "/v1/stream",
        get(move |query: Query<std::collections::BTreeMap<String, String>>| async move {
            note.lock().unwrap().clone_from(&query.0["from"]);
            ([("content-type", "text/event-stream")], text).into_response()
        }),
    );
    let (_directory, client) = serve(routes);
    let mut stream = client.stream(3).await.unwrap();
    let mut items = Vec::new();
    while let Some(item) = stream.next().await.unwrap() {
        items.push(item);
    }
    let live = StreamItem::Live(Box::new(snapshot().live));
    assert_eq!(items, [StreamItem::Now(at(1)), StreamItem::Event(Box::new(entry)), live, StreamItem::Reset]);
    assert_eq!(*asked.lock().unwrap(), "3");
}

#[tokio::test]
async fn output_comes_in_pieces_with_the_size_of_all() {
    let routes = Router::new().route(
        "/v1/runs/{run}/steps/{step}/{attempt}/output",
        get(|path: axum::extract::Path<(String, String, u32)>| async move {
            assert_eq!(*path, ("R7".to_owned(), "fence".to_owned(), 2));
            ([("x-total", "3000000"), ("x-from", "1500000")], vec![0xff; 2_000_000])
        }),
    );
    let (_directory, client) = serve(routes);
    let output = client.output(crate::core::ids::RunId(7), &"fence".parse().unwrap(), 2, 1_000_000).await.unwrap();
    assert_eq!(output.bytes.len(), OUTPUT_AT_ONCE);
    assert_eq!((output.from, output.total), (1_500_000, 3_000_000));
}

#[tokio::test]
async fn an_engine_that_cannot_be_started_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let script = |body: &str| {
        let path = directory.path().join(Uuid::now_v7().to_string());
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        path
    };
    let state = directory.path().join("state");
    for (exe, sentence) in [
        (script("echo 'error: the disk is full'"), "the engine did not start: the disk is full".to_owned()),
        (
            script("exit 3"),
            format!("the engine ended before it was ready; {} may say why", state.join("log/engine.out").display()),
        ),
    ] {
        let error = start::ensure_engine(&exe, &state).await.unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&state).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    let error = start::ensure_engine(Path::new("/nowhere/warroom"), &state).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot start /nowhere/warroom: "), "{error}");
}
