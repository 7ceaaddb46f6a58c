//! Components: what can fail, how it is looked at, and how its data travels.

use crate::core::ids::{ComponentId, SiteId};
use crate::core::nearest::nearest;
use crate::core::plan::{Address, Component, Layer, Replication, Severity};

use super::fault::At;
use super::fields::{Field, Fields, Shape};
use super::probe::{ProbeNames, address, probe};
use super::resolve::{ASKED_EVERY, Known, LONGEST, SEVERITIES, SHORTEST};
use super::values::{Bare, quote};

const COMPONENT: Shape = Shape {
    what: "a component",
    fields: &[
        "component_id",
        "name",
        "type",
        "priority",
        "tier",
        "rto",
        "rpo",
        "sites",
        "dependencies",
        "recovery_procedures",
        "probes",
        "replication",
    ],
};
const REPLICATION: Shape = Shape { what: "a replication", fields: &["from", "to", "source", "target", "every"] };

/// Types whose layer is known, for the sake of those that are misspelt.
const TYPES: [&str; 27] = [
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
    "external",
    "third_party",
    "saas",
    "payment",
    "cdn",
    "email",
];

/// A component, and where its objective stands for those that compare it.
pub(crate) struct Read {
    pub(crate) component: Component,
    pub(crate) rto_at: At,
    /// Where its tier stands, if it says one.
    pub(crate) tier_at: Option<At>,
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
    let tier_at = fields.get("tier").map(|f| f.at());
    let tier = fields.get("tier").and_then(|f| f.whole(1..=4)).and_then(|tier| u8::try_from(tier).ok());
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
        tier,
        rto,
        rpo,
        sites,
        dependencies,
        probes,
        replication,
    };
    Some(Read { component, rto_at, tier_at })
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
    let source = fields.need("source", "http://host/path or postgres://host/db, asked for the last commit");
    let target = fields.need("target", "http://host/path or postgres://host/db, asked for the last record received");
    let (source, target) = (source.and_then(|f| end(&f)), target.and_then(|f| end(&f)));
    let every = fields.get("every").map_or(Some(ASKED_EVERY), |f| f.span_within(SHORTEST, LONGEST));
    Some(Replication { from: from?, to: to?, source: source?, target: target?, every: every? })
}

/// Who is asked how far an end is: a page or a PostgreSQL server.
fn end(field: &Field<'_>) -> Option<Address> {
    let is_page = |text: &str| text.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
    match field.node.peek_text() {
        Some(text) if is_page(text) || !text.contains("://") => field.url().map(Address::Plain),
        _ => address(field, &["postgres://", "postgresql://"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::Group;

    #[test]
    fn every_type_that_is_offered_has_a_layer() {
        for kind in TYPES {
            assert!(Layer::of(kind).is_some(), "{kind}");
        }
    }

    #[test]
    fn what_others_run_what_keeps_data_and_what_is_asked_for_it_are_groups_of_their_own() {
        let of = |group| TYPES.into_iter().filter(|kind| Group::of(kind) == group).collect::<Vec<_>>();
        assert_eq!(of(Group::External), ["external", "third_party", "saas", "payment", "cdn", "email"]);
        assert_eq!(of(Group::Database), ["database", "replication"]);
        assert_eq!(of(Group::Storage), ["storage", "backup"]);
    }
}
