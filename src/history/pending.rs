//! Looks that are counted and not on disk yet.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Kept, add, in_order, lies_in};
use crate::core::health::history::{LastFailure, Slot};
use crate::core::ids::{PlanId, ProbeId};
use crate::core::plan::Place;
use crate::core::time::Moment;

/// Most slots that wait for a disk: past that the oldest are given up.
const MOST: usize = 100_000;

/// Whose looks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) plan: PlanId,
    pub(super) probe: ProbeId,
    pub(super) place: Place,
}

/// What is to be written at once.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) slots: Vec<(u32, Slot)>,
    pub(super) failures: Vec<(u32, LastFailure)>,
    /// The names behind the numbers.
    pub(super) names: HashMap<u32, Arc<Name>>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.failures.is_empty()
    }
}

/// Looks that are counted and not on disk yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    names: Vec<Arc<Name>>,
    numbers: HashMap<Arc<Name>, u32>,
    slots: HashMap<(u32, Moment), Slot>,
    failures: HashMap<u32, LastFailure>,
}

impl Pending {
    /// The number of a name, for as long as this process lives.
    pub(super) fn number(&mut self, name: Name) -> u32 {
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        let (name, number) = (Arc::new(name), u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    pub(super) fn note(&mut self, number: u32, slot: Slot, failure: Option<LastFailure>) {
        self.put(number, slot);
        if let Some(failure) = failure {
            self.failures.insert(number, failure);
        }
    }

    fn put(&mut self, number: u32, slot: Slot) {
        match self.slots.get_mut(&(number, slot.at)) {
            Some(known) => known.join(&slot),
            None => drop(self.slots.insert((number, slot.at), slot)),
        }
    }

    /// Takes out the slots that are over, and all failures.
    pub(super) fn take(&mut self, now: Moment) -> Batch {
        let over = self.slots.extract_if(|_, slot| slot.end() <= now);
        let mut slots: Vec<(u32, Slot)> = over.map(|((number, _), slot)| (number, slot)).collect();
        // In the order of the file, so that it is written from one end to the other.
        slots.sort_unstable_by_key(|(number, slot)| (slot.at, *number));
        let mut failures: Vec<(u32, LastFailure)> = self.failures.drain().collect();
        failures.sort_unstable_by_key(|(number, _)| *number);
        let numbers = slots.iter().map(|(number, _)| *number).chain(failures.iter().map(|(number, _)| *number));
        let name = |number: u32| self.names.get(usize::try_from(number).ok()?).map(|name| (number, Arc::clone(name)));
        let names = numbers.filter_map(name).collect();
        Batch { slots, failures, names }
    }

    /// Takes back what could not be written, as much of it as there is room for.
    pub(super) fn put_back(&mut self, batch: Batch) {
        for (number, slot) in batch.slots.into_iter().rev() {
            if self.slots.len() >= MOST {
                break;
            }
            // It is the earlier of the two: what was measured last stays.
            let mut earlier = slot;
            if let Some(later) = self.slots.get(&(number, earlier.at)) {
                earlier.join(later);
            }
            self.slots.insert((number, earlier.at), earlier);
        }
        for (number, failure) in batch.failures {
            self.failures.entry(number).or_insert(failure);
        }
    }

    /// What is known of a probe, with what is not on disk yet.
    pub(super) fn added_to(
        &self,
        mut stored: Vec<Kept>,
        plan: &PlanId,
        probe: &ProbeId,
        stretch: (Moment, Moment),
    ) -> Vec<Kept> {
        let of_probe = self.names.iter().zip(0..).filter(|(name, _)| name.plan == *plan && name.probe == *probe);
        for (name, number) in of_probe {
            let own = self.slots.iter().filter(|((of, _), slot)| *of == number && lies_in(slot, stretch));
            let own: Vec<&Slot> = own.map(|(_, slot)| slot).collect();
            let failure = self.failures.get(&number);
            let known = stored.iter().position(|kept| kept.place == name.place);
            if known.is_none() && own.is_empty() && failure.is_none() {
                continue;
            }
            let place = known.unwrap_or_else(|| {
                stored.push(Kept { place: name.place.clone(), slots: Vec::new(), failure: None });
                stored.len() - 1
            });
            let Some(kept) = stored.get_mut(place) else { continue };
            own.into_iter().for_each(|slot| add(&mut kept.slots, slot));
            in_order(&mut kept.slots);
            kept.failure = failure.cloned().or_else(|| kept.failure.take());
        }
        stored.sort_by(|one, other| one.place.cmp(&other.place));
        stored
    }
}
