//! How the data of two PostgreSQL servers stands to each other, by the ancestry of their timelines.
//!
//! A promotion begins a new timeline, which leaves its parent at one position of the log. What either server has past the last
//! position that both share the other will never have: then they have diverged, and one of them has to be rewound or made anew.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::loss::Position;
use super::plan::ServerRole;

/// A position in the write-ahead log, in bytes. Reads `16/B374D848`, as PostgreSQL shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lsn(pub u64);

impl Lsn {
    /// The end of the last record before the place where the next one would begin: on a page that has nothing yet that place is
    /// behind the page's header, and nobody receives a header alone. `segment` is the size of the log's files in bytes, of which
    /// the first page has the longer header; pages of 8 KiB, as all servers have that nobody built otherwise.
    #[must_use]
    pub fn without_header(self, segment: u64) -> Lsn {
        const PAGE: u64 = 8_192;
        const LONG: u64 = 40;
        const SHORT: u64 = 24;
        match self.0.checked_rem(segment) {
            Some(LONG) => Lsn(self.0 - LONG),
            Some(over) if over > PAGE && over % PAGE == SHORT => Lsn(self.0 - SHORT),
            _ => self,
        }
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF))
    }
}

/// A text that is no position in a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no position in a log; they look like 16/B374D848")]
pub struct BadLsn(String);

impl FromStr for Lsn {
    type Err = BadLsn;

    fn from_str(text: &str) -> Result<Lsn, BadLsn> {
        let half = |digits: &str| {
            let hex = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            hex.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
        };
        let halves = text.split_once('/').and_then(|(high, low)| Some((half(high)?, half(low)?)));
        halves.map(|(high, low)| Lsn(high << 32 | low)).ok_or_else(|| BadLsn(text.to_owned()))
    }
}

/// Where a timeline was left for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// The timeline that was left.
    pub timeline: u32,
    /// Where.
    pub at: Lsn,
}

/// Which cluster's history a server holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The cluster's system identifier, in decimal digits.
    pub system: String,
    /// The timeline that it writes, or has received.
    pub timeline: u32,
    /// The timelines before that one, oldest first; `None` when the server does not show them.
    pub history: Option<Vec<Switch>>,
}

impl Line {
    /// Reads the content of a timeline's history file: a line for each timeline before it, with where that was left.
    #[must_use]
    pub fn read_history(text: &str) -> Option<Vec<Switch>> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let switch = |line: &str| {
            let mut words = line.split_whitespace();
            Some(Switch { timeline: words.next()?.parse().ok()?, at: words.next()?.parse().ok()? })
        };
        let history: Vec<Switch> = lines.map(switch).collect::<Option<_>>()?;
        history.windows(2).all(|two| two[0].timeline < two[1].timeline && two[0].at <= two[1].at).then_some(history)
    }

    /// The timelines that it went through, with where each ends; of the last where the server is.
    fn stretches(&self, now: Lsn) -> Option<Vec<Switch>> {
        let last = Switch { timeline: self.timeline, at: now };
        let before = match (&self.history, self.timeline) {
            (_, 1) => Vec::new(),
            (Some(history), _) => history.clone(),
            (None, _) => return None,
        };
        Some(before.into_iter().chain([last]).collect())
    }
}

/// How the target's data stands to the source's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lineage {
    /// It is on the source's timeline.
    Same,
    /// It is on an older timeline of the source's, and has nothing that the source lacks: it can follow.
    Behind,
    /// It went on to a later timeline, and the source has nothing that it lacks: the source can follow.
    Ahead,
    /// Each has what the other will never have.
    Diverged {
        /// Up to where they are the same.
        at: Lsn,
    },
    /// They were never the same cluster.
    OtherCluster,
    /// Nobody can say.
    Unknown {
        /// Why.
        why: NotKnown,
    },
}

/// Why nobody can say how the data of two servers stands to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotKnown {
    /// One of them has never answered.
    NoAnswer,
    /// One of them does not tell its cluster and timeline, or is no PostgreSQL server.
    NoLine,
    /// One of them does not show which timelines came before its own.
    NoHistory {
        /// Its timeline.
        timeline: u32,
    },
    /// Both take writes, on a timeline of the same number.
    TwoPrimaries,
}

/// How the data of two ends stands to each other, where both have answered at all.
#[must_use]
pub fn of_ends(source: Option<&Position>, target: Option<&Position>) -> Lineage {
    match (source, target) {
        (Some(source), Some(target)) => related(source, target),
        _ => Lineage::Unknown { why: NotKnown::NoAnswer },
    }
}

/// How the target's data stands to the source's, from what each said of itself.
#[must_use]
pub fn related(source: &Position, target: &Position) -> Lineage {
    let (Some(from), Some(to)) = (&source.line, &target.line) else {
        return Lineage::Unknown { why: NotKnown::NoLine };
    };
    if from.system != to.system {
        return Lineage::OtherCluster;
    }
    let no_history = |line: &Line| Lineage::Unknown { why: NotKnown::NoHistory { timeline: line.timeline } };
    let Some(ours) = from.stretches(Lsn(source.seq)) else { return no_history(from) };
    let Some(theirs) = to.stretches(Lsn(target.seq)) else { return no_history(to) };
    let writes = |position: &Position| position.role == Some(ServerRole::Primary);
    if ours.len() == theirs.len() && same_way(&ours, &theirs) {
        return match writes(source) && writes(target) {
            true => Lineage::Unknown { why: NotKnown::TwoPrimaries },
            false => Lineage::Same,
        };
    }
    let shared = shared(&ours, &theirs);
    match (target.seq <= shared.0, source.seq <= shared.0) {
        (true, true) if to.timeline > from.timeline => Lineage::Ahead,
        (true, _) => Lineage::Behind,
        (false, true) => Lineage::Ahead,
        (false, false) => Lineage::Diverged { at: shared },
    }
}

/// Whether both are on the same timeline and came there the same way.
fn same_way(ours: &[Switch], theirs: &[Switch]) -> bool {
    let before = |all: &[Switch]| all.split_last().map(|(last, before)| (last.timeline, before.to_vec()));
    before(ours) == before(theirs)
}

/// Up to where both went the same way.
fn shared(ours: &[Switch], theirs: &[Switch]) -> Lsn {
    let mut shared = Lsn::default();
    for (our, their) in ours.iter().zip(theirs) {
        if our.timeline != their.timeline {
            break;
        }
        shared = our.at.min(their.at);
        if our.at != their.at {
            break;
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    fn line(timeline: u32, history: Option<&[(u32, u64)]>) -> Line {
        let switch = |&(timeline, at): &(u32, u64)| Switch { timeline, at: Lsn(at) };
        Line { system: "7".into(), timeline, history: history.map(|all| all.iter().map(switch).collect()) }
    }

    fn position(seq: u64, role: ServerRole, line: Line) -> Position {
        let role = Some(role);
        Position { asked: at(1), seq, at: None, role, line: Some(line), manager: None }
    }

    #[test]
    fn timelines_tell_whether_data_went_the_same_way() {
        use Lineage::{Ahead, Behind, Diverged, Same};
        let first = || line(1, Some(&[]));
        let second = |at| line(2, Some(&[(1, at)]));
        for (what, source, target, expected) in [
            ("a replica that lags", (500, first()), (300, first()), Same),
            ("a replica that was asked later", (500, first()), (600, first()), Same),
            ("a replica of an older timeline, short of the fork", (900, second(500)), (400, first()), Behind),
            ("a replica of an older timeline, at the fork", (900, second(500)), (500, first()), Behind),
            ("an old primary that wrote on", (900, second(500)), (501, first()), Diverged { at: Lsn(500) }),
            (
                "a target that was promoted while the source wrote on",
                (700, first()),
                (600, second(500)),
                Diverged { at: Lsn(500) },
            ),
            ("a target that was promoted, and the source died before", (500, first()), (600, second(500)), Ahead),
            ("a target that was promoted just now", (500, first()), (500, second(500)), Ahead),
            (
                "two that were promoted at different positions",
                (700, second(500)),
                (700, second(400)),
                Diverged { at: Lsn(400) },
            ),
            ("a grandchild", (900, line(3, Some(&[(1, 500), (2, 800)]))), (700, second(500)), Behind),
            (
                "two children of one parent, of which one has nothing of its own",
                (900, line(3, Some(&[(1, 500)]))),
                (500, second(500)),
                Behind,
            ),
            (
                "two children of one parent",
                (900, line(3, Some(&[(1, 500)]))),
                (501, second(500)),
                Diverged { at: Lsn(500) },
            ),
        ] {
            let source = position(source.0, ServerRole::Primary, source.1);
            let target = position(target.0, ServerRole::Standby, target.1);
            assert_eq!(related(&source, &target), expected, "{what}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_guessed() {
        let primary = |line| position(900, ServerRole::Primary, line);
        let unknown = |why| Lineage::Unknown { why };
        let hidden = NotKnown::NoHistory { timeline: 2 };
        assert_eq!(related(&primary(line(2, None)), &primary(line(2, None))), unknown(hidden));
        assert_eq!(related(&primary(line(1, None)), &primary(line(2, None))), unknown(hidden));
        assert_eq!(related(&primary(line(1, None)), &primary(line(1, None))), unknown(NotKnown::TwoPrimaries));
        let page = Position { line: None, ..primary(line(1, None)) };
        assert_eq!(related(&page, &primary(line(1, None))), unknown(NotKnown::NoLine));
        assert_eq!(of_ends(None, Some(&page)), unknown(NotKnown::NoAnswer));
        let other = Line { system: "8".into(), ..line(1, None) };
        assert_eq!(related(&primary(line(1, None)), &primary(other)), Lineage::OtherCluster);
    }

    #[test]
    fn positions_read_as_the_server_shows_them() {
        for (text, number) in [("0/0", 0), ("0/3000060", 0x300_0060), ("16/B374D848", 0x16_B374_D848)] {
            assert_eq!(text.parse(), Ok(Lsn(number)));
            assert_eq!(Lsn(number).to_string(), text);
        }
        for bad in ["", "0", "/", "0/", "+1/0", "0/123456789", "0/x", "0/1/2"] {
            assert_eq!(bad.parse::<Lsn>(), Err(BadLsn(bad.to_owned())));
        }
    }

    #[test]
    fn the_header_of_an_empty_page_is_no_record() {
        for (inserted, end) in [
            (0x300_0028, 0x300_0000),
            (0x300_2018, 0x300_2000),
            (0x300_2030, 0x300_2030),
            (0x300_2028, 0x300_2028),
            (0x300_0018, 0x300_0018),
        ] {
            assert_eq!(Lsn(inserted).without_header(16 << 20), Lsn(end));
        }
    }

    #[test]
    fn a_history_file_is_read_as_the_server_writes_it() {
        let text = "1\t0/3000060\tno recovery target specified\n\n2\t0/5000000\tbefore 2000-01-01\n";
        let switch = |timeline, at| Switch { timeline, at: Lsn(at) };
        assert_eq!(Line::read_history(text), Some(vec![switch(1, 0x300_0060), switch(2, 0x500_0000)]));
        assert_eq!(Line::read_history(""), Some(Vec::new()));
        for bad in ["x", "1", "1 0-0", "2 0/1\n1 0/2", "1 0/2\n2 0/1"] {
            assert_eq!(Line::read_history(bad), None, "{bad:?}");
        }
    }
}
