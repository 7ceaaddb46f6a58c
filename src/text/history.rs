//! What is kept of looks, and why it is not.

use super::clean_line;
use crate::core::health::history::{Cell, Sight, Slot};
use crate::core::plan::Probe;
use crate::wire::NotKept;

/// Why the history of looks is not kept as it should be; cleaned.
#[must_use]
pub fn not_kept_history(trouble: &NotKept) -> String {
    let says = match trouble {
        NotKept::Full => "the history of looks is not kept: the disk is full".to_owned(),
        NotKept::Newer { found } => {
            format!(
                "the history of looks is not kept: a newer program wrote its file (form {found}); it is left as it is"
            )
        }
        NotKept::BegunAnew { why, aside } => {
            format!("the history of looks begins anew: its file was damaged ({why}) and is kept as {aside}")
        }
        NotKept::Failing { why } => format!("the history of looks is not kept: {why}"),
    };
    clean_line(&says).into_owned()
}

/// How long an answer may take, when a probe complains, and its limits.
#[must_use]
pub fn probe_terms(probe: &Probe) -> String {
    let rows = format!("down after {} bad in a row, ok after {} good", probe.fail_after, probe.pass_after);
    let limits = super::limits(probe).map_or(String::new(), |limits| format!("; {limits}"));
    format!("every {}, at most {}; {rows}{limits}", probe.every, probe.timeout)
}

/// What looks found in all: `87 looks: 80 good, 5 degraded, 2 bad; 12ms in the mean, 4s the slowest`.
#[must_use]
pub fn looks(slot: &Slot) -> String {
    let counts = [(slot.good, "good"), (slot.degraded, "degraded"), (slot.bad, "bad"), (slot.unseen, "not to be made")];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let looks = if slot.looks() == 1 { "1 look".to_owned() } else { format!("{} looks", slot.looks()) };
    match (counts.is_empty(), slot.mean()) {
        (true, _) => "no looks".to_owned(),
        (false, None) => format!("{looks}: {}", counts.join(", ")),
        (false, Some(mean)) => {
            format!("{looks}: {}; {mean} in the mean, {} the slowest", counts.join(", "), slot.slowest)
        }
    }
}

/// The sign of what was seen, as verdicts have it: good answers are a block, what nobody looked at a dot.
#[must_use]
pub fn sight_sign(sight: Sight) -> char {
    match sight {
        Sight::Nothing => '·',
        Sight::Unseen => '?',
        Sight::Good => '█',
        Sight::Mixed => '!',
        Sight::Bad => '✗',
    }
}

/// Cells as a line of signs.
#[must_use]
pub fn sights(cells: &[Cell]) -> String {
    cells.iter().map(|cell| sight_sign(cell.sight)).collect()
}

/// The heights of a bar, the lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How long right answers took, as bars against the longest of them; a blank where there were none.
#[must_use]
pub fn bars(cells: &[Cell]) -> String {
    let longest = cells.iter().filter_map(|cell| cell.mean).map(|mean| mean.micros()).max().unwrap_or(0).max(1);
    let bar = |cell: &Cell| {
        let Some(mean) = cell.mean else { return ' ' };
        let steps = (BARS.len() - 1) as u64;
        let place = mean.micros().saturating_mul(steps).div_ceil(longest);
        usize::try_from(place).ok().and_then(|place| BARS.get(place)).copied().unwrap_or('█')
    };
    cells.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::health::history::Grain;
    use crate::core::time::Span;

    #[test]
    fn looks_are_summed_up_in_a_sentence() {
        let empty = Slot::holding(Grain::Hour, crate::core::fixtures::at(0).utc);
        assert_eq!(looks(&empty), "no looks");
        let took = Span::from_millis(90);
        let some = Slot { good: 2, degraded: 1, bad: 3, took, slowest: Span::from_millis(70), ..empty.clone() };
        assert_eq!(looks(&some), "6 looks: 2 good, 1 degraded, 3 bad; 30ms in the mean, 70ms the slowest");
        assert_eq!(looks(&Slot { unseen: 1, ..empty }), "1 look: 1 not to be made");
    }

    #[test]
    fn a_row_has_a_sign_for_every_sight_and_a_bar_for_every_answer() {
        let cell = |sight, millis: Option<u64>| Cell { sight, mean: millis.map(Span::from_millis) };
        let row = [
            cell(Sight::Nothing, None),
            cell(Sight::Good, Some(1)),
            cell(Sight::Good, Some(0)),
            cell(Sight::Mixed, Some(400)),
            cell(Sight::Bad, None),
            cell(Sight::Unseen, None),
            cell(Sight::Good, Some(800)),
        ];
        assert_eq!(sights(&row), "·██!✗?█");
        assert_eq!(bars(&row), " ▂▁▅  █");
        assert_eq!(bars(&[cell(Sight::Bad, None)]), " ");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_with_its_reason_and_drives_nothing() {
        let says =
            not_kept_history(&NotKept::BegunAnew { why: "ill\u{1b}[2J".into(), aside: "history.db.damaged".into() });
        assert_eq!(
            says,
            "the history of looks begins anew: its file was damaged (ill^[[2J) and is kept as history.db.damaged"
        );
    }
}
