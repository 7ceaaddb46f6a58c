//! Zones of a real BIND.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, DnsRecords, Given, KeyAlgorithm, Record, ZoneKey};
use warroom::core::run::{Change, Evidence, Failure};
use warroom::core::time::Span;

use crate::traffic::{Bind, FAILOVER, LONG, OTHER};
use crate::world::{World, private, template, why};

/// `www` to West.
fn to_west(bind: &Bind) -> DnsRecords {
    DnsRecords {
        server: template(&bind.at),
        zone: template("example.org"),
        name: template("www"),
        record: Record::A,
        ttl: Span::from_secs(30),
        values: vec![template("10.0.2.5")],
        key: key("failover", KeyAlgorithm::HmacSha256),
        until: Vec::new(),
        within: Span::from_secs(20),
    }
}

fn key(name: &str, algorithm: KeyAlgorithm) -> ZoneKey {
    ZoneKey { name: name.into(), algorithm, secret: Given::Text(template("${tsig}")) }
}

fn set(records: DnsRecords) -> World {
    World::of(Action::Dns(records)).with_secret("tsig", FAILOVER)
}

fn answered(name: &str, record: Record, values: &[&str], servers: usize, change: Change) -> Evidence {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Evidence::NamesAnswered { name: name.into(), record, values, servers, change }
}

#[tokio::test]
async fn records_are_replaced_read_back_and_left_alone_when_they_are_so() {
    let Some(bind) = Bind::start().await else { return };
    let both = DnsRecords { values: vec![template("10.0.2.6"), template("${to}")], ..to_west(&bind) };
    for change in [Change::Made, Change::AlreadySo] {
        let done = set(both.clone()).with(&[("to", "10.0.2.5")]).good().await.0;
        assert_eq!(done, answered("www.example.org", Record::A, &["10.0.2.5", "10.0.2.6"], 1, change));
    }
    // Another time to keep them is a change, too; what is not listed any more is gone.
    let longer = DnsRecords { ttl: Span::from_secs(31), ..both };
    let made = answered("www.example.org", Record::A, &["10.0.2.5", "10.0.2.6"], 1, Change::Made);
    assert_eq!(set(longer).with(&[("to", "10.0.2.5")]).good().await.0, made);
    let made = answered("www.example.org", Record::A, &["10.0.2.5"], 1, Change::Made);
    assert_eq!(set(to_west(&bind)).good().await.0, made);
}

#[tokio::test]
async fn every_type_and_both_kinds_of_key_are_set() {
    let Some(bind) = Bind::start().await else { return };
    let long = "x".repeat(600);
    for (name, record, value, whole) in [
        ("www", Record::Aaaa, "2001:DB8::5", "www.example.org"),
        ("shop.example.org", Record::Cname, "West.example.net.", "shop.example.org"),
        ("@", Record::Txt, "side \"west\"; é", "example.org"),
        ("long", Record::Txt, &long, "long.example.org"),
        ("*", Record::A, "10.0.2.5", "*.example.org"),
    ] {
        let records = DnsRecords {
            name: template(name),
            record,
            values: vec![template(value)],
            key: key("long", KeyAlgorithm::HmacSha512),
            ..to_west(&bind)
        };
        let done = set(records).with_secret("tsig", LONG).good().await.0;
        let shown = if record == Record::Txt { value.to_owned() } else { value.to_lowercase() };
        let shown = shown.strip_suffix('.').unwrap_or(&shown);
        assert_eq!(done, answered(whole, record, &[shown], 1, Change::Made), "{name}");
    }
}

#[tokio::test]
async fn a_key_is_taken_from_where_it_is_kept() {
    let Some(bind) = Bind::start().await else { return };
    let mut world = set(to_west(&bind));
    let kept = world.home.path().join("tsig");
    private(&kept, &format!("{FAILOVER}\n"));
    let secret = Given::Secret(format!("file:{}", kept.display()).parse().unwrap());
    world.secrets.clear();
    let key = ZoneKey { secret, ..to_west(&bind).key };
    world.step.action = Action::Dns(DnsRecords { key, ..to_west(&bind) });
    let used = warroom::steps::secrets_used_by(&world.step);
    assert_eq!(used.len(), 1);
    assert_eq!(world.good().await.0, answered("www.example.org", Record::A, &["10.0.2.5"], 1, Change::Made));
}

#[tokio::test]
async fn a_key_or_zone_that_does_not_fit_is_refused_in_words() {
    let Some(bind) = Bind::start().await else { return };
    let other_key = |name: &str| DnsRecords { key: key(name, KeyAlgorithm::HmacSha256), ..to_west(&bind) };
    let at = &bind.at;
    for (records, secret, sentence) in [
        (
            other_key("nobody"),
            FAILOVER,
            format!("{at} does not change example.org: NOTAUTH: it knows no key nobody of that kind (BADKEY)"),
        ),
        (
            to_west(&bind),
            OTHER,
            format!(
                "{at} does not change example.org: NOTAUTH: the secret of the key failover is another there (BADSIG)"
            ),
        ),
        (other_key("other"), OTHER, format!("{at} does not change example.org: REFUSED: the key other may not")),
        (
            DnsRecords { zone: template("example.net"), ..to_west(&bind) },
            FAILOVER,
            format!("{at} does not change example.net: REFUSED: the key failover may not"),
        ),
        (
            DnsRecords { zone: template("org"), name: template("example"), ..to_west(&bind) },
            FAILOVER,
            format!("{at} does not change org: NOTAUTH: it does not serve the zone as its primary"),
        ),
        (to_west(&bind), "no base64!", "the secret of the key failover is no base64".to_owned()),
        (
            DnsRecords { name: template("www.example.net."), ..to_west(&bind) },
            FAILOVER,
            "www.example.net. is not in the zone example.org.".to_owned(),
        ),
    ] {
        let said = set(records).with_secret("tsig", secret).wrong().await;
        assert_eq!(said, sentence);
        assert!(!said.contains(secret));
    }
    let still = DnsRecords { values: vec![template("10.0.1.5")], ttl: Span::from_secs(60), ..to_west(&bind) };
    let done = answered("www.example.org", Record::A, &["10.0.1.5"], 1, Change::AlreadySo);
    assert_eq!(set(still).good().await.0, done, "none of them changed anything");
}

#[tokio::test]
async fn a_change_that_the_server_passes_over_is_found_out() {
    let Some(bind) = Bind::start().await else { return };
    // A name with other records takes no CNAME; a server says that all is well and does nothing (RFC 2136, 3.4.2.2).
    let records = DnsRecords {
        record: Record::Cname,
        values: vec![template("west.example.net")],
        within: Span::from_secs(1),
        ..to_west(&bind)
    };
    let said = set(records).wrong().await;
    assert_eq!(said, format!("after 1s {} answers nothing, not west.example.net", bind.at));
}

#[tokio::test]
async fn it_is_done_once_the_server_that_lags_answers_too() {
    let (Some(first), Some(second)) = (Bind::start().await, Bind::start().await) else { return };
    let until = vec![template(&first.at), template(&second.at)];
    let both = DnsRecords { until, ..to_west(&first) };
    let said = set(DnsRecords { within: Span::from_secs(1), ..both.clone() }).wrong().await;
    assert_eq!(said, format!("after 1s {} answers 10.0.1.5, not 10.0.2.5", second.at));

    let world = set(both);
    let step = tokio::spawn(async move { world.good().await.0 });
    let change = set(to_west(&second)).good().await.0;
    assert_eq!(change, answered("www.example.org", Record::A, &["10.0.2.5"], 1, Change::Made));
    let done = answered("www.example.org", Record::A, &["10.0.2.5"], 2, Change::AlreadySo);
    assert_eq!(step.await.unwrap(), done);
}

#[tokio::test]
async fn servers_that_are_gone_are_named() {
    let Some(bind) = Bind::start().await else { return };
    let gone = DnsRecords { server: template("127.0.0.1:1"), ..to_west(&bind) };
    let end = set(gone).perform().await;
    assert_eq!(end, StepEnd::Bad(Failure::NoAnswer { why: "127.0.0.1:1: connection refused".into() }));
    let until = vec![template(&bind.at), template("127.0.0.1:1")];
    let waits = DnsRecords { until, within: Span::from_secs(1), ..to_west(&bind) };
    assert_eq!(set(waits).wrong().await, "after 1s 127.0.0.1:1 gives no answer: connection refused");
}

/// Says that all changes are made, signs nothing, and passes questions on.
async fn liar(bind: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let length = client.read_u16().await.unwrap();
            let mut message = vec![0; length.into()];
            client.read_exact(&mut message).await.unwrap();
            let is_update = (message[2] >> 3) & 0xf == 5;
            let reply = if is_update {
                [&message[..2], &[0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat()
            } else {
                let mut server = TcpStream::connect(&bind).await.unwrap();
                server.write_all(&[&length.to_be_bytes(), &message[..]].concat()).await.unwrap();
                let mut reply = vec![0; server.read_u16().await.unwrap().into()];
                server.read_exact(&mut reply).await.unwrap();
                reply
            };
            let length = u16::try_from(reply.len()).unwrap();
            client.write_all(&[&length.to_be_bytes(), &reply[..]].concat()).await.unwrap();
        }
    });
    at
}

#[tokio::test]
async fn an_answer_that_is_not_signed_is_believed_nothing() {
    let Some(bind) = Bind::start().await else { return };
    let at = liar(bind.at.clone()).await;
    let said = set(DnsRecords { server: template(&at), ..to_west(&bind) }).wrong().await;
    assert_eq!(said, format!("{at} does not change example.org: its answer is not signed with the key failover"));
}

#[tokio::test]
async fn the_time_of_the_step_holds_for_all_of_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let Some(bind) = Bind::start().await else { return };
    let silent = DnsRecords { server: template(&at), ..to_west(&bind) };
    let end = set(silent).within(Duration::from_millis(300)).perform().await;
    assert_eq!(why(end), format!("{at}: no answer in time"));
}
