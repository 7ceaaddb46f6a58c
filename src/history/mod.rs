//! The history of looks, kept beside the journal: `history.db` in the state directory.
//!
//! Looks are counted in memory (`Pending`) and written some seconds later, in batches, by one task (`keep`); nobody who looks
//! waits for a disk. What is written grows coarser with age, by the rule in [`crate::core::health::history`]. The file is no
//! journal: a power cut may cost its last seconds, a damaged one is put aside and begun anew, and where it cannot be written the
//! engine goes on and says so.

mod file;
mod keeper;
mod pending;
mod rows;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::core::health::Sample;
use crate::core::health::history::{Grain, LastFailure, Slot, kept_detail};
use crate::core::ids::{PlanId, ProbeId};
use crate::core::plan::{Place, Probe};
use crate::core::time::Moment;
use crate::text;
use crate::wire::NotKept;

use file::{File, FileError};
use pending::{Name, Pending};

pub use file::{FILE, LARGEST};
pub use keeper::keep;

/// The history of all looks. Clones are the same history.
#[derive(Clone)]
pub struct History(Arc<Inner>);

struct Inner {
    /// What is not on disk yet. Held for moments only, never while anything is waited for.
    pending: Mutex<Pending>,
    /// Held for as long as something is written or read: what is taken out of `pending` is on disk, or back, before the next.
    file: tokio::sync::Mutex<File>,
    trouble: Mutex<Option<NotKept>>,
}

/// Where the looks of one probe from one place are noted.
pub struct Series {
    history: History,
    number: u32,
}

/// What is kept of the looks of one probe from one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// From where it was looked.
    pub place: Place,
    /// The slots that lie in the stretch that was asked for, at least in part, oldest first.
    pub slots: Vec<Slot>,
    /// The last look that found it bad, whenever that was.
    pub failure: Option<LastFailure>,
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("trouble", &self.trouble()).finish_non_exhaustive()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl History {
    /// The history in a state directory. Nothing is opened before it is first written or read.
    #[must_use]
    pub fn new(dir: &Path) -> History {
        History::within(dir, LARGEST)
    }

    /// The same with another bound on its size on disk, in bytes.
    #[must_use]
    pub fn within(dir: &Path, largest: u64) -> History {
        History(Arc::new(Inner {
            pending: Mutex::default(),
            file: tokio::sync::Mutex::new(File::new(dir, largest)),
            trouble: Mutex::default(),
        }))
    }

    /// Where the looks of a probe from a place are noted.
    #[must_use]
    pub fn series(&self, plan: &PlanId, probe: &ProbeId, place: &Place) -> Series {
        let name = Name { plan: plan.clone(), probe: probe.clone(), place: place.clone() };
        Series { number: held(&self.0.pending).number(name), history: self.clone() }
    }

    /// What is kept of a probe, from each place that it was looked at from, between two moments; not sorted by anything but the
    /// place. What cannot be read is left out, and [`History::trouble`] says why.
    pub async fn of(&self, plan: &PlanId, probe: &ProbeId, from: Moment, to: Moment) -> Vec<Kept> {
        let mut file = self.0.file.lock().await;
        let read = file.read(plan, probe, from, to).await;
        let stored = match read {
            Ok(stored) => stored,
            Err(error) => {
                self.failed(&mut file, error).await;
                Vec::new()
            }
        };
        // While the file is held nothing is on its way between the two.
        held(&self.0.pending).added_to(stored, plan, probe, (from, to))
    }

    /// Why history is not kept as it should be, if it is not.
    #[must_use]
    pub fn trouble(&self) -> Option<NotKept> {
        held(&self.0.trouble).clone()
    }

    /// Writes what is complete: the slots that are over.
    pub async fn write(&self, now: Moment) {
        self.write_until(now).await;
    }

    /// Makes what is old coarser, throws away what is too old or too much.
    pub async fn thin(&self, now: Moment) {
        let mut file = self.0.file.lock().await;
        if let Err(error) = file.thin(now).await {
            self.failed(&mut file, error).await;
        }
    }

    /// Writes everything and closes the file.
    pub async fn close(&self) {
        self.write_until(Moment::from_micros(i64::MAX / 2)).await;
        self.0.file.lock().await.close().await;
    }

    async fn write_until(&self, now: Moment) {
        let mut file = self.0.file.lock().await;
        let batch = held(&self.0.pending).take(now);
        if batch.is_empty() {
            return;
        }
        match file.write(&batch, now).await {
            Ok(()) => self.went_well(),
            Err(error) => {
                held(&self.0.pending).put_back(batch);
                self.failed(&mut file, error).await;
            }
        }
    }

    fn went_well(&self) {
        let mut trouble = held(&self.0.trouble);
        // That an earlier file is gone stays worth knowing.
        if !matches!(*trouble, None | Some(NotKept::BegunAnew { .. })) {
            tracing::info!("the history of looks is kept again");
            *trouble = None;
        }
    }

    async fn failed(&self, file: &mut File, error: FileError) {
        // After an error nobody knows what the connection is in the middle of; the next use makes another.
        file.close().await;
        let trouble = match error {
            FileError::Full => NotKept::Full,
            FileError::Newer { found } => NotKept::Newer { found },
            FileError::Other(why) => NotKept::Failing { why },
            FileError::Damaged(why) => match file.put_aside().await {
                Ok(aside) => NotKept::BegunAnew { why, aside },
                Err(error) => NotKept::Failing { why: format!("{why}; and it cannot be put aside: {error}") },
            },
        };
        let mut known = held(&self.0.trouble);
        if known.as_ref() != Some(&trouble) {
            tracing::error!("{}", text::not_kept_history(&trouble));
        }
        *known = Some(trouble);
    }
}

impl Series {
    /// Notes a look. Waits for nothing.
    pub fn note(&self, probe: &Probe, sample: &Sample, detail: Option<String>) {
        let failure = (sample.found == crate::core::health::Found::Bad).then(|| LastFailure {
            at: sample.at.utc,
            took: sample.took,
            why: sample.why.clone(),
            asked: text::look(&probe.look),
            terms: text::probe_terms(probe),
            detail: detail.map(kept_detail),
        });
        held(&self.history.0.pending).note(self.number, Slot::of(sample), failure);
    }
}

/// Whether a slot lies in a stretch, at least in part.
fn lies_in(slot: &Slot, (from, to): (Moment, Moment)) -> bool {
    slot.at < to && slot.end() > from
}

/// Adds a slot to a row in which no two hold the same stretch.
fn add(slots: &mut Vec<Slot>, slot: &Slot) {
    let same = |known: &&mut Slot| known.at == slot.at && known.grain == slot.grain;
    match slots.iter_mut().rfind(same) {
        Some(known) => known.join(slot),
        None => slots.push(slot.clone()),
    }
}

/// By age, and where two begin at once the coarser first: it is the older.
fn in_order(slots: &mut [Slot]) {
    slots.sort_by_key(|slot| (slot.at, std::cmp::Reverse::<Grain>(slot.grain)));
}
