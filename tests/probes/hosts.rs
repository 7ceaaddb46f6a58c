//! Looking from other hosts: through a tunnel, and with a host that is not there.

use tokio::net::TcpListener;
use warroom::core::health::Found;
use warroom::core::host::Host;
use warroom::core::plan::{Look, Place, Probe};
use warroom::core::time::Span;
use warroom::probes::Memory;

use crate::far::Far;
use crate::{ask_by, ask_from, from, probe};

async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn tcp(address: String) -> Look {
    Look::Tcp { address }
}

#[tokio::test]
async fn a_connection_is_opened_from_the_host() {
    let Some(far) = Far::start().await else { return };
    // It accepts, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    for _ in 0..2 {
        let answer = ask_from(&far, &from(&far, tcp(address.clone()))).await;
        assert_eq!(answer.found, Found::Good, "{answer:?}");
        assert!(answer.why.starts_with("connected in "), "{answer:?}");
    }
    let refused = ask_from(&far, &from(&far, tcp(format!("127.0.0.1:{}", closed_port().await)))).await;
    assert_eq!((refused.found, refused.why.as_str()), (Found::Bad, "connection refused"));
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_says_nothing_about_the_part() {
    let Some(far) = Far::start().await else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    far.write_config(closed_port().await);
    let postgres = warroom::core::plan::Address::Plain(format!("postgres://app@127.0.0.1:{port}/db"));
    for look in [
        tcp(format!("127.0.0.1:{port}")),
        Look::Load,
        Look::Disk { path: "/".into() },
        Look::File { path: "/etc/passwd".into(), pattern: None },
        Look::Command { argv: vec!["true".into()] },
        Look::Postgres { url: postgres, role: None },
    ] {
        let answer = ask_from(&far, &from(&far, look)).await;
        assert_eq!(answer.found, Found::Unseen, "{answer:?}");
        let why = &answer.why;
        assert!(why.starts_with("could not look: far: ") && why.contains("Connection refused"), "{answer:?}");
    }
    let stranger = Host::new("nowhere.invalid").unwrap();
    let probe = Probe { from: vec![Place::Host(stranger)], ..probe(Look::Load) };
    let answer = ask_by(&probe, &far.settings(), &Memory::default()).await;
    assert_eq!(answer.found, Found::Unseen, "{answer:?}");
}

#[tokio::test]
async fn a_look_over_a_connection_that_hangs_takes_no_longer_than_its_time_out() {
    let Some(far) = Far::start().await else { return };
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    far.write_config(silent.local_addr().unwrap().port());
    let limit = Span::from_millis(500);
    let answer = ask_from(&far, &Probe { timeout: limit, ..from(&far, Look::Load) }).await;
    assert_eq!(answer.why, "no answer within 500ms");
    assert!(answer.took < Span::from_secs(10));
}

/// Answers every request with a number, as Prometheus does.
async fn serve() -> u16 {
    let answer = || async { r#"{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}"# };
    let router = axum::Router::new().fallback(answer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

#[tokio::test]
async fn pages_and_metrics_are_asked_for_from_the_host_by_name_and_by_number() {
    let Some(far) = Far::start().await else { return };
    let (port, closed) = (serve().await, closed_port().await);
    let http = |at: String| Look::Http { url: format!("http://{at}/"), status: None, contains: Some("success".into()) };
    let metric = |at: String| Look::Metric { url: format!("http://{at}"), query: "up".into() };
    for host in ["127.0.0.1", "localhost"] {
        for look in [http(format!("{host}:{port}")), metric(format!("{host}:{port}"))] {
            let answer = ask_from(&far, &from(&far, look)).await;
            assert_eq!(answer.found, Found::Good, "{answer:?}");
        }
        for look in [http(format!("{host}:{closed}")), metric(format!("{host}:{closed}"))] {
            let answer = ask_from(&far, &from(&far, look)).await;
            assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "connection refused"));
        }
    }
}
