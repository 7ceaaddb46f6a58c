//! What a procedure needs that lies on the site that it takes for dead (NX-14): a recovery that rests on what was lost fails when it
//! is needed most.

mod address;
mod walk;
mod whereabouts;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use walk::excused;
pub use whereabouts::Whereabouts;

use super::expand::Given;
use super::ids::{ChannelId, ComponentId, Principal, ProbeId, ProcedureId, SiteId, StepId};
use super::param::ParamKind;
use super::people::Person;
use super::plan::{Need as Required, Plan, Procedure, ProcedureKind};
use super::secret::SecretRef;

/// Most needs that are kept one by one.
pub const MOST_NEEDS: usize = 5;

/// Most steps that are looked at for one question, passes of lists and steps of procedures called among them; words of scripts count
/// as steps.
pub const MOST_LOOKS: usize = 100_000;

/// Something on a site that a procedure cannot do without.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Need {
    /// The procedure in whose text it stands: the one that was asked about, or one that it calls.
    pub procedure: ProcedureId,
    /// The step that needs it; none when all of the procedure does.
    pub step: Option<StepId>,
    /// What the step is there for.
    pub within: Within,
    /// What it needs.
    pub what: Thing,
    /// What tells that it lies there.
    pub by: By,
}

/// What a step is there for, as far as a need is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// The procedure itself.
    Work,
    /// To find out whether the rest may begin.
    Precondition,
    /// To mend a failure.
    Mend,
    /// To take a step back.
    Undo,
}

/// What lies on a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// The host that a program runs on.
    Host(String),
    /// A host that is spoken to, as `host` or `host:port`.
    Address(String),
    /// The site itself, which is to be healthy.
    Site,
    /// A component that runs there alone, and is to be healthy.
    Component(ComponentId),
    /// What keeps a secret.
    Secret(SecretRef),
    /// A database whose address is secret.
    Database(SecretRef),
    /// What is kept under a path.
    Storage(String),
    /// A channel.
    Channel(ChannelId),
    /// Those who may pass a gate: too few of them are elsewhere.
    People {
        /// How many the gate asks for.
        needs: u32,
        /// How many of those who may are elsewhere.
        elsewhere: usize,
    },
    /// The only engine, with its journal.
    Engine,
}

/// What tells that something lies on a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The plan, by this entry of what the site holds.
    Plan(String),
    /// A probe looks at the same address for that site.
    Probe(ProbeId),
    /// A component's data is read or received there.
    Replication(ComponentId),
    /// It is that site, or runs at no other.
    Itself,
}

/// What was found on a site.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Needs {
    /// The first of them, at most [`MOST_NEEDS`], in the order of the procedure.
    pub first: Vec<Need>,
    /// How many there are.
    pub count: usize,
}

impl From<Vec<Need>> for Needs {
    fn from(mut all: Vec<Need>) -> Needs {
        let count = all.len();
        all.truncate(MOST_NEEDS);
        Needs { first: all, count }
    }
}

/// A procedure with more than [`MOST_LOOKS`] steps to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has more than {MOST_LOOKS} steps to look at")]
pub struct TooMuch;

/// Who is known, to ask whether enough people are left.
#[derive(Debug, Clone, Copy)]
pub enum People<'a> {
    /// Those of the engine's settings.
    Known(&'a BTreeMap<Principal, Arc<Person>>),
    /// Those whom the plan places at sites, and only once it places some at more than one.
    Placed,
}

/// What a procedure needs of a site, each once, in its own order. `procedure` is a plan's, or one that was laid out for a run;
/// `given` are its values ([`foreseen`] ones when nobody was asked yet).
///
/// # Errors
/// [`TooMuch`].
pub fn needs_of(
    at: &Whereabouts<'_>,
    procedure: &Procedure,
    given: &Given,
    dead: &SiteId,
    people: People<'_>,
) -> Result<Vec<Need>, TooMuch> {
    let mut looks = MOST_LOOKS;
    needs_within(&mut looks, at, procedure, given, dead, people)
}

/// [`needs_of`] with so many looks left: for many questions that together must end soon.
pub(crate) fn needs_within(
    looks: &mut usize,
    at: &Whereabouts<'_>,
    procedure: &Procedure,
    given: &Given,
    dead: &SiteId,
    people: People<'_>,
) -> Result<Vec<Need>, TooMuch> {
    walk::Walk::new(looks, at, dead, people).all(procedure, given)
}

/// What a procedure is given when nobody is asked: defaults, and the sites that it moves between. What is asked for stays open.
#[must_use]
pub fn foreseen(procedure: &Procedure) -> Given {
    let mut given = Given::default();
    for parameter in &procedure.parameters {
        let Required::Default(value) = &parameter.need else { continue };
        match (parameter.kind == ParamKind::Secret, value.parse()) {
            (true, Ok(secret)) => drop(given.secrets.insert(parameter.name.clone(), secret)),
            (true, Err(_)) => {}
            (false, _) => drop(given.values.insert(parameter.name.clone(), value.clone())),
        }
    }
    for (name, site) in [("from", &procedure.from), ("to", &procedure.to)] {
        given.values.extend(site.as_ref().map(|site| (name.to_owned(), site.to_string())));
    }
    given
}

/// The sites that a procedure takes for dead: the one that a failover leaves; for others those whose loss a scenario is about that
/// they recover from.
#[must_use]
pub fn taken_for_dead(plan: &Plan, procedure: &Procedure) -> Vec<SiteId> {
    if procedure.kind == ProcedureKind::Failover {
        return procedure.from.iter().cloned().collect();
    }
    let about = plan.scenarios.iter().filter(|scenario| scenario.procedure.as_ref() == Some(&procedure.id));
    let mut sites: Vec<SiteId> = Vec::new();
    for scenario in about.filter(|scenario| scenario.disaster.takes_a_site()) {
        let named = scenario.trigger.iter().flat_map(|trigger| trigger.when.sites());
        sites.extend(named.filter_map(|site| SiteId::new(site).ok()));
    }
    // A trigger that asks about several sites tells of none that it is the lost one.
    sites.dedup();
    if sites.len() == 1 { sites } else { Vec::new() }
}

/// What can be done when a site is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfLost {
    /// The site.
    pub site: SiteId,
    /// The failovers away from it, with what each needs of it.
    pub failovers: Vec<(ProcedureId, Result<Needs, TooMuch>)>,
}

/// For each site of a plan, which failovers away from it could run without it; nothing for a plan without failovers.
#[must_use]
pub fn if_lost(plan: &Plan, people: People<'_>) -> Vec<IfLost> {
    let moves = |procedure: &&Procedure| procedure.kind == ProcedureKind::Failover;
    if !plan.procedures.iter().any(|procedure| moves(&procedure)) {
        return Vec::new();
    }
    let at = Whereabouts::new(plan);
    let mut looks = MOST_LOOKS;
    let mut needs = |procedure: &Procedure, site: &SiteId| {
        needs_within(&mut looks, &at, procedure, &foreseen(procedure), site, people).map(Needs::from)
    };
    let mut of_site = |site: &SiteId| {
        let away = plan.procedures.iter().filter(moves).filter(|procedure| procedure.from.as_ref() == Some(site));
        away.map(|procedure| (procedure.id.clone(), needs(procedure, site))).collect()
    };
    plan.sites.iter().map(|site| IfLost { site: site.id.clone(), failovers: of_site(&site.id) }).collect()
}
