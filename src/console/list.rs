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

/// Where the cursor is: at the chosen thing; where that is gone, at `default`; else at the first that can be chosen.
pub(crate) fn cursor(lines: &[Line], chosen: Option<&Thing>, default: Option<&Thing>) -> Option<usize> {
    let find = |thing: Option<&Thing>| thing.and_then(|t| lines.iter().position(|line| line.thing.as_ref() == Some(t)));
    find(chosen).or_else(|| find(default)).or_else(|| lines.iter().position(|line| line.thing.is_some()))
}

/// The line that many places on that can be chosen.
pub(crate) fn step(lines: &[Line], from: usize, by: isize) -> Option<&Thing> {
    let can: Vec<usize> = lines.iter().enumerate().filter(|(_, l)| l.thing.is_some()).map(|(i, _)| i).collect();
    let at = can.iter().position(|i| *i >= from).unwrap_or(can.len().saturating_sub(1));
    let last = can.len().checked_sub(1)?;
    let next = at.saturating_add_signed(by).min(last);
    can.get(next).and_then(|i| lines.get(*i)).and_then(|line| line.thing.as_ref())
}

/// Draws as many lines as fit, the cursor among them.
pub(crate) fn draw(canvas: &mut Canvas<'_>, lines: &[Line], cursor: Option<usize>, focus: Focus) {
    let height = usize::from(canvas.height());
    let first = match cursor {
        Some(at) if lines.len() > height => at.saturating_sub(height / 2).min(lines.len() - height),
        _ => 0,
    };
    for (y, (index, line)) in (0_u16..canvas.height()).zip(lines.iter().enumerate().skip(first)) {
        canvas.both(y, &line.left, &line.right);
        if cursor == Some(index) && focus == Focus::Yes && line.thing.is_some() {
            canvas.select(y);
            canvas.put(0, y, &Row::of("▸", Role::Key));
        }
    }
    let below = lines.len().saturating_sub(first + height);
    if below > 0 && height > 1 {
        let more = Row::of(format!(" {below} more "), Role::Dim);
        let x = canvas.width().saturating_sub(u16::try_from(more.width()).unwrap_or(0));
        canvas.put(x, canvas.height() - 1, &more);
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
        assert_eq!(step(&lines, 0, 1), Some(&Thing::Row(2)));
        assert_eq!(step(&lines, 2, -1), Some(&Thing::Row(1)));
        assert_eq!(step(&lines, 0, -5), Some(&Thing::Row(1)));
        assert_eq!(step(&lines, 0, 50), Some(&Thing::Row(3)));
        assert_eq!(step(&[], 0, 1), None);
    }
}
