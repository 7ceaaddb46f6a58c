//! The graph of a run against the plan's own words: whatever a step waits for there, it waits for here, in every pass and call.

use std::collections::BTreeSet;

use warroom::core::ids::StepId;
use warroom::core::plan::{Action, Needs, Purpose, Return, Step};
use warroom::core::state::Loaded;

use super::trial::Trial;

/// Whether a step of a run comes from that step of the plan: as itself, as a pass, inside its call, or to mend it.
fn is_of(laid: &Step, written: &StepId) -> bool {
    let (laid, written) = (laid.id.as_str(), written.as_str());
    laid == written || laid.strip_prefix(written).is_some_and(|rest| rest.starts_with('.'))
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
    for step in steps.iter().filter(|s| !matches!(s.purpose, Purpose::Undo(_))) {
        let all = written.preconditions.iter().chain(&written.steps);
        assert_eq!(all.filter(|w| is_of(step, &w.id)).count(), 1, "{} comes from nowhere", step.id);
    }
}
