//! Which of several steps under the same parent go side by side.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lane, Shape, small};
use crate::core::run::Graph;

/// The work of finding lanes: siblings, what waits for what among them, and in how many rounds.
pub(super) struct Lanes {
    needs: Vec<Vec<u32>>,
    dependents: Vec<Vec<u32>>,
    rounds: Vec<usize>,
}

impl Lanes {
    /// Finds the lane of every node.
    pub(super) fn find(shape: &mut Shape, graph: &Graph) {
        let count = shape.nodes.len();
        let mut lanes =
            Lanes { needs: vec![Vec::new(); count], dependents: vec![Vec::new(); count], rounds: vec![0; count] };
        lanes.lift(shape, graph);
        lanes.count_rounds();
        let parents = (0..small(count)).filter(|at| shape.node(*at).is_some_and(|n| n.end > at + 1)).map(Some);
        for parent in std::iter::once(None).chain(parents.collect::<Vec<_>>()) {
            let siblings: Vec<u32> = shape.under(parent).collect();
            let found = lanes.of_siblings(&siblings);
            let any = found.iter().any(Option::is_some);
            for (at, lane) in siblings.iter().zip(found) {
                if let Some(node) = shape.nodes.get_mut(*at as usize) {
                    (node.lane, node.lanes_here) = (lane, any);
                }
            }
        }
    }

    /// What waits for what among siblings: of two steps under different ones, one of those waits for the other.
    fn lift(&mut self, shape: &Shape, graph: &Graph) {
        for place in 0..graph.len() {
            let Some(to) = shape.node_of(place) else { continue };
            for need in graph.needs(place) {
                let Some(from) = shape.node_of(*need as usize) else { continue };
                let (mut from, mut to) = (from, to);
                while let (Some(a), Some(b)) = (shape.node(from), shape.node(to)) {
                    if a.parent == b.parent {
                        break;
                    }
                    match (a.depth >= b.depth, a.parent, b.parent) {
                        (true, Some(up), _) => from = up,
                        (_, _, Some(up)) => to = up,
                        _ => break,
                    }
                }
                // What is under a step waits for it; that is no matter of lanes.
                if from != to && shape.node(from).map(|n| n.parent) == shape.node(to).map(|n| n.parent) {
                    self.needs[to as usize].push(from);
                    self.dependents[from as usize].push(to);
                }
            }
        }
        for list in self.needs.iter_mut().chain(&mut self.dependents) {
            list.sort_unstable();
            list.dedup();
        }
    }

    fn count_rounds(&mut self) {
        let mut left: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut ready: Vec<usize> = (0..left.len()).filter(|at| left[*at] == 0).collect();
        while let Some(at) = ready.pop() {
            for next in self.dependents[at].iter().map(|next| *next as usize) {
                self.rounds[next] = self.rounds[next].max(self.rounds[at] + 1);
                left[next] -= 1;
                if left[next] == 0 {
                    ready.push(next);
                }
            }
        }
    }

    /// Where all that came before must be through before anything that follows, one stretch ends. Within a stretch of several,
    /// each goes on the lane of one that it waits for, or opens a lane of its own.
    fn of_siblings(&self, siblings: &[u32]) -> Vec<Option<Lane>> {
        let round = |at: u32| self.rounds[at as usize];
        let stretches = self.stretches(siblings);
        let mut size = vec![0_usize; siblings.len() + 1];
        siblings.iter().for_each(|at| size[stretches[round(*at)] as usize] += 1);
        let mut in_order: Vec<u32> = siblings.to_vec();
        in_order.sort_by_key(|at| (round(*at), *at));
        let mut found: BTreeMap<u32, Lane> = BTreeMap::new();
        let mut goes_on: BTreeSet<u32> = BTreeSet::new();
        let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
        for at in in_order {
            let stretch = stretches[round(at)];
            if size[stretch as usize] < 2 {
                continue;
            }
            let before = self.needs[at as usize]
                .iter()
                .find(|need| found.get(need).is_some_and(|lane| lane.stretch == stretch) && !goes_on.contains(need));
            let number = match before {
                Some(before) => {
                    goes_on.insert(*before);
                    found.get(before).map_or(0, |lane| lane.number)
                }
                None => {
                    let next = numbers.entry(stretch).or_insert(0);
                    *next += 1;
                    *next - 1
                }
            };
            found.insert(at, Lane { stretch, number });
        }
        siblings.iter().map(|at| found.get(at).copied()).collect()
    }

    /// The stretch of each round. One begins with a round when each of those that begin then waits for each of those before that
    /// nothing else before waits for.
    fn stretches(&self, siblings: &[u32]) -> Vec<u32> {
        let round = |at: u32| self.rounds[at as usize];
        let rounds = siblings.iter().map(|at| round(*at)).max().map_or(0, |most| most + 1);
        let (mut begin, mut waited_for) = (vec![0_usize; rounds], vec![0_usize; rounds]);
        // How many more, or fewer, are open from a round on: begun before it, and nothing before it waits for them.
        let mut opens = vec![0_i64; rounds + 1];
        for at in siblings {
            begin[round(*at)] += 1;
            let next = self.dependents[*at as usize].iter().map(|next| round(*next)).min();
            opens[round(*at) + 1] += 1;
            if let Some(next) = next {
                let first = self.dependents[*at as usize].iter().filter(|dependent| round(**dependent) == next);
                waited_for[next] += first.count();
                opens[next + 1] -= 1;
            }
        }
        let (mut open, mut stretch) = (0, 0);
        (0..rounds)
            .map(|this| {
                open += opens[this];
                let all = usize::try_from(open).unwrap_or(0).saturating_mul(begin[this]);
                stretch += u32::from(this > 0 && all == waited_for[this]);
                stretch
            })
            .collect()
    }
}
