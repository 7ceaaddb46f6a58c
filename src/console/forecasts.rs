//! When runs will end, as this console works it out from what it knows: at most once a second in long runs, in others when
//! something happened too.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::core::forecast::{self, Forecast, Miss};
use crate::core::ids::RunId;
use crate::core::run::Run;
use crate::core::state::State;
use crate::core::time::{Now, Span};

/// From so many steps on a forecast is worked out once a second, whatever happens.
const LONG: usize = 1_000;

/// What there is to tell of the end of a run.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) forecast: Forecast,
    /// That it ends after its objective.
    pub(crate) miss: Option<Miss>,
    /// The places of the steps that decide the end; none where all that are left do.
    pub(crate) path: BTreeSet<usize>,
}

/// Forecasts that were worked out, with what they were worked out of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forecasts(RefCell<BTreeMap<RunId, Worked>>);

#[derive(Debug, Clone)]
struct Worked {
    seq: u64,
    second: u64,
    told: Option<Rc<Told>>,
}

impl Forecasts {
    /// Of a run, as it stands by the entry `seq`, at that moment of the console's own clock.
    pub(crate) fn of(&self, state: &State, run: &Run, seq: u64, at: Span, now: &Now) -> Option<Rc<Told>> {
        let second = at.secs();
        let fresh = |worked: &&Worked| worked.second == second && (worked.seq == seq || run.steps.len() >= LONG);
        let mut known = self.0.borrow_mut();
        if let Some(worked) = known.get(&run.id).filter(fresh) {
            return worked.told.clone();
        }
        known.retain(|id, _| state.runs.get(id).is_some_and(|run| run.is_open()));
        let told = told(state, run, now).map(Rc::new);
        known.insert(run.id, Worked { seq, second, told: told.clone() });
        told
    }
}

fn told(state: &State, run: &Run, now: &Now) -> Option<Told> {
    let forecast = forecast::of_run(state, run, now)?;
    let of = state.plans.get(&run.plan).zip(state.incidents.get(&run.incident));
    let miss = of.and_then(|(loaded, incident)| forecast::misses(loaded, incident, run, &forecast, now));
    let path = if forecast.singles_out() { forecast.critical.iter().copied().collect() } else { BTreeSet::new() };
    Some(Told { forecast, miss, path })
}
