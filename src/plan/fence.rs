//! Doubts about failovers that their guards would refuse: nothing that cuts off what is left, and too few looks to say that it is down.
//!
//! The same rule as the guard's (`core::failover`), so that nobody meets it at three in the morning.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::dead_site::Within;
use crate::core::ids::{ProcedureId, StepId};
use crate::core::plan::{Action, Needs, OnFailure, Plan, Procedure, ProcedureKind, Step};

use super::dead_site::{head, of_procedure, step};
use super::fault::Faults;
use super::tree::Node;

/// Most fences of a procedure that are looked at.
const MOST_FENCES: usize = 64;

/// How deep calls are followed; deeper ones are circles, which are an error of their own.
const MOST_CALLS: usize = 16;

const RIGHT: &str = "a step with fence: power, network, credentials, server or load_balancer";

/// Notes each such doubt, where it stands.
pub(crate) fn check(plan: &Plan, root: &Node, faults: &Faults<'_>) {
    let walk = Walk { plan, known: std::cell::RefCell::default() };
    for procedure in &plan.procedures {
        if faults.is_full() {
            return;
        }
        let Some(node) = of_procedure(root, &procedure.id) else { continue };
        if procedure.kind != ProcedureKind::Failover && procedure.kind != ProcedureKind::Failback {
            idle(plan, procedure, node, faults);
            continue;
        }
        fenced(&walk, procedure, node, faults);
        looked_at(plan, procedure, node, faults);
    }
}

/// Fences that no failover does, not even by a call.
fn idle(plan: &Plan, procedure: &Procedure, node: &Node, faults: &Faults<'_>) {
    let calls = |other: &Procedure| other.steps.iter().any(|step| callee(step) == Some(&procedure.id));
    if plan.procedures.iter().any(calls) {
        return;
    }
    let mends = |of: &Step| match &of.on_failure {
        OnFailure::Do(steps) => steps.clone(),
        _ => Vec::new(),
    };
    let own = procedure.steps.iter().map(|step| (Within::Work, step.clone()));
    let handlers = procedure.steps.iter().flat_map(mends).map(|step| (Within::Mend, step));
    for (within, fence) in own.chain(handlers).filter(|(_, step)| step.fence.is_some()) {
        let at = step(node, fence.id.as_str(), within).and_then(|node| node.peek("fence"));
        let what = format!("fence says nothing in a procedure that moves nothing: {} is no failover", procedure.id);
        faults.warning(at.map_or_else(|| head(node), |node| node.at), what, Some("fence left out".to_owned()));
    }
}

/// A failover with nothing that cuts off what it leaves.
fn fenced(walk: &Walk<'_>, procedure: &Procedure, node: &Node, faults: &Faults<'_>) {
    let found = walk.of(&procedure.id, 0);
    if !found.is_final && !moves_data(walk.plan, procedure) {
        return;
    }
    let id = &procedure.id;
    let why = match (&found.first_final, moves_data(walk.plan, procedure)) {
        (Some(last), _) => format!("there is no return from {last}"),
        (None, _) => "replicated data moves".to_owned(),
    };
    let before = if found.is_final { " before it" } else { "" };
    let what = match (found.fences, found.fences_in_emergency) {
        (Fences::First, Fences::First) => return,
        (Fences::First, _) => {
            format!("in an emergency {id} is refused: {why}, and what cuts off the site that is left is then skipped")
        }
        _ => format!("{id} is refused at launch: {why}, and no step{before} cuts off the site that is left"),
    };
    faults.warning(head(node), what, Some(RIGHT.to_owned()));
}

fn moves_data(plan: &Plan, procedure: &Procedure) -> bool {
    let ends = [procedure.from.as_ref(), procedure.to.as_ref()];
    let replications = plan.components.iter().filter_map(|component| component.replication.as_ref());
    replications.map(|r| [Some(&r.from), Some(&r.to)]).any(|of| of.iter().all(|site| ends.contains(site)))
}

/// A failover whose source fewer look at than have to say that it is down.
fn looked_at(plan: &Plan, procedure: &Procedure, node: &Node, faults: &Faults<'_>) {
    let (ProcedureKind::Failover, Some(from)) = (procedure.kind, &procedure.from) else { return };
    let there = plan.probes().filter(|(_, probe)| probe.site.as_ref() == Some(from));
    let looks: usize = there.map(|(_, probe)| probe.from.len()).sum();
    let agree = plan.failover.agree;
    if usize::try_from(agree).is_ok_and(|agree| looks >= agree) {
        return;
    }
    let at = node.peek("from").map_or_else(|| head(node), |from| from.at);
    let what = format!(
        "{} is refused when {from} is down: too few look there to say so, {looks}, limit {agree} (agree in failover)",
        procedure.id
    );
    let right = format!("probes of {from}, or places that they look from, for {agree} in all");
    faults.warning(at, what, Some(right));
}

fn callee(step: &Step) -> Option<&ProcedureId> {
    match &step.action {
        Action::Procedure(call) => Some(&call.procedure),
        _ => None,
    }
}

/// Whether something fences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fences {
    /// Before everything that is final.
    First,
    /// Not so.
    No,
}

/// What steps of a procedure do, those that it calls among them.
#[derive(Debug, Clone)]
struct Found {
    is_final: bool,
    first_final: Option<StepId>,
    fences: Fences,
    fences_in_emergency: Fences,
}

struct Walk<'p> {
    plan: &'p Plan,
    known: std::cell::RefCell<BTreeMap<ProcedureId, Found>>,
}

impl Walk<'_> {
    fn of(&self, id: &ProcedureId, depth: usize) -> Found {
        let nothing = Found { is_final: false, first_final: None, fences: Fences::No, fences_in_emergency: Fences::No };
        if let Some(found) = self.known.borrow().get(id) {
            return found.clone();
        }
        let Some(procedure) = self.plan.procedure(id).filter(|_| depth < MOST_CALLS) else { return nothing };
        let inner: Vec<Option<Found>> =
            procedure.steps.iter().map(|step| callee(step).map(|id| self.of(id, depth + 1))).collect();
        let is_final =
            |n: usize| procedure.steps[n].is_final() || inner[n].as_ref().is_some_and(|inner| inner.is_final);
        let finals: Vec<usize> = (0..procedure.steps.len()).filter(|n| is_final(*n)).collect();
        let first_final = finals.first().map(|n| procedure.steps[*n].id.clone());
        let order = Order::new(procedure);
        let fences = |is_fence: &dyn Fn(usize) -> bool| {
            let all: Vec<usize> = (0..procedure.steps.len()).filter(|n| is_fence(*n)).take(MOST_FENCES).collect();
            let is_first = all.iter().any(|fence| {
                let after = order.after(*fence);
                finals.iter().all(|last| last == fence || after[*last])
            });
            if is_first { Fences::First } else { Fences::No }
        };
        let calm = |n: usize| {
            procedure.steps[n].fence.is_some() || inner[n].as_ref().is_some_and(|i| i.fences == Fences::First)
        };
        let burning = |n: usize| {
            let step = &procedure.steps[n];
            let own = step.fence.is_some() && !step.is_left_out_in_emergencies();
            own || inner[n].as_ref().is_some_and(|i| i.fences_in_emergency == Fences::First)
        };
        let found = Found {
            is_final: !finals.is_empty(),
            first_final,
            fences: fences(&calm),
            fences_in_emergency: fences(&burning),
        };
        self.known.borrow_mut().insert(id.clone(), found.clone());
        found
    }
}

/// What waits for what among the steps of one procedure, as written.
struct Order {
    /// Steps that wait for all above them.
    above: Vec<bool>,
    /// Steps that wait for each by name.
    named: Vec<Vec<usize>>,
}

impl Order {
    fn new(procedure: &Procedure) -> Order {
        let places: BTreeMap<&StepId, usize> = procedure.steps.iter().enumerate().map(|(n, s)| (&s.id, n)).collect();
        let mut named = vec![Vec::new(); procedure.steps.len()];
        let mut above = Vec::with_capacity(procedure.steps.len());
        for (n, step) in procedure.steps.iter().enumerate() {
            above.push(step.needs == Needs::Above);
            if let Needs::These(ids) = &step.needs {
                ids.iter().filter_map(|id| places.get(id)).for_each(|need| named[*need].push(n));
            }
        }
        Order { above, named }
    }

    /// For each step whether it waits for that one.
    fn after(&self, step: usize) -> Vec<bool> {
        let mut found = vec![false; self.above.len()];
        // All that wait for everything above them and stand below this were found.
        let mut swept = self.above.len();
        let mut open = vec![step];
        while let Some(at) = open.pop() {
            let below = (at + 1..swept).filter(|n| self.above[*n]);
            let next: BTreeSet<usize> = below.chain(self.named[at].iter().copied()).collect();
            swept = swept.min(at + 1);
            for next in next {
                if !std::mem::replace(&mut found[next], true) {
                    open.push(next);
                }
            }
        }
        found
    }
}
