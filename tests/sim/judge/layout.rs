//! The graph of a run against the plan's own words: whatever a step waits for there, it waits for here, in every pass and call.

use std::collections::BTreeSet;

use warroom::core::ids::StepId;
use warroom::core::plan::{Action, Each, List, Needs, Order, Plan, Purpose, Return, Step};
use warroom::core::state::Loaded;

use super::trial::Trial;

/// Whether a step of a run comes from that step of the plan: as itself, as a pass, inside its call, or to mend it.
fn is_of(laid: &Step, written: &StepId) -> bool {
    let (laid, written) = (laid.id.as_str(), written.as_str());
    laid == written || laid.strip_prefix(written).is_some_and(|rest| rest.starts_with('.'))
}

/// The components that one depends on, however far.
fn needed_by<'p>(plan: &'p Plan, component: &'p str) -> BTreeSet<&'p str> {
    let mut found = BTreeSet::new();
    let mut open = vec![component];
    while let Some(next) = open.pop() {
        let known = plan.components.iter().filter(|c| c.id.as_str() == next);
        open.extend(known.flat_map(|c| &c.dependencies).map(|id| id.as_str()).filter(|id| found.insert(*id)));
    }
    found
}

pub(super) fn is_as_written(trial: &Trial, loaded: &Loaded) {
    let steps = &trial.procedure.steps;
    let before: Vec<BTreeSet<usize>> = (0..steps.len()).map(|place| trial.before(place)).collect();
    for (place, step) in steps.iter().enumerate() {
        assert!(!before[place].contains(&place), "{} waits for itself", step.id);
        assert!(step.each.is_none() && step.undo.is_none(), "{} is not laid out", step.id);
        assert!(!matches!(step.action, Action::Procedure(_)), "{} is a call, not laid out", step.id);
        let gate = |at: &usize| matches!(steps[*at].action, Action::Gate(_));
        let gated = before[place].iter().any(gate);
        assert!(step.way_back == Return::Open || gated, "there is no return from {}, and no gate", step.id);
    }
    let Some(written) = loaded.plan.procedure(&trial.procedure.id) else { return };
    let of = |id: &StepId| -> Vec<usize> {
        let forward = |at: &usize| !trial.is_undo(*at) && is_of(&steps[*at], id);
        (0..steps.len()).filter(forward).collect()
    };
    let waits = |later: &StepId, earlier: &StepId| {
        for at in of(later) {
            for need in of(earlier) {
                let (at_id, need_id) = (&steps[at].id, &steps[need].id);
                assert!(before[at].contains(&need), "{at_id} does not wait for {need_id}");
            }
        }
    };
    for (n, step) in written.steps.iter().enumerate() {
        assert!(!of(&step.id).is_empty(), "{} is missing", step.id);
        written.preconditions.iter().for_each(|check| waits(&step.id, &check.id));
        match &step.needs {
            Needs::Above => written.steps[..n].iter().for_each(|above| waits(&step.id, &above.id)),
            Needs::These(ids) => ids.iter().for_each(|id| waits(&step.id, id)),
        }
    }
    for step in &written.steps {
        let by_dependencies = |each: &&Each| matches!(&each.list, List::Components { order: Order::Dependencies, .. });
        if step.each.as_ref().filter(by_dependencies).is_none() {
            continue;
        }
        // What the step calls may go through components too: its own are the ones that come first in the ids.
        let rest = |at: &usize| steps[*at].id.as_str().strip_prefix(step.id.as_str())?.strip_prefix('.');
        let pass = |at: &usize| rest(at)?.split('.').next();
        for at in of(&step.id) {
            let needed = pass(&at).map(|of| needed_by(&loaded.plan, of)).unwrap_or_default();
            let earlier = of(&step.id).into_iter().filter(|other| pass(other).is_some_and(|of| needed.contains(of)));
            for need in earlier {
                let (at_id, need_id) = (&steps[at].id, &steps[need].id);
                assert!(before[at].contains(&need), "{at_id} does not wait for {need_id}, which it depends on");
            }
        }
    }
    for step in steps.iter().filter(|s| !matches!(s.purpose, Purpose::Undo(_))) {
        let all = written.preconditions.iter().chain(&written.steps);
        assert_eq!(all.filter(|w| is_of(step, &w.id)).count(), 1, "{} comes from nowhere", step.id);
    }
}
