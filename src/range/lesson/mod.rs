//! The practice script: what happens in the lesson, and when. Pure: facts go in, deeds come out.
//!
//! Each stage waits for a condition and never for a person: whoever is ahead of it passes over it, whoever lingers is left alone.
//! - `facts`: what the script goes by, read out of state and range
//! - `score`: what it came to

mod facts;
mod score;
#[cfg(test)]
mod tests;

#[cfg(test)]
use facts::Move;
pub(crate) use facts::{Facts, FenceAt, GateAt, Met, Told, facts};
pub(crate) use score::Score;

use super::names::Fault;
use super::power::Power;
use crate::core::ids::RunId;
use crate::core::time::Span;

/// How long the console is cut off.
pub(crate) const CUT_OFF: Span = Span::from_secs(8);

/// How long a stage that only shows something stands.
const SHOWN: Span = Span::from_secs(8);

/// How long somebody who does not try what they are shown is waited for.
const PATIENCE: Span = Span::from_secs(45);

/// How long the robot looks at a gate before it objects by itself.
const READS: Span = Span::from_secs(6);

/// The robot does nothing twice within this.
const PAUSE: Span = Span::from_secs(3);

/// Where the lesson stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// One probe of three fails: an incident is met and declared.
    OneProbe,
    /// A launch that is too early.
    TooEarly,
    /// All of East fails: the preview, and the launch.
    Outage,
    /// A sentence to tick off.
    Sentence,
    /// The console is cut off.
    Away,
    /// It is back, and says what happened.
    Back,
    /// A gate, at which the robot objects.
    Gate,
    /// The fence.
    Fence,
    /// Both confirm.
    Confirm,
    /// Customers climb.
    Climb,
    /// An update, of which one channel fails.
    Update,
    /// That it failed is seen.
    OneFailed,
    /// East wakes up.
    Wake,
    /// Over.
    Done,
}

impl Stage {
    /// All of them, in their order.
    pub(crate) const ALL: [Stage; 14] = [
        Stage::OneProbe,
        Stage::TooEarly,
        Stage::Outage,
        Stage::Sentence,
        Stage::Away,
        Stage::Back,
        Stage::Gate,
        Stage::Fence,
        Stage::Confirm,
        Stage::Climb,
        Stage::Update,
        Stage::OneFailed,
        Stage::Wake,
        Stage::Done,
    ];

    fn next(self) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| *stage > self)
    }
}

/// What the teller says now; the words are in `crate::text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Customers fail; look, and declare.
    Declare,
    /// Try to fail over, and see it refused.
    TryTooEarly,
    /// Now launch.
    Launch,
    /// Tick the sentence off.
    TickOff,
    /// You are cut off.
    CutOff,
    /// You are back.
    Back,
    /// Read the gate.
    ReadGate,
    /// The robot objected: fence East.
    FenceEast,
    /// The fence is tried again, or done: ask the gate again.
    AskAgain,
    /// Type the words; the robot confirms after you.
    TypeWords,
    /// Watch the customers.
    Watch,
    /// Tell the world.
    TellThem,
    /// One channel failed.
    OneFailed,
    /// East is awake, and off.
    FenceHolds,
    /// East is awake, and takes orders.
    SecondPrimary,
    /// The lesson is over.
    Over,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A fault on a part of the range, or none.
    Fault(&'static str, Option<Fault>),
    /// East's outage ends.
    Wake,
    /// The console's link is cut.
    Cut,
    /// It is mended.
    Mend,
    /// The robot takes the role that the gate asks a second person for.
    TakeRole,
    /// The robot says no at the gate: East is not fenced.
    Object(RunId),
    /// The robot says yes at the gate.
    Confirm(RunId),
    /// The teller says something else.
    Say(Hint),
    /// What it came to goes into the journal.
    Tell,
}

/// The script, and where it stands.
#[derive(Debug, Default)]
pub(crate) struct Script {
    at: Option<(Stage, Span)>,
    cut: bool,
    acted: Option<Span>,
    said: Option<Hint>,
}

impl Script {
    /// Where it stands; `None` before it began.
    pub(crate) fn stage(&self) -> Option<Stage> {
        self.at.map(|(stage, _)| stage)
    }

    /// What is to be done, now that things stand so.
    pub(crate) fn step(&mut self, facts: &Facts) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let (mut stage, mut since) = match self.at {
            Some(at) => at,
            None => {
                self.enter(Stage::OneProbe, facts, &mut deeds);
                (Stage::OneProbe, facts.at)
            }
        };
        while let Some(next) = stage.next().filter(|_| self.is_over(stage, facts.at.minus(since), facts)) {
            (stage, since) = (next, facts.at);
            self.enter(stage, facts, &mut deeds);
        }
        self.at = Some((stage, since));
        deeds.extend(self.robot(stage, facts.at.minus(since), facts));
        let hint = hint(stage, facts);
        if self.said != Some(hint) {
            self.said = Some(hint);
            deeds.push(Deed::Say(hint));
        }
        deeds
    }

    fn enter(&mut self, stage: Stage, facts: &Facts, deeds: &mut Vec<Deed>) {
        match stage {
            Stage::OneProbe => {
                // The strip does not obey at first: so the gate is reached without a fence.
                deeds.extend([
                    Deed::Fault("power", Some(Fault::Errors)),
                    Deed::Fault("sites/east/web", Some(Fault::Errors)),
                ]);
            }
            Stage::Outage => deeds.push(Deed::Fault("sites/east", Some(Fault::Down))),
            Stage::Away if facts.gate() < GateAt::Opened => {
                self.cut = true;
                deeds.push(Deed::Cut);
            }
            Stage::Back if self.cut => deeds.push(Deed::Mend),
            Stage::Fence => deeds.push(Deed::Fault("power", None)),
            Stage::Update => deeds.push(Deed::Fault("mail", Some(Fault::Errors))),
            Stage::Wake => deeds.push(Deed::Wake),
            Stage::Done => deeds.push(Deed::Tell),
            _ => {}
        }
    }

    fn is_over(&self, stage: Stage, stood: Span, facts: &Facts) -> bool {
        let (gate, fenced) = (facts.gate(), facts.fence() == FenceAt::Done);
        match stage {
            Stage::OneProbe => facts.incident >= Met::Declared,
            Stage::TooEarly => facts.refused > 0 || facts.run.is_some() || stood >= PATIENCE,
            Stage::Outage => facts.run.is_some(),
            Stage::Sentence => facts.run.as_ref().is_some_and(|run| run.ticked) || gate > GateAt::NotYet,
            Stage::Away => !self.cut || stood >= CUT_OFF,
            Stage::Back => stood >= SHOWN || gate == GateAt::Opened,
            // A fence that failed before the gate's turn keeps it from coming.
            Stage::Gate => {
                let stuck = gate == GateAt::NotYet && facts.fence() == FenceAt::Failed && stood >= READS;
                gate >= GateAt::Declined || fenced || stuck
            }
            Stage::Fence => fenced || gate == GateAt::Opened,
            Stage::Confirm => gate == GateAt::Opened,
            Stage::Climb => facts.served,
            Stage::Update => facts.told >= Told::OneFailed || stood >= PATIENCE.plus(PATIENCE),
            Stage::OneFailed => stood >= SHOWN || facts.told < Told::OneFailed,
            Stage::Wake => stood >= SHOWN,
            Stage::Done => false,
        }
    }

    /// What the second person does by itself, whatever the stage: it never says yes before East is fenced, and never first.
    fn robot(&mut self, stage: Stage, stood: Span, facts: &Facts) -> Option<Deed> {
        if self.acted.is_some_and(|acted| facts.at.minus(acted) < PAUSE) {
            return None;
        }
        let deed = match (&facts.run, facts.gate()) {
            _ if facts.incident == Met::Declared && !facts.robot_leads => Deed::TakeRole,
            (Some(run), GateAt::Waiting { yours, robots: false }) => match run.fence {
                FenceAt::Done if yours => Deed::Confirm(run.id),
                FenceAt::Done => return None,
                _ if yours || stage >= Stage::Gate && stood >= READS => Deed::Object(run.id),
                _ => return None,
            },
            _ => return None,
        };
        self.acted = Some(facts.at);
        Some(deed)
    }
}

fn hint(stage: Stage, facts: &Facts) -> Hint {
    match stage {
        Stage::OneProbe => Hint::Declare,
        Stage::TooEarly => Hint::TryTooEarly,
        Stage::Outage => Hint::Launch,
        Stage::Sentence => Hint::TickOff,
        Stage::Away => Hint::CutOff,
        Stage::Back => Hint::Back,
        Stage::Gate => Hint::ReadGate,
        // Tried again, it begins once the gate is asked again too: after a no nothing new starts.
        Stage::Fence if facts.gate() == GateAt::Declined && facts.fence() == FenceAt::NotYet => Hint::AskAgain,
        Stage::Fence => Hint::FenceEast,
        Stage::Confirm if facts.gate() == GateAt::Declined => Hint::AskAgain,
        Stage::Confirm => Hint::TypeWords,
        Stage::Climb => Hint::Watch,
        Stage::Update => Hint::TellThem,
        Stage::OneFailed => Hint::OneFailed,
        Stage::Wake if facts.power == Power::Off => Hint::FenceHolds,
        Stage::Wake => Hint::SecondPrimary,
        Stage::Done => Hint::Over,
    }
}
