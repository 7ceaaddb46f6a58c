//! What a plan has against its trouble, best first, each with why.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::health::{SiteVerdict, judge_site};
use super::super::ids::{ComponentId, ProcedureId, RunId, ScenarioId, SiteId};
use super::super::incident::Incident;
use super::super::plan::{Action, List, Method, Plan, Procedure, ProcedureKind, Scenario, Step, Trigger, Which};
use super::super::run::Run;
use super::super::scenario::Stands;
use super::super::state::{Loaded, State};
use super::{How, Impact, Origin};

/// How many components a reason names.
const NAMED: usize = 8;

/// Something of the plan that answers what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fit {
    /// What it is.
    pub what: Fitting,
    /// Its name for people.
    pub name: String,
    /// Why it fits.
    pub reason: Reason,
    /// Why it does not help now, if something is in its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindered: Option<Hindrance>,
}

/// What can fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fitting {
    /// A procedure.
    Procedure(ProcedureId),
    /// A scenario, whose procedure and methods answer it.
    Scenario(ScenarioId),
}

/// Why something fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It moves customers away from where the trouble is.
    Moves {
        /// The name of the site that serves.
        from: String,
        /// How that site is.
        is: SiteVerdict,
        /// The name of the site that would serve, and how that is; `None` when the plan leaves open which.
        to: Option<(String, SiteVerdict)>,
    },
    /// It works on what is wrong.
    WorksOn {
        /// Its part in the trouble.
        aim: Aim,
        /// The first of those components.
        components: Vec<ComponentId>,
        /// How many more.
        more: usize,
    },
    /// The open incident is taken for it.
    TakenFor,
    /// Its trigger holds now.
    Shows,
    /// Its trigger asks about what is wrong, and does not hold.
    AsksAbout,
    /// It finds out more.
    FindsOut,
    /// It recovers something, and the plan does not say what.
    Unsaid,
}

/// The part that a component has in the trouble; the first is the best to work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// The likely cause.
    Cause,
    /// Hit itself.
    Direct,
    /// Hit through what it needs.
    Dependent,
    /// In trouble where nobody is served.
    Standby,
}

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hindrance {
    /// The site that it moves to is not fit to serve.
    TargetIs {
        /// Its name.
        site: String,
        /// How it is.
        is: SiteVerdict,
    },
    /// The open incident is taken for a scenario that does not allow it.
    Forbidden(ScenarioId),
    /// A run already moves customers of this plan.
    Moving(RunId),
    /// A run already works on the same components.
    AtWork(RunId),
}

/// What fits, best first: what can be done before what something stands in the way of; scenarios that show before all procedures, a
/// move off a site that is down before what works on the likely cause, that before moves off a site that partly serves, then
/// what works on other parts that are hit.
#[must_use]
pub fn fits(state: &State, loaded: &Loaded, impact: &Impact) -> Vec<Fit> {
    if impact.is_none() {
        return Vec::new();
    }
    let look = Look::new(state, loaded, impact);
    let scenarios = loaded.plan.scenarios.iter().filter_map(|scenario| look.scenario(scenario));
    let mut ranked: Vec<(u8, Fit)> =
        scenarios.chain(loaded.plan.procedures.iter().filter_map(|p| look.at(p))).collect();
    ranked.sort_by_key(|(rank, fit)| (fit.hindered.is_some(), *rank));
    ranked.into_iter().map(|(_, fit)| fit).collect()
}

/// What procedures are held against.
struct Look<'a> {
    loaded: &'a Loaded,
    /// Components with their part in the trouble.
    aims: Vec<(Aim, &'a ComponentId)>,
    /// Runs of this plan that are not over.
    runs: Vec<&'a Run>,
    /// How each site is, in file order.
    sites: Vec<(&'a SiteId, &'a str, SiteVerdict)>,
    /// Whether anything fails where customers are served.
    felt: bool,
    /// The open incident of the plan.
    incident: Option<&'a Incident>,
}

impl<'a> Look<'a> {
    fn new(state: &'a State, loaded: &'a Loaded, impact: &Impact) -> Look<'a> {
        let components = &loaded.plan.components;
        let causes: BTreeSet<usize> = impact
            .causes
            .iter()
            .filter_map(|cause| match cause.what {
                Origin::Part(place) => Some(place),
                Origin::Site { .. } => None,
            })
            .collect();
        let aim = |place: usize, how: How| match how {
            How::Direct(_) if causes.contains(&place) => Aim::Cause,
            How::Direct(_) => Aim::Direct,
            How::Dependency(_) => Aim::Dependent,
            How::StandbyOnly(_) => Aim::Standby,
        };
        let hits = impact.hits.iter();
        let mut aims: Vec<_> =
            hits.filter_map(|hit| Some((aim(hit.component, hit.how), &components.get(hit.component)?.id))).collect();
        aims.sort_by_key(|(aim, _)| *aim);
        let site = |site: &'a super::super::plan::Site| (&site.id, site.name.as_str(), judge_site(loaded, &site.id));
        Look {
            loaded,
            aims,
            runs: state
                .runs
                .values()
                .map(AsRef::as_ref)
                .filter(|r| r.plan == loaded.plan.id && r.is_active())
                .collect(),
            sites: loaded.plan.sites.iter().map(site).collect(),
            felt: impact.direct().next().is_some(),
            incident: state.incident_of(&loaded.plan.id).map(AsRef::as_ref),
        }
    }

    /// A procedure with its rank, if it fits.
    fn at(&self, procedure: &Procedure) -> Option<(u8, Fit)> {
        let (rank, reason, hindered) = match procedure.kind {
            ProcedureKind::Failover => {
                self.moves(procedure).map(|(rank, reason, why)| (rank, reason, self.forbidden().or(why)))?
            }
            ProcedureKind::Failback => self.moves(procedure).map(|(rank, reason, why)| (rank + 1, reason, why))?,
            ProcedureKind::Recovery => self.recovers(procedure)?,
            ProcedureKind::Assessment if self.felt => (80, Reason::FindsOut, None),
            ProcedureKind::Assessment | ProcedureKind::Backup | ProcedureKind::Validation => return None,
        };
        let what = Fitting::Procedure(procedure.id.clone());
        Some((rank, Fit { what, name: procedure.name.clone(), reason, hindered }))
    }

    /// A scenario with its rank, if it has come, or may be coming.
    fn scenario(&self, scenario: &Scenario) -> Option<(u8, Fit)> {
        let matched = self.incident.and_then(|incident| incident.scenarios.get(&scenario.id));
        let asks = || scenario.trigger.as_ref().is_some_and(|trigger| self.asks_about(trigger));
        let (rank, reason) = match matched.map(|matched| &matched.stands) {
            Some(Stands::RuledOut { .. }) => return None,
            Some(Stands::Counts) => (0, Reason::TakenFor),
            None if self.loaded.triggers.contains_key(&scenario.id) => (0, Reason::Shows),
            None if asks() => (75, Reason::AsksAbout),
            None => return None,
        };
        let what = Fitting::Scenario(scenario.id.clone());
        Some((rank, Fit { what, name: scenario.name.clone(), reason, hindered: None }))
    }

    /// Whether a trigger asks about something that is hit, or about a site that is in trouble.
    fn asks_about(&self, trigger: &Trigger) -> bool {
        let hit = |asked: &str| {
            let component = asked.split_once('.').map_or(asked, |(component, _)| component);
            self.aims.iter().any(|(aim, id)| *aim <= Aim::Direct && id.as_str() == component)
        };
        let troubled = |asked: &str| {
            let bad = |is: SiteVerdict| matches!(is, SiteVerdict::Degraded | SiteVerdict::Partly | SiteVerdict::Down);
            self.sites.iter().any(|(id, _, is)| id.as_str() == asked && bad(*is))
        };
        trigger.when.components().any(hit) || trigger.when.sites().any(troubled)
    }

    fn site(&self, id: &SiteId) -> Option<&(&'a SiteId, &'a str, SiteVerdict)> {
        self.sites.iter().find(|(known, ..)| *known == id)
    }

    /// A move off the site that serves, where that is in trouble.
    fn moves(&self, procedure: &Procedure) -> Option<(u8, Reason, Option<Hindrance>)> {
        let serves = self.loaded.active.as_ref()?;
        let (_, name, is) = *self.site(serves)?;
        let away = procedure.from.as_ref().is_none_or(|from| from == serves);
        let troubled = !matches!(is, SiteVerdict::Ok | SiteVerdict::Paused);
        if !self.felt || !away || !troubled || procedure.to.as_ref() == Some(serves) {
            return None;
        }
        let to = procedure.to.as_ref().and_then(|to| self.site(to));
        let unfit = to.filter(|(.., is)| !matches!(is, SiteVerdict::Ok | SiteVerdict::Degraded));
        let target = unfit.map(|(_, site, is)| Hindrance::TargetIs { site: (*site).to_owned(), is: *is });
        let moving = || {
            let moves = |run: &&&Run| matches!(run.procedure.kind, ProcedureKind::Failover | ProcedureKind::Failback);
            self.runs.iter().find(moves).map(|run| Hindrance::Moving(run.id))
        };
        let rank = match (is, to.map(|(.., is)| *is)) {
            (SiteVerdict::Down, Some(SiteVerdict::Ok)) => 0,
            (SiteVerdict::Down, Some(SiteVerdict::Degraded)) => 20,
            (_, Some(SiteVerdict::Ok)) => 30,
            _ => 60,
        };
        let to = to.map(|(_, site, is)| ((*site).to_owned(), *is));
        Some((rank, Reason::Moves { from: name.to_owned(), is, to }, target.or_else(moving)))
    }

    /// The scenario of the open incident that does not allow a failover.
    fn forbidden(&self) -> Option<Hindrance> {
        let mut counting = self.incident?.counting();
        let against = counting.find(|(_, matched)| !matched.allows.contains(&Method::Failover));
        against.map(|(id, _)| Hindrance::Forbidden(id.clone()))
    }

    /// What works on something that is hit, or does not say on what it works.
    fn recovers(&self, procedure: &Procedure) -> Option<(u8, Reason, Option<Hindrance>)> {
        let works = works_on(&self.loaded.plan, procedure);
        let (rank, reason) = match &works {
            Works::Unsaid => (90, Reason::Unsaid),
            Works::All | Works::These(_) => {
                let touched: Vec<_> = self.aims.iter().filter(|(_, id)| works.includes(id)).collect();
                let aim = touched.first()?.0;
                let of_aim: Vec<_> = touched.iter().filter(|(a, _)| *a == aim).map(|(_, id)| (*id).clone()).collect();
                let rank = match aim {
                    Aim::Cause => 10,
                    Aim::Direct => 40,
                    Aim::Dependent => 50,
                    Aim::Standby => 70,
                };
                let more = of_aim.len().saturating_sub(NAMED);
                (rank, Reason::WorksOn { aim, components: of_aim.into_iter().take(NAMED).collect(), more })
            }
        };
        let locked = |run: &&&Run| run.components.iter().any(|id| works.includes(id));
        Some((rank, reason, self.runs.iter().find(locked).map(|run| Hindrance::AtWork(run.id))))
    }
}

/// What a procedure works on, as far as the plan says.
enum Works {
    /// The plan does not say.
    Unsaid,
    /// Whatever is hit.
    All,
    /// These.
    These(BTreeSet<ComponentId>),
}

impl Works {
    fn includes(&self, id: &ComponentId) -> bool {
        match self {
            Works::Unsaid => false,
            Works::All => true,
            Works::These(ids) => ids.contains(id),
        }
    }
}

/// What a procedure names, what its lists go through, and what the procedures that it calls work on.
fn works_on(plan: &Plan, procedure: &Procedure) -> Works {
    let mut found: BTreeSet<ComponentId> = BTreeSet::new();
    let mut met: BTreeSet<&ProcedureId> = BTreeSet::from([&procedure.id]);
    let mut left: Vec<&Procedure> = vec![procedure];
    while let Some(procedure) = left.pop() {
        found.extend(procedure.components.iter().cloned());
        for step in &procedure.steps {
            match listed(step) {
                Some(Which::All | Which::Affected) => return Works::All,
                Some(Which::These(ids)) => found.extend(ids.iter().cloned()),
                None => {}
            }
            if let Action::Procedure(call) = &step.action
                && let Some(called) = plan.procedure(&call.procedure)
                && met.insert(&called.id)
            {
                left.push(called);
            }
        }
    }
    if found.is_empty() { Works::Unsaid } else { Works::These(found) }
}

fn listed(step: &Step) -> Option<&Which> {
    match &step.each.as_ref()?.list {
        List::Components { which, .. } => Some(which),
        List::Items(_) => None,
    }
}
