//! Bytes from a terminal, turned into keys and pastes.
//!
//! Over a slow link an arrow can come apart: `Esc` first, `[B` later. So a bare `Esc` is held back until
//! [`Decoder::give_up_waiting`] says that nothing followed, and a `[` right after an `Esc` that was given up on still belongs to
//! it. The other way round, what is typed apart can arrive together: so an `Esc` with a letter behind it is two keys, and there
//! are none with Alt. What a terminal says unasked (reports, mouse, focus) is swallowed whole and never read as keys.

use super::key::{Code, Key, Mods};

/// Longest paste that is taken, in bytes; the rest of a longer one is dropped.
pub(crate) const MAX_PASTE: usize = 64 * 1024;

/// Longest sequence that is waited for, in bytes; terminals send none that long.
const MAX_SEQUENCE: usize = 4096;

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A key.
    Key(Key),
    /// A text put in at once.
    Paste(String),
}

/// The bytes that do not make a whole key yet.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
    torn: bool,
}

/// What the beginning of the pending bytes is.
enum Piece {
    /// That many bytes make this.
    Input(usize, Key),
    /// That many bytes mean nothing here.
    Nothing(usize),
    /// That many bytes begin a paste.
    PasteBegins(usize),
    /// More is needed.
    Partial,
}

impl Decoder {
    /// Takes bytes as they came, however they were cut, and answers with what they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut found = Vec::new();
        if std::mem::take(&mut self.torn) && bytes.first() == Some(&b'[') {
            self.pending.push(0x1b);
        }
        self.pending.extend_from_slice(bytes);
        while !self.pending.is_empty() {
            if self.paste.is_some() {
                match self.continue_paste() {
                    Some(text) => found.push(Input::Paste(text)),
                    None => break,
                }
                continue;
            }
            match piece(&self.pending) {
                Piece::Input(length, key) => {
                    self.drop_front(length);
                    found.push(Input::Key(key));
                }
                Piece::Nothing(length) => self.drop_front(length),
                Piece::PasteBegins(length) => {
                    self.drop_front(length);
                    self.paste = Some(Vec::new());
                }
                Piece::Partial if self.pending.len() > MAX_SEQUENCE => self.pending.clear(),
                Piece::Partial => break,
            }
        }
        found
    }

    /// Whether an `Esc` is held back that may be a key of its own.
    #[must_use]
    pub(crate) fn waits(&self) -> bool {
        self.paste.is_none() && matches!(self.pending.as_slice(), [0x1b] | [0x1b, b'O' | b']' | b'P'])
    }

    /// Nothing followed in time: what is held back are keys of their own.
    pub(crate) fn give_up_waiting(&mut self) -> Vec<Input> {
        if !self.waits() {
            return Vec::new();
        }
        let pending = std::mem::take(&mut self.pending);
        self.torn = pending.len() == 1;
        let keys = pending.iter().map(|byte| match byte {
            0x1b => Key::plain(Code::Esc),
            other => Key::char(char::from(*other)),
        });
        keys.map(Input::Key).collect()
    }

    fn drop_front(&mut self, length: usize) {
        self.pending.drain(..length.min(self.pending.len()));
    }

    /// Moves pending bytes into the paste; answers with its text when its end is there.
    fn continue_paste(&mut self) -> Option<String> {
        const END: &[u8] = b"\x1b[201~";
        let paste = self.paste.as_mut()?;
        let end = self.pending.windows(END.len()).position(|w| w == END);
        // A beginning of the end mark may stand at the end of these bytes.
        let take = end.unwrap_or(self.pending.len().saturating_sub(END.len() - 1));
        let room = MAX_PASTE.saturating_sub(paste.len());
        paste.extend_from_slice(self.pending.get(..take.min(room)).unwrap_or_default());
        self.drop_front(end.map_or(take, |at| at + END.len()));
        end?;
        let bytes = self.paste.take()?;
        Some(String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\r', "\n"))
    }
}

fn piece(bytes: &[u8]) -> Piece {
    match bytes {
        [] => Piece::Partial,
        [0x1b, rest @ ..] => escape(rest),
        [b'\r', ..] => Piece::Input(1, Key::plain(Code::Enter)),
        [b'\t', ..] => Piece::Input(1, Key::plain(Code::Tab)),
        [0x7f | 0x08, ..] => Piece::Input(1, Key::plain(Code::Backspace)),
        [0, ..] => Piece::Input(1, Key::ctrl(' ')),
        [c @ 1..=26, ..] => Piece::Input(1, Key::ctrl(char::from(c - 1 + b'a'))),
        [0x1c..=0x1f, ..] => Piece::Nothing(1),
        _ => match character(bytes) {
            Ok((length, c)) => Piece::Input(length, Key::char(c)),
            Err(other) => other,
        },
    }
}

/// The first UTF-8 character.
fn character(bytes: &[u8]) -> Result<(usize, char), Piece> {
    let head = bytes.get(..bytes.len().min(4)).unwrap_or_default();
    let (valid, error) = match std::str::from_utf8(head) {
        Ok(text) => (text, None),
        Err(error) => {
            (std::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or(""), Some(error))
        }
    };
    match (valid.chars().next(), error) {
        (Some(c), _) if c.is_control() => Err(Piece::Nothing(c.len_utf8())),
        (Some(c), _) => Ok((c.len_utf8(), c)),
        (None, Some(error)) => Err(error.error_len().map_or(Piece::Partial, Piece::Nothing)),
        (None, None) => Err(Piece::Partial),
    }
}

/// What follows an `Esc`.
fn escape(rest: &[u8]) -> Piece {
    match rest {
        [] => Piece::Partial,
        [b'[', rest @ ..] => control_sequence(rest),
        [b'O'] => Piece::Partial,
        [b'O', last, ..] => match letter(*last) {
            Some(code) => Piece::Input(3, Key::plain(code)),
            None => Piece::Nothing(3),
        },
        [b']' | b'P', text @ ..] => control_string(text),
        _ => Piece::Input(1, Key::plain(Code::Esc)),
    }
}

/// A report that nobody asked for, up to its end.
fn control_string(text: &[u8]) -> Piece {
    let end = text.iter().position(|b| *b == 7 || *b == 0x1b);
    match end.map(|at| (at, text.get(at), text.get(at + 1))) {
        Some((at, Some(7), _)) => Piece::Nothing(at + 3),
        Some((at, _, Some(b'\\'))) => Piece::Nothing(at + 4),
        Some((at, _, Some(_))) => Piece::Nothing(at + 2),
        _ => Piece::Partial,
    }
}

/// What follows `Esc [`.
fn control_sequence(rest: &[u8]) -> Piece {
    // The Linux console's function keys.
    if let [b'[', tail @ ..] = rest {
        return match tail {
            [] => Piece::Partial,
            [c @ b'A'..=b'E', ..] => Piece::Input(4, Key::plain(Code::F(c - b'A' + 1))),
            _ => Piece::Nothing(4),
        };
    }
    // The oldest way to report a mouse: three raw bytes follow.
    if rest.first() == Some(&b'M') {
        return if rest.len() >= 4 { Piece::Nothing(6) } else { Piece::Partial };
    }
    let Some(at) = rest.iter().position(|b| !(0x20..0x40).contains(b)) else {
        return Piece::Partial;
    };
    let (last, length) = (rest.get(at).copied().unwrap_or_default(), at + 3);
    if !(0x40..0x7f).contains(&last) {
        // Broken off: what comes now is something else.
        return Piece::Nothing(at + 2);
    }
    let text = std::str::from_utf8(rest.get(..at).unwrap_or_default()).unwrap_or_default();
    let mut numbers = text.split(';').map(|n| n.parse::<u16>().ok());
    let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
    if last == b'~' && first == Some(200) {
        return Piece::PasteBegins(length);
    }
    let code = match last {
        b'~' => first.and_then(numbered),
        b'u' => first.and_then(|n| code_point(u32::from(n))),
        b'Z' => Some(Code::BackTab),
        // With a modifier the first number is always 1; anything else is a report.
        other if text.is_empty() || (first == Some(1) && second.is_some()) => letter(other),
        _ => None,
    };
    match code {
        Some(code) => Piece::Input(length, Key { code, mods: Mods::from_parameter(second.unwrap_or(1)) }),
        None => Piece::Nothing(length),
    }
}

fn letter(last: u8) -> Option<Code> {
    Some(match last {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'H' => Code::Home,
        b'F' => Code::End,
        b'M' => Code::Enter,
        b'P' => Code::F(1),
        b'Q' => Code::F(2),
        b'R' => Code::F(3),
        b'S' => Code::F(4),
        _ => return None,
    })
}

fn numbered(number: u16) -> Option<Code> {
    Some(match number {
        1 | 7 => Code::Home,
        2 => Code::Insert,
        3 => Code::Delete,
        4 | 8 => Code::End,
        5 => Code::PageUp,
        6 => Code::PageDown,
        11..=15 => Code::F(u8::try_from(number - 10).ok()?),
        17..=21 => Code::F(u8::try_from(number - 11).ok()?),
        23 | 24 => Code::F(u8::try_from(number - 12).ok()?),
        _ => return None,
    })
}

fn code_point(number: u32) -> Option<Code> {
    Some(match number {
        9 => Code::Tab,
        13 => Code::Enter,
        27 => Code::Esc,
        8 | 127 => Code::Backspace,
        other => Code::Char(char::from_u32(other).filter(|c| !c.is_control())?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(found: &[Input]) -> String {
        let names: Vec<String> = found
            .iter()
            .map(|input| match input {
                Input::Key(key) => key.to_string(),
                Input::Paste(text) => format!("paste({text})"),
            })
            .collect();
        names.join(" ")
    }

    fn decode(bytes: &[u8]) -> String {
        keys(&Decoder::default().feed(bytes))
    }

    #[test]
    fn bytes_become_keys() {
        let table: [(&[u8], &str); 26] = [
            (b"jG ", "j G Space"),
            (b"\r\t\x7f\x08", "Enter Tab Bs Bs"),
            (b"\x10\x1a\x03", "C-p C-z C-c"),
            (b"\x1b[A\x1b[B\x1b[C\x1b[D", "Up Down Right Left"),
            (b"\x1bOA\x1bOH\x1bOP", "Up Home F1"),
            (b"\x1b[H\x1b[F\x1b[1~\x1b[4~", "Home End Home End"),
            (b"\x1b[5~\x1b[6~\x1b[3~\x1b[2~", "PgUp PgDn Del Ins"),
            (b"\x1b[11~\x1b[15~\x1b[17~\x1b[24~", "F1 F5 F6 F12"),
            (b"\x1b[[A\x1b[[E", "F1 F5"),
            (b"\x1b[Z", "S-Tab"),
            (b"\x1b[1;5A\x1b[1;3D\x1b[1;2B", "C-Up M-Left S-Down"),
            (b"\x1b[5;5~", "C-PgUp"),
            (b"\x1bx\x1b\r\x1b\x1b[A", "Esc x Esc Enter Esc Up"),
            ("é日😀".as_bytes(), "é 日 😀"),
            (b"a\xffb", "a b"),
            (b"\xc2\x9bAx", "A x"),
            (b"\x1b[I\x1b[O", ""),
            (b"\x1b[<0;3;4M\x1b[<0;3;4m", ""),
            (b"\x1b[M !!j", "j"),
            (b"\x1b]11;rgb:0/0/0\x07j", "j"),
            (b"\x1b]11;rgb:0/0/0\x1b\\j", "j"),
            (b"\x1bP1$r0m\x1b\\j", "j"),
            (b"\x1b[12;40Rj", "j"),
            (b"\x1b[106u\x1b[112;5u\x1b[27u", "j C-p Esc"),
            (b"\x1b[200~one\rtwo\x1b[31m\x1b[201~j", "paste(one\ntwo\u{1b}[31m) j"),
            (b"\x1b[1;\x1b[A", "Up"),
        ];
        for (bytes, expected) in table {
            assert_eq!(decode(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_torn_arrow_is_one_arrow() {
        for cut in 1..3 {
            let mut decoder = Decoder::default();
            let bytes = b"\x1b[B";
            let mut found = decoder.feed(&bytes[..cut]);
            found.extend(decoder.feed(&bytes[cut..]));
            assert_eq!(keys(&found), "Down");
        }
    }

    #[test]
    fn an_arrow_whose_escape_was_given_up_on_is_no_letter() {
        let mut decoder = Decoder::default();
        let mut found = decoder.feed(b"\x1b");
        assert!(found.is_empty() && decoder.waits());
        found.extend(decoder.give_up_waiting());
        found.extend(decoder.feed(b"[B"));
        found.extend(decoder.feed(b"D"));
        assert_eq!(keys(&found), "Esc Down D");
    }

    #[test]
    fn a_bare_escape_is_a_key_once_nothing_followed() {
        let mut decoder = Decoder::default();
        assert!(decoder.feed(b"\x1b").is_empty());
        assert_eq!(keys(&decoder.give_up_waiting()), "Esc");
        assert!(!decoder.waits());
        assert_eq!(keys(&decoder.feed(b"j")), "j");
    }

    #[test]
    fn a_half_sequence_is_not_a_key_however_long_it_takes() {
        let mut decoder = Decoder::default();
        assert!(decoder.feed(b"\x1b[").is_empty());
        assert!(!decoder.waits(), "no bare Esc: more is on its way");
        assert_eq!(keys(&decoder.feed(b"A")), "Up");
    }

    #[test]
    fn a_paste_is_bounded() {
        let mut decoder = Decoder::default();
        let mut found = decoder.feed(b"\x1b[200~");
        for _ in 0..100 {
            found.extend(decoder.feed(&[b'x'; 4096]));
        }
        found.extend(decoder.feed(b"\x1b[201~j"));
        match found.as_slice() {
            [Input::Paste(text), Input::Key(_)] => assert_eq!(text.len(), MAX_PASTE),
            other => panic!("{} inputs", other.len()),
        }
    }

    proptest! {
        #[test]
        fn however_bytes_are_cut_the_keys_are_the_same(
            bytes in proptest::collection::vec(prop_oneof![
                Just(0x1b_u8), Just(b'['), Just(b'O'), Just(b'~'), Just(b';'), Just(b'2'), Just(b'0'), Just(b'A'), any::<u8>()
            ], 0..80),
            cuts in proptest::collection::vec(0_usize..80, 0..6),
        ) {
            let whole = Decoder::default().feed(&bytes);
            let mut decoder = Decoder::default();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.sort_unstable();
            cuts.push(bytes.len());
            let (mut found, mut from) = (Vec::new(), 0);
            for cut in cuts {
                found.extend(decoder.feed(&bytes[from..cut]));
                from = cut;
            }
            prop_assert_eq!(whole, found);
        }
    }
}
