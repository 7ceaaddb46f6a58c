//! What a step wrote: its last part, as lines that can be shown.

use std::collections::VecDeque;

use crate::text::clean_block;

/// Bytes that are kept of one output: enough to scroll through, never a threat to memory.
pub(crate) const KEPT: usize = 256 * 1024;

/// The last part of what a step wrote, in pieces where something in between is missing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output {
    pieces: VecDeque<Piece>,
    total: u64,
    lines: Vec<String>,
}

/// Bytes that follow upon each other.
#[derive(Debug, Clone)]
struct Piece {
    from: u64,
    bytes: Vec<u8>,
    /// How many of the bytes right before it nobody keeps any more.
    not_kept: u64,
}

impl Piece {
    fn end(&self) -> u64 {
        self.from + self.bytes.len() as u64
    }
}

impl Output {
    /// Takes what came when it was asked for from `asked` on: it begins at `from`, behind what is not kept. What lies before
    /// all that is there replaces it.
    pub(crate) fn take(&mut self, asked: u64, from: u64, bytes: &[u8], total: u64) {
        let (end, first) = (self.end(), self.pieces.front().map_or(0, |piece| piece.from));
        let piece = || Piece { from, bytes: bytes.to_vec(), not_kept: from.saturating_sub(asked) };
        match self.pieces.back_mut() {
            Some(last) if from == end => last.bytes.extend_from_slice(bytes),
            Some(_) if from < first => self.pieces = [piece()].into(),
            // It came twice.
            Some(_) if from < end => {}
            _ if bytes.is_empty() => {}
            _ => self.pieces.push_back(piece()),
        }
        self.drop_surplus();
        self.total = total.max(self.end());
        self.lines = self.all_lines();
    }

    fn drop_surplus(&mut self) {
        let mut surplus = self.pieces.iter().map(|p| p.bytes.len()).sum::<usize>().saturating_sub(KEPT);
        while surplus > 0 {
            let Some(first) = self.pieces.front_mut() else { return };
            if first.bytes.len() <= surplus {
                surplus -= first.bytes.len();
                self.pieces.pop_front();
                continue;
            }
            first.bytes.drain(..surplus);
            first.from += surplus as u64;
            first.not_kept = 0;
            surplus = 0;
        }
    }

    /// The byte after the last one that is known.
    #[must_use]
    pub(crate) fn end(&self) -> u64 {
        self.pieces.back().map_or(0, Piece::end)
    }

    /// How much there is in all.
    #[must_use]
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Bytes before the first one that is kept.
    #[must_use]
    pub(crate) fn skipped(&self) -> u64 {
        self.pieces.front().map_or(0, |piece| piece.from)
    }

    /// Bytes in between that nobody keeps any more.
    #[must_use]
    pub(crate) fn not_kept(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.not_kept).sum()
    }

    /// Its lines, cleaned; one of its own in the place of what is missing.
    #[must_use]
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    fn all_lines(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut before: Option<u64> = None;
        for piece in &self.pieces {
            if piece.not_kept > 0 {
                all.push(crate::text::not_kept(piece.not_kept));
            }
            let not_fetched = before.map_or(0, |end| piece.from.saturating_sub(end + piece.not_kept));
            if not_fetched > 0 {
                all.push(format!("[{not_fetched} bytes of output were not fetched]"));
            }
            all.extend(lines(&piece.bytes));
            before = Some(piece.end());
        }
        all
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines: Vec<String> = text
        .split('\n')
        // A progress bar overwrites its line: the last state is what a person would see.
        .map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default())
        .map(|line| clean_block(line).into_owned())
        .collect();
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_and_lines_are_cleaned() {
        let mut output = Output::default();
        output.take(0, 0, b"received 0/5A3F20\nrepl", 30);
        output.take(22, 22, b"ayed \x1b[31mred\n", 36);
        assert_eq!(output.lines(), ["received 0/5A3F20", "replayed ^[[31mred"]);
        output.take(22, 22, b"ayed again", 36);
        assert_eq!(output.lines().len(), 2, "a piece that came twice");
    }

    #[test]
    fn a_flood_keeps_its_end_and_says_how_much_is_gone() {
        let mut output = Output::default();
        output.take(0, 0, &vec![b'x'; KEPT], KEPT as u64);
        output.take(KEPT as u64, KEPT as u64, b"\nend\n", KEPT as u64 + 5);
        assert_eq!(output.lines().last().map(String::as_str), Some("end"));
        assert_eq!(output.skipped(), 5);
        assert_eq!(output.total(), KEPT as u64 + 5);
    }

    #[test]
    fn what_is_not_kept_in_the_middle_has_a_line_in_its_place() {
        let mut output = Output::default();
        output.take(0, 0, b"the beginning\n", 3_000_000);
        output.take(14, 2_999_900, b"the end\n", 3_000_000);
        assert_eq!(output.lines(), ["the beginning", "[2999886 bytes of output are not kept]", "the end"]);
        assert_eq!((output.not_kept(), output.skipped(), output.end()), (2_999_886, 0, 2_999_908));
        output.take(2_999_908, 2_999_908, b"and more\n", 3_000_000);
        assert_eq!(output.lines().len(), 4);
    }

    #[test]
    fn what_was_passed_over_in_a_flood_is_said_to_be_somewhere_else() {
        let mut output = Output::default();
        output.take(0, 0, b"one\n", 900);
        output.take(804, 804, b"two\n", 900);
        assert_eq!(output.lines(), ["one", "[800 bytes of output were not fetched]", "two"]);
    }

    #[test]
    fn a_progress_bar_shows_where_it_is() {
        let mut output = Output::default();
        output.take(0, 0, b"10%\r50%\r90%\ndone\r\n", 18);
        assert_eq!(output.lines(), ["90%", "done"]);
    }
}
