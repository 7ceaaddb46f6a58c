//! What waits for what: the steps of a run as a graph without cycles.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::ids::StepId;
use super::super::plan::Step;

/// One step as it is written down: its identifier, and the places of the steps that it waits for.
type Row = (StepId, Vec<u32>);

/// What waits for what, and where each step stands. Written down as rows; the rest follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Row>", into = "Vec<Row>")]
pub struct Graph {
    rows: Vec<Row>,
    dependents: Vec<Vec<u32>>,
    places: BTreeMap<StepId, u32>,
}

impl Graph {
    /// Out of rows in the order of the steps. Whatever points outside of them is left out.
    #[must_use]
    pub fn new(mut rows: Vec<Row>) -> Graph {
        let count = rows.len();
        let mut dependents = vec![Vec::new(); count];
        let mut places = BTreeMap::new();
        for (place, (id, needs)) in rows.iter_mut().enumerate() {
            needs.retain(|need| (*need as usize) < count);
            needs.sort_unstable();
            needs.dedup();
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            for need in &*needs {
                if let Some(list) = dependents.get_mut(*need as usize) {
                    list.push(place);
                }
            }
            places.insert(id.clone(), place);
        }
        Graph { rows, dependents, places }
    }

    /// Each step after the one above it: what a run is whose journal says nothing else.
    #[must_use]
    pub fn chain(steps: &[Step]) -> Graph {
        let row = |(place, step): (u32, &Step)| (step.id.clone(), place.checked_sub(1).into_iter().collect());
        Graph::new((0..).zip(steps).map(row).collect())
    }

    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The place of a step.
    #[must_use]
    pub fn place(&self, id: &StepId) -> Option<usize> {
        self.places.get(id).map(|place| *place as usize)
    }

    /// The places of the steps that the one at `place` waits for.
    #[must_use]
    pub fn needs(&self, place: usize) -> &[u32] {
        self.rows.get(place).map_or(&[], |(_, needs)| needs)
    }

    /// The places of the steps that wait for the one at `place`.
    #[must_use]
    pub fn dependents(&self, place: usize) -> &[u32] {
        self.dependents.get(place).map_or(&[], Vec::as_slice)
    }

    /// Everything that must have happened before the step at `place`, by place.
    #[must_use]
    pub fn before(&self, place: usize) -> BTreeSet<usize> {
        reach(place, |at| self.needs(at))
    }

    /// Everything that can only happen after the step at `place`, by place.
    #[must_use]
    pub fn after(&self, place: usize) -> BTreeSet<usize> {
        reach(place, |at| self.dependents(at))
    }

    /// How many rounds must pass before each step can begin, when every step takes one: 0 for those that wait for nothing.
    /// `None` when steps wait for each other in a circle.
    #[must_use]
    pub fn rounds(&self) -> Option<Vec<usize>> {
        let mut left: Vec<usize> = self.rows.iter().map(|(_, needs)| needs.len()).collect();
        let mut rounds = vec![0; self.len()];
        let mut ready: Vec<usize> = (0..self.len()).filter(|at| left[*at] == 0).collect();
        let mut seen = 0;
        while let Some(at) = ready.pop() {
            seen += 1;
            for next in self.dependents(at).iter().map(|next| *next as usize) {
                rounds[next] = rounds[next].max(rounds[at] + 1);
                left[next] -= 1;
                if left[next] == 0 {
                    ready.push(next);
                }
            }
        }
        (seen == self.len()).then_some(rounds)
    }

    /// How many needs there are in all.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.rows.iter().map(|(_, needs)| needs.len()).sum()
    }
}

fn reach<'a>(from: usize, next: impl Fn(usize) -> &'a [u32]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        open.extend(next(at).iter().map(|at| *at as usize).filter(|at| found.insert(*at)));
    }
    found
}

impl From<Vec<Row>> for Graph {
    fn from(rows: Vec<Row>) -> Graph {
        Graph::new(rows)
    }
}

impl From<Graph> for Vec<Row> {
    fn from(graph: Graph) -> Vec<Row> {
        graph.rows
    }
}
