//! What a failover would lose right now.

use serde::{Deserialize, Serialize};

use super::time::{Moment, Now, Span};

/// How far one end of a replication got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When it was asked.
    pub asked: Now,
    /// Its last record's number.
    pub seq: u64,
    /// When that record was committed at its origin; `None` when there is no record yet.
    pub at: Option<Moment>,
}

/// What both ends of a replication last said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replicated {
    /// The end that takes writes.
    pub source: Option<Position>,
    /// The first moment since then at which the source did not answer; `None` while it does.
    pub source_silent_since: Option<Now>,
    /// The end that receives.
    pub target: Option<Position>,
    /// The first moment since then at which the target did not answer; `None` while it does.
    pub target_silent_since: Option<Now>,
}

/// The writes that would be gone after a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Nobody can say.
    Unknown,
    /// Both ends answer; that much is on its way.
    Measured(Span),
    /// The source is silent; it cannot be more than this.
    AtMost(Span),
}

impl Loss {
    /// The most that can be lost; `None` when nobody can say.
    #[must_use]
    pub fn ceiling(self) -> Option<Span> {
        match self {
            Loss::Unknown => None,
            Loss::Measured(span) | Loss::AtMost(span) => Some(span),
        }
    }
}

/// Reckons the loss from what both ends said.
///
/// While both answer: the source's last commit minus the last record received, nothing when the target has it all. With the
/// source silent: it may have written until it was first found silent, so the bound runs to there. A silent target says nothing.
#[must_use]
pub fn reckon(replicated: &Replicated) -> Loss {
    let (Some(source), Some(target)) = (&replicated.source, &replicated.target) else {
        return Loss::Unknown;
    };
    if replicated.target_silent_since.is_some() {
        return Loss::Unknown;
    }
    let Some(received) = target.at else {
        return if source.seq == 0 && replicated.source_silent_since.is_none() {
            Loss::Measured(Span::ZERO)
        } else {
            Loss::Unknown
        };
    };
    match (&replicated.source_silent_since, source.at) {
        (Some(silent), _) => Loss::AtMost(silent.utc.since(received)),
        (None, Some(_)) if target.seq >= source.seq => Loss::Measured(Span::ZERO),
        (None, Some(committed)) => Loss::Measured(committed.since(received)),
        (None, None) => Loss::Unknown,
    }
}

/// From when to when the writes were made that would be gone; `None` while nobody can say, or nothing would be.
#[must_use]
pub fn window(replicated: &Replicated) -> Option<(Moment, Moment)> {
    let lost = reckon(replicated).ceiling().filter(|lost| *lost > Span::ZERO)?;
    let received = replicated.target.as_ref()?.at?;
    Some((received, received.plus(lost)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    fn position(seq: u64, second: u64) -> Option<Position> {
        Some(Position { asked: at(second + 1), seq, at: Some(at(second).utc) })
    }

    #[test]
    fn the_loss_is_what_was_committed_and_not_received() {
        let level = Replicated { source: position(9, 10), target: position(9, 10), ..Replicated::default() };
        assert_eq!((reckon(&level), window(&level)), (Loss::Measured(Span::ZERO), None));
        let behind = Replicated { source: position(9, 10), target: position(5, 7), ..Replicated::default() };
        assert_eq!(reckon(&behind), Loss::Measured(Span::from_secs(3)));
    }

    #[test]
    fn a_silent_source_bounds_the_loss_and_the_bound_does_not_tick() {
        let silent = Replicated {
            source: position(9, 10),
            target: position(9, 10),
            source_silent_since: Some(at(14)),
            ..Replicated::default()
        };
        assert_eq!(reckon(&silent), Loss::AtMost(Span::from_secs(4)));
        assert_eq!(reckon(&silent).ceiling(), Some(Span::from_secs(4)));
        assert_eq!(window(&silent), Some((at(10).utc, at(14).utc)), "from the last that arrived to the first silence");
    }

    #[test]
    fn what_nobody_can_say_is_unknown() {
        assert_eq!(reckon(&Replicated::default()), Loss::Unknown);
        let deaf = Replicated {
            source: position(9, 10),
            target: position(9, 10),
            target_silent_since: Some(at(12)),
            ..Replicated::default()
        };
        assert_eq!(reckon(&deaf), Loss::Unknown);
        assert_eq!(Loss::Unknown.ceiling(), None);
    }
}
