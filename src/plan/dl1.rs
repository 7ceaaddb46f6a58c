//! Fields of DL-1's document that a resolved plan has no place for yet, and its two sites.
//!
//! They are read and checked, so that a document with a mistake in them does not pass, and then left out.

use crate::core::ids::SiteId;
use crate::core::plan::{DownWhen, Site, SiteRole};

use super::fault::Faults;
use super::fields::{Field, Fields, Shape};
use super::register::Register;
use super::resolve::{slug, slug_id};
use super::tree::Node;
use super::values::Bare;

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

/// The sites of the failover configuration.
pub(crate) fn sites(plan: &Fields<'_>) -> Vec<Site> {
    let Some(fields) = plan.get("failover_configuration").and_then(|f| f.fields(CONFIGURATION)) else {
        return Vec::new();
    };
    texts(&fields, "failover_triggers");
    fields.get("failover_automation").and_then(|f| f.flag());
    fields.get("failover_timeout").and_then(|f| f.span(Bare::Seconds));
    SITES.iter().filter_map(|(key, role)| site(&fields.get(key)?, *role)).collect()
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
    Some(Site { id: id?, name: name?.name()?, role: role?, location, down_when: DownWhen::default(), capacity: None })
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
