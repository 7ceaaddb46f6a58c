//! Everything that the engine and every console know, folded out of the journal.
//!
//! The state is bounded: open incidents with their runs, the newest plans, the last rows of the timeline. Parts are shared
//! (`Arc`), so that the engine's working copy and the console's frozen view cost next to nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alert::Alerts;
use super::event::Event;
use super::failover::{Automation, Fenced, Moved};
use super::forecast::Compared;
use super::health::{Extent, Pause, ProbeState, Standing, Tally, Verdict};
use super::ids::{
    ChannelId, ComponentId, IncidentId, PlanId, Principal, ProbeId, ProcedureId, RunId, ScenarioId, SiteId, StepId,
};
use super::incident::Incident;
use super::people::{Mode, Person};
use super::plan::{Component, Index, Plan, PlanHash, Probe, ProbeAt, Severity};
use super::run::Run;
use super::scenario::Held;
use super::time::{Now, Span};

/// Rises when the meaning of events, of the state or of `apply` changes. Consoles fold only when theirs is equal; snapshots of
/// another are discarded.
pub const PROTOCOL: u32 = 6;

/// Timeline rows that the state keeps.
pub const TIMELINE_KEPT: usize = 200;

/// Ended incidents that the state keeps, with their runs.
pub const ENDED_KEPT: usize = 8;

/// What is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Whom the engine serves.
    pub mode: Mode,
    /// The people whom it knows.
    pub people: BTreeMap<Principal, Arc<Person>>,
    /// The channels that its settings name, with their kinds.
    pub channels: BTreeMap<ChannelId, String>,
    /// The newest text of each plan.
    pub plans: BTreeMap<PlanId, Arc<Loaded>>,
    /// Open incidents and the last ended ones.
    pub incidents: BTreeMap<IncidentId, Arc<Incident>>,
    /// Their runs.
    pub runs: BTreeMap<RunId, Arc<Run>>,
    /// The last rows, oldest first.
    pub timeline: VecDeque<Arc<Entry>>,
    /// Incidents so far; the next call-sign follows from it.
    pub incidents_so_far: u64,
    /// Runs so far; the next run's number follows from it.
    pub runs_so_far: u64,
    /// Since when and why the engine is cut off from everything, if it is: then nothing that it sees says anything.
    #[serde(default)]
    pub cut_off: Option<(Now, String)>,
    /// How long steps took that were done, in the last runs of each procedure.
    pub took: BTreeMap<PlanId, BTreeMap<ProcedureId, Arc<Took>>>,
    /// What was foretold of the last runs of each procedure beside what they took, the newest last.
    pub forecasts: BTreeMap<PlanId, BTreeMap<ProcedureId, Arc<Vec<Compared>>>>,
}

/// A plan with what is seen of its parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Loaded {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Of its text.
    pub hash: PlanHash,
    /// What is believed of each probe's part. Changed by [`Loaded::change`], which counts along.
    pub probes: Probes,
    /// What people took out of the judgement for a while; each extent once. Changed by [`Loaded::pause`] and
    /// [`Loaded::resume`].
    pub pauses: Vec<Pause>,
    /// The triggers of its scenarios whose conditions hold.
    #[serde(default)]
    pub triggers: BTreeMap<ScenarioId, Held>,
    /// What others say.
    #[serde(default)]
    pub alerts: Alerts,
    /// The site that serves now, by what happened. Changed by [`Loaded::activate`].
    pub active: Option<SiteId>,
    /// Components that another site serves than the rest.
    #[serde(default)]
    pub moved_apart: BTreeMap<ComponentId, SiteId>,
    /// Sites that were cut off, and not let back in.
    #[serde(default)]
    pub fences: BTreeMap<SiteId, Fenced>,
    /// The last failovers, the newest last; at most [`super::failover::MOVES_KEPT`].
    #[serde(default)]
    pub moves: Vec<Moved>,
    /// How its automatic failovers stand.
    #[serde(default)]
    pub automation: Automation,
    /// Where the parts stand in the plan.
    #[serde(skip)]
    pub(crate) index: Arc<Index>,
    /// What they add up to.
    #[serde(skip)]
    pub(crate) tally: Tally,
}

/// What is believed of each probe's part: a copy shares all that did not change.
pub type Probes = rpds::RedBlackTreeMapSync<ProbeId, ProbeState>;

/// [`Loaded`] without what follows from the rest.
#[derive(Deserialize)]
struct Stored {
    plan: Arc<Plan>,
    hash: PlanHash,
    probes: Probes,
    #[serde(default)]
    pauses: Vec<Pause>,
    #[serde(default)]
    triggers: BTreeMap<ScenarioId, Held>,
    #[serde(default)]
    alerts: Alerts,
    active: Option<SiteId>,
    #[serde(default)]
    moved_apart: BTreeMap<ComponentId, SiteId>,
    #[serde(default)]
    fences: BTreeMap<SiteId, Fenced>,
    #[serde(default)]
    moves: Vec<Moved>,
    #[serde(default)]
    automation: Automation,
}

impl From<Stored> for Loaded {
    fn from(stored: Stored) -> Loaded {
        let Stored { plan, hash, probes, pauses, triggers, alerts, active, moved_apart, fences, moves, automation } =
            stored;
        let loaded = Loaded::new(plan, hash, probes, pauses, active);
        Loaded { triggers, alerts, moved_apart, fences, moves, automation, ..loaded }
    }
}

/// How long the steps of a procedure took in its last runs, the newest last; at most [`TOOK_KEPT`] each.
pub type Took = BTreeMap<StepId, Vec<Span>>;

/// How many earlier runs of a step are remembered.
pub const TOOK_KEPT: usize = 5;

/// The longest run whose steps are remembered so, in steps.
pub const TOOK_STEPS: usize = 500;

/// A row of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the journal.
    pub seq: u64,
    /// When.
    pub at: Now,
    /// Who.
    pub by: Principal,
    /// What, without bulk ([`Event::brief`]).
    pub event: Event,
}

impl Loaded {
    /// A plan with what is known of its parts.
    #[must_use]
    pub fn new(plan: Arc<Plan>, hash: PlanHash, probes: Probes, pauses: Vec<Pause>, active: Option<SiteId>) -> Loaded {
        let index = Arc::new(Index::of(&plan));
        let (triggers, alerts, tally) = (BTreeMap::new(), Alerts::default(), Tally::default());
        let (moved_apart, fences, moves) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let automation = Automation::default();
        let mut loaded = Loaded {
            plan,
            hash,
            probes,
            pauses,
            triggers,
            alerts,
            active,
            moved_apart,
            fences,
            moves,
            automation,
            index,
            tally,
        };
        loaded.tally = Tally::of(&loaded);
        loaded
    }

    /// The component with that identifier.
    #[must_use]
    pub fn component(&self, id: &ComponentId) -> Option<&Component> {
        self.plan.components.get(self.index.component(&self.plan, id)? as usize)
    }

    /// The probe with that identifier, and the component that it looks at.
    #[must_use]
    pub fn probe(&self, id: &ProbeId) -> Option<(&Component, &Probe)> {
        self.index.probe(&self.plan, id)?.of(&self.plan)
    }

    /// The probes that feel what customers feel, with their components, in file order.
    pub(crate) fn front_door(&self) -> impl Iterator<Item = (&Component, &Probe)> {
        self.index.front_door().iter().filter_map(|at| at.of(&self.plan))
    }

    /// The components whose data travels between sites, in file order.
    pub(crate) fn replicated(&self) -> impl Iterator<Item = &Component> {
        self.index.replicated().iter().filter_map(|place| self.plan.components.get(*place as usize))
    }

    /// Changes what is known of a probe's part.
    pub fn change(&mut self, id: &ProbeId, change: impl FnOnce(&mut ProbeState)) {
        let at = self.index.probe(&self.plan, id);
        let before = at
            .and_then(|at| at.of(&self.plan))
            .map(|(component, probe)| self.standing(component, probe, self.probes.get(&probe.id)));
        if let Some(known) = self.probes.get_mut(id) {
            change(known);
        }
        if let (Some(at), Some(before)) = (at, before) {
            self.recount(at, before);
        }
    }

    /// Changes what is known of every part.
    pub fn change_all(&mut self, change: impl Fn(&mut ProbeState)) {
        let changed = |(id, known): (&ProbeId, &ProbeState)| {
            let mut known = known.clone();
            change(&mut known);
            (id.clone(), known)
        };
        self.probes = self.probes.iter().map(changed).collect();
        self.tally = Tally::of(self);
    }

    /// What its parts add up to, by looking at each of them again.
    #[must_use]
    pub fn recounted(&self) -> Tally {
        Tally::of(self)
    }

    /// Takes parts out of the judgement, in place of an earlier pause of the same extent.
    pub fn pause(&mut self, pause: Pause) {
        let of = pause.of.clone();
        self.change_pauses(&of, |pauses| {
            pauses.retain(|known| known.of != pause.of);
            pauses.push(pause);
        });
    }

    /// Has parts count again.
    pub fn resume(&mut self, of: &Extent) {
        self.change_pauses(of, |pauses| pauses.retain(|known| known.of != *of));
    }

    fn change_pauses(&mut self, of: &Extent, change: impl FnOnce(&mut Vec<Pause>)) {
        let plan = Arc::clone(&self.plan);
        let held: Vec<ProbeAt> = match of {
            Extent::Probe(id) => self.index.probe(&plan, id).into_iter().collect(),
            _ => {
                self.index.in_file_order(&plan).filter(|at| at.of(&plan).is_some_and(|(c, p)| of.holds(c, p))).collect()
            }
        };
        let before = |at: ProbeAt| {
            let (component, probe) = at.of(&plan)?;
            Some((at, self.standing(component, probe, self.probes.get(&probe.id))))
        };
        let before: Vec<(ProbeAt, Standing)> = held.into_iter().filter_map(before).collect();
        change(&mut self.pauses);
        for (at, before) in before {
            self.recount(at, before);
        }
    }

    /// How a probe's part counts: as it is believed to be, or paused.
    #[must_use]
    pub fn verdict(&self, probe: &ProbeId) -> Verdict {
        match self.probe(probe) {
            Some((component, probe)) => self.verdict_of(component, probe),
            None => Verdict::Unknown,
        }
    }

    /// [`Loaded::verdict`] of a probe that is at hand.
    #[must_use]
    pub fn verdict_of(&self, component: &Component, probe: &Probe) -> Verdict {
        match self.pause_of(component, probe) {
            Some(_) => Verdict::Paused,
            None => self.probes.get(&probe.id).map_or(Verdict::Unknown, |s| s.verdict),
        }
    }

    /// The pause that a probe's part is under, if it is.
    #[must_use]
    pub fn pause_of(&self, component: &Component, probe: &Probe) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.of.holds(component, probe))
    }

    /// Whether the trouble of a probe's part is to be raised: it is there, and not paused.
    #[must_use]
    pub fn raises(&self, probe: &ProbeId) -> bool {
        self.verdict(probe) != Verdict::Paused && self.probes.get(probe).is_some_and(|seen| seen.is_trouble())
    }

    /// How bad it is when a probe's part is down: its component's priority, one less where another site serves.
    #[must_use]
    pub fn severity_of(&self, probe: &ProbeId) -> Option<Severity> {
        let (component, probe) = self.probe(probe)?;
        let serves = probe.site.is_none() || probe.site.as_ref() == self.active_of(&component.id);
        Some(match (component.priority, serves) {
            (priority, true) => priority,
            (Severity::Critical, false) => Severity::High,
            (Severity::High, false) => Severity::Medium,
            (Severity::Medium | Severity::Low, false) => Severity::Low,
        })
    }
}

impl State {
    /// The name to show for somebody.
    #[must_use]
    pub fn name<'a>(&'a self, who: &'a Principal) -> std::borrow::Cow<'a, str> {
        match self.people.get(who) {
            Some(person) => std::borrow::Cow::Borrowed(person.name.as_str()),
            None => match who {
                Principal::Token(token) => std::borrow::Cow::Borrowed(token.as_str()),
                Principal::Person(person) => std::borrow::Cow::Borrowed(person.as_str()),
                _ => std::borrow::Cow::Owned(who.to_string()),
            },
        }
    }

    /// Incidents that people still work on, proposals included, oldest first.
    pub fn open_incidents(&self) -> impl DoubleEndedIterator<Item = &Arc<Incident>> {
        self.incidents.values().filter(|i| i.phase.is_open())
    }

    /// The open incident of a plan, if it has one.
    #[must_use]
    pub fn incident_of(&self, plan: &PlanId) -> Option<&Arc<Incident>> {
        self.open_incidents().find(|i| i.plan == *plan)
    }

    /// Runs of an incident, oldest first.
    pub fn runs_of<'a>(&'a self, incident: &'a IncidentId) -> impl DoubleEndedIterator<Item = &'a Arc<Run>> {
        self.runs.values().filter(move |r| r.incident == *incident)
    }
}
