//! Folds an event into the state. Total: whatever the journal holds, it folds; rules were checked before.

mod alert;
mod failover;
mod outages;
mod scenario;
mod step;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::agenda;
use super::comms::{Delivery, Update};
use super::event::{Event, Opening, PlanBody};
use super::forecast::{AtStart, COMPARED, compared};
use super::health::{Belief, Pause, ProbeState, Verdict};
use super::ids::{IncidentId, PlanId, ProbeId, RunId};
use super::impact::Assessed;
use super::incident::{Correction, Incident, Phase};
use super::outage::{self, Because, Outages};
use super::plan::{Plan, Probe, Procedure};
use super::run::{Board, Course, Graph, Run, RunResult, RunState, StepRun, StepState};
use super::state::{ENDED_KEPT, Entry, Loaded, Probes, State, TIMELINE_KEPT, TOOK_KEPT, TOOK_STEPS};
use super::time::{Now, first_of, last_of};

/// Folds an entry of the journal into the state.
pub fn apply(state: &mut State, entry: &Entry) {
    match &entry.event {
        Event::EngineStarted { mode, people, channels, .. } => {
            state.mode = *mode;
            state.people = people.iter().map(|p| (p.principal.clone(), Arc::new(p.clone()))).collect();
            state.channels.clone_from(channels);
            state.cut_off = None;
            forget_health(state, &entry.at);
        }
        Event::PlanLoaded { plan, hash, body: Some(PlanBody { plan: body, .. }), .. } => {
            let before = state.plans.get(plan);
            let probes = kept_probes(body, before);
            let pauses = before.map_or_else(Vec::new, |before| before.pauses.clone());
            let active = before
                .and_then(|l| l.active.clone().filter(|site| body.site(site).is_some()))
                .or_else(|| body.primary().map(|s| s.id.clone()));
            let triggers = scenario::kept(body, before);
            let alerts = before.map(|before| before.alerts.clone()).unwrap_or_default();
            let loaded = Loaded::new(Arc::clone(body), hash.clone(), probes, pauses, active);
            let kept = before.map(|before| Loaded::clone(before));
            let loaded = match kept {
                Some(Loaded { moved_apart, fences, moves, automation, .. }) => {
                    Loaded { triggers, alerts, moved_apart, fences, moves, automation, ..loaded }
                }
                None => Loaded { triggers, alerts, ..loaded },
            };
            state.plans.insert(plan.clone(), Arc::new(loaded));
            outages::of_plan(state, plan, Because::OthersCount, &entry.at);
        }
        Event::ProbeChanged { plan, probe, change } => {
            let incident = state.incident_of(plan).map(|i| i.id.clone());
            let paused = state.plans.get(plan).is_some_and(|loaded| loaded.verdict(probe) == Verdict::Paused);
            change_probe(state, plan, probe, |known| {
                known.take(change);
                // An outage that begins while an incident is open joins it; one that ended is free to be proposed again.
                known.covered_by = match (known.verdict, known.is_trouble() && !paused) {
                    (Verdict::Ok, _) => None,
                    (_, true) => known.covered_by.take().or(incident.clone()),
                    (_, false) => known.covered_by.take(),
                };
            });
            let raises = state.plans.get(plan).is_some_and(|loaded| loaded.raises(probe));
            if let Some(id) = incident.filter(|_| raises) {
                join(state, plan, &id, probe);
            }
            outages::of_probe(state, plan, probe, &entry.at);
        }
        Event::AlertRaised { plan, alert } => alert::raised(state, entry, plan, alert),
        Event::AlertEnded { plan, key, at, .. } => alert::ended(state, plan, key, *at),
        Event::HealthPaused { plan, of, length, reason } => {
            let (by, at) = (entry.by.clone(), entry.at.clone());
            let pause = Pause { of: of.clone(), by, at, length: *length, reason: reason.clone() };
            loaded_mut(state, plan, |loaded| loaded.pause(pause));
            outages::of_plan(state, plan, Because::OthersCount, &entry.at);
        }
        Event::HealthResumed { plan, of } => {
            loaded_mut(state, plan, |loaded| loaded.resume(of));
            outages::of_plan(state, plan, Because::OthersCount, &entry.at);
        }
        Event::EngineCutOff { why } => {
            state.cut_off = Some((entry.at.clone(), why.clone()));
            for loaded in state.plans.values_mut() {
                Arc::make_mut(loaded).change_all(|probe| probe.forget("the engine is cut off"));
            }
        }
        Event::EngineConnected => state.cut_off = None,
        Event::TriggerMet { plan, scenario, saw } => scenario::met(state, entry, plan, scenario, saw),
        Event::TriggerPassed { plan, scenario } => scenario::passed(state, plan, scenario),
        Event::IncidentMatched { incident, scenario, saw, .. } => {
            scenario::matched(state, entry, incident, scenario, saw);
        }
        Event::ScenarioRuledOut { incident, scenario, reason } => {
            scenario::ruled_out(state, entry, incident, scenario, reason);
        }
        Event::SiteActivated { plan, site, run, components } => {
            failover::activated(state, entry, (plan, site), *run, components);
            outages::of_plan(state, plan, Because::OthersCount, &entry.at);
        }
        Event::IncidentProposed(opening) => open(state, entry, opening, Phase::Proposed),
        Event::IncidentDeclared(opening) => open(state, entry, opening, Phase::Declared),
        Event::IncidentDismissed { incident, reason } => {
            incident_mut(state, incident, |i| i.phase = Phase::Dismissed { reason: reason.clone() });
            scenario::acknowledged(state, incident);
            forget_ended(state, incident);
        }
        Event::IncidentRecovering { incident } => incident_mut(state, incident, |i| i.phase = Phase::Recovering),
        Event::IncidentVerifying { incident, since } => {
            incident_mut(state, incident, |i| i.phase = Phase::Verifying { since: since.clone() });
        }
        Event::IncidentRelapsed { incident } => {
            let ran = state.runs_of(incident).next().is_some();
            incident_mut(state, incident, |i| {
                i.phase = if ran { Phase::Recovering } else { Phase::Declared };
                i.stopped = None;
            });
        }
        Event::IncidentRecovered { incident, stopped } => incident_mut(state, incident, |i| {
            i.phase = Phase::Recovered;
            i.stopped = Some(stopped.clone());
        }),
        Event::IncidentClosed { incident, reason } => {
            incident_mut(state, incident, |i| {
                i.stopped.get_or_insert_with(|| entry.at.clone());
                i.phase = Phase::Closed { reason: reason.clone() };
            });
            scenario::acknowledged(state, incident);
            forget_ended(state, incident);
        }
        Event::IncidentCancelled { incident, reason } => {
            incident_mut(state, incident, |i| {
                i.stopped.get_or_insert_with(|| entry.at.clone());
                i.phase = Phase::Cancelled { reason: reason.clone() };
            });
            scenario::acknowledged(state, incident);
            forget_ended(state, incident);
        }
        Event::IncidentReopened { incident, .. } => {
            incident_mut(state, incident, |i| {
                i.phase = Phase::Declared;
                i.stopped = None;
            });
            if let Some(plan) = state.incidents.get(incident).map(|i| i.plan.clone()) {
                outages::of_plan(state, &plan, Because::OfBelief, &entry.at);
            }
        }
        Event::IncidentBeganCorrected { incident, from, to, reason } => incident_mut(state, incident, |i| {
            let noticed = first_of([&i.detected, &i.declared].into_iter().flatten()).unwrap_or(&i.began).clone();
            outage::follow(&mut i.outages, &noticed, to);
            let seen = i.corrected.take().map_or_else(|| from.clone(), |earlier| earlier.seen);
            let (by, at) = (entry.by.clone(), entry.at.clone());
            i.corrected = Some(Correction { seen, by, at, reason: reason.clone() });
            i.began = to.clone();
        }),
        Event::IncidentAssessed { incident, assessment } => incident_mut(state, incident, |i| {
            let (at, by) = (entry.at.clone(), entry.by.clone());
            i.assessed = Some(Arc::new(Assessed { at, by, assessment: Arc::clone(assessment) }));
        }),
        Event::RoleAssigned { incident, role, to } => incident_mut(state, incident, |i| {
            i.roles.insert(role.clone(), to.clone());
        }),
        Event::TaskChanged { incident, number, change } => incident_mut(state, incident, |i| {
            agenda::change_task(&mut i.tasks, *number, change, (&entry.by, &entry.at));
        }),
        Event::DecisionChanged { incident, number, change } => incident_mut(state, incident, |i| {
            agenda::change_decision(&mut i.decisions, *number, change, (&entry.by, &entry.at));
        }),
        Event::UpdateSent { incident, text, channels, of, .. } => incident_mut(state, incident, |i| {
            let waiting = Delivery::Waiting { tries: 0, next: entry.at.utc, last: None, rest: None };
            i.updates.push(Update {
                by: entry.by.clone(),
                at: entry.at.clone(),
                text: text.clone(),
                of: of.clone(),
                deliveries: channels.iter().map(|c| (c.clone(), waiting.clone())).collect(),
            });
        }),
        Event::DeliveryTried { incident, number, channel, attempt } => incident_mut(state, incident, |i| {
            let update = number.checked_sub(1).and_then(|n| i.updates.get_mut(n));
            if let Some(delivery) = update.and_then(|u| u.deliveries.get_mut(channel)) {
                *delivery = delivery.after(attempt, &entry.at);
            }
        }),
        Event::RunStarted { run, procedure: Some(procedure), .. } => begin(state, entry, *run, procedure),
        Event::RunHeld { run, reason } => run_mut(state, *run, |r| {
            r.state = RunState::Held { by: entry.by.clone(), reason: reason.clone(), at: entry.at.clone() };
        }),
        Event::RunOverdue { run, limit } => run_mut(state, *run, |r| {
            let reason = Some(format!("the engine has been at it for {limit}, all that it may take"));
            r.state = RunState::Held { by: entry.by.clone(), reason, at: entry.at.clone() };
            r.overdue = Some(entry.at.clone());
        }),
        Event::RunTurnedBack { run, why } => run_mut(state, *run, |r| {
            r.state = RunState::Going;
            r.course = Course::Back { by: entry.by.clone(), why: why.clone(), at: entry.at.clone() };
        }),
        Event::RunResumed { run } => run_mut(state, *run, |r| {
            r.state = RunState::Going;
            r.guarded.clear();
        }),
        Event::RunEnded { run, result } => {
            run_mut(state, *run, |r| {
                r.state = RunState::Ended { result: result.clone(), at: entry.at.clone() };
            });
            remember_durations(state, *run);
            remember_forecast(state, *run, &entry.at);
        }
        Event::NoteAdded { .. }
        | Event::EngineStopped
        | Event::PlanLoaded { body: None, .. }
        | Event::RunStarted { procedure: None, .. } => {}
        Event::RunGuarded { .. }
        | Event::RunTurnedEmergency { .. }
        | Event::GlassBroken { .. }
        | Event::GlassPutBack { .. }
        | Event::MoveCommitted { .. }
        | Event::CommitOverdue { .. }
        | Event::CountdownBegan { .. }
        | Event::CountdownEnded { .. }
        | Event::AutomaticRefused { .. }
        | Event::AutomationStopped { .. }
        | Event::AutomationArmed { .. } => failover::apply(state, entry),
        step_event => step::apply(state, entry, step_event),
    }
    remember(state, entry);
}

/// A run begins, with every step where it starts.
fn begin(state: &mut State, entry: &Entry, run: RunId, procedure: &Arc<Procedure>) {
    let Event::RunStarted { incident, plan, hash, values, graph, components, moving, move_kind, .. } = &entry.event
    else {
        return;
    };
    state.runs_so_far = state.runs_so_far.max(run.0);
    let known = graph.as_ref().filter(|graph| graph.len() == procedure.steps.len());
    let mut started = Run {
        id: run,
        incident: incident.clone(),
        plan: plan.clone(),
        plan_hash: hash.clone(),
        graph: known.map_or_else(|| Arc::new(Graph::chain(&procedure.steps)), Arc::clone),
        components: components.clone(),
        steps: procedure.steps.iter().map(|s| StepRun::pending(s.id.clone())).collect(),
        procedure: Arc::clone(procedure),
        values: values.clone(),
        by: entry.by.clone(),
        started: entry.at.clone(),
        state: RunState::Going,
        course: Course::Forward,
        overdue: None,
        foretold: AtStart::NotBegun,
        results: BTreeMap::new(),
        board: Board::default(),
        moving: moving.clone(),
        move_kind: *move_kind,
        guarded: Vec::new(),
    };
    started.lay_out();
    state.runs.insert(run, Arc::new(started));
}

/// What was done, and how long it took, is what the next run is told to expect.
fn remember_durations(state: &mut State, run: RunId) {
    let Some(run) = state.runs.get(&run).cloned() else { return };
    // An aborted run may be taken up again, and its steps would count twice.
    let aborted = matches!(run.state, RunState::Ended { result: RunResult::Aborted { .. }, .. });
    if aborted || run.steps.len() > TOOK_STEPS {
        return;
    }
    let of_plan = state.took.entry(run.plan.clone()).or_default();
    let of_procedure = Arc::make_mut(of_plan.entry(run.procedure.id.clone()).or_default());
    for (step, seen) in run.pairs() {
        if let StepState::Done { took, .. } = &seen.state {
            let all = of_procedure.entry(step.id.clone()).or_default();
            all.push(*took);
            all.drain(..all.len().saturating_sub(TOOK_KEPT));
        }
    }
}

fn loaded_mut(state: &mut State, plan: &PlanId, change: impl FnOnce(&mut Loaded)) {
    if let Some(loaded) = state.plans.get_mut(plan) {
        change(Arc::make_mut(loaded));
    }
}

/// What was foretold beside what it took is what people are told of forecasts.
fn remember_forecast(state: &mut State, run: RunId, at: &Now) {
    let Some(run) = state.runs.get(&run).cloned() else { return };
    let Some(compared) = compared(&run, at) else { return };
    let of_plan = state.forecasts.entry(run.plan.clone()).or_default();
    let all = Arc::make_mut(of_plan.entry(run.procedure.id.clone()).or_default());
    all.push(compared);
    all.drain(..all.len().saturating_sub(COMPARED));
}

/// An outage becomes part of an incident, and makes a proposal as grave as it is.
fn join(state: &mut State, plan: &PlanId, incident: &IncidentId, probe: &ProbeId) {
    let severity = state.plans.get(plan).and_then(|loaded| loaded.severity_of(probe));
    incident_mut(state, incident, |i| {
        i.causes.insert(probe.clone());
        if i.phase == Phase::Proposed {
            i.severity = severity.map_or(i.severity, |s| i.severity.max(s));
        }
    });
}

/// A new engine has looked at nothing yet. What was ok is taken to have been so until the last sign of life of the one before;
/// what stands beside the start was written by the new one.
fn forget_health(state: &mut State, started: &Now) {
    let last_sign = state.timeline.iter().rev().map(|entry| &entry.at).find(|at| *at != started).cloned();
    for loaded in state.plans.values_mut() {
        Arc::make_mut(loaded).change_all(|probe| {
            let forget = |belief: &mut Belief| {
                if belief.verdict == Verdict::Ok {
                    belief.last_good = last_of(belief.since.iter().chain(&last_sign)).cloned();
                }
                belief.since = None;
            };
            forget(&mut probe.belief);
            probe.places.values_mut().for_each(forget);
            probe.forget("not looked at since the engine started");
        });
    }
}

/// What is known of the probes that a new text still has, and that still look at the same.
fn kept_probes(plan: &Plan, before: Option<&Arc<Loaded>>) -> Probes {
    let known = |probe: &Probe| {
        let before = before?;
        let earlier = before.probe(&probe.id)?.1;
        (earlier.look == probe.look && earlier.site == probe.site).then(|| before.probes.get(&probe.id).cloned())?
    };
    plan.probes().map(|(_, probe)| (probe.id.clone(), known(probe).unwrap_or_default())).collect()
}

fn open(state: &mut State, entry: &Entry, opening: &Opening, phase: Phase) {
    let declared = (phase == Phase::Declared).then(|| entry.at.clone());
    if !state.incidents.contains_key(&opening.incident) {
        state.incidents_so_far = state.incidents_so_far.saturating_add(1);
        let Some(loaded) = state.plans.get(&opening.plan) else { return };
        let incident = Incident {
            id: opening.incident.clone(),
            call_sign: opening.call_sign.clone(),
            plan: opening.plan.clone(),
            plan_hash: loaded.hash.clone(),
            environment: loaded.plan.environment,
            severity: opening.severity,
            title: None,
            phase: Phase::Proposed,
            began: opening.began.clone(),
            detected: declared.is_none().then(|| entry.at.clone()),
            declared: None,
            stopped: None,
            causes: opening.causes.clone(),
            scenarios: BTreeMap::new(),
            alerts: BTreeMap::new(),
            roles: BTreeMap::new(),
            outages: Outages::default(),
            corrected: None,
            updates: Vec::new(),
            assessed: None,
            glass: Vec::new(),
            tasks: Vec::new(),
            decisions: Vec::new(),
            owed: None,
        };
        state.incidents.insert(opening.incident.clone(), Arc::new(incident));
    }
    incident_mut(state, &opening.incident, |i| {
        i.phase = phase;
        i.severity = opening.severity;
        i.title.clone_from(&opening.title);
        i.declared = declared.or(i.declared.take());
        i.causes.extend(opening.causes.iter().cloned());
    });
    if let Some(id) = &opening.scenario {
        scenario::matched(state, entry, &opening.incident, id, &opening.saw);
    }
    for probe in &opening.causes {
        change_probe(state, &opening.plan, probe, |known| known.covered_by = Some(opening.incident.clone()));
    }
    alert::cover(state, &opening.plan, &opening.incident, opening.alerts.iter());
    outages::of_plan(state, &opening.plan, Because::OfBelief, &entry.at);
}

/// Keeps the last few ended incidents, the one that has just ended always, and those that still owe the world words; the journal
/// keeps all.
fn forget_ended(state: &mut State, just_ended: &IncidentId) {
    let ended = || state.incidents.values().filter(|i| !i.phase.is_open());
    let surplus = ended().count().saturating_sub(ENDED_KEPT);
    let done_with = ended().filter(|i| i.id != *just_ended && !i.owes_words()).map(|i| i.id.clone());
    for id in done_with.take(surplus).collect::<Vec<_>>() {
        state.incidents.remove(&id);
        state.runs.retain(|_, run| run.incident != id);
    }
}

/// Adds the row that people read.
fn remember(state: &mut State, entry: &Entry) {
    state.timeline.push_back(Arc::new(Entry { event: entry.event.brief(), ..entry.clone() }));
    while state.timeline.len() > TIMELINE_KEPT {
        state.timeline.pop_front();
    }
}

fn incident_mut(state: &mut State, id: &IncidentId, change: impl FnOnce(&mut Incident)) {
    if let Some(incident) = state.incidents.get_mut(id) {
        change(Arc::make_mut(incident));
    }
}

fn run_mut(state: &mut State, id: RunId, change: impl FnOnce(&mut Run)) {
    if let Some(run) = state.runs.get_mut(&id) {
        change(Arc::make_mut(run));
    }
}

fn change_probe(state: &mut State, plan: &PlanId, probe: &ProbeId, change: impl FnOnce(&mut ProbeState)) {
    loaded_mut(state, plan, |loaded| loaded.change(probe, change));
}
