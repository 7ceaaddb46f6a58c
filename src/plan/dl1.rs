//! Fields of DL-1's document that a resolved plan has no place for yet, and its two sites.
//!
//! They are read and checked, so that a document with a mistake in them does not pass, and then left out.

use crate::core::ids::SiteId;
use crate::core::plan::{DownWhen, Holds, Site, SiteRole, Then};
use crate::core::time::Span;

use super::fault::Faults;
use super::fields::{Field, Fields, Shape};
use super::register::Register;
use super::resolve::{slug, slug_id};
use super::tree::Node;
use super::values::{Bare, quote};

const CONFIGURATION: Shape = Shape {
    what: "a failover configuration",
    fields: &["primary_site", "secondary_site", "failover_triggers", "failover_automation", "failover_timeout"],
};
const SITE: Shape = Shape {
    what: "a site of a failover configuration",
    fields: &["site_id", "name", "location", "status", "capacity", "utilization"],
};
const SCHEDULE: Shape = Shape {
    what: "a testing schedule",
    fields: &["frequency", "next_test", "test_duration", "test_scope", "notifications"],
};
const NOTIFICATIONS: Shape =
    Shape { what: "notifications", fields: &["on_failover", "on_recovery", "on_test", "recipients"] };

/// The two sites, and the role that each has when its status does not say.
const SITES: [(&str, SiteRole); 2] = [("primary_site", SiteRole::Primary), ("secondary_site", SiteRole::Standby)];

/// Registers the sites under their identifiers, or the slugs of their names.
pub(crate) fn collect_sites(root: &Node, register: &mut Register, faults: &Faults<'_>) {
    let Some(configuration) = root.peek("failover_configuration") else { return };
    for site in SITES.iter().filter_map(|(key, _)| configuration.peek(key)) {
        if let Some(id) = site.peek("site_id") {
            register.add(id.peek_text().unwrap_or(""), id.at, "site_id", faults);
        } else if let Some((node, name)) = site.peek("name").and_then(|n| Some((n, n.peek_text()?))) {
            register.add(&slug(name), node.at, "name", faults);
        }
    }
}

/// What a failover configuration says that a plan has a place for.
#[derive(Default)]
pub(crate) struct Configuration {
    pub(crate) sites: Vec<Site>,
    pub(crate) triggers: Vec<FailoverTrigger>,
    /// What comes of them.
    pub(crate) then: Then,
    /// How long a failover may take.
    pub(crate) timeout: Option<Span>,
}

/// A trigger of DL-11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailoverTrigger {
    /// The primary site is down.
    SiteUnavailable,
    /// It is degraded.
    PerformanceDegradation,
    /// People decide, as they always can.
    Manual,
}

const TRIGGERS: [(&str, FailoverTrigger); 3] = [
    ("site_unavailable", FailoverTrigger::SiteUnavailable),
    ("performance_degradation", FailoverTrigger::PerformanceDegradation),
    ("manual_trigger", FailoverTrigger::Manual),
];

/// The failover configuration, where there is one.
pub(crate) fn configuration(plan: &Fields<'_>) -> Configuration {
    let Some(fields) = plan.get("failover_configuration").and_then(|f| f.fields(CONFIGURATION)) else {
        return Configuration::default();
    };
    let automatic = fields.get("failover_automation").and_then(|f| f.flag()).unwrap_or(false);
    Configuration {
        sites: SITES.iter().filter_map(|(key, role)| site(&fields.get(key)?, *role)).collect(),
        triggers: triggers(&fields),
        then: if automatic { Then::Failover } else { Then::Propose },
        timeout: fields.get("failover_timeout").and_then(|f| f.span(Bare::Seconds)),
    }
}

/// Words that nobody knows trigger nothing: doubtful, not wrong, because other programs may know them.
fn triggers(fields: &Fields<'_>) -> Vec<FailoverTrigger> {
    let mut found = Vec::new();
    for item in fields.get("failover_triggers").map(|f| f.items()).unwrap_or_default() {
        let Some(word) = item.name() else { continue };
        match TRIGGERS.iter().find(|(known, _)| *known == word) {
            Some((_, trigger)) => found.push(*trigger),
            None => {
                let known = TRIGGERS.map(|(known, _)| known);
                item.doubt(format!("{} triggers nothing", quote(&word)), Some(format!("one of {}", known.join(", "))));
            }
        }
    }
    found
}

fn site(field: &Field<'_>, role: SiteRole) -> Option<Site> {
    let fields = field.fields(SITE)?;
    let name = fields.need("name", "a name for people");
    let id: Option<SiteId> = match fields.get("site_id") {
        Some(field) => field.id(),
        None => name.as_ref().and_then(|n| slug_id(n, "site_id")),
    };
    let words = [("active", SiteRole::Primary), ("standby", SiteRole::Standby)];
    let role = fields.get("status").map_or(Some(role), |f| f.choice(&words));
    for key in ["capacity", "utilization"] {
        fields.get(key).and_then(|f| f.number());
    }
    let location = fields.get("location").and_then(|f| f.name());
    Some(Site {
        id: id?,
        name: name?.name()?,
        role: role?,
        location,
        down_when: DownWhen::default(),
        capacity: None,
        holds: Holds::default(),
    })
}

/// Checks the fields that are left out.
pub(crate) fn check(plan: &Fields<'_>) {
    for key in ["scope", "recovery_tier", "status", "created_by"] {
        plan.get(key).and_then(|f| f.name());
    }
    for key in ["created_at", "last_tested", "next_test"] {
        plan.get(key).and_then(|f| f.moment());
    }
    if let Some(fields) = plan.get("testing_schedule").and_then(|f| f.fields(SCHEDULE)) {
        for key in ["frequency", "test_scope"] {
            fields.get(key).and_then(|f| f.name());
        }
        fields.get("next_test").and_then(|f| f.moment());
        fields.get("test_duration").and_then(|f| f.span(Bare::Minutes));
        texts(&fields, "notifications");
    }
    if let Some(fields) = plan.get("notifications").and_then(|f| f.fields(NOTIFICATIONS)) {
        for key in ["on_failover", "on_recovery", "on_test"] {
            fields.get(key).and_then(|f| f.flag());
        }
        texts(&fields, "recipients");
    }
}

fn texts(fields: &Fields<'_>, key: &'static str) {
    for item in fields.get(key).map(|f| f.items()).unwrap_or_default() {
        item.name();
    }
}
