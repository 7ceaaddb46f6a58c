//! How far the passes of a list have come, or the steps of a procedure that was called.

use crate::console::canvas::Row;
use crate::console::shape::{Shape, What};
use crate::console::theme::Role;
use crate::core::plan::Purpose;
use crate::core::run::{Run, StepState};

/// How something of one or several steps stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Pending,
    Running,
    Waits,
    Failing,
    Unknown,
    Failed,
    Skipped,
    NotNeeded,
    Done,
}

/// How many stand how.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Vec<Standing>);

impl Tally {
    /// Of what is directly under a list; of the steps that count under anything else.
    pub(super) fn of(run: &Run, shape: &Shape, at: u32) -> Tally {
        let is_list = matches!(shape.node(at).map(|n| &n.what), Some(What::Group(..)));
        if is_list {
            return Tally(shape.under(Some(at)).map(|pass| together(run, shape.places(pass))).collect());
        }
        let own = match shape.node(at).map(|n| &n.what) {
            Some(What::Step(place)) => Some(*place as usize),
            _ => None,
        };
        let under = shape.places(at).filter(|place| Some(*place) != own);
        let counts = under.filter(|place| run.at(*place).is_some_and(|(_, step, _)| step.counts()));
        Tally(counts.map(|place| together(run, std::iter::once(place))).collect())
    }

    pub(super) fn has(&self, standing: Standing) -> bool {
        self.0.contains(&standing)
    }

    fn count(&self, standings: &[Standing]) -> usize {
        self.0.iter().filter(|s| standings.contains(s)).count()
    }

    fn settled(&self) -> usize {
        self.count(&[Standing::Failed, Standing::Skipped, Standing::NotNeeded, Standing::Done])
    }

    /// The worst of what is under way, else what all of it came to.
    pub(super) fn standing(&self) -> Standing {
        let under_way = [Standing::Unknown, Standing::Failing, Standing::Waits, Standing::Running];
        if let Some(found) = under_way.into_iter().find(|s| self.has(*s)) {
            return found;
        }
        if self.settled() < self.0.len() {
            return Standing::Pending;
        }
        let came_to = [Standing::Failed, Standing::Skipped, Standing::Done];
        came_to.into_iter().find(|s| self.has(*s)).unwrap_or(Standing::NotNeeded)
    }

    /// `3 of 5, 1 failed, 2 running`.
    pub(super) fn row(&self) -> Row {
        if self.settled() == 0 && self.standing() == Standing::Pending {
            return Row::of(format!("{} to come", self.0.len()), Role::Dim);
        }
        let mut row = Row::of(format!("{} of {}", self.settled(), self.0.len()), Role::Strong);
        for (standings, word, role) in [
            (&[Standing::Failed, Standing::Failing][..], "failed", Role::Bad),
            (&[Standing::Unknown], "UNKNOWN", Role::Unknown),
            (&[Standing::Waits], "waits", Role::Waits),
            (&[Standing::Running], "running", Role::Active),
            (&[Standing::Skipped], "skipped", Role::Warn),
            (&[Standing::NotNeeded], "not needed", Role::Dim),
        ] {
            let count = self.count(standings);
            if count > 0 {
                row = row.with(", ", Role::Dim).with(format!("{count} {word}"), role);
            }
        }
        row
    }
}

/// How several steps stand together. Steps that mend only matter while they are at it.
fn together(run: &Run, places: impl Iterator<Item = usize>) -> Standing {
    let steps = places.filter_map(|place| run.at(place));
    let all = steps.filter_map(|(_, step, done)| {
        let standing = of_state(&done.state);
        let mends = matches!(step.purpose, Purpose::Mend(_));
        let at_it = matches!(standing, Standing::Running | Standing::Waits | Standing::Failing | Standing::Unknown);
        (!mends || at_it).then_some(standing)
    });
    Tally(all.collect()).standing()
}

fn of_state(state: &StepState) -> Standing {
    match state {
        StepState::Pending => Standing::Pending,
        StepState::Waiting { .. } => Standing::Waits,
        StepState::Running { .. } | StepState::Pausing { .. } => Standing::Running,
        StepState::Done { .. } => Standing::Done,
        StepState::Failed { .. } if state.is_settled() => Standing::Failed,
        StepState::Failed { .. } | StepState::Declined { .. } => Standing::Failing,
        StepState::Unknown { .. } => Standing::Unknown,
        StepState::Skipped { .. } => Standing::Skipped,
        StepState::NotNeeded { .. } => Standing::NotNeeded,
    }
}
