//! What of a procedure comes before what: circles of needs, and what a step can rely on being done before it.

use std::collections::BTreeMap;

use super::circle;
use super::fault::{At, Faults};
use super::names::Use;
use super::outline::{Outline, Stands};
use super::values::bare;

/// The steps of a procedure with all that comes before each.
///
/// A step without `needs` waits for all above it. Written out, that would be as many needs as the square of the steps; here
/// each step has a point of its own behind those above it, which needs that step and the point before.
pub(crate) struct Order {
    needs: circle::Needs,
    /// All points, each after those that it needs.
    points: Vec<usize>,
    /// Whether needs are missing or go in a circle: then nothing can be said about what comes before what.
    pub(crate) is_broken: bool,
}

/// The point at which a step is through.
fn done(step: usize) -> usize {
    3 * step
}

/// The point at which it may begin.
fn ready(step: usize) -> usize {
    3 * step + 1
}

/// The point at which all above it are through.
fn above(step: usize) -> usize {
    3 * step + 2
}

impl Order {
    /// Puts the steps in order; notes needs that go in a circle.
    pub(crate) fn new(outline: &Outline<'_>, faults: &Faults<'_>) -> Order {
        let needs = edges(outline);
        let mut is_broken = outline.is_broken;
        let points = circle::walk(&needs, |circle| {
            is_broken = true;
            note(outline, circle, faults);
        });
        Order { needs, points, is_broken }
    }

    /// For each step, whether something that `counts` is done before it in any case.
    pub(crate) fn behind(&self, counts: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut behind = vec![false; self.needs.len()];
        for point in &self.points {
            behind[*point] = self.needs[*point].iter().any(|(to, _)| behind[*to] || (to % 3 == 0 && counts(to / 3)));
        }
        (0..self.needs.len() / 3).map(|step| behind[ready(step)]).collect()
    }

    /// The uses of results whose giver is not done before the user.
    pub(crate) fn unknown<'u>(&self, uses: &'u [Use]) -> Vec<&'u Use> {
        let mut by_giver: BTreeMap<usize, Vec<&Use>> = BTreeMap::new();
        for one in uses {
            by_giver.entry(one.of).or_default().push(one);
        }
        let givers: Vec<(usize, Vec<&Use>)> = by_giver.into_iter().collect();
        // Sixty-four givers at a time, a bit for each.
        givers.chunks(64).flat_map(|some| self.unknown_of(some)).collect()
    }

    fn unknown_of<'u>(&self, givers: &[(usize, Vec<&'u Use>)]) -> Vec<&'u Use> {
        let mut own = vec![0_u64; self.needs.len()];
        for (bit, (giver, _)) in givers.iter().enumerate() {
            own[done(*giver)] |= 1 << bit;
        }
        let mut known = vec![0_u64; self.needs.len()];
        for point in &self.points {
            known[*point] = self.needs[*point].iter().fold(own[*point], |bits, (to, _)| bits | known[*to]);
        }
        let unknown = |(bit, (_, uses)): (usize, &(usize, Vec<&'u Use>))| {
            uses.iter().filter(|one| known[ready(one.by)] & (1 << bit) == 0).copied().collect::<Vec<_>>()
        };
        givers.iter().enumerate().flat_map(unknown).collect()
    }
}

fn edges(outline: &Outline<'_>) -> circle::Needs {
    let mut needs: circle::Needs = vec![Vec::new(); 3 * outline.sketches.len()];
    let mut last: Option<usize> = None;
    for (step, sketch) in outline.sketches.iter().enumerate() {
        needs[done(step)].push((ready(step), None));
        needs[ready(step)].extend(sketch.asks.iter().map(|(to, at)| (done(*to), Some(*at))));
        // What comes before the whole list.
        let entry: Vec<usize> = match sketch.stands {
            Stands::Before => continue,
            Stands::Within => outline.before.clone().map(done).collect(),
            Stands::Mends(of) => vec![ready(of)],
        };
        match (sketch.first, before(outline, step, last)) {
            (false, Some(previous)) => needs[above(step)].extend([(above(previous), None), (done(previous), None)]),
            _ => needs[above(step)].extend(entry.iter().map(|point| (*point, None))),
        }
        match &sketch.needs {
            Some(named) => {
                needs[ready(step)].extend(named.iter().map(|(to, at)| (done(*to), Some(*at))));
                let first = first_of(outline, step);
                needs[ready(step)].push((above(first), None));
            }
            None => needs[ready(step)].push((above(step), None)),
        }
        if sketch.stands == Stands::Within {
            last = Some(step);
        }
    }
    needs
}

/// The step above in the same list.
fn before(outline: &Outline<'_>, step: usize, last: Option<usize>) -> Option<usize> {
    match outline.sketches[step].stands {
        Stands::Mends(_) => step.checked_sub(1),
        Stands::Within | Stands::Before => last,
    }
}

/// The first step of the same list: what it waits for, all of the list waits for.
fn first_of(outline: &Outline<'_>, step: usize) -> usize {
    match outline.sketches[step].stands {
        Stands::Mends(of) => outline.sketches[of].mends.start,
        Stands::Within | Stands::Before => outline.within.first().copied().unwrap_or(step),
    }
}

fn note(outline: &Outline<'_>, circle: &[(usize, Option<At>)], faults: &Faults<'_>) {
    let steps = circle.iter().filter(|(point, _)| point % 3 == 0);
    let names: Vec<&str> = steps.map(|(point, _)| outline.sketches[point / 3].id.as_str()).collect();
    let at = circle.iter().rev().find_map(|(_, at)| *at).unwrap_or(At::START);
    let mut what = format!("needs go in a circle: {}", circle::spelled(&names));
    let next = circle.iter().skip(1).chain(circle.first());
    let waits_for_all = circle.iter().zip(next).find(|((from, _), (to, _))| from % 3 == 1 && *to == from + 1);
    if let Some(((point, _), _)) = waits_for_all {
        let id = bare(&outline.sketches[point / 3].id);
        what += &format!("; {id} says nothing of needs, and so waits for all above it");
    }
    faults.error(at, what, Some("one of these needs left out".to_owned()));
}
