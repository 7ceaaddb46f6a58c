//! Asks a name server.

mod exchange;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use tokio::time::timeout;
use uuid::Uuid;

use super::tunnel::{connect, explained, tunnel};
use super::words::{few, some};
use super::{NotGood, Seen, Tools};
use crate::core::plan::{Place, Record};

/// Where the system says which servers it asks.
const SYSTEM: &str = "/etc/resolv.conf";
/// How long one of the system's servers may be silent before the next is asked, and the last is given up.
const PATIENCE: Duration = Duration::from_millis(1_500);

pub(super) async fn look(
    name: &str,
    record: Record,
    server: Option<&str>,
    expect: &[String],
    place: &Place,
    tools: Tools<'_>,
) -> Result<Seen, NotGood> {
    let id = Uuid::now_v7().as_u128() as u16;
    let query = query(id, name, record)?;
    let (from, reply) = match server {
        Some(server) if *place != Place::Engine => {
            let tunnel = tunnel(tools.ssh, place, server).await?;
            let asked = exchange::over(connect(server, tunnel.as_ref()).await?, &query).await;
            let reply = match asked {
                Ok(reply) => reply,
                Err(why) => return Err(explained(tunnel.as_ref(), NotGood::of(&why)).await),
            };
            (few(server), reply)
        }
        Some(server) => {
            let mut found = tokio::net::lookup_host(server).await.map_err(|e| NotGood::of(&e))?;
            let at = found.next().ok_or_else(|| NotGood::Unseen(format!("{} has no address", few(server))))?;
            (at.to_string(), exchange::ask(at, &query).await.map_err(|e| NotGood::of(&e))?)
        }
        None if *place != Place::Engine => {
            return Err(NotGood::Unseen("from another host only a server that is named can be asked".to_owned()));
        }
        None => {
            let (from, reply) = ask_system(&query).await?;
            (from.to_string(), reply)
        }
    };
    let told = answers(&reply, record).map_err(|why| NotGood::Bad(format!("{why} from {from}")))?;
    let missing: Vec<String> = expect.iter().filter(|text| !told.iter().any(|t| is_same(t, text))).cloned().collect();
    if told.is_empty() {
        return Err(NotGood::Bad(format!("no {} record of {} from {from}", record.word(), few(name))));
    }
    if !missing.is_empty() {
        return Err(NotGood::Bad(format!("{} from {from}, without {}", some(&told), some(&missing))));
    }
    Ok(Seen::new(format!("{} from {from}", some(&told))))
}

/// The first of the system's servers that says anything. That none does is nothing that the name could help.
async fn ask_system(query: &[u8]) -> Result<(SocketAddr, Vec<u8>), NotGood> {
    let text = tokio::fs::read_to_string(SYSTEM).await;
    let text = text.map_err(|e| NotGood::Unseen(format!("{SYSTEM}: {}", crate::outbound::io_reason(&e))))?;
    let mut why = format!("{SYSTEM} names no name server");
    for server in servers(&text) {
        why = match timeout(PATIENCE, exchange::ask(server, query)).await {
            Ok(Ok(reply)) => return Ok((server, reply)),
            Ok(Err(error)) => format!("the system's name server {server}: {}", crate::outbound::io_reason(&error)),
            Err(_) => format!("the system's name server {server} is silent"),
        };
    }
    Err(NotGood::Unseen(why))
}

fn servers(text: &str) -> impl Iterator<Item = SocketAddr> {
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    named.filter_map(|rest| rest.trim().parse::<IpAddr>().ok()).map(|address| SocketAddr::new(address, 53))
}

fn query(id: u16, name: &str, record: Record) -> Result<Vec<u8>, NotGood> {
    let wrong = |_| NotGood::Unseen(format!("{} is no name that can be asked for", few(name)));
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).map_err(wrong)?;
    packet.questions.push(Question::new(name, QTYPE::TYPE(kind(record)), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().map_err(wrong)
}

/// What a reply answers, as text.
fn answers(reply: &[u8], record: Record) -> Result<Vec<String>, String> {
    let reply = Packet::parse(reply).map_err(|_| "an answer that cannot be read".to_owned())?;
    match reply.rcode() {
        RCODE::NoError => Ok(reply.answers.iter().filter_map(|answer| told(&answer.rdata, record)).collect()),
        RCODE::FormatError => Err("FORMERR".to_owned()),
        RCODE::ServerFailure => Err("SERVFAIL".to_owned()),
        RCODE::NameError => Err("NXDOMAIN".to_owned()),
        RCODE::NotImplemented => Err("NOTIMP".to_owned()),
        RCODE::Refused => Err("REFUSED".to_owned()),
        other => Err(format!("{other:?}").to_uppercase()),
    }
}

/// A record of the kind that was asked for, and of no other: on the way to an address there may be other names.
fn told(data: &RData<'_>, record: Record) -> Option<String> {
    let name = |name: &Name<'_>| name.to_string().to_ascii_lowercase();
    Some(match (data, record) {
        (RData::A(a), Record::A) => std::net::Ipv4Addr::from(a.address).to_string(),
        (RData::AAAA(a), Record::Aaaa) => std::net::Ipv6Addr::from(a.address).to_string(),
        (RData::CNAME(to), Record::Cname) => name(&to.0),
        (RData::NS(to), Record::Ns) => name(&to.0),
        (RData::MX(mx), Record::Mx) => format!("{} {}", mx.preference, name(&mx.exchange)),
        (RData::TXT(txt), Record::Txt) => String::try_from(txt.clone()).ok()?,
        _ => return None,
    })
}

/// Whether an answer is what is expected: addresses however written, names in any case and with or without the last dot, mail
/// servers also without their preference.
fn is_same(answer: &str, expected: &str) -> bool {
    let name = |text: &str| text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    match (answer.parse::<IpAddr>(), expected.parse::<IpAddr>()) {
        (Ok(answer), Ok(expected)) => answer == expected,
        _ => {
            let host = answer.split_once(' ').map_or(answer, |(_, host)| host);
            answer == expected || name(answer) == name(expected) || name(host) == name(expected)
        }
    }
}

fn kind(record: Record) -> TYPE {
    match record {
        Record::A => TYPE::A,
        Record::Aaaa => TYPE::AAAA,
        Record::Cname => TYPE::CNAME,
        Record::Mx => TYPE::MX,
        Record::Ns => TYPE::NS,
        Record::Txt => TYPE::TXT,
    }
}
