//! What triggers bring, by a reckoning of its own.

use std::collections::BTreeMap;

use warroom::core::event::Event;
use warroom::core::ids::{PlanId, Principal, ScenarioId};
use warroom::core::plan::{Method, ProcedureKind};
use warroom::core::scenario::Stands;

use super::Known;

/// How often each trigger that holds has brought something.
pub(super) type Held = BTreeMap<(PlanId, ScenarioId), usize>;

/// Holds an entry against what triggers may do.
pub(super) fn take(held: &mut Held, known: Known<'_>) {
    let Known { state, entry, .. } = known;
    match &entry.event {
        Event::TriggerMet { plan, scenario, saw } => {
            assert!(state.cut_off.is_none(), "an engine that is cut off sees {scenario}");
            assert!(saw.iter().all(|saw| saw.found != "ok"), "{saw:?}");
            let before = held.insert((plan.clone(), scenario.clone()), 0);
            assert!(before.is_none(), "{scenario} is met twice");
        }
        Event::TriggerPassed { plan, scenario } => {
            assert!(held.remove(&(plan.clone(), scenario.clone())).is_some(), "{scenario} passes and was not met");
        }
        Event::IncidentProposed(opening) => {
            if let Some(scenario) = &opening.scenario {
                brings(held, &opening.plan, scenario);
            }
        }
        Event::IncidentMatched { incident, scenario, .. } if entry.by == Principal::Engine => {
            let incident = &state.incidents[incident];
            assert!(
                !incident.scenarios.contains_key(scenario),
                "{scenario} is matched again, or after it was ruled out"
            );
            brings(held, &incident.plan, scenario);
        }
        // A new text may have another trigger under the same name.
        Event::PlanLoaded { plan, body: Some(body), .. } => {
            let before = state.plans.get(plan).map(|loaded| &loaded.plan);
            let same = |id: &ScenarioId| {
                before.is_some_and(|plan| {
                    plan.scenario(id).map(|s| &s.trigger) == body.plan.scenario(id).map(|s| &s.trigger)
                })
            };
            held.retain(|(of, scenario), _| of != plan || same(scenario));
        }
        Event::RunStarted { incident, procedure: Some(procedure), .. } if procedure.kind == ProcedureKind::Failover => {
            let forbids = state.incidents[incident]
                .scenarios
                .values()
                .find(|matched| matched.stands == Stands::Counts && !matched.allows.contains(&Method::Failover));
            assert!(forbids.is_none(), "a failover although {forbids:?}");
        }
        _ => {}
    }
}

fn brings(held: &mut Held, plan: &PlanId, scenario: &ScenarioId) {
    let times = held.get_mut(&(plan.clone(), scenario.clone()));
    let times = times.unwrap_or_else(|| panic!("{scenario} brings something and does not hold"));
    *times += 1;
    assert_eq!(*times, 1, "{scenario} brings something twice");
}
