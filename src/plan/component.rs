//! Components: what can fail, how it is looked at, and how its data travels.

use std::collections::HashMap;

use crate::core::ids::{ComponentId, ProbeId, SiteId};
use crate::core::nearest::nearest;
use crate::core::plan::{Component, Layer, Look, Probe, Replication, Severity, Vantage};
use crate::core::time::Span;

use super::fault::{At, Faults};
use super::fields::{Field, Fields, Shape};
use super::register::Register;
use super::resolve::{ASKED_EVERY, Known, LONGEST, SEVERITIES, SHORTEST};
use super::tree::Node;
use super::values::{Bare, quote};

const COMPONENT: Shape = Shape {
    what: "a component",
    fields: &[
        "component_id",
        "name",
        "type",
        "priority",
        "rto",
        "rpo",
        "sites",
        "dependencies",
        "recovery_procedures",
        "probes",
        "replication",
    ],
};
const PROBE: Shape = Shape {
    what: "a probe",
    fields: &[
        "id",
        "site",
        "http",
        "tcp",
        "status",
        "contains",
        "max_latency",
        "every",
        "timeout",
        "fail_after",
        "pass_after",
        "front_door",
    ],
};
const REPLICATION: Shape = Shape { what: "a replication", fields: &["from", "to", "source", "target", "every"] };

/// Types whose layer is known, for the sake of those that are misspelt.
const TYPES: [&str; 21] = [
    "server",
    "network",
    "storage",
    "load_balancer",
    "dns",
    "firewall",
    "api",
    "api_gateway",
    "web",
    "worker",
    "cache",
    "queue",
    "monitoring",
    "service",
    "database",
    "backup",
    "replication",
    "business",
    "user",
    "notification",
    "analytics",
];

const EVERY: Span = Span::from_secs(30);
const TIMEOUT: Span = Span::from_secs(10);
const FAIL_AFTER: u32 = 3;
const PASS_AFTER: u32 = 2;
const MOST_IN_A_ROW: u64 = 1_000;

/// A component, and where its objective stands for those that compare it.
pub(crate) struct Read {
    pub(crate) component: Component,
    pub(crate) rto_at: At,
}

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

/// All components of a plan.
pub(crate) fn components(plan: &Fields<'_>, known: &Known, priority: Severity, probes: &mut ProbeNames) -> Vec<Read> {
    let Some(field) = plan.need("components", "a list of what can fail") else { return Vec::new() };
    field.some_items("component").iter().filter_map(|item| component(item, known, priority, probes)).collect()
}

fn component(field: &Field<'_>, known: &Known, priority: Severity, names: &mut ProbeNames) -> Option<Read> {
    let fields = field.fields(COMPONENT)?;
    let id = fields.need("component_id", "a short name such as db").and_then(|f| f.id::<ComponentId>());
    let name = fields.need("name", "a name for people").and_then(|f| f.name());
    let kind = fields.need("type", "a type such as database or api").and_then(|f| kind(&f));
    let priority = fields.get("priority").map_or(Some(priority), |f| f.choice(&SEVERITIES));
    let rto = fields.get("rto");
    let rto_at = rto.as_ref().map_or(fields.head(), |f| f.at());
    let rto = rto.and_then(|f| f.span(Bare::Minutes));
    let rpo = fields.get("rpo").and_then(|f| f.span(Bare::Minutes));
    let sites: Vec<SiteId> = fields.get("sites").map(|f| known.sites.resolve_all(&f)).unwrap_or_default();
    let dependencies = fields.get("dependencies").map(|f| known.components.resolve_all(&f)).unwrap_or_default();
    recovery_procedures(&fields, known);
    let replication = fields.get("replication").and_then(|f| replication(&f, known));
    let items = fields.get("probes").map(|f| f.items()).unwrap_or_default();
    let probes = items.iter().filter_map(|item| probe(item, id.as_ref(), &sites, known, names)).collect();
    let (kind, layer) = kind?;
    let component = Component {
        id: id?,
        name: name?,
        kind,
        layer,
        priority: priority?,
        rto,
        rpo,
        sites,
        dependencies,
        probes,
        replication,
    };
    Some(Read { component, rto_at })
}

fn kind(field: &Field<'_>) -> Option<(String, Layer)> {
    let kind = field.name()?;
    let layer = Layer::of(&kind).unwrap_or_else(|| {
        let right =
            nearest(&kind, TYPES.iter().copied()).map_or_else(|| format!("one of {}", TYPES.join(", ")), str::to_owned);
        field.doubt(format!("{} is no known type; it counts as application", quote(&kind)), Some(right));
        Layer::Application
    });
    Some((kind, layer))
}

/// DL-1 names procedures that live elsewhere, so a missing one is doubtful, not wrong.
fn recovery_procedures(fields: &Fields<'_>, known: &Known) {
    for item in fields.get("recovery_procedures").map(|f| f.items()).unwrap_or_default() {
        let Some(name) = item.name().filter(|name| !known.procedures.contains(name)) else { continue };
        let right = (!item.faults.is_full()).then(|| known.procedures.right(&name));
        item.doubt(format!("{} is no procedure of this plan", quote(&name)), right);
    }
}

fn replication(field: &Field<'_>, known: &Known) -> Option<Replication> {
    let fields = field.fields(REPLICATION)?;
    let from = fields.need("from", "the site that writes").and_then(|f| known.sites.resolve::<SiteId>(&f));
    let to_field = fields.need("to", "the site that receives");
    let to = to_field.as_ref().and_then(|f| known.sites.resolve::<SiteId>(f));
    if let (Some(from), Some(to), Some(field)) = (&from, &to, &to_field)
        && from == to
    {
        field.wrong::<()>(format!("it is {from}, as from is"), Some("two sites".to_owned()));
    }
    let source = fields.need("source", "http://host/path, asked for the last commit").and_then(|f| f.url());
    let target = fields.need("target", "http://host/path, asked for the last record received").and_then(|f| f.url());
    let every = fields.get("every").map_or(Some(ASKED_EVERY), |f| f.span_within(SHORTEST, LONGEST));
    Some(Replication { from: from?, to: to?, source: source?, target: target?, every: every? })
}

fn probe(
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
    let look = look(&fields, timeout);
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

fn look(fields: &Fields<'_>, timeout: Option<Span>) -> Option<Look> {
    let max_latency = fields.get("max_latency").and_then(|field| {
        let latency = field.span_within(Span::from_millis(1), LONGEST)?;
        if timeout.is_some_and(|timeout| latency >= timeout) {
            let why = format!("{latency} is not below timeout; an answer that slow is bad already");
            field.doubt(why, timeout.map(|t| format!("less than {t}")));
        }
        Some(latency)
    });
    let status = fields.get("status").and_then(|f| f.whole(100..=599)).and_then(|n| u16::try_from(n).ok());
    let contains = fields.get("contains").and_then(|f| f.verbatim());
    let url = fields.get("http").and_then(|f| f.url());
    let address = fields.get("tcp").and_then(|f| f.host_and_port());
    match fields.present(&["http", "tcp"]).as_slice() {
        [("http", _)] => Some(Look::Http { url: url?, status, contains, max_latency }),
        [_] => {
            for (key, at) in fields.present(&["status", "contains"]) {
                let right = Some("http: in place of tcp:, or leave it out".to_owned());
                fields.faults().error(at, format!("{key} belongs to an http probe"), right);
            }
            Some(Look::Tcp { address: address?, max_latency })
        }
        several => {
            let what = match several {
                [] => "a probe without http or tcp looks at nothing",
                _ => "a probe looks in one way; this one has http and tcp",
            };
            let at = several.get(1).map_or(fields.head(), |(_, at)| *at);
            fields.faults().error(at, what, Some("http: an address, or tcp: host:port".to_owned()));
            None
        }
    }
}

fn in_a_row(fields: &Fields<'_>, key: &'static str, default: u32) -> Option<u32> {
    match fields.get(key) {
        Some(field) => field.whole(1..=MOST_IN_A_ROW).and_then(|n| u32::try_from(n).ok()),
        None => Some(default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_offered_has_a_layer() {
        for kind in TYPES {
            assert!(Layer::of(kind).is_some(), "{kind}");
        }
    }
}
