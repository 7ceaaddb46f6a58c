//! Server-sent events out of bytes, however the network cuts them (WHATWG HTML, 9.2.6).

use std::collections::VecDeque;

/// Longest event, in bytes: a plan of the largest size, as text and as what was understood of it, fits several times.
pub(super) const LONGEST: usize = 32 * 1024 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// What sort; `message` when it does not say.
    pub(super) event: String,
    /// Its lines, joined.
    pub(super) data: String,
}

/// An event grew past [`LONGEST`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Puts events together.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    /// Whether the last byte was `\r`, so that a `\n` that follows belongs to it.
    after_return: bool,
    event: String,
    data: Option<String>,
}

impl Parser {
    /// Takes the next bytes; events that are whole now go to `out`.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut VecDeque<Message>) -> Result<(), TooLong> {
        let mut rest = bytes;
        while let Some((first, tail)) = rest.split_first() {
            if std::mem::take(&mut self.after_return) && *first == b'\n' {
                rest = tail;
                continue;
            }
            let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
            self.line.extend_from_slice(piece);
            if self.line.len() + self.data.as_ref().map_or(0, String::len) > LONGEST {
                return Err(TooLong);
            }
            let Some((border, tail)) = after.split_first() else { break };
            self.after_return = *border == b'\r';
            self.end_line(out);
            rest = tail;
        }
        Ok(())
    }

    fn end_line(&mut self, out: &mut VecDeque<Message>) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if let Some(data) = self.data.take() {
                let event = if event.is_empty() { "message".into() } else { event };
                out.push_back(Message { event, data });
            }
            return;
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            // Identifiers stand in the data too; comments (an empty field) only keep the line alive.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let (mut parser, mut out) = (Parser::default(), VecDeque::new());
        for piece in pieces {
            parser.feed(piece, &mut out).unwrap();
        }
        out.into_iter().map(|m| (m.event, m.data)).collect()
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        for (text, events) in [
            ("", vec![]),
            ("data: a\n\n", vec![("message", "a")]),
            ("event: now\nid: 7\ndata: {}\n\n", vec![("now", "{}")]),
            ("event:now\ndata:{}\n\n", vec![("now", "{}")]),
            ("data: a\r\n\r\ndata: b\r\r", vec![("message", "a"), ("message", "b")]),
            ("data: a\ndata:\ndata:  b\n\n", vec![("message", "a\n\n b")]),
            (": still here\n\nevent: lost\n\ndata: x\n\n", vec![("message", "x")]),
            ("data\n\n", vec![("message", "")]),
            ("event: reset\ndata: \n\ndata: not yet whole\n", vec![("reset", "")]),
            ("retry: 5\nunknown: y\ndata: é\n\n", vec![("message", "é")]),
        ] {
            let expected: Vec<_> = events.into_iter().map(|(e, d)| (e.to_owned(), d.to_owned())).collect();
            assert_eq!(parse(&[text.as_bytes()]), expected, "{text:?}");
        }
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let (mut parser, mut out) = (Parser::default(), VecDeque::new());
        let piece = vec![b'x'; LONGEST / 4 + 1];
        let results: Vec<_> = (0..4).map(|_| parser.feed(&piece, &mut out)).collect();
        assert_eq!(results.last(), Some(&Err(TooLong)));
    }

    proptest! {
        #[test]
        fn the_network_may_cut_anywhere(
            text in "(event: (now|live)\r?\n|data: [a-zé]{0,5}\r?\n|\r|\n|: c\n|\r\n){0,30}",
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let bytes = text.as_bytes();
            let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            places.sort_unstable();
            let (mut pieces, mut from) = (Vec::new(), 0);
            for place in places {
                pieces.push(&bytes[from..place]);
                from = place;
            }
            pieces.push(&bytes[from..]);
            prop_assert_eq!(parse(&pieces), parse(&[bytes]));
        }
    }
}
