//! Gates: each with its number of distinct people, who may, hold a role, and said yes not too long ago.

use std::collections::BTreeSet;

use warroom::core::event::{Event, Voided};
use warroom::core::failover::MoveKind;
use warroom::core::ids::{Principal, StepId};
use warroom::core::people::Act;
use warroom::core::plan::{Action, Attended, Gate, Launcher};
use warroom::core::run::CONFIRMATION_LASTS;
use warroom::core::time::Now;

use super::Known;
use super::trial::{Going, Is, Trial};

impl Trial {
    pub(super) fn at_gate(&mut self, known: Known<'_>) {
        let entry = known.entry;
        match &entry.event {
            Event::GateConfirmed { step, expires, .. } => {
                let place = self.waits_at(step);
                assert_eq!(self.going, Going::On);
                assert!(!self.counts(place, &entry.by, &entry.at), "{} says yes twice", entry.by);
                assert_eq!(*expires, entry.at.utc.plus(CONFIRMATION_LASTS));
                self.may_say_yes(known, self.gate(place), &entry.by);
                self.steps[place].yes.insert(entry.by.clone(), entry.at.clone());
            }
            Event::ConfirmationVoided { step, by, why, .. } => {
                let place = self.waits_at(step);
                let over = !self.counts(place, by, &entry.at);
                assert!(*why != Voided::Expired || over, "{by} said yes a moment ago");
                assert!(self.steps[place].yes.remove(by).is_some(), "nobody takes back what was not said");
            }
            Event::GateOpened { step, by, .. } => {
                let place = self.waits_at(step);
                self.opens(known, place, by);
                self.set(place, Is::Done, known);
            }
            Event::GateDeclined { step, .. } => {
                let place = self.waits_at(step);
                self.steps[place].yes.clear();
                self.set(place, Is::Declined, known);
            }
            _ => unreachable!(),
        }
    }

    fn waits_at(&self, step: &StepId) -> usize {
        let place = self.place(step);
        assert!(matches!(self.step(place).action, Action::Gate(_)), "{step} is no gate");
        assert_eq!(self.steps[place].is, Is::Waiting, "{step}");
        place
    }

    fn gate(&self, place: usize) -> &Gate {
        match &self.step(place).action {
            Action::Gate(gate) => gate,
            other => panic!("{other:?}"),
        }
    }

    /// Whether somebody's yes still counts.
    fn counts(&self, place: usize, who: &Principal, now: &Now) -> bool {
        self.steps[place].yes.get(who).is_some_and(|said| super::passed(now, said) < CONFIRMATION_LASTS)
    }

    fn opens(&self, known: Known<'_>, place: usize, by: &[Principal]) {
        let (entry, gate) = (known.entry, self.gate(place));
        assert_eq!(self.going, Going::On);
        let people: BTreeSet<&Principal> = by.iter().collect();
        assert_eq!(people.len(), by.len(), "one person is one person");
        // The countdown that nobody stopped was their yes.
        let unattended = self.kind == Some(MoveKind::Automatic) && gate.in_automatic == Attended::ByCountdown;
        let by_itself = unattended && people.is_empty() && entry.by == Principal::Engine;
        assert!(people.len() >= gate.people as usize || by_itself, "{people:?} are too few");
        for person in people {
            assert!(self.counts(place, person, &entry.at), "{person} did not say yes, or long ago");
            self.may_say_yes(known, gate, person);
        }
    }

    fn may_say_yes(&self, known: Known<'_>, gate: &Gate, person: &Principal) {
        let state = known.state;
        let incident = &state.incidents[&self.incident];
        let newest = state.plans.get(&self.plan).map(|l| l.plan.environment);
        let environment = [Some(incident.environment), newest].into_iter().flatten().min();
        assert!(state.people[person].may(Act::PassGate, environment).is_ok(), "{person} may not");
        let holds = incident.roles_of(person).any(|role| gate.roles.contains(role));
        assert!(gate.roles.is_empty() || holds, "{person} holds no role of the gate");
        assert!(gate.launcher == Launcher::Counts || *person != self.by, "the launcher does not count");
    }
}
