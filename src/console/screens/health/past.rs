//! History as rows of signs and bars.

use crate::console::canvas::Row;
use crate::console::histories::Past;
use crate::console::theme::Role;
use crate::core::health::history::{Cell, Sight, Window, cells, summary};
use crate::core::plan::Probe;
use crate::core::time::Span;
use crate::text;

/// What was seen looks like.
fn sight_role(sight: Sight) -> Role {
    match sight {
        Sight::Nothing => Role::Dim,
        Sight::Unseen => Role::Unknown,
        Sight::Good => Role::Good,
        Sight::Mixed => Role::Warn,
        Sight::Bad => Role::Bad,
    }
}

/// How long what one look found holds.
fn lasts(probe: &Probe) -> Span {
    probe.every.plus(probe.timeout)
}

/// What was seen as signs.
fn signs(cells: &[Cell]) -> Row {
    let sign = |row: Row, cell: &Cell| row.with(text::sight_sign(cell.sight).to_string(), sight_role(cell.sight));
    cells.iter().fold(Row::new(), sign)
}

/// The past of a probe from each place: what was seen, how long answers took, and all of it in a sentence.
pub(super) fn rows(past: &Past, probe: &Probe, window: Window, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let several = past.places.len() > 1;
    let count = window.cells_in(width);
    for place in &past.places {
        let seen = cells(&place.slots, past.to, window.length(), count, lasts(probe));
        if several {
            rows.push(Row::of(format!("from {}", place.place), Role::Dim));
        }
        rows.push(signs(&seen));
        rows.push(Row::of(text::bars(&seen), Role::Text));
        let all = summary(&place.slots).map_or_else(|| "no looks".to_owned(), |all| text::looks(&all));
        rows.push(Row::of(all, Role::Dim));
    }
    if past.places.is_empty() {
        rows.push(Row::of("no look is kept", Role::Dim));
    }
    rows.extend(past.trouble.as_ref().map(|trouble| Row::of(text::not_kept_history(trouble), Role::Warn)));
    rows
}

/// A small picture of the last quarter of an hour: bars where answers came, else what was seen. Of several places the one that saw
/// the worst last is shown.
pub(crate) fn spark(past: &Past, probe: &Probe, width: usize) -> Row {
    let length = Window::Quarter.length();
    let of = |slots: &[_]| cells(slots, past.to, length, width, lasts(probe));
    let rows = past.places.iter().map(|place| of(&place.slots));
    let bad = |row: &Vec<Cell>| row.iter().filter(|cell| cell.sight == Sight::Bad).count();
    let Some(seen) = rows.max_by_key(bad) else { return Row::new().gap(width) };
    let bars = text::bars(&seen);
    let sign = |row: Row, (cell, bar): (&Cell, char)| match cell.sight {
        Sight::Good | Sight::Mixed if bar != ' ' => row.with(bar.to_string(), sight_role(cell.sight)),
        sight => row.with(text::sight_sign(sight).to_string(), sight_role(sight)),
    };
    seen.iter().zip(bars.chars()).fold(Row::new(), sign)
}
