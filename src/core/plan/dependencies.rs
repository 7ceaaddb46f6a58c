//! What the components of a plan need, by their places.

use std::collections::HashMap;

use super::super::ids::ComponentId;
use super::Plan;

/// What each component needs, worked out once for each text of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Dependencies {
    /// Where the needs of each component begin, and of the last where they end.
    starts: Vec<u32>,
    /// The places of what is needed, component by component.
    needs: Vec<u32>,
    /// Every component after all that it needs. Plans have no circles; in one, some need stands after what needs it.
    order: Vec<u32>,
}

impl Dependencies {
    /// Of a plan.
    pub(super) fn new(plan: &Plan) -> Dependencies {
        let places: HashMap<&ComponentId, u32> = plan.components.iter().map(|c| &c.id).zip(0..).collect();
        let mut known = Dependencies::default();
        for component in &plan.components {
            known.starts.push(known.needs.len() as u32);
            known.needs.extend(component.dependencies.iter().filter_map(|id| places.get(id)));
        }
        known.starts.push(known.needs.len() as u32);
        known.order = known.sorted();
        known
    }

    /// How many components there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// What the component at that place needs itself.
    pub(crate) fn of(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        self.row(place).iter().map(|need| *need as usize)
    }

    /// Every need of every component.
    pub(crate) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        self.needs.iter().map(|need| *need as usize)
    }

    /// Every component after all that it needs.
    pub(crate) fn order(&self) -> impl Iterator<Item = usize> + '_ {
        self.order.iter().map(|place| *place as usize)
    }

    fn row(&self, place: usize) -> &[u32] {
        let bound = |at: usize| self.starts.get(at).map_or(self.needs.len(), |start| *start as usize);
        self.needs.get(bound(place)..bound(place + 1)).unwrap_or_default()
    }

    fn sorted(&self) -> Vec<u32> {
        let count = self.starts.len().saturating_sub(1);
        let mut order = Vec::with_capacity(count);
        let mut met = vec![false; count];
        // A stack of its own: a chain of a hundred thousand would overflow the program's.
        let mut path: Vec<(u32, usize)> = Vec::new();
        for first in 0..count as u32 {
            if !std::mem::replace(&mut met[first as usize], true) {
                path.push((first, 0));
            }
            while let Some((place, next)) = path.last_mut() {
                match self.row(*place as usize).get(*next) {
                    Some(need) => {
                        *next += 1;
                        if !std::mem::replace(&mut met[*need as usize], true) {
                            path.push((*need, 0));
                        }
                    }
                    None => {
                        order.push(*place);
                        path.pop();
                    }
                }
            }
        }
        order
    }
}
