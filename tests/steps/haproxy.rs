//! Servers behind a real HAProxy.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, HaproxyAddress, HaproxyServer, ServerState, Sessions};
use warroom::core::run::{Change, Evidence, Failure};

use crate::traffic::Haproxy;
use crate::world::{World, eventually, template, why};

fn server(haproxy: &Haproxy, name: &str) -> HaproxyServer {
    HaproxyServer {
        address: HaproxyAddress::Socket(haproxy.socket().display().to_string()),
        backend: template("shop"),
        server: template(name),
        weight: None,
        state: None,
        sessions: None,
    }
}

fn set(server: HaproxyServer) -> World {
    World::of(Action::Haproxy(server))
}

fn is(name: &str, weight: u32, state: ServerState, status: &str, sessions: u64, change: Change) -> Evidence {
    Evidence::ServerSet { server: name.into(), weight, state, status: status.into(), sessions, change }
}

#[tokio::test]
async fn weights_and_states_are_set_read_back_and_left_alone_when_they_are_so() {
    let Some(haproxy) = Haproxy::start().await else { return };
    let east = HaproxyServer { weight: Some(0), state: Some(ServerState::Drain), ..server(&haproxy, "east") };
    let west = HaproxyServer { weight: Some(100), ..server(&haproxy, "west") };
    for change in [Change::Made, Change::AlreadySo] {
        let drained = is("shop/east", 0, ServerState::Drain, "DRAIN", 0, change);
        assert_eq!(set(east.clone()).good().await.0, drained);
        let serving = is("shop/west", 100, ServerState::Ready, "no check", 0, change);
        assert_eq!(set(west.clone()).good().await.0, serving);
    }
    assert_eq!(haproxy.customer().await.1, "west");
    assert!(haproxy.ask("get weight shop/east").await.starts_with("0 (initial 10)"));

    let back = HaproxyServer { state: Some(ServerState::Ready), weight: Some(10), ..east.clone() };
    assert_eq!(set(back).good().await.0, is("shop/east", 10, ServerState::Ready, "no check", 0, Change::Made));
    let off = HaproxyServer { state: Some(ServerState::Maint), weight: None, ..east };
    assert_eq!(set(off).good().await.0, is("shop/east", 10, ServerState::Maint, "MAINT", 0, Change::Made));
}

#[tokio::test]
async fn sessions_are_waited_for_until_the_last_is_gone() {
    let Some(haproxy) = Haproxy::start().await else { return };
    let (customer, at) = haproxy.customer().await;
    assert_eq!(at, "east");
    let drained =
        HaproxyServer { state: Some(ServerState::Drain), sessions: Some(Sessions::Wait), ..server(&haproxy, "east") };
    // With the customer there it is not done, and says who is left.
    let said = why(set(drained.clone()).within(Duration::from_secs(1)).perform().await);
    assert_eq!(said, "shop/east is weight 10, drain, 1 session after 1s");

    haproxy.ask("set server shop/east state ready").await;
    let world = set(drained);
    let step = tokio::spawn(async move { world.good().await.0 });
    let shown = |column: usize, text: &'static str| {
        let haproxy = &haproxy;
        eventually("HAProxy shows it", move || async move {
            let lines = haproxy.ask("show stat shop 4 -1").await;
            let line = lines.lines().find(|line| line.starts_with("shop,east,"))?;
            line.split(',').nth(column).filter(|cell| *cell == text).map(drop)
        })
    };
    // By the step, which has the customer left to wait for.
    shown(17, "DRAIN").await;
    shown(4, "1").await;
    assert!(!step.is_finished());
    drop(customer);
    assert_eq!(step.await.unwrap(), is("shop/east", 10, ServerState::Drain, "DRAIN", 0, Change::Made));
    shown(4, "0").await;
}

#[tokio::test]
async fn sessions_are_cut_and_really_gone() {
    let Some(haproxy) = Haproxy::start().await else { return };
    let (mut customer, at) = haproxy.customer().await;
    assert_eq!(at, "east");
    let cut =
        HaproxyServer { state: Some(ServerState::Maint), sessions: Some(Sessions::End), ..server(&haproxy, "east") };
    assert_eq!(set(cut).good().await.0, is("shop/east", 10, ServerState::Maint, "MAINT", 0, Change::Made));
    // The customer is told: the connection has ended, or is reset.
    let rest = customer.read(&mut [0; 8]).await;
    assert!(matches!(rest, Ok(0) | Err(_)), "{rest:?}");
}

#[tokio::test]
async fn what_haproxy_does_not_know_or_not_allow_is_told_in_its_words() {
    let Some(haproxy) = Haproxy::start().await else { return };
    let weight = HaproxyServer { weight: Some(1), ..server(&haproxy, "east") };
    let operator = haproxy.home.path().join("operator.sock").display().to_string();
    for (set_to, sentence) in [
        (
            HaproxyServer { server: template("nort"), ..weight.clone() },
            "backend shop has no server nort; it has east, west",
        ),
        (HaproxyServer { backend: template("shopp"), ..weight.clone() }, "backend shopp: Can't find backend."),
        (
            HaproxyServer { backend: template("fixed"), weight: Some(2), ..weight.clone() },
            "set server fixed/east weight 2: Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.",
        ),
        (
            HaproxyServer { address: HaproxyAddress::Socket(operator), ..weight },
            "set server shop/east weight 1: Permission denied",
        ),
    ] {
        let end = set(set_to).perform().await;
        assert!(matches!(end, StepEnd::Bad(Failure::WrongAnswer { .. })), "{end:?}");
        assert_eq!(why(end), sentence);
    }
    assert!(haproxy.ask("get weight shop/east").await.starts_with("10 "));
}

#[tokio::test]
async fn an_address_with_values_is_reached_and_no_value_becomes_another_command() {
    let Some(haproxy) = Haproxy::start().await else { return };
    let east = HaproxyServer {
        address: HaproxyAddress::Port(template("${lb}:${port}")),
        server: template("${from}"),
        state: Some(ServerState::Drain),
        ..server(&haproxy, "")
    };
    let port = haproxy.port.to_string();
    let with =
        |lb: &'static str, from: &'static str| set(east.clone()).with(&[("lb", lb), ("port", &port), ("from", from)]);
    assert_eq!(
        with("127.0.0.1", "east").good().await.0,
        is("shop/east", 10, ServerState::Drain, "DRAIN", 0, Change::Made)
    );
    for value in ["east state maint; set server shop/west", "east\nshutdown sessions server shop/west", "", "a/b"] {
        let end = with("127.0.0.1", value).perform().await;
        assert_eq!(end, StepEnd::Bad(Failure::NotStarted { why: format!("{value:?} names nothing in HAProxy") }));
    }
    let said = with("/etc", "east").wrong().await;
    assert_eq!(said, format!("\"/etc:{port}\" is no host and port"));
}

#[tokio::test]
async fn a_socket_that_is_gone_silent_or_endless_is_no_answer() {
    let gone = HaproxyServer {
        address: HaproxyAddress::Socket("/nowhere/admin.sock".into()),
        backend: template("shop"),
        server: template("east"),
        weight: Some(0),
        state: None,
        sessions: None,
    };
    let end = set(gone.clone()).perform().await;
    let why = "/nowhere/admin.sock: there is no such socket".to_owned();
    assert_eq!(end, StepEnd::Bad(Failure::NoAnswer { why }));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let there = HaproxyServer { address: HaproxyAddress::Port(template(&at)), ..gone };
    // It is connected to, and nobody answers.
    let limit = Duration::from_millis(300);
    let end = set(there.clone()).within(limit).perform().await;
    assert_eq!(end, StepEnd::Bad(Failure::TimedOut { after: limit.into() }));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move { while stream.write_all(&[b'x'; 4096]).await.is_ok() {} });
        }
    });
    let why = format!("{at}: an answer of more than 1048576 bytes");
    assert_eq!(set(there).perform().await, StepEnd::Bad(Failure::NoAnswer { why }));
}
