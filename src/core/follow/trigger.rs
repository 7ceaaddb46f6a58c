//! What follows from the triggers of scenarios: conditions that come and pass, and the incidents that they bring.

use std::collections::BTreeSet;

use super::super::alert;
use super::super::decide::incident_id;
use super::super::event::{Event, Opening};
use super::super::health::{ProbeState, Verdict};
use super::super::ids::{CallSign, ProbeId};
use super::super::incident::{Incident, Phase};
use super::super::plan::{Component, Probe, Scenario, Severity, Then, Trigger};
use super::super::scenario::{Answer, Held, SAW_KEPT, Saw};
use super::super::state::{Loaded, State};
use super::super::time::{Moment, Now, Span, first_of};
use super::facts::OfPlan;

/// Conditions that begin to hold, and those that no longer do.
pub(super) fn changes(state: &State, loaded: &Loaded) -> Vec<Event> {
    if state.cut_off.is_some() {
        return Vec::new();
    }
    triggers(loaded).filter_map(|(scenario, trigger)| change(loaded, scenario, trigger)).collect()
}

fn change(loaded: &Loaded, scenario: &Scenario, trigger: &Trigger) -> Option<Event> {
    let (plan, id) = (loaded.plan.id.clone(), scenario.id.clone());
    let holds = |facts: OfPlan<'_>| trigger.when.holds(&facts).unwrap_or(false);
    let may_hold = || [Verdict::Down, Verdict::Degraded].iter().any(|to| holds(OfPlan::if_unknown(loaded, *to)));
    match (loaded.triggers.get(&scenario.id), holds(OfPlan::as_believed(loaded))) {
        (None, true) => Some(Event::TriggerMet { plan, scenario: id, saw: saw(loaded, trigger) }),
        // What nobody can see now may still be so: a trigger that was answered is not answered again for it.
        (Some(held), false) if held.answer == Answer::Awaited || !may_hold() => {
            Some(Event::TriggerPassed { plan, scenario: id })
        }
        _ => None,
    }
}

/// When a trigger will have held long enough.
pub(super) fn due(state: &State, loaded: &Loaded, now: &Now) -> Option<Moment> {
    let waits = awaited(state, loaded).map(|(_, trigger, held)| now.utc.plus(left(trigger, held, now)));
    waits.min()
}

/// What comes of triggers that have held long enough: an incident is proposed, or the open one is taken for the scenario.
pub(super) fn answer(state: &State, loaded: &Loaded, now: &Now) -> Option<Event> {
    let facts = OfPlan::as_believed(loaded);
    let is_ripe =
        |trigger: &Trigger, held| left(trigger, held, now) == Span::ZERO && trigger.when.holds(&facts) == Ok(true);
    let (scenario, trigger, held) = awaited(state, loaded).find(|(_, trigger, held)| is_ripe(trigger, held))?;
    Some(match state.incident_of(&loaded.plan.id) {
        Some(incident) => {
            let (incident, scenario) = (incident.id.clone(), scenario.id.clone());
            Event::IncidentMatched { incident, scenario, saw: saw(loaded, trigger), reason: None }
        }
        None => Event::IncidentProposed(opening(state, loaded, (scenario, trigger, held), now)),
    })
}

/// A proposal that the plan wants declared without asking anybody, and the words that fetch people.
pub(super) fn declaration(state: &State, loaded: &Loaded) -> Vec<Event> {
    let proposed = state.incident_of(&loaded.plan.id).filter(|incident| incident.phase == Phase::Proposed);
    let Some(incident) = proposed else { return Vec::new() };
    let by_itself = incident.counting().find(|(id, _)| {
        let trigger = loaded.plan.scenario(id).and_then(|scenario| scenario.trigger.as_ref());
        trigger.is_some_and(|trigger| matches!(trigger.then, Then::Declare | Then::Failover))
    });
    let Some((_, matched)) = by_itself else { return Vec::new() };
    let declared = Event::IncidentDeclared(Opening::of(incident));
    std::iter::once(declared).chain(page(loaded, incident, &matched.name)).collect()
}

fn page(loaded: &Loaded, incident: &Incident, scenario: &str) -> Option<Event> {
    let sign = &incident.call_sign;
    let nobody_leads = format!("{sign}: the engine declared {scenario}, {}. Nobody leads yet.", incident.severity);
    (!loaded.plan.pages.is_empty()).then(|| Event::UpdateSent {
        incident: incident.id.clone(),
        number: incident.updates.len() + 1,
        text: nobody_leads,
        channels: loaded.plan.pages.iter().cloned().collect(),
        of: None,
    })
}

fn triggers(loaded: &Loaded) -> impl Iterator<Item = (&Scenario, &Trigger)> {
    loaded.plan.scenarios.iter().filter_map(|scenario| Some((scenario, scenario.trigger.as_ref()?)))
}

/// Triggers that hold and that nothing has come of.
fn awaited<'a>(
    state: &State,
    loaded: &'a Loaded,
) -> impl Iterator<Item = (&'a Scenario, &'a Trigger, &'a Held)> + use<'a> {
    let sees = state.cut_off.is_none();
    let held = triggers(loaded).filter_map(|(scenario, trigger)| {
        let held = loaded.triggers.get(&scenario.id)?;
        (held.answer == Answer::Awaited).then_some((scenario, trigger, held))
    });
    // One that is open again was taken for it before.
    let taken = |id| state.incident_of(&loaded.plan.id).is_some_and(|incident| incident.scenarios.contains_key(id));
    let held: Vec<_> = held.filter(|(scenario, ..)| !taken(&scenario.id)).collect();
    let held = held.into_iter();
    held.filter(move |_| sees)
}

/// Whether the trigger of a scenario holds, and has for long enough.
pub(super) fn is_ripe(state: &State, loaded: &Loaded, scenario: &Scenario, now: &Now) -> bool {
    let held = scenario.trigger.as_ref().zip(loaded.triggers.get(&scenario.id));
    let sees = state.cut_off.is_none();
    held.is_some_and(|(trigger, held)| {
        sees && left(trigger, held, now) == Span::ZERO && trigger.when.holds(&OfPlan::as_believed(loaded)) == Ok(true)
    })
}

/// How long until triggers that ask for a failover, and that hold already, have held for long enough; the soonest.
pub(super) fn ripens(loaded: &Loaded, now: &Now) -> Option<Span> {
    let asks = triggers(loaded).filter(|(_, trigger)| trigger.then == Then::Failover);
    let held = asks.filter_map(|(scenario, trigger)| Some(left(trigger, loaded.triggers.get(&scenario.id)?, now)));
    held.filter(|left| *left > Span::ZERO).min()
}

fn left(trigger: &Trigger, held: &Held, now: &Now) -> Span {
    trigger.held_for.minus(now.surely_since(&held.since))
}

fn opening(state: &State, loaded: &Loaded, found: (&Scenario, &Trigger, &Held), now: &Now) -> Opening {
    let (scenario, trigger, held) = found;
    let parts: Vec<(&ProbeId, &ProbeState)> = causes(loaded, trigger).collect();
    let worst = parts.iter().filter_map(|(id, _)| loaded.severity_of(id)).max().unwrap_or(Severity::Low);
    let began = first_of(parts.iter().filter_map(|(_, seen)| seen.began())).unwrap_or(&held.since);
    let taken: Vec<&CallSign> = state.incidents.values().map(|i| &i.call_sign).collect();
    Opening {
        incident: incident_id(state, now),
        call_sign: CallSign::pick(state.incidents_so_far, &taken),
        plan: loaded.plan.id.clone(),
        severity: scenario.impact.max(worst),
        title: None,
        began: began.clone(),
        causes: parts.into_iter().map(|(id, _)| id.clone()).collect(),
        alerts: alert::fresh(loaded).map(|said| said.alert.key.clone()).collect(),
        scenario: Some(scenario.id.clone()),
        saw: saw(loaded, trigger),
    }
}

/// The parts that a trigger asks about and that are not well, and whatever else is in trouble and nobody works on.
fn causes<'a>(loaded: &'a Loaded, trigger: &Trigger) -> impl Iterator<Item = (&'a ProbeId, &'a ProbeState)> + use<'a> {
    let asked = loaded.plan.probes().filter(|(component, probe)| {
        let of_site = || trigger.when.sites().any(|site| is_at(probe, site));
        let of_component = || trigger.when.components().any(|asked| is_of(component, probe, asked));
        let poor = || matches!(loaded.verdict_of(component, probe), Verdict::Down | Verdict::Degraded);
        (of_site() || of_component()) && poor()
    });
    let all: BTreeSet<&ProbeId> = asked.map(|(_, probe)| &probe.id).chain(loaded.fresh_trouble()).collect();
    all.into_iter().filter_map(|id| Some((id, loaded.probes.get(id)?)))
}

fn is_at(probe: &Probe, site: &str) -> bool {
    probe.site.as_ref().is_some_and(|at| at.as_str() == site)
}

/// Whether a probe looks at what a condition names: `db`, or `db.west`.
fn is_of(component: &Component, probe: &Probe, asked: &str) -> bool {
    let id = component.id.as_str();
    id == asked || asked.strip_prefix(id).and_then(|rest| rest.strip_prefix('.')).is_some_and(|site| is_at(probe, site))
}

/// All that a condition asks about and that is not well, with the evidence of the worst part.
fn saw(loaded: &Loaded, trigger: &Trigger) -> Vec<Saw> {
    let facts = OfPlan::as_believed(loaded);
    let sites = trigger.when.sites().map(|id| {
        let why = evidence(loaded, |_, probe| is_at(probe, id));
        (format!("site.{id}"), facts.site_verdict(id), why)
    });
    let components = trigger.when.components().map(|id| {
        let why = evidence(loaded, |component, probe| is_of(component, probe, id));
        (format!("component.{id}"), facts.component_verdict(id), why)
    });
    let poor = sites.chain(components).filter(|(_, verdict, _)| *verdict != Verdict::Ok);
    let seen = poor.map(|(what, verdict, why)| Saw { what, found: verdict.word().to_owned(), why });
    let alerts = facts.firing(&trigger.when);
    seen.chain(alerts).take(SAW_KEPT).collect()
}

/// The worst of some parts, and why it is called so.
fn evidence(loaded: &Loaded, which: impl Fn(&Component, &Probe) -> bool) -> String {
    let some = loaded.plan.probes().filter(|(component, probe)| which(component, probe));
    let worst = some.max_by_key(|(component, probe)| loaded.verdict_of(component, probe));
    let said = worst.and_then(|(_, probe)| Some((probe, loaded.probes.get(&probe.id)?)));
    said.map_or_else(String::new, |(probe, seen)| format!("{}: {}", probe.id, seen.why))
}
