//! The envelope around an event, and the line of it that is hashed.

use std::fmt::Write;

use uuid::Uuid;

use super::hash::Hash;

/// An event that is to be appended: everything but its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The event's own id, a UUID of version 7.
    pub id: Uuid,
    /// When it happened: microseconds since 1970-01-01 UTC.
    pub at: i64,
    /// The boot of the host on which `boot_ns` was read.
    pub boot_id: String,
    /// CLOCK_BOOTTIME when it happened, in nanoseconds; comparable only within one `boot_id`.
    pub boot_ns: i64,
    /// The leadership under which it was written; rises with each new leader.
    pub epoch: i64,
    /// Who caused it, such as `uid:1000`.
    pub principal: String,
    /// The command that it answers, if a command caused it.
    pub command_id: Option<Uuid>,
    /// What it belongs to, such as one incident or one run.
    pub stream: String,
    /// The kind of event.
    pub kind: String,
    /// JSON text; kept byte for byte.
    pub body: String,
}

/// An event in the journal. The fields that [`Draft`] has mean the same here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place: 1 for the first, without gaps.
    pub seq: u64,
    /// See [`Draft::id`].
    pub id: Uuid,
    /// See [`Draft::at`].
    pub at: i64,
    /// See [`Draft::boot_id`].
    pub boot_id: String,
    /// See [`Draft::boot_ns`].
    pub boot_ns: i64,
    /// See [`Draft::epoch`].
    pub epoch: i64,
    /// See [`Draft::principal`].
    pub principal: String,
    /// See [`Draft::command_id`].
    pub command_id: Option<Uuid>,
    /// See [`Draft::stream`].
    pub stream: String,
    /// See [`Draft::kind`].
    pub kind: String,
    /// See [`Draft::body`].
    pub body: String,
    /// The hash of the row before it; [`Hash::GENESIS`] for the first.
    pub prev: Hash,
    /// The SHA-256 of its line, see [`Row::line`].
    pub hash: Hash,
}

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The `seq` of the newest row; 0 when there is none.
    pub seq: u64,
    /// The hash of the newest row; [`Hash::GENESIS`] when there is none.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty journal.
    pub const GENESIS: Head = Head { seq: 0, hash: Hash::GENESIS };
}

impl Row {
    /// The row that `draft` becomes directly after `before`.
    pub(super) fn seal(draft: Draft, before: Head) -> Row {
        let mut row = Row {
            seq: before.seq + 1,
            id: draft.id,
            at: draft.at,
            boot_id: draft.boot_id,
            boot_ns: draft.boot_ns,
            epoch: draft.epoch,
            principal: draft.principal,
            command_id: draft.command_id,
            stream: draft.stream,
            kind: draft.kind,
            body: draft.body,
            prev: before.hash,
            hash: Hash::GENESIS,
        };
        row.hash = row.computed_hash();
        row
    }

    /// The head of a journal that ends with this row.
    pub fn as_head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    /// The SHA-256 of the body's bytes.
    pub fn body_sha256(&self) -> Hash {
        Hash::of(self.body.as_bytes())
    }

    /// The hash that this row should have, out of its other fields.
    pub fn computed_hash(&self) -> Hash {
        Hash::of(self.line().as_bytes())
    }

    /// The line that is hashed, as `assets/journal-format.md` documents it: a tag and twelve fields in fixed order, one space
    /// between them, no line end. Text is percent-encoded, so that no two different rows have one line.
    pub fn line(&self) -> String {
        let mut line = String::with_capacity(384);
        line.push_str("warroom-journal-1 ");
        push(&mut line, format_args!("{} {} {} ", self.seq, self.id, self.at));
        push_text(&mut line, &self.boot_id);
        push(&mut line, format_args!(" {} {} ", self.boot_ns, self.epoch));
        push_text(&mut line, &self.principal);
        match self.command_id {
            Some(id) => push(&mut line, format_args!(" {id} ")),
            None => line.push_str(" - "),
        }
        push_text(&mut line, &self.stream);
        line.push(' ');
        push_text(&mut line, &self.kind);
        push(&mut line, format_args!(" {} {}", self.body_sha256(), self.prev));
        line
    }
}

fn push(line: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = line.write_fmt(text);
}

fn push_text(line: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'@' => {
                line.push(char::from(byte));
            }
            _ => push(line, format_args!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(texts: [String; 5], numbers: [i64; 3], ids: (u128, Option<u128>)) -> Row {
        let [boot_id, principal, stream, kind, body] = texts;
        let [at, boot_ns, epoch] = numbers;
        let draft = Draft {
            id: Uuid::from_u128(ids.0),
            at,
            boot_id,
            boot_ns,
            epoch,
            principal,
            command_id: ids.1.map(Uuid::from_u128),
            stream,
            kind,
            body,
        };
        Row::seal(draft, Head::GENESIS)
    }

    /// Few letters, and just those that an encoding could trip over, so that near collisions are common.
    fn any_row() -> impl Strategy<Value = Row> {
        let texts = prop::array::uniform5("[ %\\-a2\n0\u{0}é]{0,3}");
        let ids = (0u128..2, prop::option::of(0u128..2));
        (texts, prop::array::uniform3(-1i64..12), ids).prop_map(|(texts, numbers, ids)| row(texts, numbers, ids))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn no_two_different_rows_give_the_same_line(a in any_row(), b in any_row()) {
            prop_assert_eq!(a == b, a.line() == b.line());
        }

        #[test]
        fn moving_text_from_one_field_to_the_next_changes_the_line(a in any_row(), cut in 0usize..4) {
            let mut b = a.clone();
            let whole = format!("{}{}", a.stream, a.kind);
            let at = whole.char_indices().nth(cut).map_or(whole.len(), |(index, _)| index);
            b.stream = whole[..at].to_owned();
            b.kind = whole[at..].to_owned();
            prop_assert_eq!(a == b, a.line() == b.line());
        }

        #[test]
        fn a_line_is_one_line_of_thirteen_fields(a in any_row()) {
            let line = a.line();
            prop_assert!(line.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            prop_assert_eq!(line.split(' ').count(), 13);
        }
    }

    #[test]
    fn the_line_is_as_documented() {
        let texts = ["b-1", "uid:0", "incident/DR 1", "note.added", "{}"].map(str::to_owned);
        let line = row(texts, [1, 2, 3], (0, None)).line();
        let expected = "warroom-journal-1 1 00000000-0000-0000-0000-000000000000 1 b-1 2 3 uid:0 - incident/DR%201 note.added \
                        44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a \
                        0000000000000000000000000000000000000000000000000000000000000000";
        assert_eq!(line, expected);
    }
}
