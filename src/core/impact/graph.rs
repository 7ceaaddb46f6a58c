//! How trouble spreads over what needs what: passes over the components, each after all that it needs, linear in components and
//! dependencies together.

use super::super::plan::Dependencies;
use super::sight::Sight;
use super::{CAUSES, Cause, Origin};

/// How far trouble reaches.
#[derive(Debug, Default)]
pub(super) struct Spread {
    /// By place: the next component on the shortest way to one that fails, for those that need one and do not fail themselves.
    pub(super) needs: Vec<Option<usize>>,
    /// Where it comes from, what most depends on first.
    pub(super) causes: Vec<Cause>,
    /// How many causes are left out.
    pub(super) more_causes: usize,
}

/// Spreads what fails.
pub(super) fn spread(graph: &Dependencies, sight: &Sight) -> Spread {
    let (needs, fails_below) = ways(graph, sight);
    let roots: Vec<usize> =
        (0..graph.len()).filter(|place| sight.parts[*place].fails && !fails_below[*place]).collect();
    let (causes, more_causes) = causes(graph, sight, roots);
    Spread { needs, causes, more_causes }
}

/// For each component the next one on the shortest way to one that fails, and whether anything that it needs fails, however far.
fn ways(graph: &Dependencies, sight: &Sight) -> (Vec<Option<usize>>, Vec<bool>) {
    let mut far: Vec<usize> = sight.parts.iter().map(|part| if part.fails { 0 } else { usize::MAX }).collect();
    let mut next = vec![None; graph.len()];
    let mut below = vec![false; graph.len()];
    for place in graph.order() {
        below[place] = graph.of(place).any(|need| sight.parts[need].fails || below[need]);
        if far[place] == 0 {
            continue;
        }
        let nearest = graph.of(place).filter(|need| far[*need] < usize::MAX).min_by_key(|need| far[*need]);
        if let Some(nearest) = nearest {
            far[place] = far[nearest] + 1;
            next[place] = Some(nearest);
        }
    }
    (next, below)
}

/// The causes with how many components need each. They share one word of bits that goes up with the needs.
fn causes(graph: &Dependencies, sight: &Sight, mut roots: Vec<usize>) -> (Vec<Cause>, usize) {
    let shares_fate = |place: usize| sight.fallen.is_some() && sight.parts[place].fails_at_site();
    roots.retain(|place| !shares_fate(*place));
    let room = CAUSES - usize::from(sight.fallen.is_some());
    let more = roots.len().saturating_sub(room);
    if more > 0 {
        let mut named = vec![0_usize; graph.len()];
        graph.all().for_each(|need| named[need] += 1);
        roots.sort_by_key(|place| std::cmp::Reverse(named[*place]));
        roots.truncate(room);
    }
    let mut causes: Vec<Cause> = Vec::new();
    let mut own = vec![0_u64; graph.len()];
    if let Some(site) = &sight.fallen {
        let members: Vec<usize> = (0..graph.len()).filter(|place| shares_fate(*place)).collect();
        members.iter().for_each(|place| own[*place] = 1);
        causes.push(Cause { what: Origin::Site { site: site.clone(), parts: members.len() }, dependents: 0 });
    }
    for place in roots {
        own[place] = 1 << causes.len();
        causes.push(Cause { what: Origin::Part(place), dependents: 0 });
    }
    let mut reached = own.clone();
    for place in graph.order() {
        reached[place] = graph.of(place).fold(own[place], |bits, need| bits | reached[need]);
        let mut others = reached[place] & !own[place];
        while others != 0 {
            causes[others.trailing_zeros() as usize].dependents += 1;
            others &= others - 1;
        }
    }
    // The sort is stable: a fallen site stays first, and what is equal stays in file order.
    let fate = usize::from(sight.fallen.is_some());
    causes[fate..].sort_by_key(|cause| (std::cmp::Reverse(cause.dependents), rank(cause)));
    (causes, more)
}

fn rank(cause: &Cause) -> usize {
    match cause.what {
        Origin::Site { .. } => 0,
        Origin::Part(place) => place,
    }
}
