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

    /// How many cells of it fit into that many columns, so that each is a round length of time.
    #[must_use]
    pub fn cells_in(self, columns: usize) -> usize {
        let counts: [usize; 5] = match self {
            Window::Quarter => [90, 45, 30, 15, 9],
            Window::TwoHours => [120, 60, 40, 24, 12],
            Window::Day => [144, 72, 48, 24, 12],
        };
        counts.into_iter().find(|count| *count <= columns).unwrap_or(0)
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

/// The slots of one probe from one place as `count` cells of equal length, the last of which holds the moment before `to`. Cells begin
/// at multiples of their length, so that they do not change as time passes. A slot that is longer than a cell is seen in each that it
/// lies in. What was seen holds until the next look is due, that is for `lasts`.
#[must_use]
pub fn cells(slots: &[Slot], to: Moment, length: Span, count: usize, lasts: Span) -> Vec<Cell> {
    let micros = |span: Span| i64::try_from(span.micros()).unwrap_or(i64::MAX);
    let all = i64::try_from(count).unwrap_or(i64::MAX);
    let wide = micros(length).checked_div(all).filter(|wide| *wide > 0);
    let Some(wide) = wide else { return vec![Cell::default(); count] };
    let end = to.micros().saturating_sub(1).div_euclid(wide).saturating_add(1).saturating_mul(wide);
    let from = end.saturating_sub(wide.saturating_mul(all));
    let place_of = |at: i64| at.saturating_sub(from).div_euclid(wide);
    let mut seen: Vec<Option<Slot>> = vec![None; count];
    for slot in slots {
        let first = place_of(slot.at.micros());
        // A slot that is no longer than a cell is in the one that holds its beginning: it must not make two out of one.
        let long = micros(slot.grain.length()) > wide;
        let last = if long { place_of(slot.end().micros().saturating_sub(1)) } else { first };
        for place in first.max(0)..=last.min(all - 1) {
            match usize::try_from(place).ok().and_then(|place| seen.get_mut(place)) {
                Some(Some(known)) => known.join(slot),
                Some(empty) => *empty = Some(slot.clone()),
                None => {}
            }
        }
    }
    let holds = usize::try_from(micros(lasts) / wide).unwrap_or(usize::MAX);
    let mut last: Option<(usize, Cell)> = None;
    let mut cell = |(place, slot): (usize, Option<Slot>)| match (slot, last) {
        (Some(slot), _) => {
            let cell = Cell { sight: slot.sight(), mean: slot.mean() };
            last = Some((place, cell));
            cell
        }
        (None, Some((seen, cell))) if place - seen <= holds => cell,
        (None, _) => Cell::default(),
    };
    seen.into_iter().enumerate().map(&mut cell).collect()
}

/// All slots as one, of whatever length; nothing when there are none.
#[must_use]
pub fn summary(slots: &[Slot]) -> Option<Slot> {
    let (first, rest) = slots.split_first()?;
    let mut all = first.clone();
    rest.iter().for_each(|slot| all.join(slot));
    Some(all)
}
