//! A machine that is cut off from everything calls nobody down.

use warroom::core::health::Found;
use warroom::core::plan::{Address, Look, Record};

use crate::{apart, ask, probe};

/// One look of each kind at a host.
fn looks(host: &str) -> Vec<Look> {
    vec![
        Look::Http { url: format!("http://{host}/"), status: None, contains: None },
        Look::Tcp { address: format!("{host}:80") },
        Look::Tls { address: format!("{host}:443"), name: None, trust: None },
        Look::Dns {
            name: "shop.example".to_owned(),
            record: Record::A,
            server: Some(format!("{host}:53")),
            expect: Vec::new(),
        },
        Look::Icmp { host: host.to_owned() },
        Look::Redis { url: Address::Plain(format!("redis://{host}")), role: None },
        Look::Metric { url: format!("http://{host}:9090"), query: "up".to_owned() },
    ]
}

#[tokio::test]
async fn without_a_network_nothing_is_said_about_anyone() {
    if !apart::is_inside() {
        return apart::alone("cut_off::without_a_network_nothing_is_said_about_anyone", "true");
    }
    for look in looks("192.0.2.1").into_iter().chain(looks("shop.example")) {
        let answer = ask(&probe(look.clone())).await;
        assert_eq!(answer.found, Found::Unseen, "{look:?}: {answer:?}");
    }
}

/// The twin: the network is there, the parts are not.
#[tokio::test]
async fn with_a_network_parts_that_do_not_answer_are_bad() {
    if !apart::is_inside() {
        let allowed = "echo 0 0 > /proc/sys/net/ipv4/ping_group_range";
        return apart::alone("cut_off::with_a_network_parts_that_do_not_answer_are_bad", allowed);
    }
    for look in looks("127.0.0.1").into_iter().filter(|look| look.kind() != "icmp") {
        let answer = ask(&probe(look.clone())).await;
        assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "connection refused"), "{look:?}");
    }
}

#[tokio::test]
async fn a_machine_out_of_files_says_nothing_about_anyone() {
    if !apart::is_inside() {
        return apart::with("cut_off::a_machine_out_of_files_says_nothing_about_anyone", &[]);
    }
    let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let tight = rustix::process::Rlimit { current: Some(24), ..limits };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, tight).unwrap();
    let mut held = Vec::new();
    let http = warroom::outbound::client().unwrap();
    let ssh = warroom::steps::remote::Settings::new("/nonexistent".into());
    let memory = warroom::probes::Memory::default();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        held.push(file);
    }
    for look in looks("127.0.0.1") {
        let probe = probe(look.clone());
        let tools = warroom::probes::Tools { http: &http, ssh: &ssh, memory: &memory };
        let answer = warroom::probes::look(&probe, &probe.from[0], tools).await;
        assert_eq!(answer.found, Found::Unseen, "{look:?}: {answer:?}");
    }
}
