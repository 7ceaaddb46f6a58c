//! What a name is to have, and what a server says that it has.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::rdata::{A, AAAA, CNAME, TXT};
use hickory_proto::rr::{Name, RData, RecordType};

use crate::core::plan::{Record, is_dns_name};
use crate::core::time::Span;

/// Most bytes of one text of a TXT record (RFC 1035, 3.3), and of all texts of one.
const TEXT: usize = 255;
const TEXTS: usize = 4096;

/// What is to be so.
pub(super) struct Wanted {
    pub(super) name: Name,
    pub(super) record: Record,
    /// In seconds.
    pub(super) ttl: u32,
    /// As [`told`] writes them.
    pub(super) values: BTreeSet<String>,
    pub(super) data: Vec<RData>,
}

/// What a server answers.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The shortest of their times, in seconds.
    pub(super) ttl: Option<u32>,
    pub(super) values: BTreeSet<String>,
}

impl Wanted {
    /// Reads what the plan says, with its values in it.
    pub(super) fn of(name: &str, zone: &Name, record: Record, ttl: Span, texts: &[String]) -> Result<Wanted, String> {
        let data: Vec<RData> = texts.iter().map(|text| data(record, text)).collect::<Result<_, _>>()?;
        Ok(Wanted {
            name: below(name, zone)?,
            record,
            ttl: u32::try_from(ttl.secs()).map_err(|_| format!("{ttl} is too long a time to keep a record"))?,
            values: data.iter().filter_map(told).collect(),
            data,
        })
    }

    pub(super) fn kind(&self) -> RecordType {
        match self.record {
            Record::A => RecordType::A,
            Record::Aaaa => RecordType::AAAA,
            Record::Cname => RecordType::CNAME,
            Record::Mx => RecordType::MX,
            Record::Ns => RecordType::NS,
            Record::Txt => RecordType::TXT,
        }
    }
}

impl Told {
    pub(super) fn is(&self, wanted: &Wanted) -> bool {
        self.values == wanted.values
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(&self.values, f)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(&self.values, f)
    }
}

fn list(values: &BTreeSet<String>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const SHOWN: usize = 5;
    let some: Vec<String> = values.iter().take(SHOWN).map(|value| value.chars().take(80).collect()).collect();
    let more = if values.len() > SHOWN { ", …" } else { "" };
    match some.as_slice() {
        [] => f.write_str("nothing"),
        some => write!(f, "{}{more}", some.join(", ")),
    }
}

/// A whole name: the dot at its end is left out in plans.
pub(super) fn name(text: &str) -> Result<Name, String> {
    let wrong = || format!("{text:?} is no name");
    let mut name = Some(text).filter(|text| is_dns_name(text)).and_then(|text| Name::from_ascii(text).ok());
    if let Some(name) = &mut name {
        name.set_fqdn(true);
    }
    name.ok_or_else(wrong)
}

/// A name in its zone.
fn below(text: &str, zone: &Name) -> Result<Name, String> {
    if text == "@" {
        return Ok(zone.clone());
    }
    let whole = name(text)?;
    if zone.zone_of(&whole) {
        return Ok(whole);
    }
    if text.ends_with('.') {
        return Err(format!("{text} is not in the zone {zone}"));
    }
    let below = Name::from_ascii(text).and_then(|name| name.append_domain(zone));
    below.map_err(|why| format!("{text:?} is no name below {zone}: {why}"))
}

fn data(record: Record, text: &str) -> Result<RData, String> {
    let wrong = |what: &str| format!("{text:?} is no {what}");
    match record {
        Record::A => text.parse::<Ipv4Addr>().map(|ip| RData::A(A(ip))).map_err(|_| wrong("IPv4 address")),
        Record::Aaaa => text.parse::<Ipv6Addr>().map(|ip| RData::AAAA(AAAA(ip))).map_err(|_| wrong("IPv6 address")),
        Record::Cname => name(text).map(|name| RData::CNAME(CNAME(name))),
        Record::Txt if text.len() > TEXTS => Err(format!("a text of {} bytes; at most {TEXTS} are sent", text.len())),
        Record::Txt if text.is_empty() => Ok(RData::TXT(TXT::from_bytes(vec![b""]))),
        Record::Txt => Ok(RData::TXT(TXT::from_bytes(text.as_bytes().chunks(TEXT).collect()))),
        Record::Mx | Record::Ns => Err("records of that type are not set".to_owned()),
    }
}

/// One value as people write it, in one way only.
pub(super) fn told(data: &RData) -> Option<String> {
    Some(match data {
        RData::A(ip) => ip.0.to_string(),
        RData::AAAA(ip) => ip.0.to_string(),
        RData::CNAME(name) => shown(&name.0),
        RData::TXT(text) => String::from_utf8_lossy(&text.txt_data.concat()).into_owned(),
        _ => return None,
    })
}

/// A name in small letters, without the dot at its end.
pub(super) fn shown(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    text.strip_suffix('.').map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_below_its_zone_however_it_is_written() {
        let zone = name("Example.org").unwrap();
        for (text, whole) in [
            ("www", Ok("www.example.org")),
            ("a.b", Ok("a.b.example.org")),
            ("www.example.ORG", Ok("www.example.org")),
            ("www.example.org.", Ok("www.example.org")),
            ("@", Ok("example.org")),
            ("*", Ok("*.example.org")),
            ("example.net.", Err("example.net. is not in the zone Example.org.")),
            ("a b", Err("\"a b\" is no name")),
            ("", Err("\"\" is no name")),
        ] {
            let below = below(text, &zone).map(|name| shown(&name));
            assert_eq!(below, whole.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_value_is_one_of_its_type_and_reads_back_as_it_is() {
        let long = "x".repeat(300);
        for (record, text, reads) in [
            (Record::A, "10.0.0.1", Ok("10.0.0.1")),
            (Record::A, "10.0.0", Err("\"10.0.0\" is no IPv4 address")),
            (Record::Aaaa, "2001:DB8:0::1", Ok("2001:db8::1")),
            (Record::Aaaa, "10.0.0.1", Err("\"10.0.0.1\" is no IPv6 address")),
            (Record::Cname, "West.example.net.", Ok("west.example.net")),
            (Record::Cname, "a b", Err("\"a b\" is no name")),
            (Record::Txt, "a \"b\" c", Ok("a \"b\" c")),
            (Record::Txt, "", Ok("")),
            (Record::Txt, &long, Ok(long.as_str())),
        ] {
            let read = data(record, text).map(|data| told(&data).unwrap());
            assert_eq!(read, reads.map(str::to_owned).map_err(str::to_owned));
        }
    }
}
