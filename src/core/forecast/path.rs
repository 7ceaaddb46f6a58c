//! The critical path, and what would shorten it.

use std::cmp::Reverse;

use super::super::plan::{Purpose, Return};
use super::super::run::Run;
use super::super::time::Span;
use super::left::{Left, Node};
use super::pass::{Lanes, Pass};
use super::{Saving, affordable, end};

/// Most steps of which it is found out what leaving them out would save.
const TRIED: usize = 8;

/// The steps that decide the end when every step takes its middle, by place, and which of them to leave out would save most.
pub(super) fn of(run: &Run, left: &Left) -> (Vec<usize>, Option<Saving>) {
    let times: Vec<Span> = left.nodes.iter().map(|node| node.rest.middle()).collect();
    let mut pass = Pass::default();
    let (whole, lanes) = end(left, &mut pass, &times);
    // Where nothing is known of any length, nothing is known of what decides.
    if whole == Span::ZERO {
        return (Vec::new(), None);
    }
    if matches!(lanes, Lanes::OfRun(_)) && !left.hosts.is_empty() {
        // The lanes of hosts were looked at last.
        pass.end(left, lanes, &times);
    }
    let on_path: Vec<&Node> = pass.path().into_iter().filter_map(|at| left.nodes.get(at)).collect();
    let critical = on_path.iter().filter(|node| node.counts).map(|node| node.place as usize).collect();
    let saving = |place: usize| {
        let span = whole.minus(end(left, &mut pass, &without(run, left, &times, place)).0);
        (span >= Span::from_secs(1)).then_some(Saving { place, span })
    };
    let savings = tried(run, left, on_path).into_iter().filter_map(saving);
    (critical, savings.max_by_key(|saving| (saving.span, Reverse(saving.place))))
}

/// The steps on the path that may be left out, and the calls around them, the longest first.
fn tried(run: &Run, left: &Left, mut on_path: Vec<&Node>) -> Vec<usize> {
    let most = (affordable(left) / 4).clamp(1, TRIED);
    on_path.sort_by_key(|node| Reverse(node.rest.middle()));
    let around = |place: &usize| run.graph.place(run.procedure.steps.get(*place)?.origin.under.as_ref()?);
    let with_calls = on_path.iter().flat_map(|node| std::iter::successors(Some(node.place as usize), around));
    let mut tried: Vec<usize> = Vec::new();
    for place in with_calls {
        if tried.len() >= most {
            break;
        }
        if !tried.contains(&place) && may_be_left_out(run, place) {
            tried.push(place);
        }
    }
    tried
}

/// Whether leaving a step out can be thought of: by the rule for it, and not where it guards or there is no return.
fn may_be_left_out(run: &Run, place: usize) -> bool {
    run.at(place).is_some_and(|(_, step, seen)| {
        let acts = step.purpose == Purpose::Work && !step.action.is_for_people();
        acts && step.way_back == Return::Open && Run::may_be_left_out(step, seen)
    })
}

/// The lengths without a step, and without those that it stands for.
fn without(run: &Run, left: &Left, times: &[Span], place: usize) -> Vec<Span> {
    let mut out = vec![false; run.steps.len()];
    for (at, step) in run.procedure.steps.iter().enumerate() {
        let around = || run.graph.place(step.origin.under.as_ref()?);
        out[at] = at == place || around().is_some_and(|around| out[around]);
    }
    let time = |(node, time): (&Node, &Span)| if out[node.place as usize] { Span::ZERO } else { *time };
    left.nodes.iter().zip(times).map(time).collect()
}
