//! What looks found, thinned with age: how often each thing was found in slots of time that grow coarser, so that days fit into
//! little room. Every look is in one slot at a time.
//!
//! | slots of | until they are this old |
//! |---|---|
//! | 10 s | 15 min |
//! | 1 min | 2 h |
//! | 10 min | 24 h |
//! | 1 h | 14 days, then they are gone |

mod cells;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::plan::Measure;
use super::super::time::{Moment, Span};
use super::{Found, Sample};

pub use cells::{Cell, Sight, Window, cells, summary};

/// How long a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grain {
    /// Ten seconds.
    #[serde(rename = "10s")]
    TenSeconds,
    /// A minute.
    #[serde(rename = "1m")]
    Minute,
    /// Ten minutes.
    #[serde(rename = "10m")]
    TenMinutes,
    /// An hour.
    #[serde(rename = "1h")]
    Hour,
}

impl Grain {
    /// All of them, the finest first.
    pub const ALL: [Grain; 4] = [Grain::TenSeconds, Grain::Minute, Grain::TenMinutes, Grain::Hour];

    /// The length of its slots.
    #[must_use]
    pub const fn length(self) -> Span {
        Span::from_secs(match self {
            Grain::TenSeconds => 10,
            Grain::Minute => 60,
            Grain::TenMinutes => 600,
            Grain::Hour => 3_600,
        })
    }

    /// How old its slots become before they are made coarser, or are gone.
    #[must_use]
    pub const fn kept(self) -> Span {
        Span::from_secs(match self {
            Grain::TenSeconds => 15 * 60,
            Grain::Minute => 2 * 3_600,
            Grain::TenMinutes => 24 * 3_600,
            Grain::Hour => 14 * 24 * 3_600,
        })
    }

    /// What its slots become parts of when they are old; nothing for the coarsest, which are gone then.
    #[must_use]
    pub const fn coarser(self) -> Option<Grain> {
        match self {
            Grain::TenSeconds => Some(Grain::Minute),
            Grain::Minute => Some(Grain::TenMinutes),
            Grain::TenMinutes => Some(Grain::Hour),
            Grain::Hour => None,
        }
    }

    /// When the slot began that holds a moment.
    #[must_use]
    pub fn start_of(self, at: Moment) -> Moment {
        let length = self.micros();
        Moment::from_micros(at.micros().div_euclid(length).saturating_mul(length))
    }

    /// Slots that begin before this are old. It is a boundary of the coarser grain, so that all parts of a coarser slot grow old at
    /// once.
    #[must_use]
    pub fn old_before(self, now: Moment) -> Moment {
        let kept = i64::try_from(self.kept().micros()).unwrap_or(i64::MAX);
        self.coarser().unwrap_or(self).start_of(Moment::from_micros(now.micros().saturating_sub(kept)))
    }

    /// The grain that a store names by that number: its place in [`Grain::ALL`].
    #[must_use]
    pub fn from_number(number: i64) -> Option<Grain> {
        Grain::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// Its place in [`Grain::ALL`].
    #[must_use]
    pub const fn number(self) -> i64 {
        self as i64
    }

    fn micros(self) -> i64 {
        i64::try_from(self.length().micros()).unwrap_or(i64::MAX)
    }
}

/// What the looks of one probe from one place found within one slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// When it began: a boundary of its grain.
    pub at: Moment,
    /// How long it is.
    pub grain: Grain,
    /// Looks that found it good.
    #[serde(default, skip_serializing_if = "is_none")]
    pub good: u32,
    /// Looks that found it beyond a limit of warning.
    #[serde(default, skip_serializing_if = "is_none")]
    pub degraded: u32,
    /// Looks that found it bad.
    #[serde(default, skip_serializing_if = "is_none")]
    pub bad: u32,
    /// Looks that could not be made.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unseen: u32,
    /// How long the answers took together: of looks that found it good or degraded, as a wrong answer's time says nothing.
    #[serde(default)]
    pub took: Span,
    /// The slowest of them.
    #[serde(default)]
    pub slowest: Span,
    /// What was measured last, in each measure's unit; how long answers took stands above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub measured: BTreeMap<Measure, f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

impl Slot {
    /// An empty slot: the one of that grain that holds a moment.
    #[must_use]
    pub fn holding(grain: Grain, at: Moment) -> Slot {
        Slot {
            at: grain.start_of(at),
            grain,
            good: 0,
            degraded: 0,
            bad: 0,
            unseen: 0,
            took: Span::ZERO,
            slowest: Span::ZERO,
            measured: BTreeMap::new(),
        }
    }

    /// The finest slot with one look in it.
    #[must_use]
    pub fn of(sample: &Sample) -> Slot {
        let mut slot = Slot::holding(Grain::TenSeconds, sample.at.utc);
        match sample.found {
            Found::Good => slot.good = 1,
            Found::Degraded => slot.degraded = 1,
            Found::Bad => slot.bad = 1,
            Found::Unseen => slot.unseen = 1,
        }
        if slot.answered() > 0 {
            (slot.took, slot.slowest) = (sample.took, sample.took);
        }
        let others = sample.measured.iter().filter(|(measure, _)| **measure != Measure::Latency);
        slot.measured = others.map(|(measure, value)| (*measure, *value)).collect();
        slot
    }

    /// Takes in what a later one holds, whatever its length.
    pub fn join(&mut self, later: &Slot) {
        self.good = self.good.saturating_add(later.good);
        self.degraded = self.degraded.saturating_add(later.degraded);
        self.bad = self.bad.saturating_add(later.bad);
        self.unseen = self.unseen.saturating_add(later.unseen);
        self.took = self.took.plus(later.took);
        self.slowest = self.slowest.max(later.slowest);
        self.measured.extend(&later.measured);
    }

    /// The moment behind it.
    #[must_use]
    pub fn end(&self) -> Moment {
        self.at.plus(self.grain.length())
    }

    /// Looks in it.
    #[must_use]
    pub fn looks(&self) -> u32 {
        self.answered().saturating_add(self.bad).saturating_add(self.unseen)
    }

    /// Looks whose answer was right.
    #[must_use]
    pub fn answered(&self) -> u32 {
        self.good.saturating_add(self.degraded)
    }

    /// How long right answers took, in the mean; nothing when there were none.
    #[must_use]
    pub fn mean(&self) -> Option<Span> {
        let looks = u64::from(self.answered());
        self.took.micros().checked_div(looks).map(Span::from_micros)
    }
}

/// Slots of one probe from one place, put together into those of a coarser grain, oldest first. They come oldest first, so that what
/// was measured last stays.
#[must_use]
pub fn coarsened<'s>(slots: impl IntoIterator<Item = &'s Slot>, grain: Grain) -> Vec<Slot> {
    let mut coarse: BTreeMap<Moment, Slot> = BTreeMap::new();
    for slot in slots {
        let at = grain.start_of(slot.at);
        coarse.entry(at).or_insert_with(|| Slot::holding(grain, at)).join(slot);
    }
    coarse.into_values().collect()
}

/// The last look that found a part bad, with all that is known of it. Text from outside: cleaned where it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastFailure {
    /// When the look began.
    pub at: Moment,
    /// How long it took.
    pub took: Span,
    /// The evidence in a few words.
    pub why: String,
    /// What was asked, as it was then.
    pub asked: String,
    /// How long an answer might take, and which limits there were.
    pub terms: String,
    /// What came back, as far as it was kept: at most [`DETAIL_KEPT`] bytes; nothing when nothing more is known than the evidence.
    #[serde(default)]
    pub detail: Option<String>,
}

/// How much is kept of what came back from a look that found a part bad, in bytes.
pub const DETAIL_KEPT: usize = 2 * 1024;

/// At most [`DETAIL_KEPT`] bytes of the beginning, cut between two characters.
#[must_use]
pub fn kept_detail(mut detail: String) -> String {
    detail.truncate(detail.floor_char_boundary(DETAIL_KEPT));
    detail
}
