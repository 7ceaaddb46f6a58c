//! What each guard finds now. The same questions at launch, at the gate and at the moment of acting: only what could not be
//! known before differs.

use std::collections::BTreeSet;

use super::super::dead_site::{Needs, People, Whereabouts, foreseen, needs_of};
use super::super::exposure::{self, Source};
use super::super::gate::worst_loss;
use super::super::health::{Counts, Readings, Verdict};
use super::super::ids::{ComponentId, SiteId};
use super::super::incident::Incident;
use super::super::lineage::Lineage;
use super::super::loss::{Loss, Position, Replicated};
use super::super::plan::{
    Action, Component, Fence, Managed, Method, Postgres, Probe, Procedure, ProcedureKind, ServerRole, Step,
};
use super::super::run::{Graph, Run, StepState};
use super::super::service;
use super::super::state::{Loaded, State};
use super::super::time::{Now, Span, last_of};
use super::weight::when_broken;
use super::{Finding, Guard, MoveKind, Says, Seen, Witness, lost};

/// What is asked of the guards.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// What is known.
    pub state: &'a State,
    /// The plan.
    pub loaded: &'a Loaded,
    /// The incident that it serves.
    pub incident: &'a Incident,
    /// What was read last.
    pub readings: &'a Readings,
    /// When.
    pub now: &'a Now,
    /// Which kind of failover.
    pub kind: MoveKind,
    /// The procedure, laid out.
    pub procedure: &'a Procedure,
    /// What waits for what in it.
    pub graph: &'a Graph,
    /// The components that it moves; all when empty.
    pub components: &'a BTreeSet<ComponentId>,
    /// At which moment.
    pub at: At<'a>,
}

/// The moment at which guards are asked.
#[derive(Clone, Copy)]
pub enum At<'a> {
    /// Before anything happens.
    Launch,
    /// Where people decide: the gate at this place of the run.
    Gate(&'a Run, usize),
    /// Before the step at this place of the run acts.
    Acting(&'a Run, usize),
}

/// What all guards find that have something to ask about, in their order.
#[must_use]
pub fn evaluate(question: &Question<'_>) -> Vec<Finding> {
    let (Some(from), Some(to)) = (&question.procedure.from, &question.procedure.to) else { return Vec::new() };
    let q = question;
    let seen = Guard::ALL.into_iter().filter_map(|guard| {
        let (says, seen) = match guard {
            Guard::Engine => engine(q),
            Guard::Source => q.source(from),
            Guard::Target => q.target(to),
            Guard::Loss => q.loss()?,
            Guard::Fence => q.fence(from)?,
            Guard::OnePrimary => q.one_primary()?,
            Guard::Backup => q.backup()?,
            Guard::Capacity => q.capacity(to)?,
            Guard::CoolDown => q.cool_down(from, to),
            Guard::Scenario => q.scenario()?,
            Guard::Freeze => q.freeze()?,
            Guard::People => q.people()?,
            Guard::Reach => q.reach(from)?,
            Guard::Lineage => q.lineage()?,
            Guard::Manager => q.manager()?,
        };
        Some(q.overridden(Finding { guard, says, seen, overridden: None }))
    });
    seen.collect()
}

/// Those that refuse.
#[must_use]
pub fn refusals(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.says == Says::Refuse).collect()
}

impl Finding {
    /// Whether it may come right without anybody doing anything: what was not looked at yet, what has not been good for long
    /// enough, what is on its way.
    #[must_use]
    pub fn may_come_right(&self) -> bool {
        match &self.seen {
            Seen::CutOff { .. } => true,
            Seen::Healthy { all: 0, .. } => false,
            Seen::Healthy { worst, .. } => matches!(worst, Verdict::Ok | Verdict::Unknown),
            Seen::Down { down, limit, unseen, .. } => *unseen > 0 && down + unseen >= *limit,
            Seen::Lost { loss: Loss::Measured(_), accepted: None, limit } => *limit == Span::ZERO,
            _ => false,
        }
    }
}

fn engine(q: &Question<'_>) -> (Says, Seen) {
    match &q.state.cut_off {
        None => (Says::Pass, Seen::Connected),
        Some((_, why)) => (q.broken(Guard::Engine), Seen::CutOff { why: why.clone() }),
    }
}

impl<'a> Question<'a> {
    fn broken(&self, guard: Guard) -> Says {
        when_broken(guard, self.kind)
    }

    fn says(&self, guard: Guard, holds: bool) -> Says {
        if holds { Says::Pass } else { self.broken(guard) }
    }

    fn overridden(&self, finding: Finding) -> Finding {
        if finding.says != Says::Refuse || !finding.guard.can_be_overridden() {
            return finding;
        }
        let of_guard = self.incident.glass.iter().rev().filter(|glass| glass.guard == finding.guard);
        match of_guard.into_iter().find(|glass| glass.counts(self.now)) {
            Some(glass) => Finding { says: Says::Warn, overridden: Some(glass.by.clone()), ..finding },
            None => finding,
        }
    }

    fn is_failback(&self) -> bool {
        self.procedure.kind == ProcedureKind::Failback
    }

    /// Whether a component is among those that move.
    fn moves(&self, component: &ComponentId) -> bool {
        self.components.is_empty() || self.components.contains(component)
    }

    /// The probes at a site of what moves.
    fn probes_at(&self, site: &'a SiteId) -> impl Iterator<Item = (&'a Component, &'a Probe)> + use<'a> {
        let q = *self;
        let parts = q.loaded.parts_at(Some(site)).filter(move |component| q.moves(&component.id));
        parts.flat_map(move |c| c.probes.iter().filter(|p| p.site.as_ref() == Some(site)).map(move |p| (c, p)))
    }

    fn counts_at(&self, site: &SiteId) -> Counts {
        match self.components.is_empty() {
            true => self.loaded.counts(Some(site)),
            false => {
                let mut sum = Counts::default();
                self.components.iter().for_each(|id| sum.plus(&self.loaded.counts_at(id, Some(site))));
                sum
            }
        }
    }

    fn source(&self, from: &'a SiteId) -> (Says, Seen) {
        if let Some(fenced) = self.loaded.fence_of(from)
            && matches!(self.at, At::Gate(..) | At::Acting(..))
        {
            let seen = Seen::Fenced { fence: fenced.fence, at: fenced.at.utc, seen: fenced.seen };
            return (Says::Pass, seen);
        }
        if self.kind == MoveKind::Planned {
            let healthy = self.healthy(from, Span::ZERO);
            let holds = matches!(healthy, Seen::Healthy { worst: Verdict::Ok | Verdict::Degraded, .. });
            return (self.says(Guard::Source, holds), healthy);
        }
        let (mut down, mut all, mut unseen) = (0, 0, 0);
        for (component, probe) in self.probes_at(from) {
            let paused = self.loaded.pause_of(component, probe).is_some();
            let places = self.loaded.probes.get(&probe.id).map(|known| &known.places);
            let verdict = |place| places.and_then(|p| p.get(place)).map_or(Verdict::Unknown, |belief| belief.verdict);
            let say = |what| probe.from.iter().filter(|place| verdict(place) == what).count();
            all += probe.from.len();
            // What was taken out of the judgement convicts nobody.
            if !paused {
                down += say(Verdict::Down);
                unseen += say(Verdict::Unknown);
            }
        }
        let limit = usize::try_from(self.loaded.plan.failover.agree).unwrap_or(usize::MAX).max(1);
        (self.says(Guard::Source, down >= limit), Seen::Down { down, all, limit, unseen })
    }

    /// How a site is, and for how long it has been so.
    fn healthy(&self, site: &'a SiteId, limit: Span) -> Seen {
        let counts = self.counts_at(site);
        let believed = self.probes_at(site).filter_map(|(_, probe)| self.loaded.probes.get(&probe.id));
        let newest = last_of(believed.filter_map(|known| known.since.as_ref()));
        let stable = (counts.worst() == Verdict::Ok).then(|| newest.map(|since| self.now.surely_since(since)));
        Seen::Healthy {
            ok: counts.of(Verdict::Ok),
            all: counts.all(),
            worst: counts.worst(),
            stable: stable.flatten(),
            limit,
        }
    }

    fn target(&self, to: &'a SiteId) -> (Says, Seen) {
        let policy = &self.loaded.plan.failover;
        let limit = if self.is_failback() { policy.failback_after } else { policy.stable_for };
        let seen = self.healthy(to, limit);
        let holds = matches!(seen, Seen::Healthy { stable: Some(stable), limit, .. } if stable >= limit);
        let says = match (holds, &seen) {
            (true, _) => Says::Pass,
            // What the original needs before it serves again, the procedure may do.
            _ if self.is_failback() && !matches!(self.at, At::Acting(..)) => Says::Warn,
            (false, Seen::Healthy { worst: Verdict::Degraded | Verdict::Paused, .. }) => Says::Warn,
            (false, _) => self.broken(Guard::Target),
        };
        (says, seen)
    }

    fn loss(&self) -> Option<(Says, Seen)> {
        let loss = match self.is_failback() {
            // The way back is gone only once the original has all data, however it came there.
            true => self
                .moving_data()
                .map(|loss| loss.unwrap_or(Loss::Unknown))
                .max_by_key(|l| (*l == Loss::Unknown, l.ceiling())),
            false => worst_loss(self.loaded, self.readings, self.now),
        }?;
        let planned = self.kind == MoveKind::Planned;
        let fenced = matches!(self.at, At::Acting(..)) && planned && self.is_fenced();
        // What was fenced and still answers tells soon whether all of it has arrived.
        let loss = if fenced && self.still_tells() { loss.ceiling().map_or(loss, Loss::Measured) } else { loss };
        let policy = self.loaded.plan.failover.max_lag.or_else(|| tightest_rpo(self.loaded));
        // What is planned loses nothing, whatever was said at its gate: what is on its way is waited for.
        let accepted = self.accepted().filter(|_| !planned);
        let limit = if planned { Span::ZERO } else { policy.unwrap_or(Span::ZERO) };
        let most = accepted.unwrap_or(limit);
        let within = loss.ceiling().is_some_and(|loss| loss <= most) || (accepted.is_some() && loss == Loss::Unknown);
        let says = match self.at {
            _ if within => Says::Pass,
            // Nothing was on its way when it was stopped: that was asked for then.
            At::Acting(..) if fenced && !self.still_tells() => Says::Pass,
            At::Acting(_, place) if self.is_accepted_later(place) => Says::Warn,
            At::Acting(..) => self.broken(Guard::Loss),
            // It is accepted, or made smaller, on the way.
            _ if self.kind != MoveKind::Automatic => Says::Warn,
            _ => self.broken(Guard::Loss),
        };
        Some((says, Seen::Lost { loss, limit, accepted }))
    }

    /// What would be lost of each component whose data moves.
    fn moving_data(&self) -> impl Iterator<Item = Option<Loss>> + use<'a> {
        let q = *self;
        let replicated = q.loaded.replicated().filter(move |component| q.moves(&component.id));
        replicated.map(move |component| lost::of_component(q.loaded, component, q.readings, q.now))
    }

    /// Whether people say at a gate after a fence what they accept: by then it has stopped growing.
    fn is_accepted_later(&self, place: usize) -> bool {
        let by_people = matches!(self.kind, MoveKind::Manual | MoveKind::Emergency);
        by_people && self.is_fence(place) && self.accepted().is_none()
    }

    /// The least that any of its people accepted at the gates before the step that acts.
    fn accepted(&self) -> Option<Span> {
        let At::Acting(run, place) = self.at else { return None };
        let before = run.graph.before(place).into_iter().filter_map(|place| run.at(place));
        let said = before.flat_map(|(_, _, seen)| seen.confirmations.iter().filter_map(|yes| yes.max_loss));
        said.min()
    }

    fn step(&self, place: usize) -> Option<&'a Step> {
        self.procedure.steps.get(place)
    }

    fn is_fence(&self, place: usize) -> bool {
        self.step(place).is_some_and(|step| step.fence.is_some())
    }

    fn is_fenced(&self) -> bool {
        self.procedure.from.as_ref().is_some_and(|from| self.loaded.fence_of(from).is_some())
    }

    /// Whether the source, fenced otherwise than by its end, still says how far it got.
    fn still_tells(&self) -> bool {
        let fenced = self.procedure.from.as_ref().and_then(|from| self.loaded.fence_of(from));
        let ended = fenced.is_some_and(|fenced| matches!(fenced.fence, Fence::Power | Fence::Server));
        !ended && self.ends().any(|(_, said)| said.source.is_some() && said.source_silent_since.is_none())
    }

    /// Whether data travels from the site that is left.
    fn moves_data(&self) -> bool {
        let mut replicated = self.loaded.replicated();
        replicated.any(|c| self.moves(&c.id) && self.loaded.active_of(&c.id) == self.procedure.from.as_ref())
    }

    fn finals(&self) -> impl Iterator<Item = usize> + use<'a> {
        let steps = self.procedure.steps.iter().enumerate();
        steps.filter(|(_, step)| step.counts() && step.is_final()).map(|(place, _)| place)
    }

    /// The step that fences before anything is final, of those that this kind of failover does.
    fn fencing(&self) -> Option<(usize, &'a Step)> {
        let left_out = |step: &Step| self.kind == MoveKind::Emergency && step.is_left_out_in_emergencies();
        let fences = |step: &&'a Step| step.fence.is_some() && step.counts() && !left_out(step);
        // Power that is cut for good fences, and is final itself.
        let comes_first = |place: usize, last: usize| place == last || self.graph.before(last).contains(&place);
        let before_all = |place: usize| self.finals().all(|last| comes_first(place, last));
        let steps = self.procedure.steps.iter().enumerate();
        steps.filter(|(_, step)| fences(step)).find(|(place, _)| before_all(*place))
    }

    fn fence(&self, from: &SiteId) -> Option<(Says, Seen)> {
        if !self.moves_data() && self.finals().next().is_none() {
            return None;
        }
        if let Some(fenced) = self.loaded.fence_of(from) {
            let seen = Seen::Fenced { fence: fenced.fence, at: fenced.at.utc, seen: fenced.seen };
            return Some((if fenced.seen == Witness::Engine { Says::Pass } else { Says::Warn }, seen));
        }
        let coming = self.fencing().filter(|(place, _)| match self.at {
            At::Launch => true,
            // A step that should have been done by now and was not will not be.
            At::Gate(run, gate) => !run.graph.before(gate).contains(place) && is_ahead(run, *place),
            At::Acting(run, acting) => acting == *place || (self.is_fence(acting) && is_ahead(run, *place)),
        });
        Some(match coming {
            Some((_, step)) => {
                let says = if matches!(self.at, At::Gate(..)) { Says::Warn } else { Says::Pass };
                (says, Seen::WillBeFenced { step: step.id.clone() })
            }
            None => (self.broken(Guard::Fence), Seen::NotFenced),
        })
    }

    /// What both ends of each component that moves said last, in the direction of this move.
    fn ends(&self) -> impl Iterator<Item = (&'a Component, Replicated)> + use<'a> {
        let q = *self;
        let said = move |component: &'a Component| {
            let known = q.readings.replication.get(&q.loaded.plan.id)?.get(&component.id)?;
            let replication = component.replication.as_ref()?;
            Some((component, known.towards(replication, q.procedure.from.as_ref())))
        };
        q.loaded.replicated().filter(move |component| q.moves(&component.id)).filter_map(said)
    }

    fn lineage(&self) -> Option<(Says, Seen)> {
        let worst = |how: &Lineage| match how {
            Lineage::Same | Lineage::Behind => 0,
            Lineage::Unknown { .. } => 1,
            Lineage::Ahead | Lineage::Diverged { .. } | Lineage::OtherCluster => 2,
        };
        let shows = |end: &Option<Position>| end.as_ref().is_some_and(|end| end.line.is_some());
        let known = self.ends().filter(|(_, said)| shows(&said.source) || shows(&said.target));
        let how = known.map(|(_, said)| said.lineage()).max_by_key(worst)?;
        let says = match worst(&how) {
            0 => Says::Pass,
            // What a server that is gone would have said is not known; it is no sign that it went another way.
            1 => Says::Warn,
            // The original is made a copy again by the procedure itself.
            _ if self.is_failback() && !matches!(self.at, At::Acting(..)) => Says::Warn,
            _ => self.broken(Guard::Lineage),
        };
        Some((says, Seen::Related(how)))
    }

    fn manager(&self) -> Option<(Says, Seen)> {
        let managed = self.ends().find_map(|(component, said)| {
            let of = |end: &Option<Position>| end.as_ref().and_then(|end| end.manager);
            Some((component.id.clone(), of(&said.target).or_else(|| of(&said.source))?))
        });
        let (component, manager) = managed?;
        let says = if self.pauses_manager() { Says::Warn } else { self.broken(Guard::Manager) };
        Some((says, Seen::ManagedBy { component, manager }))
    }

    /// Whether the procedure says that what manages a database beside it is paused.
    fn pauses_manager(&self) -> bool {
        self.procedure.steps.iter().any(|step| match &step.action {
            Action::Postgres(Postgres::Promote { manager, .. }) => *manager == Managed::Paused,
            _ => false,
        })
    }

    fn one_primary(&self) -> Option<(Says, Seen)> {
        let primary = |end: &Option<Position>| end.as_ref().is_some_and(|end| end.role == Some(ServerRole::Primary));
        let both = |said: &Replicated| {
            let silent = said.source_silent_since.is_some() || said.target_silent_since.is_some();
            !silent && primary(&said.source) && primary(&said.target)
        };
        let two = self.ends().any(|(_, said)| both(&said));
        if two && !self.is_fenced() {
            let sites = self.procedure.from.iter().chain(&self.procedure.to).cloned().collect();
            return Some((self.broken(Guard::OnePrimary), Seen::Primaries { sites }));
        }
        let promotes = self.finals().next().is_some();
        // Perhaps a step promotes that does not say that there is no return from it.
        (self.moves_data() && !promotes && self.fencing().is_some()).then_some((Says::Warn, Seen::NoPrimary))
    }

    fn backup(&self) -> Option<(Says, Seen)> {
        let own = self.loaded.plan.failover.backup_within;
        let ages = self.loaded.plan.targets.data.iter().filter_map(|category| {
            let limit = own.or(category.backup_every)?;
            let known = exposure::of_category(self.loaded, category, self.readings, self.now);
            let backup = known.sources.iter().find(|seen| seen.source == Source::Backup)?;
            Some((category.name.clone(), backup.known.counts(), limit))
        });
        let (name, age, limit) = ages
            .max_by_key(|(_, age, limit)| age.map_or(Span::from_secs(u64::MAX / 2_000_000), |age| age.minus(*limit)))?;
        let holds = age.is_some_and(|age| age <= limit);
        Some((self.says(Guard::Backup, holds), Seen::BackupAge { name, age, limit }))
    }

    fn capacity(&self, to: &SiteId) -> Option<(Says, Seen)> {
        let limit = self.loaded.plan.targets.capacity?;
        let probe = self.loaded.plan.site(to)?.capacity.as_ref()?;
        let has = service::capacity(&self.loaded.plan.id, probe, self.readings).map(|(share, _)| share);
        let holds = has.is_some_and(|has| has >= limit);
        Some((self.says(Guard::Capacity, holds), Seen::Capacity { has, limit }))
    }

    fn cool_down(&self, from: &SiteId, to: &SiteId) -> (Says, Seen) {
        let limit = self.loaded.plan.failover.cool_down;
        let ago = self.loaded.last_move(from, to).map(|moved| self.now.surely_since(&moved.at));
        // The way back is not the next failover of the pair.
        let holds = self.is_failback() || ago.is_none_or(|ago| ago >= limit);
        (self.says(Guard::CoolDown, holds), Seen::LastMove { ago, limit })
    }

    fn scenario(&self) -> Option<(Says, Seen)> {
        if self.is_failback() {
            return None;
        }
        let against = self.incident.counting().find(|(_, matched)| !matched.allows.contains(&Method::Failover));
        let forbids = against.map(|(_, matched)| matched.name.clone());
        Some((self.says(Guard::Scenario, forbids.is_none()), Seen::Scenario { forbids }))
    }

    /// Asked once, at launch: where things lie changes with the plan alone.
    fn reach(&self, from: &SiteId) -> Option<(Says, Seen)> {
        let At::Launch = self.at else { return None };
        let at = Whereabouts::new(&self.loaded.plan);
        let given = foreseen(self.procedure);
        let needs = needs_of(&at, self.procedure, &given, from, People::Known(&self.state.people)).ok()?;
        Some((self.says(Guard::Reach, needs.is_empty()), Seen::Needs(Needs::from(needs))))
    }

    fn freeze(&self) -> Option<(Says, Seen)> {
        let freeze = self.loaded.plan.failover.freeze(self.now)?;
        let seen = Seen::Frozen { until: freeze.until, reason: freeze.reason.clone() };
        Some((self.broken(Guard::Freeze), seen))
    }

    fn people(&self) -> Option<(Says, Seen)> {
        let asked = &self.loaded.plan.failover.roles;
        let missing = asked.iter().filter(|role| !self.incident.roles.contains_key(*role)).cloned();
        let roles: Vec<_> = missing.collect();
        (!asked.is_empty()).then(|| (self.says(Guard::People, roles.is_empty()), Seen::Missing { roles }))
    }
}

/// Whether a step of a run is still to be done, or is being done.
fn is_ahead(run: &Run, place: usize) -> bool {
    run.at(place).is_some_and(|(_, _, seen)| match seen.state {
        StepState::Pending | StepState::Waiting { .. } | StepState::Running { .. } | StepState::Pausing { .. } => true,
        _ => !seen.state.is_settled(),
    })
}

/// The tightest recovery point objective of all data that travels.
fn tightest_rpo(loaded: &Loaded) -> Option<Span> {
    let own = loaded.replicated().filter_map(|component| component.rpo).min();
    own.into_iter().chain(loaded.plan.rpo).min()
}
