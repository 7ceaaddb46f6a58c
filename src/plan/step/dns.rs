//! Records of names.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::core::plan::{DnsRecords, Given, KeyAlgorithm, Record, ZoneKey, is_dns_name};
use crate::core::template::{Template, Values};
use crate::core::time::Span;

use super::Scope;
use crate::plan::fields::{Field, Shape};
use crate::plan::names::Place;
use crate::plan::resolve::{LONGEST, SHORTEST};
use crate::plan::tree::Value;
use crate::plan::values::quote;

const DNS: Shape = Shape {
    what: "a dns step",
    fields: &["server", "zone", "name", "record", "ttl", "values", "key", "until", "within"],
};
const KEY: Shape = Shape { what: "the key of a zone", fields: &["name", "algorithm", "secret"] };
const SECRET: Shape = Shape { what: "a reference to a secret", fields: &["secret"] };

const RECORDS: [(&str, Record); 4] =
    [("A", Record::A), ("AAAA", Record::Aaaa), ("CNAME", Record::Cname), ("TXT", Record::Txt)];
const ALGORITHMS: [(&str, KeyAlgorithm); 2] =
    [("hmac-sha256", KeyAlgorithm::HmacSha256), ("hmac-sha512", KeyAlgorithm::HmacSha512)];

/// Longest that others may keep a record.
const LONGEST_TTL: Span = Span::from_secs(7 * 24 * 3600);

/// How long the servers that count may take, when the plan does not say.
const WITHIN: Span = Span::from_secs(120);

pub(super) fn dns(field: &Field<'_>, scope: &Scope<'_>) -> Option<DnsRecords> {
    let fields = field.fields(DNS)?;
    let server = fields.need("server", "\"ns1.example.org:53\"").and_then(|f| f.host_and_port_template(&scope.names));
    let zone = fields.need("zone", "example.org").and_then(|f| name(&f, scope));
    let name = fields.need("name", "www, or \"@\" for the zone itself").and_then(|f| match f.raw() {
        Some("@") => f.template(&scope.names, Place::Words),
        _ => name(&f, scope),
    });
    let record = fields.get("record").map_or(Some(Record::A), |f| f.choice(&RECORDS));
    let ttl = fields.need("ttl", "30s").and_then(|f| ttl(&f));
    let values = fields.need("values", "[10.0.2.5]").and_then(|f| values(&f, record, scope));
    let key = fields.need("key", "{name: failover, secret: {secret: \"env:NAME\"}}").and_then(|f| key(&f, scope));
    let until = fields.get("until").map(|f| f.some_items("server")).unwrap_or_default();
    let until: Vec<Option<Template>> = until.iter().map(|f| f.host_and_port_template(&scope.names)).collect();
    let within = fields.get("within").map_or(Some(WITHIN), |f| f.span_within(SHORTEST, LONGEST));
    Some(DnsRecords {
        server: server?,
        zone: zone?,
        name: name?,
        record: record?,
        ttl: ttl?,
        values: values?,
        key: key?,
        until: until.into_iter().collect::<Option<_>>()?,
        within: within?,
    })
}

/// With a letter in the place of each value.
fn filler(template: &Template) -> String {
    let filler: Values = template.names().map(|name| (name.to_owned(), "x".to_owned())).collect();
    template.fill(&filler).unwrap_or_default()
}

fn name(field: &Field<'_>, scope: &Scope<'_>) -> Option<Template> {
    let template = field.template(&scope.names, Place::Words)?;
    if is_dns_name(&filler(&template)) {
        return Some(template);
    }
    let right = "labels of letters, digits, '-' and '_', with dots between".to_owned();
    field.wrong(format!("{} is no name", quote(template.source())), Some(right))
}

fn ttl(field: &Field<'_>) -> Option<Span> {
    let ttl = field.span_within(Span::ZERO, LONGEST_TTL)?;
    if Span::from_secs(ttl.secs()) == ttl {
        return Some(ttl);
    }
    field.wrong(format!("{} is no whole number of seconds", ttl.exact()), Some("a time such as 30s".to_owned()))
}

fn values(field: &Field<'_>, record: Option<Record>, scope: &Scope<'_>) -> Option<Vec<Template>> {
    let items = field.some_items("value");
    if let (Some(Record::Cname), Some(second)) = (record, items.get(1)) {
        second.wrong::<()>("a CNAME has one value", Some("one value".to_owned()));
    }
    let values: Vec<Option<Template>> = items.iter().map(|item| value(item, record, scope)).collect();
    if values.is_empty() { None } else { values.into_iter().collect() }
}

/// One value; judged here where nothing has to be filled in.
fn value(field: &Field<'_>, record: Option<Record>, scope: &Scope<'_>) -> Option<Template> {
    let template = field.template(&scope.names, Place::Words)?;
    if template.names().next().is_some() {
        return Some(template);
    }
    let text = filler(&template);
    let (is_one, right) = match record {
        Some(Record::A) => (text.parse::<Ipv4Addr>().is_ok(), "an IPv4 address such as 10.0.2.5"),
        Some(Record::Aaaa) => (text.parse::<Ipv6Addr>().is_ok(), "an IPv6 address such as 2001:db8::5"),
        Some(Record::Cname) => (is_dns_name(&text), "a whole name such as west.example.org"),
        _ => (true, ""),
    };
    if is_one {
        Some(template)
    } else {
        field.wrong(format!("{} is no value of that type", quote(&text)), Some(right.to_owned()))
    }
}

fn key(field: &Field<'_>, scope: &Scope<'_>) -> Option<ZoneKey> {
    let fields = field.fields(KEY)?;
    let name = fields.need("name", "as the server knows it").and_then(|f| {
        let name = f.raw()?;
        let right = "labels of letters, digits, '-' and '_', with dots between".to_owned();
        if is_dns_name(name) {
            Some(name.to_owned())
        } else {
            f.wrong(format!("{} is no name", quote(name)), Some(right))
        }
    });
    let algorithm = fields.get("algorithm").map_or(Some(KeyAlgorithm::HmacSha256), |f| f.choice(&ALGORITHMS));
    let secret = fields.need("secret", "{secret: \"env:NAME\"}").and_then(|f| secret(&f, scope));
    Some(ZoneKey { name: name?, algorithm: algorithm?, secret: secret? })
}

/// A reference to the key, or a parameter that is a secret; never the key itself, and no message shows what stands there.
fn secret(field: &Field<'_>, scope: &Scope<'_>) -> Option<Given> {
    if let Value::Map(_) = field.node.value {
        let secret = field.fields(SECRET)?.need("secret", "\"env:NAME\"")?;
        return secret.secret_ref().map(Given::Secret);
    }
    let is_reference = field.node.peek_text().is_some_and(|text| text.starts_with("${") && text.ends_with('}'));
    if !is_reference {
        let right = "{secret: \"env:NAME\"}, or \"${name}\" of a parameter of type secret".to_owned();
        return field.wrong("the key itself would stand in the plan", Some(right));
    }
    field.template(&scope.names, Place::Inside).map(Given::Text)
}

/// What such a step without a name is called.
pub(super) fn title(records: &DnsRecords) -> String {
    let values: Vec<&str> = records.values.iter().map(Template::source).collect();
    let name = match records.name.source() {
        "@" => records.zone.source().to_owned(),
        name => format!("{name} in {}", records.zone),
    };
    format!("{name}: {} {}", records.record.word(), values.join(", "))
}
