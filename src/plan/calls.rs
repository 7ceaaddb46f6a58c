//! Procedures that call procedures: circles, depth, and gates that stand before what cannot be taken back.

use std::collections::HashMap;

use crate::core::expand::DEEPEST;

use super::circle;
use super::fault::{At, Faults};
use super::order::Order;
use super::outline::Outline;

/// A procedure as calls see it.
pub(crate) struct Called<'t> {
    pub(crate) id: &'t str,
    pub(crate) outline: Outline<'t>,
    pub(crate) order: Order,
}

/// One step that calls.
#[derive(Clone, Copy)]
struct Call {
    caller: usize,
    step: usize,
    callee: usize,
    at: At,
}

/// Whether a gate stands before a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gated {
    /// In every run.
    Surely,
    /// One that a condition, an empty list or a launch option leaves out.
    Perhaps,
    Not,
}

impl Gated {
    fn new((surely, perhaps): (bool, bool)) -> Gated {
        match (surely, perhaps) {
            (true, _) => Gated::Surely,
            (false, true) => Gated::Perhaps,
            (false, false) => Gated::Not,
        }
    }
}

/// All procedures of a plan, and who calls whom.
pub(crate) struct Calls<'p, 't> {
    procedures: &'p [Called<'t>],
    calls: Vec<Call>,
    /// The procedure that each step calls, by procedure and step.
    callee: HashMap<(usize, usize), usize>,
    /// Each procedure after those that it calls; none when calls go in a circle.
    order: Option<Vec<usize>>,
}

impl<'p, 't> Calls<'p, 't> {
    /// Finds who calls whom; notes calls that go in a circle or too deep.
    pub(crate) fn new(procedures: &'p [Called<'t>], faults: &Faults<'_>) -> Calls<'p, 't> {
        let mut index: HashMap<&str, usize> = HashMap::new();
        for (i, procedure) in procedures.iter().enumerate() {
            index.entry(procedure.id).or_insert(i);
        }
        let mut calls = Vec::new();
        for (caller, procedure) in procedures.iter().enumerate() {
            for (step, sketch) in procedure.outline.sketches.iter().enumerate() {
                let Some((id, at)) = sketch.call else { continue };
                calls.extend(index.get(id).map(|callee| Call { caller, step, callee: *callee, at }));
            }
        }
        let mut needs: circle::Needs = vec![Vec::new(); procedures.len()];
        for call in &calls {
            needs[call.caller].push((call.callee, Some(call.at)));
        }
        let mut circles = false;
        let order = circle::walk(&needs, |circle| {
            circles = true;
            let names: Vec<&str> = circle.iter().map(|(i, _)| procedures[*i].id).collect();
            let at = circle.last().and_then(|(_, at)| *at).unwrap_or(At::START);
            let what = format!("procedures call each other in a circle: {}", circle::spelled(&names));
            faults.error(at, what, Some("one of these calls left out".to_owned()));
        });
        let callee = calls.iter().map(|call| ((call.caller, call.step), call.callee)).collect();
        let calls = Calls { procedures, calls, callee, order: (!circles).then_some(order) };
        calls.check_depth(faults);
        calls
    }

    fn of(&self, caller: usize) -> impl Iterator<Item = Call> {
        // In the order of the file, and so together for each caller.
        let start = self.calls.partition_point(|call| call.caller < caller);
        self.calls[start..].iter().take_while(move |call| call.caller == caller).copied()
    }

    fn check_depth(&self, faults: &Faults<'_>) {
        let mut depth = vec![0; self.procedures.len()];
        for caller in self.order.iter().flatten() {
            for call in self.of(*caller) {
                let deep = depth[call.callee] + 1;
                if deep == DEEPEST + 1 {
                    let what = format!("procedure: this is the first of {deep} calls within each other");
                    faults.error(call.at, what, Some(format!("at most {DEEPEST}")));
                }
                depth[*caller] = deep.max(depth[*caller]);
            }
        }
    }

    /// Whether people do all of what a procedure does, or none of it: how many of its steps they do, and how many there are.
    /// Gates are nobody's work and do not count.
    pub(crate) fn work(&self) -> Vec<(usize, usize)> {
        let mut work = vec![(0, 0); self.procedures.len()];
        for procedure in self.order.iter().flatten() {
            let (mut people, mut all) = (0_usize, 0_usize);
            let outline = &self.procedures[*procedure].outline;
            for step in outline.within.iter().filter(|step| !outline.sketches[**step].is_gate) {
                let own = (usize::from(outline.sketches[*step].is_manual), 1);
                let (by_people, of) = self.callee.get(&(*procedure, *step)).map_or(own, |callee| work[*callee]);
                people = people.saturating_add(by_people);
                all = all.saturating_add(of);
            }
            work[*procedure] = (people, all);
        }
        work
    }

    /// Notes each step without return that no gate stands before: neither in its own procedure nor before every call of that.
    pub(crate) fn check_gates(&self, faults: &Faults<'_>) {
        let Some(order) = &self.order else { return };
        if self.procedures.iter().any(|p| p.order.is_broken) {
            return;
        }
        let mut passes = vec![false; self.procedures.len()];
        let mut behind: Vec<Vec<Gated>> = vec![Vec::new(); self.procedures.len()];
        for i in order {
            let outline = &self.procedures[*i].outline;
            let asks = |step: usize| {
                let calls_one = || self.callee.get(&(*i, step)).is_some_and(|callee| passes[*callee]);
                outline.sketches[step].is_gate || calls_one()
            };
            let asks_surely = |step: usize| outline.sketches[step].is_sure && asks(step);
            let own_gate = outline.within.iter().any(|step| asks_surely(*step));
            let surely = self.procedures[*i].order.behind(asks_surely);
            let perhaps = self.procedures[*i].order.behind(asks);
            behind[*i] = surely.into_iter().zip(perhaps).map(Gated::new).collect();
            passes[*i] = own_gate;
        }
        let entered = self.entered(order, &behind);
        for (i, procedure) in self.procedures.iter().enumerate() {
            if let Some(open) = &entered[i] {
                for (step, sketch) in procedure.outline.sketches.iter().enumerate() {
                    if let Some(at) = sketch.no_return.filter(|_| behind[i][step] != Gated::Surely) {
                        ungated(at, *open, behind[i][step], faults);
                    }
                }
            }
        }
    }

    /// For each procedure that can be entered without a gate before it, the call that does so; none within for one that
    /// nobody calls.
    fn entered(&self, order: &[usize], behind: &[Vec<Gated>]) -> Vec<Option<Option<At>>> {
        let mut entered: Vec<Option<Option<At>>> = vec![Some(None); self.procedures.len()];
        for call in &self.calls {
            entered[call.callee] = None;
        }
        for caller in order.iter().rev() {
            for call in self.of(*caller).filter(|call| behind[*caller][call.step] != Gated::Surely) {
                if entered[*caller].is_some() && entered[call.callee].is_none() {
                    entered[call.callee] = Some(Some(call.at));
                }
            }
        }
        entered
    }
}

fn ungated(at: At, call: Option<At>, gated: Gated, faults: &Faults<'_>) {
    let what = "no_return: the step cannot be taken back, and";
    let (what, right) = match (gated, call) {
        (Gated::Perhaps, _) => {
            (format!("{what} the gate before it may be left out"), "a gate without when, for_each and part_of")
        }
        (_, Some(call)) => (
            format!("{what} no gate stands before it, nor before the call in line {}", faults.line(call)),
            "a step with gate: and a question, above one of the two",
        ),
        (_, None) => (format!("{what} no gate stands before it"), "a step with gate: and a question, above this one"),
    };
    faults.error(at, what, Some(right.to_owned()));
}
