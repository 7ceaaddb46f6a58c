//! A stretch of history as a row of cells, for a page.

use super::super::super::time::{Moment, Span};
use super::Slot;

/// A stretch of history that a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Window {
    /// A quarter of an hour.
    #[default]
    Quarter,
    /// Two hours.
    TwoHours,
    /// A day.
    Day,
}

impl Window {
    /// All of them, the shortest first.
    pub const ALL: [Window; 3] = [Window::Quarter, Window::TwoHours, Window::Day];

    /// How long it is.
    #[must_use]
    pub const fn length(self) -> Span {
        Span::from_secs(match self {
            Window::Quarter => 15 * 60,
            Window::TwoHours => 2 * 3_600,
            Window::Day => 24 * 3_600,
        })
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Window::Quarter => "15 min",
            Window::TwoHours => "2 h",
            Window::Day => "24 h",
        }
    }

    /// The next one, round and round.
    #[must_use]
    pub const fn next(self) -> Window {
        match self {
            Window::Quarter => Window::TwoHours,
            Window::TwoHours => Window::Day,
            Window::Day => Window::Quarter,
        }
    }
}

/// What was seen in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// Nobody looked, or nothing is kept of it.
    #[default]
    Nothing,
    /// Nobody could look.
    Unseen,
    /// Good answers only.
    Good,
    /// Answers beyond a limit of warning, or right and wrong ones.
    Mixed,
    /// Wrong answers only.
    Bad,
}

/// A stretch of time on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// What was seen.
    pub sight: Sight,
    /// How long right answers took, in the mean.
    pub mean: Option<Span>,
}

impl Slot {
    /// What was seen in it.
    #[must_use]
    pub fn sight(&self) -> Sight {
        match (self.good, self.degraded, self.bad, self.unseen) {
            (0, 0, 0, 0) => Sight::Nothing,
            (0, 0, 0, _) => Sight::Unseen,
            (_, 0, 0, _) => Sight::Good,
            (0, 0, _, _) => Sight::Bad,
            _ => Sight::Mixed,
        }
    }
}

/// The slots of one probe from one place as `count` cells of equal length that end with `to`. A slot that is longer than a cell is
/// seen in each that it lies in.
#[must_use]
pub fn cells(slots: &[Slot], to: Moment, length: Span, count: usize) -> Vec<Cell> {
    let wide = i64::try_from(length.micros()).unwrap_or(i64::MAX);
    let all = i64::try_from(count).unwrap_or(i64::MAX);
    let Some(cell) = wide.checked_div(all).filter(|cell| *cell > 0) else { return vec![Cell::default(); count] };
    let from = to.micros().saturating_sub(cell.saturating_mul(all));
    let mut seen: Vec<Option<Slot>> = vec![None; count];
    for slot in slots {
        let first = slot.at.micros().saturating_sub(from).div_euclid(cell);
        let last = slot.end().micros().saturating_sub(1).saturating_sub(from).div_euclid(cell);
        // A slot that is no longer than a cell is in the one that holds its beginning: it must not make two out of one.
        let last = if slot.grain.length() > Span::from_micros(cell.unsigned_abs()) { last } else { first };
        for place in first.max(0)..=last.min(all - 1) {
            let Some(cell) = usize::try_from(place).ok().and_then(|place| seen.get_mut(place)) else { continue };
            match cell {
                Some(known) => known.join(slot),
                None => *cell = Some(slot.clone()),
            }
        }
    }
    let cell = |slot: Option<Slot>| slot.map_or_else(Cell::default, |s| Cell { sight: s.sight(), mean: s.mean() });
    seen.into_iter().map(cell).collect()
}

/// All slots as one, of whatever length; nothing when there are none.
#[must_use]
pub fn summary(slots: &[Slot]) -> Option<Slot> {
    let (first, rest) = slots.split_first()?;
    let mut all = first.clone();
    rest.iter().for_each(|slot| all.join(slot));
    Some(all)
}
