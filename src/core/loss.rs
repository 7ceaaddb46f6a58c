//! What a failover would lose right now.

mod pair;
mod trail;

use serde::{Deserialize, Serialize};

use super::ids::SiteId;
use super::lineage::{self, Line, Lineage};
use super::manager::Manager;
use super::plan::{Replication, ServerRole};
use super::time::{Moment, Now, Span};

pub use pair::{Pair, Side, Silence, Told};
pub use trail::Trail;

/// How far one end of a replication got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When it was asked.
    pub asked: Now,
    /// Its last record's number; of a PostgreSQL server the position in its log, in bytes.
    pub seq: u64,
    /// The moment before which all that was committed is here, by the engine's clock: at the end that takes writes when it was
    /// asked, at the other when the newest state that it has all of was asked for. `None` when nobody can say.
    pub at: Option<Moment>,
    /// Whether it takes writes, if it says so.
    #[serde(default)]
    pub role: Option<ServerRole>,
    /// Which cluster's history it holds, of a PostgreSQL server that shows it.
    #[serde(default)]
    pub line: Option<Line>,
    /// Who else manages it, as far as can be seen there.
    #[serde(default)]
    pub manager: Option<Manager>,
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

impl Replicated {
    /// The same with the end at the site that serves as its source: after a failover data travels the other way.
    #[must_use]
    pub fn towards(&self, replication: &Replication, active: Option<&SiteId>) -> Replicated {
        if active != Some(&replication.to) {
            return self.clone();
        }
        Replicated {
            source: self.target.clone(),
            source_silent_since: self.target_silent_since.clone(),
            target: self.source.clone(),
            target_silent_since: self.source_silent_since.clone(),
        }
    }

    /// How the target's data stands to the source's.
    #[must_use]
    pub fn lineage(&self) -> Lineage {
        lineage::of_ends(self.source.as_ref(), self.target.as_ref())
    }
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
/// source silent: it may have written until it was first found silent, so the bound runs to there. A silent target says nothing,
/// nor does one that takes writes itself, or whose data is another's or went another way.
#[must_use]
pub fn reckon(replicated: &Replicated) -> Loss {
    let (Some(source), Some(target)) = (&replicated.source, &replicated.target) else {
        return Loss::Unknown;
    };
    let apart = matches!(replicated.lineage(), Lineage::Diverged { .. } | Lineage::OtherCluster);
    if replicated.target_silent_since.is_some() || target.role == Some(ServerRole::Primary) || apart {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    fn position(seq: u64, second: u64) -> Option<Position> {
        Some(Position { asked: at(second + 1), seq, at: Some(at(second).utc), role: None, line: None, manager: None })
    }

    #[test]
    fn the_loss_is_what_was_committed_and_not_received() {
        let level = Replicated { source: position(9, 10), target: position(9, 10), ..Replicated::default() };
        assert_eq!(reckon(&level), Loss::Measured(Span::ZERO));
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
