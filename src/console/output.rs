//! What a step wrote: its last part, as lines that can be shown.

use crate::text::clean_block;

/// Bytes that are kept of one output: enough to scroll through, never a threat to memory.
pub(crate) const KEPT: usize = 256 * 1024;

/// The last part of what a step wrote.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    start: u64,
    total: u64,
    lines: Vec<String>,
}

impl Output {
    /// Takes a piece that begins at `from`. What does not join on replaces what is there.
    pub(crate) fn take(&mut self, from: u64, bytes: &[u8], total: u64) {
        if from == self.end() {
            self.bytes.extend_from_slice(bytes);
        } else if from > self.end() || from < self.start {
            self.bytes = bytes.to_vec();
            self.start = from;
        }
        let surplus = self.bytes.len().saturating_sub(KEPT);
        self.bytes.drain(..surplus);
        self.start += surplus as u64;
        self.total = total.max(self.end());
        self.lines = lines(&self.bytes);
    }

    /// The byte after the last one that is known.
    #[must_use]
    pub(crate) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// How much there is in all.
    #[must_use]
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Bytes before the first one that is kept.
    #[must_use]
    pub(crate) fn skipped(&self) -> u64 {
        self.start
    }

    /// Its lines, cleaned.
    #[must_use]
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
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
        output.take(0, b"received 0/5A3F20\nrepl", 30);
        output.take(22, b"ayed \x1b[31mred\n", 36);
        assert_eq!(output.lines(), ["received 0/5A3F20", "replayed ^[[31mred"]);
        output.take(22, b"ayed again", 36);
        assert_eq!(output.lines().len(), 2, "a piece that came twice");
    }

    #[test]
    fn a_flood_keeps_its_end_and_says_how_much_is_gone() {
        let mut output = Output::default();
        output.take(0, &vec![b'x'; KEPT], KEPT as u64);
        output.take(KEPT as u64, b"\nend\n", KEPT as u64 + 5);
        assert_eq!(output.lines().last().map(String::as_str), Some("end"));
        assert_eq!(output.skipped(), 5);
        assert_eq!(output.total(), KEPT as u64 + 5);
    }

    #[test]
    fn a_progress_bar_shows_where_it_is() {
        let mut output = Output::default();
        output.take(0, b"10%\r50%\r90%\ndone\r\n", 18);
        assert_eq!(output.lines(), ["90%", "done"]);
    }
}
