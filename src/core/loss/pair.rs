//! What both ends of a replication said so far, put together so that the loss reckoned from it is never too small.

use super::{Position, Replicated, Trail};
use crate::core::lineage::Line;
use crate::core::manager::Manager;
use crate::core::plan::ServerRole;
use crate::core::time::{Moment, Now};

/// One of the two ends, as the plan names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that takes writes at the start.
    Source,
    /// The other.
    Target,
}

/// What an end answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its last record's number, or its position in the log.
    pub seq: u64,
    /// When that record was committed, by the clock of who committed it; where the end says so.
    pub at: Option<Moment>,
    /// Whether it takes writes, if it says so.
    pub role: Option<ServerRole>,
    /// Which cluster's history it holds.
    pub line: Option<Line>,
    /// Who else manages it.
    pub manager: Option<Manager>,
}

/// How an end did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Nobody listens there: whoever wrote is gone.
    Refused,
    /// No answer came, or none that is understood: somebody may still write there.
    NoAnswer,
}

/// What both ends said so far.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    known: Replicated,
    source: End,
    target: End,
}

#[derive(Debug, Clone, Default)]
struct End {
    trail: Trail,
    /// How it is silent, while it is.
    silence: Option<Silence>,
}

impl Pair {
    /// What is known now.
    #[must_use]
    pub fn known(&self) -> &Replicated {
        &self.known
    }

    /// Takes what one end answered. `began` and `ended` are the moments of the question and of the answer, or of giving up.
    /// `writes` says whether it is the end that takes writes, for ends that do not say so themselves.
    ///
    /// Silence is dated so that nothing can have been written after it that was not seen: from the end of the first question
    /// that failed. A refusal proves more than a time-out did, so the first one counts anew.
    pub fn take(
        &mut self,
        side: Side,
        (began, ended): (&Now, &Now),
        writes: ServerRole,
        answer: Result<Told, Silence>,
    ) {
        let (this, other, position, silent) = match side {
            Side::Source => {
                (&mut self.source, &self.target, &mut self.known.source, &mut self.known.source_silent_since)
            }
            Side::Target => {
                (&mut self.target, &self.source, &mut self.known.target, &mut self.known.target_silent_since)
            }
        };
        match answer {
            Ok(told) => {
                let role = told.role.unwrap_or(writes);
                let at = this.at(&other.trail, began, role, &told, position.as_ref());
                let Told { seq, role, line, manager, .. } = told;
                *position = Some(Position { asked: began.clone(), seq, at, role, line, manager });
                (*silent, this.silence) = (None, None);
            }
            Err(silence) => {
                if this.silence.is_none() || (this.silence, silence) == (Some(Silence::NoAnswer), Silence::Refused) {
                    (*silent, this.silence) = (Some(ended.clone()), Some(silence));
                }
            }
        }
    }
}

impl End {
    /// The moment before which all that was committed is here.
    fn at(
        &mut self,
        other: &Trail,
        began: &Now,
        role: ServerRole,
        told: &Told,
        before: Option<&Position>,
    ) -> Option<Moment> {
        let moved = |line: &Line, was: &Line| (&line.system, line.timeline) != (&was.system, was.timeline);
        let lines = told.line.as_ref().zip(before.and_then(|position| position.line.as_ref()));
        if role == ServerRole::Standby || lines.is_some_and(|(line, was)| moved(line, was)) {
            self.trail.forget();
        }
        match role {
            ServerRole::Primary => {
                self.trail.note(told.seq, began.utc);
                Some(began.utc)
            }
            // What is older than all that was seen of the other end only this end itself can date.
            ServerRole::Standby => other.held(told.seq).or(told.at),
        }
    }
}

#[cfg(test)]
mod tests;
