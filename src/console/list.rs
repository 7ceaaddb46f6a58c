//! Lists with one thing under the cursor.

use super::canvas::{Canvas, Row};
use super::edit::Focus;
use super::place::Thing;
use super::theme::Role;

/// A line of a list; one without a thing cannot be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) thing: Option<Thing>,
    pub(crate) left: Row,
    pub(crate) right: Row,
}

impl Line {
    pub(crate) fn of(thing: Thing, left: Row) -> Line {
        Line { thing: Some(thing), left, right: Row::new() }
    }

    pub(crate) fn only(left: Row) -> Line {
        Line { thing: None, left, right: Row::new() }
    }

    pub(crate) fn right(self, right: Row) -> Line {
        Line { right, ..self }
    }
}

/// Lines that are laid out when they are drawn, and not before: a list may have ten thousand.
pub(crate) trait List {
    /// How many there are.
    fn count(&self) -> usize;

    /// What the line at that place is of; nothing where it cannot be chosen.
    fn thing(&self, at: usize) -> Option<Thing>;

    /// Where a thing is.
    fn find(&self, thing: &Thing) -> Option<usize> {
        (0..self.count()).find(|at| self.thing(*at).as_ref() == Some(thing))
    }

    /// Whether the line at that place can be chosen.
    fn can_be_chosen(&self, at: usize) -> bool {
        self.thing(at).is_some()
    }

    /// The line itself.
    fn line(&self, at: usize) -> Line;
}

impl List for Vec<Line> {
    fn count(&self) -> usize {
        self.len()
    }

    fn thing(&self, at: usize) -> Option<Thing> {
        self.get(at)?.thing.clone()
    }

    fn find(&self, thing: &Thing) -> Option<usize> {
        self.iter().position(|line| line.thing.as_ref() == Some(thing))
    }

    fn can_be_chosen(&self, at: usize) -> bool {
        self.get(at).is_some_and(|line| line.thing.is_some())
    }

    fn line(&self, at: usize) -> Line {
        self.get(at).cloned().unwrap_or_else(|| Line::only(Row::new()))
    }
}

/// Where the cursor is: at the chosen thing; where that is gone, at `default`; else at the first that can be chosen.
pub(crate) fn cursor(lines: &dyn List, chosen: Option<&Thing>, default: Option<&Thing>) -> Option<usize> {
    let find = |thing: Option<&Thing>| thing.and_then(|t| lines.find(t));
    find(chosen).or_else(|| find(default)).or_else(|| (0..lines.count()).find(|at| lines.can_be_chosen(*at)))
}

/// The line that many places on that can be chosen.
pub(crate) fn step(lines: &dyn List, from: usize, by: isize) -> Option<Thing> {
    let can = |at: &usize| lines.can_be_chosen(*at);
    let last = (0..lines.count()).rev().find(can)?;
    let here = (from..lines.count()).find(can).unwrap_or(last);
    let at = match by {
        0.. => (here + 1..lines.count()).filter(can).take(by.unsigned_abs()).last(),
        _ => (0..here).rev().filter(can).take(by.unsigned_abs()).last(),
    };
    lines.thing(at.unwrap_or(here))
}

/// Draws as many lines as fit, the cursor among them.
pub(crate) fn draw(canvas: &mut Canvas<'_>, lines: &dyn List, cursor: Option<usize>, focus: Focus) {
    let (height, count) = (usize::from(canvas.height()), lines.count());
    let first = match cursor {
        Some(at) if count > height => at.saturating_sub(height / 2).min(count - height),
        _ => 0,
    };
    let below = count.saturating_sub(first + height);
    for (y, index) in (0_u16..canvas.height()).zip(first..count) {
        let mut line = lines.line(index);
        if below > 0 && height > 1 && usize::from(y) + 1 == height {
            line.right = line.right.gap(1).with(format!("{below} more "), Role::Dim);
        }
        canvas.both(y, &line.left, &line.right);
        if cursor == Some(index) && focus == Focus::Yes && line.thing.is_some() {
            canvas.select(y);
            canvas.put(0, y, &Row::of("▸", Role::Key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(numbers: &[u64]) -> Vec<Line> {
        numbers.iter().map(|n| Line::of(Thing::Row(*n), Row::text(n.to_string()))).collect()
    }

    #[test]
    fn the_cursor_stays_with_its_thing_when_others_come() {
        let chosen = Thing::Row(2);
        assert_eq!(cursor(&lines(&[1, 2, 3]), Some(&chosen), None), Some(1));
        assert_eq!(cursor(&lines(&[9, 8, 1, 2, 3]), Some(&chosen), None), Some(3));
        assert_eq!(cursor(&lines(&[9, 8]), Some(&chosen), Some(&Thing::Row(8))), Some(1));
        assert_eq!(cursor(&lines(&[]), Some(&chosen), None), None);
    }

    #[test]
    fn the_cursor_moves_over_what_can_be_chosen_and_stops_at_the_ends() {
        let mut lines = lines(&[1, 2, 3]);
        lines.insert(1, Line::only(Row::text("between")));
        assert_eq!(step(&lines, 0, 1), Some(Thing::Row(2)));
        assert_eq!(step(&lines, 2, -1), Some(Thing::Row(1)));
        assert_eq!(step(&lines, 0, -5), Some(Thing::Row(1)));
        assert_eq!(step(&lines, 0, 50), Some(Thing::Row(3)));
        assert_eq!(step(&Vec::new(), 0, 1), None);
    }
}
