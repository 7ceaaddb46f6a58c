//! Words to the world: updates, and what became of them on each channel.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::{ChannelId, Principal, RunId, StepId};
use super::incident::{Incident, Phase};
use super::plan::Severity;
use super::time::{Moment, Now, Span};

/// One try of a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Try {
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: StepId,
    /// Which try, from 1.
    pub attempt: u32,
}

/// An update that somebody sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Who.
    pub by: Principal,
    /// When it was accepted.
    pub at: Now,
    /// The words.
    pub text: String,
    /// The try of a step that they belong to.
    #[serde(default)]
    pub of: Option<Try>,
    /// What became of it on each channel.
    pub deliveries: BTreeMap<ChannelId, Delivery>,
}

/// What became of an update on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// To be sent, for the first time or again.
    Waiting {
        /// Tries so far.
        tries: u32,
        /// Not before this moment.
        next: Moment,
        /// Why the last try failed.
        last: Option<String>,
        /// How long the other side asked to be left alone, where it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rest: Option<Span>,
    },
    /// The other side took it.
    Delivered {
        /// When.
        at: Now,
        /// What it answered.
        answer: String,
        /// How it calls what it made of it, for what comes later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// Given up.
    Failed {
        /// When.
        at: Now,
        /// Why the last try failed.
        why: String,
    },
}

/// What one try brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// The other side took it.
    Took {
        /// What it answered.
        answer: String,
        /// How it calls what it made of it, for what comes later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// It did not, but may later.
    NotNow {
        /// Why.
        why: String,
        /// How long it asks to be left alone, where it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rest: Option<Span>,
    },
    /// It never will: the message or the address is wrong.
    Never {
        /// Why.
        why: String,
    },
}

impl Attempt {
    /// It was taken, with that answer.
    #[must_use]
    pub fn took(answer: impl Into<String>) -> Attempt {
        Attempt::Took { answer: answer.into(), reference: None }
    }

    /// It was not taken, but may be later.
    #[must_use]
    pub fn not_now(why: impl Into<String>) -> Attempt {
        Attempt::NotNow { why: why.into(), rest: None }
    }

    /// It never will be.
    #[must_use]
    pub fn never(why: impl Into<String>) -> Attempt {
        Attempt::Never { why: why.into() }
    }
}

/// Tries before a delivery is given up; with [`pause`] about an hour and a half.
pub const MAX_TRIES: u32 = 24;

/// The pause after that many failed tries: 1 s doubled each time, at most 5 min.
#[must_use]
pub fn pause(tries: u32) -> Span {
    Span::from_secs(1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX).clamp(1, 300))
}

/// The longest that the other side may ask to be left alone.
pub const LONGEST_REST: Span = Span::from_secs(3_600);

/// The pause after that many failed tries, of which the last was answered with a wish to be left alone.
#[must_use]
pub fn pause_with(tries: u32, rest: Option<Span>) -> Span {
    pause(tries).max(rest.unwrap_or_default().min(LONGEST_REST))
}

impl Delivery {
    /// What a try makes of a delivery. A delivery that ended stays as it is.
    #[must_use]
    pub fn after(&self, attempt: &Attempt, now: &Now) -> Delivery {
        let Delivery::Waiting { tries, .. } = self else {
            return self.clone();
        };
        let tries = tries.saturating_add(1);
        match attempt {
            Attempt::Took { answer, reference } => {
                Delivery::Delivered { at: now.clone(), answer: answer.clone(), reference: reference.clone() }
            }
            Attempt::NotNow { why, rest } if tries < MAX_TRIES => Delivery::Waiting {
                tries,
                next: now.utc.plus(pause_with(tries, *rest)),
                last: Some(why.clone()),
                rest: *rest,
            },
            Attempt::NotNow { why, .. } | Attempt::Never { why } => {
                Delivery::Failed { at: now.clone(), why: why.clone() }
            }
        }
    }
}

/// How a place in an update begins that is still to be filled in; it ends with `]]`.
pub const PLACEHOLDER: &str = "[[";

/// How often people are told how an incident stands, by its severity: 20 min, 30 min, 1 h; of a low one they are not by rule.
#[must_use]
pub fn cadence(severity: Severity) -> Option<Span> {
    match severity {
        Severity::Critical => Some(Span::from_secs(20 * 60)),
        Severity::High => Some(Span::from_secs(30 * 60)),
        Severity::Medium => Some(Span::from_secs(60 * 60)),
        Severity::Low => None,
    }
}

/// When the next update is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// In so long.
    In(Span),
    /// That long ago.
    Late(Span),
}

/// When an incident's next update is to come, counted from the last one, else from its declaration; `None` while nobody is told by
/// rule: before it is declared, once it has recovered, and of a low one.
#[must_use]
pub fn due(incident: &Incident, now: &Now) -> Option<Due> {
    let lasts = matches!(incident.phase, Phase::Declared | Phase::Recovering | Phase::Verifying { .. });
    let every = cadence(incident.severity).filter(|_| lasts)?;
    let told = incident.updates.last().map(|update| &update.at).or(incident.declared.as_ref())?;
    let gone = now.surely_since(told);
    Some(if gone > every { Due::Late(gone.minus(every)) } else { Due::In(every.minus(gone)) })
}

/// Longest update or note, in bytes.
pub const MAX_TEXT: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    #[test]
    fn a_delivery_is_retried_with_growing_pauses_and_given_up_in_the_end() {
        let no = Attempt::not_now("503");
        let mut delivery = Delivery::Waiting { tries: 0, next: at(0).utc, last: None, rest: None };
        let mut pauses = Vec::new();
        while let Delivery::Waiting { next, .. } = delivery.after(&no, &at(0)) {
            pauses.push(next.since(at(0).utc).secs());
            delivery = delivery.after(&no, &at(0));
        }
        assert_eq!(&pauses[..10], &[1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(pauses.len() as u32, MAX_TRIES - 1);
    }

    #[test]
    fn whoever_asks_to_be_left_alone_is_for_as_long_as_that_within_reason() {
        let waiting = Delivery::Waiting { tries: 0, next: at(0).utc, last: None, rest: None };
        for (asked, pause) in [(None, 1), (Some(0), 1), (Some(90), 90), (Some(1_000_000), 3_600)] {
            let no = Attempt::NotNow { why: "429".into(), rest: asked.map(Span::from_secs) };
            let Delivery::Waiting { next, .. } = waiting.after(&no, &at(0)) else { panic!() };
            assert_eq!(next.since(at(0).utc).secs(), pause, "{asked:?}");
        }
    }

    #[test]
    fn a_delivery_that_ended_stays_as_it_is() {
        let done = Delivery::Delivered { at: at(1), answer: "202".into(), reference: None };
        assert_eq!(done.after(&Attempt::Never { why: "late".into() }, &at(2)), done);
    }

    #[test]
    fn a_message_that_will_never_be_taken_is_not_tried_again() {
        let waiting = Delivery::Waiting { tries: 0, next: at(0).utc, last: None, rest: None };
        let after = waiting.after(&Attempt::Never { why: "404".into() }, &at(3));
        assert_eq!(after, Delivery::Failed { at: at(3), why: "404".into() });
    }
}
