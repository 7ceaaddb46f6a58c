//! What is never journaled: the newest reading of everything, who is here, and why nothing can be written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::core::health::{Found, Readings};
use crate::core::ids::{IncidentId, PlanId, Principal};
use crate::core::service::{Counter, LATELY, Service};
use crate::core::time::Now;

/// Shared by those who read the world and those who show it.
#[derive(Debug, Clone, Default)]
pub struct LiveBoard {
    readings: watch::Sender<Arc<Readings>>,
    present: Arc<Mutex<BTreeMap<Principal, usize>>>,
    read_only: Arc<Mutex<Option<String>>>,
    doors: Arc<Mutex<BTreeMap<PlanId, Counter>>>,
}

/// Somebody has a console open for as long as this lives.
#[derive(Debug)]
pub struct Presence {
    board: LiveBoard,
    who: Principal,
}

impl LiveBoard {
    /// The newest readings.
    #[must_use]
    pub fn readings(&self) -> Arc<Readings> {
        self.readings.borrow().clone()
    }

    /// The readings as they change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Readings>> {
        self.readings.subscribe()
    }

    /// Notes new readings.
    pub fn read(&self, change: impl FnOnce(&mut Readings)) {
        self.readings.send_modify(|readings| change(Arc::make_mut(readings)));
    }

    /// Counts a look through a plan's front door; `incident` is the open one and when it began.
    pub fn count(&self, plan: &PlanId, at: &Now, found: Found, incident: Option<(IncidentId, Now)>) {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = doors.entry(plan.clone()).or_default();
        counter.take(at, found);
        let of_incident = incident.and_then(|(id, began)| Some((id, counter.since(&began)?)));
        let service = Service { lately: counter.lately(at, LATELY), incident: of_incident };
        drop(doors);
        self.read(|readings| {
            readings.service.insert(plan.clone(), service);
        });
    }

    /// Who has a console open.
    #[must_use]
    pub fn present(&self) -> Vec<Principal> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Somebody opened a console.
    #[must_use]
    pub fn arrive(&self, who: Principal) -> Presence {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        *present.entry(who.clone()).or_default() += 1;
        Presence { board: self.clone(), who }
    }

    /// Why nothing can be written, when nothing can.
    #[must_use]
    pub fn read_only(&self) -> Option<String> {
        self.read_only.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says why nothing can be written, or that something can again.
    pub fn set_read_only(&self, why: Option<String>) {
        *self.read_only.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut present = self.board.present.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(consoles) = present.get_mut(&self.who) {
            *consoles -= 1;
            if *consoles == 0 {
                present.remove(&self.who);
            }
        }
    }
}
