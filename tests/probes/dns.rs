//! Names.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use simple_dns::rdata::{A, AAAA, CNAME, MX, NS, RData, TXT};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use warroom::core::health::Found;
use warroom::core::plan::{Look, Record};
use warroom::core::time::Span;
use warroom::probes::Answer;

use crate::{apart, ask, probe};

const NAME: &str = "shop.example";

/// What a name server holds of any name, by the first label of the name.
fn zone(packet: &Packet<'_>) -> Packet<'static> {
    let question = &packet.questions[0];
    let mut reply = Packet::new_reply(packet.id());
    reply.questions.push(question.clone().into_owned());
    let host = || Name::new_unchecked("Host.Example");
    let data: Vec<RData<'static>> = match (question.qname.to_string().split('.').next().unwrap(), question.qtype) {
        ("gone", _) => {
            *reply.rcode_mut() = RCODE::NameError;
            Vec::new()
        }
        ("broken", _) => {
            *reply.rcode_mut() = RCODE::ServerFailure;
            Vec::new()
        }
        ("forbidden", _) => {
            *reply.rcode_mut() = RCODE::Refused;
            Vec::new()
        }
        ("alias", QTYPE::TYPE(TYPE::A)) => {
            vec![RData::CNAME(CNAME(host())), RData::A(A { address: Ipv4Addr::new(10, 0, 0, 7).into() })]
        }
        ("many", _) => (0..200).map(|n| RData::A(A { address: Ipv4Addr::new(10, 0, 1, n).into() })).collect(),
        ("shop", QTYPE::TYPE(TYPE::A)) => {
            [1, 2].map(|n| RData::A(A { address: Ipv4Addr::new(10, 0, 0, n).into() })).to_vec()
        }
        ("shop", QTYPE::TYPE(TYPE::AAAA)) => vec![RData::AAAA(AAAA { address: Ipv6Addr::LOCALHOST.into() })],
        ("shop", QTYPE::TYPE(TYPE::CNAME)) => vec![RData::CNAME(CNAME(host()))],
        ("shop", QTYPE::TYPE(TYPE::NS)) => vec![RData::NS(NS(host()))],
        ("shop", QTYPE::TYPE(TYPE::MX)) => vec![RData::MX(MX { preference: 10, exchange: host() })],
        ("shop", QTYPE::TYPE(TYPE::TXT)) => {
            vec![RData::TXT(TXT::new().with_string("=v=spf1 ").unwrap().with_string("-all\u{1b}[2J").unwrap())]
        }
        _ => Vec::new(),
    };
    let record = |data| ResourceRecord::new(question.qname.clone().into_owned(), CLASS::IN, 60, data);
    reply.answers.extend(data.into_iter().map(record));
    reply
}

/// A name server on a port of its own.
async fn serve() -> SocketAddr {
    serve_at("127.0.0.1:0").await
}

/// A name server that answers by datagram what fits one, and everything over a connection.
async fn serve_at(address: &str) -> SocketAddr {
    let (socket, listener) = loop {
        let socket = UdpSocket::bind(address).await.unwrap();
        if let Ok(listener) = TcpListener::bind(socket.local_addr().unwrap()).await {
            break (socket, listener);
        }
    };
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut query).await.unwrap();
            let query = Packet::parse(&query[..length]).unwrap();
            let mut reply = zone(&query);
            if reply.answers.len() > 20 {
                reply.answers.clear();
                reply.set_flags(PacketFlag::TRUNCATION);
            }
            socket.send_to(&reply.build_bytes_vec().unwrap(), from).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut query = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut query).await.unwrap();
            let reply = zone(&Packet::parse(&query).unwrap()).build_bytes_vec().unwrap();
            stream.write_u16(reply.len().try_into().unwrap()).await.unwrap();
            stream.write_all(&reply).await.unwrap();
        }
    });
    address
}

/// A name server that sends what a function makes of each query, or nothing.
async fn serve_raw(mut reply: impl FnMut(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut query).await.unwrap();
            if let Some(reply) = reply(&query[..length]) {
                socket.send_to(&reply, from).await.unwrap();
            }
        }
    });
    address
}

fn look(name: &str, record: Record, server: SocketAddr, expect: &[&str]) -> Look {
    let expect = expect.iter().map(|&text| text.to_owned()).collect();
    Look::Dns { name: name.to_owned(), record, server: Some(server.to_string()), expect }
}

async fn asked(name: &str, record: Record, server: SocketAddr, expect: &[&str]) -> Answer {
    ask(&probe(look(name, record, server, expect))).await
}

#[tokio::test]
async fn each_kind_of_record_is_told_and_compared_with_what_is_expected() {
    let at = serve().await;
    let table: [(Record, &str, &[&str], &[&str]); 6] = [
        (Record::A, "10.0.0.1, 10.0.0.2", &["10.0.0.2"], &["10.0.0.2", "10.0.0.3"]),
        (Record::Aaaa, "::1", &["0:0::1"], &["::2"]),
        (Record::Cname, "host.example", &["HOST.example."], &["other.example"]),
        (Record::Ns, "host.example", &["host.example"], &["host"]),
        (Record::Mx, "10 host.example", &["10 host.example", "host.example"], &["20 host.example"]),
        (Record::Txt, "=v=spf1 -all", &["=v=spf1 -all\u{1b}[2J"], &["v=spf1 -all"]),
    ];
    for (record, told, good, bad) in table {
        for expect in [good, &[]] {
            let answer = asked(NAME, record, at, expect).await;
            assert_eq!(answer.found, Found::Good, "{answer:?}");
            assert!(answer.why.starts_with(told) && answer.why.contains(&format!(" from {at} in ")), "{answer:?}");
            assert!(!answer.why.contains('\u{1b}'), "{answer:?}");
        }
        let answer = asked(NAME, record, at, bad).await;
        assert_eq!(answer.found, Found::Bad, "{answer:?}");
        let without = format!(" from {at}, without {}", bad[bad.len() - 1]);
        assert!(answer.why.starts_with(told) && answer.why.ends_with(&without), "{answer:?}");
    }
}

#[tokio::test]
async fn a_name_that_leads_to_another_name_is_followed() {
    let at = serve().await;
    let answer = asked("alias.example", Record::A, at, &["10.0.0.7"]).await;
    assert!(answer.found == Found::Good && answer.why.starts_with("10.0.0.7 from "), "{answer:?}");
}

#[tokio::test]
async fn what_a_server_refuses_is_bad_in_its_own_word() {
    let at = serve().await;
    for (name, why) in [
        ("gone.example", "NXDOMAIN"),
        ("broken.example", "SERVFAIL"),
        ("forbidden.example", "REFUSED"),
        ("nothing.example", "no A record of nothing.example"),
    ] {
        let answer = asked(name, Record::A, at, &[]).await;
        assert_eq!((answer.found, answer.why), (Found::Bad, format!("{why} from {at}")));
    }
}

#[tokio::test]
async fn an_answer_that_fits_no_datagram_comes_over_a_connection() {
    let at = serve().await;
    let answer = asked("many.example", Record::A, at, &["10.0.1.0", "10.0.1.199"]).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    assert!(answer.why.starts_with("10.0.1.0, 10.0.1.1, 10.0.1.2, 10.0.1.3 and 196 more from "), "{answer:?}");
}

#[tokio::test]
async fn a_lost_datagram_and_replies_to_others_are_no_failure() {
    let count = Arc::new(AtomicUsize::new(0));
    let at = serve_raw({
        let count = count.clone();
        move |query| {
            let packet = Packet::parse(query).unwrap();
            let mut reply = zone(&packet);
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => return Some(query.to_vec()),
                1 => reply.set_id(packet.id().wrapping_add(1)),
                2 => reply.questions[0].qname = Name::new_unchecked("shop.exomple"),
                _ => {}
            }
            reply.build_bytes_vec().ok()
        }
    })
    .await;
    let answer = asked(NAME, Record::A, at, &[]).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    assert_eq!(count.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_silent_server_costs_no_more_than_the_time_out() {
    let at = serve_raw(|_| None).await;
    let timeout = Span::from_millis(100);
    let answer = ask(&warroom::core::plan::Probe { timeout, ..probe(look(NAME, Record::A, at, &[])) }).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "no answer within 100ms"));
}

#[tokio::test]
async fn where_nobody_listens_the_connection_is_refused() {
    let at = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let answer = asked(NAME, Record::A, at, &[]).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "connection refused"));
}

#[tokio::test]
async fn nonsense_in_an_answer_is_bad_and_harmless() {
    // Behind the head and the question: names that point at themselves, lengths beyond the end, counts without records.
    let tails: [&[u8]; 6] = [
        b"\xc0\x1e\0\x01\0\x01\0\0\0\0\0\x04\x0a\0\0\x01",
        b"\xc0\xff\0\x01\0\x01\0\0\0\0\0\x04\x0a\0\0\x01",
        b"\xc0\x0c\0\x01\0\x01\0\0\0\0\xff\xff\x0a\0\0\x01",
        b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x01\x0a",
        b"\x3f",
        b"",
    ];
    for tail in tails {
        let at = serve_raw(move |query| {
            let mut reply = query.to_vec();
            reply[2] |= 0x80;
            reply[7] = 9;
            reply.extend_from_slice(tail);
            Some(reply)
        })
        .await;
        let answer = asked(NAME, Record::A, at, &[]).await;
        assert_eq!(
            (answer.found, answer.why),
            (Found::Bad, format!("an answer that cannot be read from {at}")),
            "{tail:?}"
        );
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_asked_for_says_nothing_about_the_server() {
    let at = serve().await;
    let answer = asked(&"a".repeat(64), Record::A, at, &[]).await;
    assert!(answer.found == Found::Unseen && answer.why.contains("is no name that can be asked for"), "{answer:?}");
}

#[tokio::test]
async fn without_a_server_of_its_own_a_look_asks_those_of_the_system() {
    if !apart::is_inside() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let text = "# made by hand\nsearch example\n nameserver 127.0.0.2\nnameserver 127.0.0.1 \noptions rotate\n";
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        let mount = format!("mount --bind {} /etc/resolv.conf", file.path().display());
        return apart::alone("dns::without_a_server_of_its_own_a_look_asks_those_of_the_system", &mount);
    }
    let look = || Look::Dns { name: NAME.to_owned(), record: Record::A, server: None, expect: Vec::new() };
    let refused = ask(&probe(look())).await;
    let why = "could not look: the system's name server 127.0.0.1:53: connection refused";
    assert_eq!((refused.found, refused.why.as_str()), (Found::Unseen, why));

    let _silent = UdpSocket::bind("127.0.0.2:53").await.unwrap();
    let silent = UdpSocket::bind("127.0.0.1:53").await.unwrap();
    let answer = ask(&probe(look())).await;
    let why = "could not look: the system's name server 127.0.0.1:53 is silent";
    assert_eq!((answer.found, answer.why.as_str()), (Found::Unseen, why));

    drop(silent);
    serve_at("127.0.0.1:53").await;
    let answer = ask(&probe(look())).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    assert!(answer.why.starts_with("10.0.0.1, 10.0.0.2 from 127.0.0.1:53 in "), "{answer:?}");
}
