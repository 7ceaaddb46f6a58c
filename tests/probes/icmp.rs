//! Echo requests.

use warroom::core::health::Found;
use warroom::core::plan::{Look, Probe};
use warroom::core::time::Span;
use warroom::probes::Answer;

use crate::{apart, ask, probe};

const ALLOWED: &str = "echo 0 0 > /proc/sys/net/ipv4/ping_group_range";
/// An address from which nothing comes back.
const DESERT: &str = "ip addr add 10.1.1.1/32 dev lo && ip route add 10.1.1.2 dev lo src 10.1.1.1";

async fn echo(host: &str, timeout: Span) -> Answer {
    ask(&Probe { timeout, ..probe(Look::Icmp { host: host.to_owned() }) }).await
}

#[tokio::test]
async fn an_echo_comes_back_where_it_may_be_asked_for() {
    if !apart::is_inside() {
        let prepare = format!("{ALLOWED} && {DESERT}");
        return apart::alone("icmp::an_echo_comes_back_where_it_may_be_asked_for", &prepare);
    }
    for (host, from) in [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("10.1.1.1", "10.1.1.1")] {
        let answer = echo(host, crate::PATIENT).await;
        assert_eq!(answer.found, Found::Good, "{answer:?}");
        assert!(answer.why.starts_with(&format!("echo from {from} in ")), "{answer:?}");
    }
    let answer = echo("10.1.1.2", Span::from_millis(1_200)).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "no answer within 1s"));
    let answer = echo("10.2.2.2", crate::PATIENT).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Unseen, "could not look: network unreachable"));
}

#[tokio::test]
async fn where_nobody_may_ask_the_answer_says_what_would_allow_it() {
    if !apart::is_inside() {
        return apart::alone("icmp::where_nobody_may_ask_the_answer_says_what_would_allow_it", "true");
    }
    let answer = echo("127.0.0.1", crate::PATIENT).await;
    let why =
        "could not look: this system lets group 0 send no echo requests; net.ipv4.ping_group_range with 0 in it would";
    assert_eq!((answer.found, answer.why.as_str()), (Found::Unseen, why));
}
