//! Whom trouble hits, as this console works it out from what it knows: when something happened, in large plans at most once a second.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::core::ids::{IncidentId, PlanId};
use crate::core::impact::{Impact, Summary};
use crate::core::incident::Incident;
use crate::core::state::Loaded;
use crate::core::time::Span;

/// From so many components on it is worked out once a second, whatever happens.
const LARGE: usize = 2_000;

/// Impacts that were worked out, by plan and incident, with what they were worked out of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Impacts(RefCell<BTreeMap<(PlanId, Option<IncidentId>), Worked>>);

#[derive(Debug, Clone)]
struct Worked {
    seq: u64,
    second: u64,
    found: Rc<Summary>,
}

/// Impacts that are kept.
const KEPT: usize = 16;

impl Impacts {
    /// Of a plan, as an incident of it sees it where there is one, by the entry `seq`, at that moment of the console's own clock.
    pub(crate) fn of(&self, loaded: &Loaded, incident: Option<&Incident>, seq: u64, at: Span) -> Rc<Summary> {
        let key = (loaded.plan.id.clone(), incident.map(|i| i.id.clone()));
        let large = loaded.plan.components.len() >= LARGE;
        let mut known = self.0.borrow_mut();
        let fresh = |worked: &&Worked| worked.seq == seq || (large && worked.second == at.secs());
        if let Some(worked) = known.get(&key).filter(fresh) {
            return Rc::clone(&worked.found);
        }
        if known.len() >= KEPT {
            known.clear();
        }
        let impact = incident.map_or_else(|| Impact::now(loaded), |incident| Impact::of(loaded, incident));
        let found = Rc::new(impact.summary(loaded));
        known.insert(key, Worked { seq, second: at.secs(), found: Rc::clone(&found) });
        found
    }
}
