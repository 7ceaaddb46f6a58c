//! The plan as a whole: its own fields, its sites, and what the rest of it may refer to.

use crate::core::ids::{BadId, ChannelId, ComponentId, MAX_ID, PlanId, SiteId, check_id};
use crate::core::plan::{CustomerCounter, DownWhen, Environment, Plan, Severity, Site, SiteRole};
use crate::core::time::Span;

use super::component;
use super::fault::Faults;
use super::fields::{Field, Fields, Shape};
use super::probe::ProbeNames;
use super::register::Register;
use super::targets::Probes;
use super::tree::{Node, Value};
use super::values::{Bare, quote};
use super::{check, dead_site, dl1, failover, fence, holds, procedure, scenario, targets};

const PLAN: Shape = Shape {
    what: "a plan",
    fields: &[
        "plan_id",
        "plan_name",
        "description",
        "environment",
        "scope",
        "priority",
        "rto",
        "rpo",
        "stable_for",
        "recovery_tier",
        "sites",
        "components",
        "failover_configuration",
        "recovery_procedures",
        "scenarios",
        "testing_schedule",
        "notifications",
        "channels",
        "pages",
        "customers",
        "tiers",
        "data",
        "rco",
        "rso",
        "failover",
        "status",
        "created_at",
        "created_by",
        "last_tested",
        "next_test",
    ],
};
const SITE: Shape =
    Shape { what: "a site", fields: &["site_id", "name", "role", "location", "down_when", "capacity", "holds"] };
const DOWN_WHEN: Shape = Shape { what: "a rule for a site", fields: &["tier"] };
const CUSTOMERS: Shape = Shape { what: "customers", fields: &["url", "every"] };

/// The words for priorities.
pub(crate) const SEVERITIES: [(&str, Severity); 4] =
    [("critical", Severity::Critical), ("high", Severity::High), ("medium", Severity::Medium), ("low", Severity::Low)];
/// How often addresses are asked that a plan gives no interval for.
pub(crate) const ASKED_EVERY: Span = Span::from_secs(5);
/// Shortest interval of anything that the engine does again and again.
pub(crate) const SHORTEST: Span = Span::from_millis(100);
/// Longest such interval, and longest time-out.
pub(crate) const LONGEST: Span = Span::from_secs(7 * 86_400);

const STABLE_FOR: Span = Span::from_secs(5 * 60);

/// What a plan gives out, for those that refer to it.
pub(crate) struct Known {
    pub(crate) sites: Register,
    pub(crate) components: Register,
    pub(crate) procedures: Register,
    /// The sites once more, for values of parameters.
    pub(crate) site_ids: Vec<SiteId>,
    /// The components once more, likewise.
    pub(crate) component_ids: Vec<ComponentId>,
    /// Whether the plan names channels.
    pub(crate) has_channels: bool,
}

impl Known {
    fn collect(root: &Node, faults: &Faults<'_>) -> Known {
        let items = |key| root.peek(key).map_or(&[][..], Node::peek_items);
        let mut sites = Register::new("site");
        sites.collect(items("sites"), "site_id", faults);
        dl1::collect_sites(root, &mut sites, faults);
        let mut components = Register::new("component");
        components.collect(items("components"), "component_id", faults);
        let mut procedures = Register::new("procedure");
        procedures.collect(items("recovery_procedures"), "procedure_id", faults);
        Known {
            site_ids: sites.known(),
            component_ids: components.known(),
            has_channels: !items("channels").is_empty(),
            sites,
            components,
            procedures,
        }
    }
}

/// Resolves a tree. What is returned is whole only if no error was noted.
pub(crate) fn plan(root: &Node, faults: &Faults<'_>) -> Option<Plan> {
    let fields = Fields::open(root, PLAN, faults)?;
    let known = Known::collect(root, faults);
    let name = fields.need("plan_name", "a name for people");
    let id = plan_id(&fields, name.as_ref());
    dl1::check(&fields);
    let priority = fields.get("priority").and_then(|f| f.choice(&SEVERITIES)).unwrap_or(Severity::Medium);
    let mut probes = ProbeNames::collect(root, faults);
    let components = component::components(&fields, &known, priority, &mut probes);
    let probes = Probes::of(&components);
    let mut sites = listed_sites(&fields, &probes);
    let configuration = dl1::configuration(&fields);
    sites.extend(configuration.sites);
    let targets = targets::targets(&fields, root, &known, &probes);
    let tiers_at: Vec<_> = components.iter().enumerate().filter_map(|(i, read)| Some((i, read.tier_at?))).collect();
    check::objectives(&components, &targets, faults);
    check::cycles(root, "components", "component_id", faults);
    let procedures = procedure::procedures(&fields, &known);
    check::cycles(root, "recovery_procedures", "procedure_id", faults);
    let of_triggers = scenario::of_triggers(&configuration.triggers, configuration.then, &sites, &procedures);
    let scenarios = scenario::scenarios(&fields, &known, &procedures, of_triggers);
    let plan = Plan {
        description: fields.get("description").and_then(|f| f.prose()),
        environment: fields.get("environment").and_then(|f| environment(&f)).unwrap_or(Environment::Production),
        priority,
        rto: fields.get("rto").and_then(|f| f.span(Bare::Minutes)),
        rpo: fields.get("rpo").and_then(|f| f.span(Bare::Minutes)),
        stable_for: fields.get("stable_for").map_or(Some(STABLE_FOR), |f| f.span_within(SHORTEST, LONGEST))?,
        sites,
        components: components.into_iter().map(|read| read.component).collect(),
        procedures,
        scenarios,
        channels: channels(&fields, "channels"),
        pages: channels(&fields, "pages"),
        customers: fields.get("customers").and_then(|f| customers(&f)),
        targets,
        failover: failover::policy(&fields, configuration.timeout),
        id: id?,
        name: name?.name()?,
    };
    targets::check_standby(&plan, &tiers_at, faults);
    dead_site::check(&plan, root, faults);
    fence::check(&plan, root, faults);
    Some(plan)
}

fn environment(field: &Field<'_>) -> Option<Environment> {
    field.choice(&[
        ("production", Environment::Production),
        ("staging", Environment::Staging),
        ("practice", Environment::Practice),
    ])
}

/// As the file says, else the slug of the name.
fn plan_id(fields: &Fields<'_>, name: Option<&Field<'_>>) -> Option<PlanId> {
    match fields.get("plan_id") {
        Some(field) => field.id(),
        None => slug_id(name?, "plan_id"),
    }
}

/// An identifier made of a name; `key` is the field that could have said it.
pub(crate) fn slug_id<I: TryFrom<String, Error = BadId>>(name: &Field<'_>, key: &str) -> Option<I> {
    let text = name.node.peek_text()?;
    match I::try_from(slug(text)) {
        Ok(id) => Some(id),
        Err(_) => name.wrong(
            format!("no identifier can be made of {}", quote(text)),
            Some(format!("an identifier of its own in {key}")),
        ),
    }
}

/// A name as an identifier: small letters and digits, everything else one `-`. Empty when the name has neither.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if slug.len() == MAX_ID {
            break;
        }
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    debug_assert!(slug.is_empty() || check_id(&slug).is_ok());
    slug
}

fn listed_sites(fields: &Fields<'_>, probes: &Probes<'_>) -> Vec<Site> {
    let items = fields.get("sites").map(|f| f.items()).unwrap_or_default();
    items.iter().filter_map(|item| site(item, probes)).collect()
}

fn site(field: &Field<'_>, probes: &Probes<'_>) -> Option<Site> {
    let fields = field.fields(SITE)?;
    let id = fields.need("site_id", "a short name such as east").and_then(|f| f.id::<SiteId>());
    let name = fields.need("name", "a name for people").and_then(|f| f.name());
    let role = fields
        .need("role", "primary or standby")
        .and_then(|f| f.choice(&[("primary", SiteRole::Primary), ("standby", SiteRole::Standby)]));
    let location = fields.get("location").and_then(|f| f.name());
    let down_when = fields.get("down_when").and_then(|f| down_when(&f)).unwrap_or_default();
    let capacity = fields.get("capacity").and_then(|f| probes.capacity(&f));
    let holds = fields.get("holds").and_then(|f| holds::holds(&f)).unwrap_or_default();
    Some(Site { id: id?, name: name?, role: role?, location, down_when, capacity, holds })
}

/// `all`, `any`, or `{tier: 1}`.
fn down_when(field: &Field<'_>) -> Option<DownWhen> {
    if let Value::Map(_) = field.node.value {
        let tier = field.fields(DOWN_WHEN)?.need("tier", "1")?.whole(1..=4)?;
        return u8::try_from(tier).ok().map(DownWhen::Tier);
    }
    field.choice(&[("all", DownWhen::All), ("any", DownWhen::Any)])
}

/// A list of channels, each once.
pub(crate) fn channels(fields: &Fields<'_>, name: &'static str) -> Vec<ChannelId> {
    let mut channels: Vec<ChannelId> = Vec::new();
    for item in fields.get(name).map(|f| f.items()).unwrap_or_default() {
        match item.id() {
            Some(id) if channels.contains(&id) => {
                item.wrong::<()>("it stands in the list twice", Some("once".to_owned()));
            }
            Some(id) => channels.push(id),
            None => {}
        }
    }
    channels
}

fn customers(field: &Field<'_>) -> Option<CustomerCounter> {
    let fields = field.fields(CUSTOMERS)?;
    let url = fields.need("url", "http://host/path").and_then(|f| f.url());
    let every = fields.get("every").map_or(Some(ASKED_EVERY), |f| f.span_within(SHORTEST, LONGEST));
    Some(CustomerCounter { url: url?, every: every? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_an_identifier_or_empty() {
        for (name, expected) in [
            ("Primary Data Center DR Plan", "primary-data-center-dr-plan"),
            ("  Shop, east & west!  ", "shop-east-west"),
            ("Zürich", "z-rich"),
            ("東京", ""),
            ("--", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
        assert!(check_id(&slug(&"ab ".repeat(100))).is_ok());
    }
}
