//! Probes: how a part is looked at, how often, from where, and what is too much of what they measure.

mod limits;

use std::collections::HashMap;

use crate::core::host::Host;
use crate::core::ids::{ComponentId, ProbeId, SiteId};
use crate::core::plan::{Address, Look, Place, Probe, Record, ServerRole, Vantage};
use crate::core::time::Span;

use super::fault::Faults;
use super::fields::{Field, Fields, Shape};
use super::net::has_password;
use super::register::Register;
use super::resolve::{Known, LONGEST, SHORTEST};
use super::tree::{Node, Value};

const PROBE: Shape = Shape {
    what: "a probe",
    fields: &[
        "id",
        "site",
        "http",
        "tcp",
        "tls",
        "dns",
        "icmp",
        "postgres",
        "mysql",
        "redis",
        "disk",
        "load",
        "file",
        "command",
        "heartbeat",
        "metric",
        "status",
        "contains",
        "name",
        "trust",
        "record",
        "server",
        "expect",
        "role",
        "pattern",
        "query",
        "max_latency",
        "warn",
        "fail",
        "from",
        "every",
        "timeout",
        "fail_after",
        "pass_after",
        "front_door",
    ],
};
const SECRET: Shape = Shape { what: "a secret", fields: &["secret"] };

/// The kinds, with the fields that only they have.
const KINDS: [(&str, &[&str]); 14] = [
    ("http", &["status", "contains"]),
    ("tcp", &[]),
    ("tls", &["name", "trust"]),
    ("dns", &["record", "server", "expect"]),
    ("icmp", &[]),
    ("postgres", &["role"]),
    ("mysql", &["role"]),
    ("redis", &["role"]),
    ("disk", &[]),
    ("load", &[]),
    ("file", &["pattern"]),
    ("command", &[]),
    ("heartbeat", &[]),
    ("metric", &["query"]),
];
/// Kinds that look from the engine only.
const ENGINES_OWN: [&str; 2] = ["icmp", "heartbeat"];
const RECORDS: [(&str, Record); 6] = [
    ("A", Record::A),
    ("AAAA", Record::Aaaa),
    ("CNAME", Record::Cname),
    ("MX", Record::Mx),
    ("NS", Record::Ns),
    ("TXT", Record::Txt),
];
const ROLES: [(&str, ServerRole); 2] = [("primary", ServerRole::Primary), ("standby", ServerRole::Standby)];

const EVERY: Span = Span::from_secs(30);
const TIMEOUT: Span = Span::from_secs(10);
const FAIL_AFTER: u32 = 3;
const PASS_AFTER: u32 = 2;
const MOST_IN_A_ROW: u64 = 1_000;

/// The identifiers of probes: those that the file gives, and those that are made up for the others.
pub(crate) struct ProbeNames {
    given: Register,
    made: HashMap<String, usize>,
}

impl ProbeNames {
    pub(crate) fn collect(root: &Node, faults: &Faults<'_>) -> ProbeNames {
        let mut given = Register::new("probe");
        for component in root.peek("components").map_or(&[][..], Node::peek_items) {
            given.collect(component.peek("probes").map_or(&[][..], Node::peek_items), "id", faults);
        }
        ProbeNames { given, made: HashMap::new() }
    }

    /// `component.site` or `component`; a further one gets a number, from 2.
    fn make(&mut self, component: &ComponentId, site: Option<&SiteId>) -> String {
        let stem = match site {
            Some(site) => format!("{component}.{site}"),
            None => component.to_string(),
        };
        let count = self.made.entry(stem.clone()).or_insert(0);
        loop {
            *count += 1;
            let name = if *count == 1 { stem.clone() } else { format!("{stem}.{count}") };
            if !self.given.contains(&name) {
                return name;
            }
        }
    }
}

pub(crate) fn probe(
    field: &Field<'_>,
    component: Option<&ComponentId>,
    sites: &[SiteId],
    known: &Known,
    names: &mut ProbeNames,
) -> Option<Probe> {
    let fields = field.fields(PROBE)?;
    let site_field = fields.get("site");
    let site = site_field.as_ref().and_then(|f| known.sites.resolve::<SiteId>(f));
    if let (Some(site), Some(field)) = (&site, &site_field)
        && !sites.is_empty()
        && !sites.contains(site)
    {
        let right = sites.iter().map(SiteId::as_str).collect::<Vec<_>>().join(", ");
        field.wrong::<()>(format!("the component does not run at {site}"), Some(format!("one of its sites: {right}")));
    }
    let every = fields.get("every").map_or(Some(EVERY), |f| f.span_within(SHORTEST, LONGEST));
    let timeout = timeout(&fields, every);
    let kind = kind(&fields);
    let look = kind.and_then(|kind| look(&fields, kind));
    let mut limits = limits::read(&fields, kind.unwrap_or(""), timeout);
    if let Some(Look::File { pattern: Some(_), .. }) = look {
        limits::any_match_fails(&mut limits);
    }
    let from = fields.get("from").map_or(Some(vec![Place::Engine]), |f| places(&f, kind));
    if let (Some(places), Some(Look::Dns { server: None, .. }), Some(field)) = (&from, &look, fields.get("from"))
        && places.iter().any(|place| *place != Place::Engine)
    {
        let right = Some("server: host:port".to_owned());
        field.wrong::<()>("from another host only a server that is named can be asked", right);
    }
    let fail_after = in_a_row(&fields, "fail_after", FAIL_AFTER);
    let pass_after = in_a_row(&fields, "pass_after", PASS_AFTER);
    let vantage = match fields.get("front_door").map_or(Some(false), |f| f.flag())? {
        true => Vantage::FrontDoor,
        false => Vantage::Inside,
    };
    let id = match fields.get("id") {
        Some(given) => given.id::<ProbeId>(),
        None => made_id(&fields, component?, site.as_ref(), names),
    };
    Some(Probe {
        id: id?,
        site,
        look: look?,
        every: every?,
        timeout: timeout?,
        fail_after: fail_after?,
        pass_after: pass_after?,
        vantage,
        from: from?,
        limits,
    })
}

fn made_id(
    fields: &Fields<'_>,
    component: &ComponentId,
    site: Option<&SiteId>,
    names: &mut ProbeNames,
) -> Option<ProbeId> {
    let id = ProbeId::try_from(names.make(component, site));
    if let Err(why) = &id {
        let what = format!("no identifier can be made of the component and the site: {why}");
        fields.faults().error(fields.head(), what, Some("id: a shorter one".to_owned()));
    }
    id.ok()
}

/// Looks at one thing must not overlap, so an answer may take no longer than the interval.
fn timeout(fields: &Fields<'_>, every: Option<Span>) -> Option<Span> {
    let Some(field) = fields.get("timeout") else { return Some(every.map_or(TIMEOUT, |every| every.min(TIMEOUT))) };
    let timeout = field.span_within(Span::from_millis(1), LONGEST)?;
    match every {
        Some(every) if timeout > every => {
            field.wrong(format!("{timeout} is longer than every, {every}"), Some(format!("at most {every}")))
        }
        _ => Some(timeout),
    }
}

/// The one way in which it looks.
fn kind(fields: &Fields<'_>) -> Option<&'static str> {
    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    let present = fields.present(&names);
    let kinds = || format!("one of {}", names.join(", "));
    let (what, at) = match present.as_slice() {
        [] => ("a probe without a kind looks at nothing".to_owned(), fields.head()),
        [(kind, _)] => {
            let known = KINDS.iter().find(|(name, _)| name == kind)?;
            not_of(fields, known);
            return Some(known.0);
        }
        [(one, _), (other, at), ..] => (format!("a probe looks in one way; this one has {one} and {other}"), *at),
    };
    fields.faults().error(at, what, Some(kinds()));
    None
}

/// Notes fields that belong to other kinds.
fn not_of(fields: &Fields<'_>, (kind, own): &(&'static str, &[&str])) {
    let others = KINDS.iter().flat_map(|(_, fields)| fields.iter().copied()).filter(|name| !own.contains(name));
    for (name, at) in fields.present(&others.collect::<Vec<_>>()) {
        let of: Vec<&str> = KINDS.iter().filter(|(_, own)| own.contains(&name)).map(|(kind, _)| *kind).collect();
        let what = format!("{name} belongs to a probe of kind {}, not {kind}", of.join(" or "));
        fields.faults().error(at, what, Some("leave it out".to_owned()));
    }
}

fn look(fields: &Fields<'_>, kind: &'static str) -> Option<Look> {
    let field = fields.get(kind)?;
    let role = || fields.get("role").map(|f| f.choice(&ROLES)).unwrap_or_default();
    Some(match kind {
        "http" => {
            let status = fields.get("status").and_then(|f| f.whole(100..=599)).and_then(|n| u16::try_from(n).ok());
            Look::Http { url: field.url()?, status, contains: fields.get("contains").and_then(|f| f.verbatim()) }
        }
        "tcp" => Look::Tcp { address: field.host_and_port()? },
        "tls" => Look::Tls {
            address: field.host_and_port()?,
            name: fields.get("name").and_then(|f| f.name()),
            trust: fields.get("trust").and_then(|f| f.path()),
        },
        "dns" => {
            let record = fields.get("record").map_or(Some(Record::A), |f| f.choice(&RECORDS));
            let server = fields.get("server").and_then(|f| f.host_and_port());
            let expect = fields.get("expect").map(|f| f.some_items("answer")).unwrap_or_default();
            let expect = expect.iter().filter_map(Field::name).collect();
            Look::Dns { name: field.name()?, record: record?, server, expect }
        }
        "icmp" => Look::Icmp { host: field.name()? },
        "postgres" => {
            let (url, role) = (address(&field, &["postgres://", "postgresql://"]), role());
            Look::Postgres { url: url?, role }
        }
        "mysql" => {
            let (url, role) = (address(&field, &["mysql://", "mariadb://"]), role());
            Look::Mysql { url: url?, role }
        }
        "redis" => {
            let (url, role) = (address(&field, &["redis://", "rediss://"]), role());
            Look::Redis { url: url?, role }
        }
        "disk" => Look::Disk { path: field.path()? },
        "load" => is_true(&field, Look::Load)?,
        "file" => Look::File { path: field.path()?, pattern: fields.get("pattern").and_then(|f| f.verbatim()) },
        "command" => {
            Look::Command { argv: field.some_items("word").iter().map(Field::verbatim).collect::<Option<_>>()? }
        }
        "heartbeat" => is_true(&field, Look::Heartbeat)?,
        _ => Look::Metric {
            query: fields.need("query", "PromQL that gives one number").and_then(|f| f.verbatim())?,
            url: field.url()?,
        },
    })
}

/// A kind that has nothing more to say.
fn is_true(field: &Field<'_>, look: Look) -> Option<Look> {
    match field.flag()? {
        true => Some(look),
        false => field.wrong("false is no look", Some(format!("{}: true", field.label))),
    }
}

/// An address that begins so, or where it is kept.
pub(super) fn address(field: &Field<'_>, schemes: &[&str]) -> Option<Address> {
    if let Value::Map(_) = field.node.value {
        return field.fields(SECRET)?.need("secret", "\"env:NAME\"")?.secret_ref().map(Address::Secret);
    }
    let text = field.raw()?;
    if !schemes.iter().any(|scheme| text.starts_with(scheme)) {
        // It is not shown: an address of another kind may have a password in it, too.
        let right = format!("{}host/…, or {{secret: \"env:NAME\"}}", schemes.first().unwrap_or(&""));
        return field.wrong(format!("this is no address that begins with {}", schemes.join(" or ")), Some(right));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return field.wrong("a space cannot stand in it", Some("the address, percent-encoded".to_owned()));
    }
    if has_password(text) {
        let right = "{secret: \"env:NAME\"}, with the whole address in it".to_owned();
        field.doubt("a password stands in the plan in clear text", Some(right));
    }
    Some(Address::Plain(text.to_owned()))
}

/// From where it looks: `engine`, or hosts as ssh knows them.
fn places(field: &Field<'_>, kind: Option<&str>) -> Option<Vec<Place>> {
    let items =
        if matches!(field.node.value, Value::List(_)) { field.some_items("place") } else { vec![field.clone()] };
    let mut places = Vec::new();
    for item in &items {
        let text = item.name()?;
        let place = match text.as_str() {
            "engine" => Place::Engine,
            host => match Host::new(host) {
                Ok(_) if kind.is_some_and(|kind| ENGINES_OWN.contains(&kind)) => {
                    let what = format!("a probe of kind {} looks from no host", kind.unwrap_or_default());
                    return item.wrong(what, Some("engine, or nothing".to_owned()));
                }
                Ok(host) => Place::Host(host),
                Err(why) => return item.wrong(why.to_string(), Some("engine, or a host as ssh knows it".to_owned())),
            },
        };
        if places.contains(&place) {
            return item.wrong("it stands here twice", Some("once".to_owned()));
        }
        places.push(place);
    }
    (!places.is_empty()).then_some(places)
}

fn in_a_row(fields: &Fields<'_>, key: &'static str, default: u32) -> Option<u32> {
    match fields.get(key) {
        Some(field) => field.whole(1..=MOST_IN_A_ROW).and_then(|n| u32::try_from(n).ok()),
        None => Some(default),
    }
}
