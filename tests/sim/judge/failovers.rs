//! Failovers, by a reckoning of its own: what was fenced, what was overridden and since when, what is counted down, what serves.

use std::collections::{BTreeMap, BTreeSet};

use warroom::core::event::Event;
use warroom::core::failover::{CountdownEnd, Finding, Guard, MoveKind};
use warroom::core::health::Verdict;
use warroom::core::ids::{ComponentId, IncidentId, PlanId, Principal, ProcedureId, RunId, SiteId, StepId};
use warroom::core::plan::{Action, Purpose};
use warroom::core::state::Loaded;
use warroom::core::time::{Now, Span};

use super::Known;
use super::trial::{Is, Trial};

/// How long everybody has to say no to an override.
const GLASS_WAITS: Span = Span::from_secs(60);

/// A failover that is counted down.
#[derive(Debug)]
struct Counted {
    incident: IncidentId,
    procedure: ProcedureId,
    began: Now,
    window: Span,
}

/// What this reader knows of failovers.
#[derive(Debug, Default)]
pub(super) struct Failovers {
    /// Sites that are cut off.
    fenced: BTreeSet<(PlanId, SiteId)>,
    /// Guards that somebody overrides and nobody put back, since when.
    glass: BTreeMap<(IncidentId, Guard), Vec<Now>>,
    countdowns: BTreeMap<PlanId, Counted>,
    /// Those whose time was over just now.
    over: BTreeMap<PlanId, Counted>,
    disarmed: BTreeSet<PlanId>,
    /// Incidents that had their automatic failover.
    automatic: BTreeSet<IncidentId>,
}

impl Failovers {
    /// Takes an entry, before the run that it is about does.
    pub(super) fn take(&mut self, known: Known<'_>, trials: &BTreeMap<RunId, Trial>, met: &mut BTreeSet<String>) {
        let entry = known.entry;
        match &entry.event {
            Event::StepStarted { run, step, .. } => self.may_act(known, &trials[run], step),
            Event::StepSucceeded { run, step, .. } | Event::StepSaidDone { run, step, .. } => {
                self.done(&trials[run], step);
            }
            Event::SiteActivated { plan, site, run: Some(run), components } => {
                may_move(&trials[run], site, components);
                self.fenced.remove(&(plan.clone(), site.clone()));
                met.insert("a failover moved what serves".into());
            }
            Event::SiteActivated { .. } => panic!("what serves changes by nobody's run"),
            Event::GlassBroken { incident, guard, .. } => {
                assert!(!matches!(guard, Guard::OnePrimary | Guard::Manager), "{guard:?} is never overridden");
                self.glass.entry((incident.clone(), *guard)).or_default().push(entry.at.clone());
            }
            Event::GlassPutBack { incident, guard } => {
                assert!(self.glass.remove(&(incident.clone(), *guard)).is_some(), "nobody overrides {guard:?}");
            }
            Event::CountdownBegan { .. } | Event::CountdownEnded { .. } => self.counts_down(known),
            Event::AutomationStopped { plan, .. } => {
                self.countdowns.remove(plan);
                self.disarmed.insert(plan.clone());
            }
            Event::AutomationArmed { plan, .. } => {
                self.disarmed.remove(plan);
            }
            Event::RunStarted { incident, plan, procedure, move_kind, guards, .. } => {
                self.are_overridden(incident, guards, &entry.at);
                match move_kind {
                    Some(MoveKind::Automatic) => {
                        let launched = procedure.as_ref().map(|procedure| &procedure.id);
                        self.may_begin_by_itself(known, plan, incident, launched);
                        met.insert("an automatic failover begins".into());
                    }
                    Some(kind) => drop(met.insert(format!("a failover begins: {}", kind.word()))),
                    None => {}
                }
            }
            Event::GateConfirmed { run, saw, .. } => self.are_overridden(&trials[run].incident, saw, &entry.at),
            _ => {}
        }
    }

    /// Whether a guard is overridden: everybody had a minute, and nobody put it back.
    fn is_overridden(&self, incident: &IncidentId, guard: Guard, now: &Now) -> bool {
        let broken = self.glass.get(&(incident.clone(), guard));
        broken.is_some_and(|since| since.iter().any(|at| super::passed(now, at) >= GLASS_WAITS))
    }

    fn are_overridden(&self, incident: &IncidentId, guards: &[Finding], now: &Now) {
        for finding in guards.iter().filter(|finding| finding.overridden.is_some()) {
            assert!(self.is_overridden(incident, finding.guard, now), "nobody overrides {:?} yet", finding.guard);
        }
    }

    /// A step that fences, or that there is no return from, until the first of the latter was begun.
    fn may_act(&self, known: Known<'_>, trial: &Trial, step: &StepId) {
        let place = trial.place(step);
        let definition = trial.step(place);
        if !trial.is_guarded(place) {
            return;
        }
        let (Some(kind), Some(from), Some(to)) = (trial.kind, &trial.procedure.from, &trial.procedure.to) else {
            return;
        };
        let overridden = |guard| self.is_overridden(&trial.incident, guard, &known.entry.at);
        let Some(loaded) = known.state.plans.get(&trial.plan) else { return };
        let is_cut = known.state.cut_off.is_some();
        assert!(!is_cut || overridden(Guard::Engine), "{step} begins while the engine is cut off");
        let fenced = self.fenced.contains(&(trial.plan.clone(), from.clone()));
        let down = looks(loaded, from, &trial.moving, Verdict::Down);
        let excused = fenced || matches!(kind, MoveKind::Planned | MoveKind::Emergency) || overridden(Guard::Source);
        let agree = loaded.plan.failover.agree.max(1) as usize;
        assert!(excused || down >= agree, "{step} begins, and {down} of {agree} looks say that {from} is down");
        let lost = looks(loaded, to, &trial.moving, Verdict::Down);
        assert!(lost == 0 || overridden(Guard::Target), "{step} begins, and {to} is down");
        let final_without = definition.is_final() && !fenced && definition.fence.is_none();
        assert!(!final_without || overridden(Guard::Fence), "{step} is final, and {from} is not cut off");
    }

    fn done(&mut self, trial: &Trial, step: &StepId) {
        let step = trial.step(trial.place(step));
        let Some(from) = trial.procedure.from.clone() else { return };
        let key = (trial.plan.clone(), from);
        match &step.purpose {
            Purpose::Undo(of) if trial.step(trial.place(of)).fence.is_some() => drop(self.fenced.remove(&key)),
            _ if step.fence.is_some() => drop(self.fenced.insert(key)),
            _ => {}
        }
    }

    fn counts_down(&mut self, known: Known<'_>) {
        let entry = known.entry;
        assert_eq!(entry.by, Principal::Engine);
        match &entry.event {
            Event::CountdownBegan { plan, incident, procedure, window, .. } => {
                assert!(!self.disarmed.contains(plan), "{plan} is disarmed");
                assert!(!self.automatic.contains(incident), "{incident} had its automatic failover");
                let (incident, procedure, window) = (incident.clone(), procedure.clone(), *window);
                let counted = Counted { incident, procedure, began: entry.at.clone(), window };
                assert!(self.countdowns.insert(plan.clone(), counted).is_none(), "two at once");
            }
            Event::CountdownEnded { plan, why } => {
                let counted = self.countdowns.remove(plan).expect("nothing is counted down");
                if *why == CountdownEnd::Over {
                    self.over.insert(plan.clone(), counted);
                }
            }
            _ => unreachable!(),
        }
    }

    /// Once for an incident, never before everybody had the whole window to stop it, never while it is disarmed.
    fn may_begin_by_itself(
        &mut self,
        known: Known<'_>,
        plan: &PlanId,
        incident: &IncidentId,
        procedure: Option<&ProcedureId>,
    ) {
        assert_eq!(known.entry.by, Principal::Engine, "no person launches one as automatic");
        assert!(!self.disarmed.contains(plan), "{plan} is disarmed");
        assert!(self.automatic.insert(incident.clone()), "twice for {incident}");
        let counted = self.over.remove(plan).expect("nothing was counted down");
        assert_eq!((&counted.incident, Some(&counted.procedure)), (incident, procedure), "another one was announced");
        let had = super::passed(&known.entry.at, &counted.began);
        assert!(had >= counted.window, "begun after {had} of {}", counted.window);
    }
}

/// How many looks at a site, of what moves, say that; what is paused says nothing.
fn looks(loaded: &Loaded, site: &SiteId, moving: &BTreeSet<ComponentId>, verdict: Verdict) -> usize {
    let there = loaded.plan.probes().filter(|(component, probe)| {
        let moves = moving.is_empty() || moving.contains(&component.id);
        moves && probe.site.as_ref() == Some(site) && loaded.verdict(&probe.id) != Verdict::Paused
    });
    let of_probe =
        |id| loaded.probes.get(id).map_or(0, |known| known.places.values().filter(|s| s.verdict == verdict).count());
    there.map(|(_, probe)| of_probe(&probe.id)).sum()
}

/// What serves changes by steps that were done: all that is final is settled and some of it done; where nothing is, something was done.
fn may_move(trial: &Trial, site: &SiteId, components: &BTreeSet<ComponentId>) {
    assert!(trial.moves_traffic() && trial.procedure.to.as_ref() == Some(site));
    assert_eq!(*components, trial.moving);
    let counted = || (0..trial.steps.len()).filter(|at| trial.step(*at).counts());
    let done = |at: usize| trial.steps[at].is == Is::Done;
    let finals: Vec<usize> = counted().filter(|at| trial.step(*at).is_final()).collect();
    if finals.is_empty() {
        let acts = |at: usize| {
            let action = &trial.step(at).action;
            !trial.is_undo(at) && !action.only_looks() && !matches!(action, Action::Gate(_))
        };
        assert!((0..trial.steps.len()).any(|at| acts(at) && done(at)), "{} did nothing", trial.id);
    } else {
        assert!(finals.iter().all(|at| trial.steps[*at].is.is_settled()), "{} is not that far", trial.id);
        assert!(finals.iter().any(|at| done(*at)), "{} did nothing that is final", trial.id);
    }
}
