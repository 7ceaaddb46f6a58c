//! What a procedure needs of a site that is lost.

use super::clean_line;
use crate::core::dead_site::{By, IfLost, Need, Needs, Thing, Within};
use crate::core::ids::{ProcedureId, SiteId};
use crate::core::plan::Plan;

/// A need of the procedure `of`, as the end of a sentence that names the site: `step drain speaks to db-east, which lies there (probe
/// db.east)`.
#[must_use]
pub fn need(plan: &Plan, of: &ProcedureId, need: &Need) -> String {
    let called = if need.procedure == *of { String::new() } else { format!(" of {}", need.procedure) };
    let step = need.step.as_ref().map(|id| match need.within {
        Within::Work => format!("step {id}{called}"),
        Within::Precondition => format!("precondition {id}{called}"),
        Within::Mend => format!("step {id}{called}, which mends,"),
        Within::Undo => format!("the undo of {id}{called}"),
    });
    let who = step.unwrap_or_else(|| "it".to_owned());
    let needs = match &need.what {
        Thing::Host(host) => format!("{who} runs on {host}, which lies there"),
        Thing::Address(address) => format!("{who} speaks to {address}, which lies there"),
        Thing::Site => format!("{who} waits until that is healthy"),
        Thing::Component(id) => {
            let name = plan.component(id).map_or(id.as_str(), |component| component.name.as_str());
            format!("{who} waits until {name} is healthy, which runs there alone")
        }
        Thing::Secret(secret) => format!("{who} needs the secret {secret}, which is kept there"),
        Thing::Database(secret) => format!("{who} speaks to the database at {secret}, which lies there"),
        Thing::Storage(path) => format!("{who} needs {path}, which is kept there"),
        Thing::Channel(channel) if need.step.is_none() => {
            format!("the team is paged over {channel}, which is run there")
        }
        Thing::Channel(channel) => format!("{who} speaks over {channel}, which is run there"),
        Thing::People { needs, elsewhere } => {
            let people = if *needs == 1 { "1 person".to_owned() } else { format!("{needs} people") };
            format!("{who} asks {people}, and {elsewhere} of those who may pass it work elsewhere")
        }
        Thing::Engine => "the only engine runs there, with its journal".to_owned(),
    };
    let by = match &need.by {
        By::Probe(probe) => format!(" (probe {probe})"),
        By::Replication(component) => format!(" (replication of {component})"),
        // A pattern tells more than the name that falls under it.
        By::Plan(entry) if entry.contains(['*', '/']) && !needs.contains(entry.as_str()) => format!(" ({entry})"),
        By::Plan(_) | By::Itself => String::new(),
    };
    clean_line(&format!("{needs}{by}")).into_owned()
}

/// A need in a few words: `step drain, db-east`.
#[must_use]
pub(super) fn short(need: &Need) -> String {
    let what = match &need.what {
        Thing::Host(host) | Thing::Address(host) | Thing::Storage(host) => host.clone(),
        Thing::Site => "its health".to_owned(),
        Thing::Component(id) => id.to_string(),
        Thing::Secret(secret) | Thing::Database(secret) => secret.to_string(),
        Thing::Channel(channel) => format!("channel {channel}"),
        Thing::People { .. } => "people".to_owned(),
        Thing::Engine => "the engine".to_owned(),
    };
    let step = need.step.as_ref().map(|step| format!("step {step}, ")).unwrap_or_default();
    clean_line(&format!("{step}{what}")).into_owned()
}

/// What can be done when a site is lost, in a line: `if East is lost: failover-west can run`.
#[must_use]
pub fn if_lost(plan: &Plan, lost: &IfLost) -> String {
    let name = site_name(plan, &lost.site);
    let one = |(id, needs): &(_, Result<Needs, _>)| match needs {
        Ok(Needs { count: 0, .. }) => format!("{id} can run"),
        Ok(Needs { count: 1, .. }) => format!("{id} cannot: it needs 1 thing there"),
        Ok(Needs { count, .. }) => format!("{id} cannot: it needs {count} things there"),
        Err(why) => format!("{id}: not known, {why}"),
    };
    let away: Vec<String> = lost.failovers.iter().map(one).collect();
    let away = if away.is_empty() { "no failover leads away from it".to_owned() } else { away.join("; ") };
    clean_line(&format!("if {name} is lost: {away}")).into_owned()
}

fn site_name<'p>(plan: &'p Plan, id: &'p SiteId) -> &'p str {
    plan.site(id).map_or(id.as_str(), |site| site.name.as_str())
}
