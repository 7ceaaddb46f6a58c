//! The order in which a simulation goes through the steps, and how many of them can go side by side.
//!
//! Both follow from the graph and the expected lengths alone, whatever has become of the steps: then a step that is left out, and
//! a lane more, can only make the end earlier. (A scheduler that always begins what is ready, as the engine does, can end later
//! with more lanes: R. L. Graham, 1966. A forecast that did so would only confuse.)

use std::collections::{BTreeMap, BTreeSet};

use super::super::run::Graph;
use super::super::time::Span;

/// The steps in an order in which each stands behind what it waits for.
pub(super) struct Order {
    /// Their places, those first that could begin first if there were lanes for all.
    pub(super) places: Vec<u32>,
    /// The chain of each step, by its place: the steps of a chain can only go one after the other.
    chains: Vec<u32>,
    /// Whether everything stands before or behind the step at that position of the order.
    barriers: Vec<bool>,
}

impl Order {
    /// Of the steps that `belongs` says are on the way. `None` when they wait for each other in a circle.
    pub(super) fn of(graph: &Graph, belongs: &dyn Fn(usize) -> bool, middle: &dyn Fn(usize) -> Span) -> Option<Order> {
        let places = sorted(graph, belongs, middle)?;
        let chains = chains(graph, &places);
        let barriers = barriers(graph, &places);
        Some(Order { places, chains, barriers })
    }

    /// The most of the steps that `counts` names that can go side by side, at most: in all, and on each host.
    pub(super) fn beside(&self, counts: &dyn Fn(usize) -> Option<Option<u32>>) -> Beside {
        let mut most = Beside::default();
        let (mut all, mut on): (BTreeSet<u32>, BTreeMap<u32, BTreeSet<u32>>) = Default::default();
        for (place, barrier) in self.places.iter().zip(&self.barriers) {
            if *barrier {
                most.note(&all, &on);
                all.clear();
                on.clear();
            }
            let chain = self.chains[*place as usize];
            if let Some(host) = counts(*place as usize) {
                all.insert(chain);
                host.map(|host| on.entry(host).or_default().insert(chain));
            }
        }
        most.note(&all, &on);
        most
    }
}

/// How many steps can go side by side, at most.
#[derive(Default)]
pub(super) struct Beside {
    /// In the whole run.
    pub(super) all: usize,
    /// On each host.
    pub(super) on: BTreeMap<u32, usize>,
}

impl Beside {
    fn note(&mut self, all: &BTreeSet<u32>, on: &BTreeMap<u32, BTreeSet<u32>>) {
        self.all = self.all.max(all.len());
        for (host, chains) in on {
            let most = self.on.entry(*host).or_default();
            *most = (*most).max(chains.len());
        }
    }
}

/// By when each could begin if there were lanes for all; at once, in the order of the graph.
fn sorted(graph: &Graph, belongs: &dyn Fn(usize) -> bool, middle: &dyn Fn(usize) -> Span) -> Option<Vec<u32>> {
    let mut left: Vec<usize> = (0..graph.len()).map(|at| graph.needs(at).len()).collect();
    let mut begins = vec![Span::ZERO; graph.len()];
    let mut found: Vec<usize> = (0..graph.len()).filter(|at| left[*at] == 0 && belongs(*at)).collect();
    let mut looked = 0;
    while let Some(at) = found.get(looked).copied() {
        looked += 1;
        let ends = begins[at].plus(middle(at));
        for next in graph.dependents(at).iter().map(|next| *next as usize) {
            begins[next] = begins[next].max(ends);
            left[next] -= 1;
            if left[next] == 0 {
                found.push(next);
            }
        }
    }
    let all = (0..graph.len()).filter(|at| belongs(*at)).count();
    found.sort_by_key(|at| begins[*at]);
    (found.len() == all).then(|| found.into_iter().filter_map(|at| u32::try_from(at).ok()).collect())
}

/// Chains that all steps lie on, as few as a look at one step after the other finds: never fewer than can go side by side.
fn chains(graph: &Graph, places: &[u32]) -> Vec<u32> {
    const NONE: u32 = u32::MAX;
    let mut chain_of = vec![NONE; graph.len()];
    let mut goes_on = vec![false; graph.len()];
    let mut chains = 0;
    for place in places.iter().map(|place| *place as usize) {
        let before = graph.needs(place).iter().map(|need| *need as usize).find(|need| !goes_on[*need]);
        chain_of[place] = match before {
            Some(before) => {
                goes_on[before] = true;
                chain_of[before]
            }
            None => {
                chains += 1;
                chains - 1
            }
        };
    }
    chain_of
}

/// At which positions of the order a step stands that all before it lead to, and that leads to all behind it.
fn barriers(graph: &Graph, places: &[u32]) -> Vec<bool> {
    let mut position = vec![usize::MAX; graph.len()];
    places.iter().enumerate().for_each(|(at, place)| position[*place as usize] = at);
    let next = |place: &u32| graph.dependents(*place as usize).iter().map(|next| position[*next as usize]).min();
    // Counted from 1: 0 stands for those that wait for nothing.
    let last = |place: &u32| graph.needs(*place as usize).iter().map(|need| position[*need as usize] + 1).max();
    let mut barriers = vec![true; places.len()];
    let mut farthest = 0;
    for (at, place) in places.iter().enumerate() {
        barriers[at] = farthest <= at;
        farthest = farthest.max(next(place).unwrap_or(usize::MAX));
    }
    let mut nearest = usize::MAX;
    for (at, place) in places.iter().enumerate().rev() {
        barriers[at] &= nearest > at;
        nearest = nearest.min(last(place).unwrap_or(0));
    }
    barriers
}
