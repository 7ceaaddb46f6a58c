//! How long a step takes: from its earlier runs, else from its author's word, else nobody knows.
//!
//! What is known is a middle and how far the rest lies from it. The shape is skewed to the right, as lengths of time are, and has
//! ends on both sides. It takes nothing but the four operations and a root, so that every machine that folds a journal computes
//! the same.

use super::super::plan::{Action, Step};
use super::super::preview::{Expected, expected};
use super::super::state::Took;
use super::super::time::Span;

/// How far from its middle a step may lie, as a share of its middle, when it was seen once: half of it, in the common case.
const SEEN_ONCE: f64 = 0.5;

/// The same when nobody has seen it and its author has a word on it.
const AUTHORS_WORD: f64 = 0.6;

/// More than this share nothing is said to lie apart: one run that took an hour instead of a minute says little of the next.
const FARTHEST: f64 = 4.0;

/// The ends of the shape: 1 would be endlessly far.
const EDGE: f64 = 0.95;

/// How long a step takes, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Length {
    /// No time of the engine's: people do it, or it stands for others.
    Nothing,
    /// So long, by the plan.
    Fixed(Span),
    /// About so long.
    About(About, Source),
    /// Nobody knows; at least so long.
    Unknown(Span),
}

/// Who says how long a step takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Its earlier runs.
    Earlier,
    /// Its author.
    Author,
}

/// A length of time that is about so long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct About {
    middle: f64,
    spread: f64,
    limit: Option<Span>,
}

impl Length {
    /// Of a step, all of it still to come.
    pub(super) fn of(took: Option<&Took>, step: &Step) -> Length {
        let (limit, least) = match &step.action {
            Action::Manual { .. } | Action::Gate(_) | Action::Procedure(_) => return Length::Nothing,
            Action::Wait { span: Span::ZERO } => return Length::Nothing,
            Action::Wait { span } => return Length::Fixed(*span),
            Action::Health { within, stable_for, .. } => (Some(*within), *stable_for),
            _ => (step.timeout, Span::ZERO),
        };
        let seen = took.and_then(|took| took.get(&step.id)).map_or(&[][..], Vec::as_slice);
        match expected(took, step) {
            Expected::Earlier { median, .. } => {
                Length::About(About::of(median, spread(median, seen), limit), Source::Earlier)
            }
            Expected::Estimate(span) => Length::About(About::of(span, AUTHORS_WORD, limit), Source::Author),
            Expected::Unknown => Length::Unknown(least),
        }
    }

    /// Its middle; where nobody knows it, the least that it takes.
    pub(super) fn middle(&self) -> Span {
        match self {
            Length::Nothing => Span::ZERO,
            Length::Fixed(span) | Length::Unknown(span) => *span,
            Length::About(about, _) => about.at(0.0),
        }
    }
}

/// How far earlier runs lie from their middle, as a share of it. Few of them say little, and so count as lying farther apart.
fn spread(middle: Span, seen: &[Span]) -> f64 {
    let middle = float(middle).max(1.0);
    let apart = |span: &Span| {
        let span = float(*span).max(1.0);
        // As much longer as shorter: twice as long and half as long are equally far.
        (if span > middle { span / middle } else { middle / span } - 1.0).min(FARTHEST)
    };
    let count = seen.len().max(1) as f64;
    let squares: f64 = seen.iter().map(apart).map(|apart| apart * apart).sum();
    let among = if seen.len() > 1 { squares / (count - 1.0) } else { 0.0 };
    let few = SEEN_ONCE / count;
    (among * (1.0 + 1.0 / count) + few * few).sqrt()
}

impl About {
    fn of(middle: Span, spread: f64, limit: Option<Span>) -> About {
        About { middle: float(middle).max(1.0), spread, limit }
    }

    /// As an author's word on a length of time.
    pub(super) fn authors_word(span: Span) -> About {
        About::of(span, AUTHORS_WORD, None)
    }

    /// The length at a place between its ends, which lie at `-EDGE` and `EDGE`; never more than it may take.
    fn at(&self, place: f64) -> Span {
        let far = self.spread * place / (1.0 - place * place).sqrt();
        let span = if far < 0.0 { self.middle / (1.0 - far) } else { self.middle * (1.0 + far) };
        self.limit.map_or(whole(span), |limit| whole(span).min(limit))
    }

    /// The place of a length: the way back from [`About::at`].
    fn place_of(&self, span: Span) -> f64 {
        let times = float(span).max(1.0) / self.middle;
        let far = if times < 1.0 { 1.0 - 1.0 / times } else { times - 1.0 } / self.spread;
        far / (1.0 + far * far).sqrt()
    }
}

/// What is left of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rest {
    surely: Span,
    about: Option<(About, f64, Span)>,
}

impl Rest {
    /// Nothing.
    pub(super) const NONE: Rest = Rest { surely: Span::ZERO, about: None };

    /// So long and no longer.
    pub(super) fn surely(span: Span) -> Rest {
        Rest { surely: span, about: None }
    }

    /// Of what has lasted so long already, after a pause; `None` when it has lasted longer than anything that is known of it.
    pub(super) fn of(about: About, lasted: Span, pause: Span) -> Option<Rest> {
        let from = if lasted == Span::ZERO { -EDGE } else { about.place_of(lasted).max(-EDGE) };
        let goes_on = from < EDGE && about.limit.is_none_or(|limit| lasted < limit);
        goes_on.then_some(Rest { surely: pause, about: Some((about, from, lasted)) })
    }

    /// One length that it may have, by a chance from 0 to 1: the higher, the longer.
    pub(super) fn drawn(&self, chance: f64) -> Span {
        self.about.map_or(self.surely, |(about, from, lasted)| {
            self.surely.plus(about.at(from + (EDGE - from) * chance).minus(lasted))
        })
    }

    /// The middle of what it may have.
    pub(super) fn middle(&self) -> Span {
        self.drawn(0.5)
    }

    /// The longest that it may have.
    #[cfg(test)]
    pub(super) fn longest(&self) -> Span {
        self.drawn(1.0)
    }
}

/// Spans are at most ten years of microseconds, which a float holds exactly.
fn float(span: Span) -> f64 {
    span.micros() as f64
}

/// A float that is no number or negative becomes 0, one that is too large the largest.
fn whole(micros: f64) -> Span {
    Span::from_micros(micros as u64)
}
