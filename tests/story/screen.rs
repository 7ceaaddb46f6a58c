//! What a terminal has taken so far: every byte, and the screen that they make.

use std::num::NonZeroU16;

/// Everything that was written to a terminal.
pub struct Taken {
    parser: vt100::Parser,
    /// The screen after the last whole frame.
    shown: String,
    /// Every byte, in order.
    pub bytes: Vec<u8>,
    /// Nothing more comes: the terminal was closed on either side.
    pub ended: bool,
}

/// What a terminal can be told to do, as it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modes {
    pub alternate_screen: bool,
    pub cursor_hidden: bool,
    pub bracketed_paste: bool,
    pub mouse: bool,
}

impl Modes {
    /// As a shell has them.
    pub const SHELL: Modes =
        Modes { alternate_screen: false, cursor_hidden: false, bracketed_paste: false, mouse: false };
    /// As the console has them.
    pub const CONSOLE: Modes =
        Modes { alternate_screen: true, cursor_hidden: true, bracketed_paste: true, mouse: false };
}

impl Taken {
    pub fn new(columns: u16, rows: u16) -> Taken {
        let [columns, rows] = [columns, rows].map(|n| NonZeroU16::new(n).unwrap());
        Taken { parser: vt100::Parser::new(rows, columns, 0), shown: String::new(), bytes: Vec::new(), ended: false }
    }

    pub fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.parser.process(bytes);
        if !self.is_within_a_frame() {
            self.shown = self.rows();
        }
    }

    /// Whether a frame has begun and not ended: like a terminal that knows of frames, what is half drawn is not shown.
    fn is_within_a_frame(&self) -> bool {
        let last = |mark: &[u8]| self.bytes.windows(mark.len()).rposition(|part| part == mark);
        last(b"\x1b[?2026h") > last(b"\x1b[?2026l")
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        let [columns, rows] = [columns, rows].map(|n| NonZeroU16::new(n).unwrap());
        self.parser.screen_mut().set_size(rows, columns);
    }

    /// The rows, without the spaces at their ends.
    pub fn text(&self) -> String {
        self.shown.clone()
    }

    fn rows(&self) -> String {
        let screen = self.parser.screen();
        let (_, columns) = screen.size();
        let rows: Vec<String> = screen.rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect();
        rows.join("\n")
    }

    pub fn modes(&self) -> Modes {
        let screen = self.parser.screen();
        Modes {
            alternate_screen: screen.alternate_screen(),
            cursor_hidden: screen.hide_cursor(),
            bracketed_paste: screen.bracketed_paste(),
            mouse: screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
        }
    }
}
