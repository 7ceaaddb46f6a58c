//! What a plan promises: tiers, categories of data, capacity and level of service, and the probes that show each.

use std::collections::BTreeMap;

use crate::core::exposure::age_measure;
use crate::core::ids::{CategoryId, ProbeId};
use crate::core::plan::{
    BackupProof, Category, Look, MAX_SHARE, Measure, Plan, Probe, Share, Standby, Targets, Tier, Worth,
};

use super::component::Read;
use super::fault::{At, Faults};
use super::fields::{Field, Fields, Shape};
use super::register::Register;
use super::resolve::Known;
use super::tree::Node;
use super::values::{Bare, quote};

const TIER: Shape = Shape { what: "a tier", fields: &["rto", "rpo", "standby"] };
const CATEGORY: Shape = Shape {
    what: "a category of data",
    fields: &["category_id", "name", "components", "rpo", "backup_every", "wal", "backup"],
};
const BACKUP: Shape = Shape { what: "what shows a backup", fields: &["probe", "verified"] };
const SHOWN: Shape = Shape { what: "what shows it", fields: &["probe"] };

const STANDBYS: [(&str, Standby); 4] =
    [("hot", Standby::Hot), ("warm", Standby::Warm), ("cold", Standby::Cold), ("none", Standby::None)];

/// The probes of a plan, for those that refer to them.
pub(crate) struct Probes<'a> {
    register: Register,
    all: Vec<&'a Probe>,
}

impl<'a> Probes<'a> {
    pub(crate) fn of(components: &'a [Read]) -> Probes<'a> {
        let all: Vec<&Probe> = components.iter().flat_map(|read| &read.component.probes).collect();
        let mut register = Register::new("probe");
        all.iter().for_each(|probe| register.learn(probe.id.as_str(), At::START));
        Probes { register, all }
    }

    /// The probe that `{probe: ID}` names, where it shows what it is named for.
    fn shown(&self, fields: &Fields<'_>, shows: Shows) -> Option<ProbeId> {
        let field = fields.need("probe", "the id of a probe")?;
        let id = self.register.resolve::<ProbeId>(&field)?;
        let probe = self.all.iter().find(|probe| probe.id == id)?;
        let value = [&probe.limits.warn, &probe.limits.fail].into_iter().flatten();
        let asks = value.into_iter().any(|limit| limit.measure == Measure::Value);
        let measure = age_measure(&probe.look);
        let (what, right) = match (&probe.look, shows) {
            (Look::Command { .. }, _) if !asks => (
                "gives no number: a command is asked for one where its limits rest on it".to_owned(),
                "warn: {above: LIMIT} at that probe",
            ),
            (Look::Heartbeat, Shows::Backup | Shows::Wal) => return Some(id),
            (Look::Postgres { .. }, Shows::Backup) => {
                ("tells the age of archived logs, not of a backup".to_owned(), "wal: {probe: ID}")
            }
            (look, Shows::Capacity) if measure != Some(Measure::Value) => {
                (format!("is of kind {}, which measures no share", look.kind()), "a probe of kind command or metric")
            }
            (look, _) if measure.is_none() => (
                format!("is of kind {}, which measures no age", look.kind()),
                "a probe of kind postgres, file, command, metric, redis or heartbeat",
            ),
            _ => return Some(id),
        };
        field.wrong(format!("{} {what}", quote(id.as_str())), Some(right.to_owned()))
    }

    /// `{probe: ID}` that measures a site's capacity in per cent.
    pub(crate) fn capacity(&self, field: &Field<'_>) -> Option<ProbeId> {
        self.shown(&field.fields(SHOWN)?, Shows::Capacity)
    }
}

/// What a probe is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    Wal,
    Backup,
    Capacity,
}

/// What the plan promises.
pub(crate) fn targets(plan: &Fields<'_>, root: &Node, known: &Known, probes: &Probes<'_>) -> Targets {
    let mut ids = Register::new("data set");
    ids.collect(root.peek("data").map_or(&[][..], Node::peek_items), "category_id", plan.faults());
    let items = plan.get("data").map(|f| f.items()).unwrap_or_default();
    Targets {
        tiers: plan.get("tiers").map(|f| tiers(&f)).unwrap_or_default(),
        data: items.iter().filter_map(|item| category(item, known, probes)).collect(),
        capacity: plan.get("rco").and_then(|f| f.share(MAX_SHARE)),
        service: plan.get("rso").and_then(|f| f.share(100.0)),
    }
}

/// `{1: {rto: 20m}}`; what is not said of a tier is as it usually is.
fn tiers(field: &Field<'_>) -> BTreeMap<u8, Tier> {
    let entries = field.entries("{1: {rto: 30m, rpo: 15m, standby: hot}}");
    let read = |(number, field): &(&str, Field<'_>)| {
        let known = number.parse::<u8>().ok().filter(|n| (1..=4).contains(n));
        let Some(known) = known else {
            let what = format!("{} is no tier", quote(number));
            field.faults.error(field.key_at, what, Some("1, 2, 3 or 4".to_owned()));
            return None;
        };
        let (fields, usual) = (field.fields(TIER)?, Tier::usual(known));
        let span = |name, usual| fields.get(name).map_or(Some(usual), |f| f.span(Bare::Refused));
        let standby = fields.get("standby").map_or(Some(usual.standby), |f| f.choice(&STANDBYS));
        Some((known, Tier { rto: span("rto", usual.rto)?, rpo: span("rpo", usual.rpo)?, standby: standby? }))
    };
    entries.iter().filter_map(read).collect()
}

fn category(field: &Field<'_>, known: &Known, probes: &Probes<'_>) -> Option<Category> {
    let fields = field.fields(CATEGORY)?;
    let id = fields.need("category_id", "a short name such as orders").and_then(|f| f.id::<CategoryId>());
    let name = fields.need("name", "a name for people").and_then(|f| f.name());
    let components = fields.need("components", "[db], the components that hold it").map(|f| {
        f.some_items("component");
        known.components.resolve_all(&f)
    });
    let rpo = fields.get("rpo").and_then(|f| f.span(Bare::Refused));
    let backup_every = fields.get("backup_every").and_then(|f| f.span(Bare::Refused));
    let wal = fields.get("wal").and_then(|f| f.fields(SHOWN)).and_then(|f| probes.shown(&f, Shows::Wal));
    let backup = fields.get("backup").and_then(|f| backup(&f, probes));
    Some(Category { id: id?, name: name?, components: components?, rpo, backup_every, wal, backup })
}

fn backup(field: &Field<'_>, probes: &Probes<'_>) -> Option<BackupProof> {
    let fields = field.fields(BACKUP)?;
    let probe = probes.shown(&fields, Shows::Backup);
    let worth = match fields.get("verified").map_or(Some(false), |f| f.flag())? {
        true => Worth::Verified,
        false => Worth::Unverified,
    };
    Some(BackupProof { probe: probe?, worth })
}

/// Notes components that run at one site only though their tier asks for a second one that runs.
pub(crate) fn check_standby(plan: &Plan, tiers_at: &[(usize, At)], faults: &Faults<'_>) {
    for (index, at) in tiers_at {
        let Some(component) = plan.components.get(*index) else { continue };
        let (Some(number), 1) = (component.tier, component.sites.len()) else { continue };
        let standby = plan.tier(number).standby;
        if standby.needs_second_site() {
            let word = standby.word();
            let what = format!("tier: tier {number} asks for a {word} standby, and {} runs at one site", component.id);
            faults.warning(*at, what, Some("a second site, or another tier".to_owned()));
        }
    }
}

impl Field<'_> {
    /// A share of the whole in per cent: `80`, `99.9%`.
    fn share(&self, most: f64) -> Option<Share> {
        let text = self.raw()?.trim();
        let number = text.strip_suffix('%').unwrap_or(text).trim_end();
        let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let percent = number.parse::<f64>().ok().filter(|n| plain && *n <= most);
        match percent.and_then(|n| Share::percent(n).ok()) {
            Some(share) => Some(share),
            None => self.wrong(format!("{} is no share", quote(text)), Some(format!("0% to {most}%, such as 99.9%"))),
        }
    }
}
