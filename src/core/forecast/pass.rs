//! One way through what is left: each step begins once all that it waits for has ended and a lane is free.
//!
//! Steps are taken in a fixed order, each on the lane that is free first. So a shorter step and a lane more never make anything
//! end later.

use std::cmp::Reverse;

use super::super::time::Span;
use super::left::Left;

/// Nobody.
const NONE: u32 = u32::MAX;

/// Which lanes are looked at. Those of the run and those of its hosts are looked at apart, and the later end counts: in one go a
/// step that waits for its host would hold a lane of the run, which it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lanes {
    /// None: there are enough.
    Enough,
    /// Of the run, so many.
    OfRun(usize),
    /// Of each host.
    OfHosts,
}

/// When lanes are free and the node that each was taken by, the one that is free first at the end: there are few of them, and a
/// row is faster than a heap.
type Free = Vec<(Span, u32)>;

/// A way through what is left, with room that is used again.
#[derive(Default)]
pub(super) struct Pass {
    ends: Vec<Span>,
    /// The node whose end each waited for last.
    after: Vec<u32>,
    run: Free,
    hosts: Vec<Free>,
}

impl Pass {
    /// When the last node ends, with those lengths.
    pub(super) fn end(&mut self, left: &Left, lanes: Lanes, times: &[Span]) -> Span {
        self.begin(left, lanes);
        let mut last = Span::ZERO;
        for (at, (node, time)) in left.nodes.iter().zip(times).enumerate() {
            let (mut begins, mut after) = (Span::ZERO, NONE);
            for need in left.needs.get(node.needs.0 as usize..node.needs.1 as usize).unwrap_or_default() {
                let ends = self.ends[*need as usize];
                // Of several that take no time none is the one that decides.
                let only = node.needs.1 - node.needs.0 == 1;
                if only || ends > begins {
                    (begins, after) = (ends, *need);
                }
            }
            // What takes no time takes no lane.
            let free = if *time == Span::ZERO { None } else { self.free(lanes, node.host) };
            if let Some((free, by)) = free.as_ref().and_then(|free| free.last()).filter(|_| !node.begun)
                && *free > begins
            {
                (begins, after) = (*free, *by);
            }
            let ends = begins.plus(*time);
            if let Some(free) = free {
                take(free, ends, at);
            }
            self.ends.push(ends);
            self.after.push(after);
            last = last.max(ends);
        }
        last
    }

    /// The nodes that decide when the last one ends, the first of them first, after [`Pass::end`].
    pub(super) fn path(&self) -> Vec<usize> {
        let last = (0..self.ends.len()).max_by_key(|at| (self.ends[*at], Reverse(*at)));
        let before = |at: &usize| self.after.get(*at).map(|before| *before as usize).filter(|at| *at < self.ends.len());
        let mut path: Vec<usize> = std::iter::successors(last, before).collect();
        path.reverse();
        path
    }

    fn begin(&mut self, left: &Left, lanes: Lanes) {
        self.ends.clear();
        self.after.clear();
        self.run.clear();
        self.hosts.clear();
        match lanes {
            Lanes::Enough => {}
            Lanes::OfRun(count) => self.run.resize(count, (Span::ZERO, NONE)),
            Lanes::OfHosts => {
                let free = |lanes: &Vec<Span>| lanes.iter().map(|free| (*free, NONE)).collect();
                self.hosts.extend(left.hosts.iter().map(free));
            }
        }
    }

    fn free(&mut self, lanes: Lanes, host: Option<u32>) -> Option<&mut Free> {
        match lanes {
            Lanes::Enough => None,
            Lanes::OfRun(_) => Some(&mut self.run),
            Lanes::OfHosts => self.hosts.get_mut(host? as usize),
        }
    }
}

/// Takes the lane that is free first, until then.
fn take(free: &mut Free, until: Span, by: usize) {
    let place = free.partition_point(|(other, _)| *other > until).min(free.len().saturating_sub(1));
    if let Some(later) = free.get_mut(place..).filter(|later| !later.is_empty()) {
        later.rotate_right(1);
        later[0] = (until, u32::try_from(by).unwrap_or(NONE));
    }
}
