//! When a step may begin, fail, be left out or be tried again.

use warroom::core::event::Event;
use warroom::core::failover::MoveKind;
use warroom::core::health::living_key;
use warroom::core::ids::{Principal, StepId};
use warroom::core::plan::{Action, Purpose, Repeat, Return};
use warroom::core::run::{Failure, StepState};
use warroom::core::state::State;
use warroom::core::template::Values;
use warroom::core::time::{Moment, Span};

use super::Known;
use super::trial::{Going, Is, Trial};

impl Trial {
    /// In its turn, in a run that goes on, for the first time, after its pause, or because somebody who may asked.
    pub(super) fn may_start(&self, known: Known<'_>, place: usize, attempt: u32) {
        let (step, seen) = (self.step(place), &self.steps[place]);
        let id = &step.id;
        assert_eq!(known.entry.by, Principal::Engine);
        assert_eq!(self.going, Going::On, "{id} begins in a run that does not go on");
        assert_eq!(attempt, seen.tries + 1, "{id}");
        assert_eq!(self.is_undo(place), self.back, "{id} begins on the wrong way");
        match &seen.is {
            Is::Pending if seen.tries == 0 && !seen.asked => {}
            Is::Pending => assert!(seen.asked, "{id} begins again, and nobody asked"),
            Is::Pausing { since, pause } => {
                assert!(super::passed(&known.entry.at, since) >= *pause, "{id} begins before its pause is over");
                assert!(attempt <= step.retry.times + 1, "{id} begins more often than its author said");
                return;
            }
            other => panic!("{id} begins, and was {other:?}"),
        }
        match self.back {
            true => self.may_undo(place),
            false => self.may_go_forward(known, place),
        }
    }

    fn may_go_forward(&self, known: Known<'_>, place: usize) {
        let id = &self.step(place).id;
        let passed = self.passed();
        for need in &self.needs[place] {
            let need_id = &self.step(*need).id;
            assert!(passed[*need], "{id} begins before {need_id} is settled: {:?}", self.steps[*need].is);
        }
        let blocks = self.steps.iter().position(|seen| seen.is.blocks());
        assert!(blocks.is_none(), "{id} begins, though {} waits for a decision", self.step(blocks.unwrap_or(0)).id);
        assert!(!self.has_nothing_to_mend(place), "{id} begins, and there is nothing to mend");
        assert!(!self.is_left_out_around(place), "{id} begins, and the call around it was left out");
        assert_ne!(self.asks(known.state, place), Some(Some(false)), "{id} begins, and its condition does not hold");
        assert_ne!(self.asks(known.state, place), Some(None), "{id} begins, and nobody can tell its condition");
        assert!(!self.is_left_out_now(place), "{id} begins, and emergencies leave it out");
        assert!(self.is_behind_an_open_gate(place), "{id} cannot be taken back, and no gate was opened");
        assert!(self.has_a_lane(known.state, place), "{id} begins, and every lane is taken");
    }

    fn is_left_out_around(&self, place: usize) -> bool {
        let around = self.step(place).origin.under.as_ref();
        around.is_some_and(|call| matches!(self.is(call), Is::Skipped | Is::NotNeeded))
    }

    fn is_behind_an_open_gate(&self, place: usize) -> bool {
        let opened = |at: &usize| matches!(self.step(*at).action, Action::Gate(_)) && self.steps[*at].is == Is::Done;
        self.step(place).way_back == Return::Open || self.before(place).iter().any(opened)
    }

    /// Whether there is room for one more step of the engine, in the run and on its host.
    fn has_a_lane(&self, state: &State, place: usize) -> bool {
        if self.step(place).action.is_for_people() {
            return true;
        }
        let taken: Vec<usize> =
            (0..self.steps.len()).filter(|at| matches!(self.steps[*at].is, Is::Running | Is::Pausing { .. })).collect();
        let host = self.host_of(place);
        let beside = taken.iter().filter(|at| host.is_some() && self.host_of(**at) == host).count();
        let others = state.runs.values().filter(|run| run.id != self.id).flat_map(|run| {
            let at_work = run.active().filter(|(_, _, seen)| match seen.state {
                StepState::Running { .. } => true,
                StepState::Pausing { .. } => run.is_open(),
                _ => false,
            });
            at_work.map(|(_, step, _)| run.host_of(step))
        });
        let beside = beside + others.filter(|of| host.is_some() && *of == host).count();
        let lanes = self.procedure.lanes;
        taken.len() < lanes.run as usize && (host.is_none() || beside < lanes.host as usize)
    }

    /// What failed was under way, or could not begin; it is tried again as its author said, and not otherwise.
    pub(super) fn may_fail(
        &self,
        known: Known<'_>,
        step: &StepId,
        attempt: u32,
        why: &Failure,
        again: Option<Moment>,
    ) -> usize {
        let place = self.place(step);
        if self.steps[place].is == Is::Pending {
            assert_eq!((self.going, self.back, again), (Going::On, false, None), "{step}");
            assert_eq!(attempt, self.steps[place].tries);
            assert!(self.needs[place].iter().all(|need| self.passed()[*need]), "{step} fails before its turn");
            let unclear = self.asks(known.state, place) == Some(None);
            assert!(unclear || !self.is_behind_an_open_gate(place), "{step} could begin: {why:?}");
            return place;
        }
        let place = self.under_way(step, attempt);
        let retry = &self.step(place).retry;
        let tried = attempt <= retry.times && *why != Failure::Stopped && !self.is_over();
        let pause = again.map(|until| until.since(known.entry.at.utc));
        assert_eq!(pause, tried.then(|| self.pause(place, attempt)), "{step}, try {attempt} of {retry:?}");
        place
    }

    /// The pause after a try, step by step as the plan says it.
    pub(super) fn pause(&self, place: usize, attempt: u32) -> Span {
        let retry = &self.step(place).retry;
        let mut pause = retry.every.micros();
        for _ in 1..attempt {
            pause = pause * u64::from(retry.grow) / 100;
        }
        let cap = retry.at_most.unwrap_or(Span::from_secs(3_600)).max(retry.every);
        Span::from_micros(pause).min(cap)
    }

    pub(super) fn may_be_left_out(&self, known: Known<'_>, place: usize) {
        let id = &self.step(place).id;
        assert_eq!((&self.steps[place].is, self.going, self.back), (&Is::Pending, Going::On, false), "{id}");
        assert!(self.needs[place].iter().all(|need| self.passed()[*need]), "{id} is left out before its turn");
        let not_so = self.asks(known.state, place) == Some(Some(false));
        assert!(self.is_left_out_around(place) || not_so || self.is_left_out_now(place), "{id} is needed");
    }

    pub(super) fn retried(&mut self, known: Known<'_>, id: &StepId, values: &Values) {
        let place = self.place(id);
        let (step, seen) = (self.step(place), &self.steps[place]);
        // Somebody turns the failover into an emergency: it is to be done in another form.
        let anew = step.ungraceful.is_some() && matches!(self.kind, Some(MoveKind::Planned | MoveKind::Manual));
        let (held, waits) = (self.going == Going::Held, matches!(seen.is, Is::Waiting | Is::Pausing { .. }));
        assert!(self.going == Going::On || anew && held, "{id} is tried again in a run that does not go on");
        assert_eq!(self.is_undo(place), self.back, "{id} is tried again on the wrong way");
        assert!(seen.is.blocks() || anew && waits, "{id} is tried again, and was {:?}", seen.is);
        let lives = known.readings.living.contains(&living_key(self.id, id, seen.tries));
        assert!(!lives, "{id} is tried again while its last try lives");
        if known.entry.by == Principal::Engine {
            let harmless = step.repeat == Repeat::IsHarmless && seen.is == Is::Unknown;
            assert!(harmless && values.is_empty(), "{id} is tried again by itself");
        }
        let seen = &mut self.steps[place];
        seen.asked = true;
        seen.yes.clear();
        seen.values.extend(values.clone());
        seen.is = Is::Pending;
    }

    pub(super) fn skipped(&mut self, known: Known<'_>, id: &StepId) {
        let place = self.place(id);
        let (step, seen) = (self.step(place), &self.steps[place]);
        assert_ne!(known.entry.by, Principal::Engine);
        assert!(!matches!(step.action, Action::Gate(_)), "{id} is a gate, and left out");
        assert_ne!(seen.is, Is::Running, "{id} is left out while it runs");
        let lives = known.readings.living.contains(&living_key(self.id, id, seen.tries));
        assert!(!lives, "{id} is left out while its last try lives");
        let why = matches!(&known.entry.event, Event::StepSkipped { reason, .. } if reason == "left out at launch");
        if why {
            assert!(step.part.is_some() && step.purpose != Purpose::Precondition, "{id} is no part to leave out");
        }
        self.set(place, Is::Skipped, known);
    }

    /// Where nothing stands in the way, whatever could begin has begun.
    pub(super) fn nothing_idles(&self, state: &State) {
        let blocked = self.steps.iter().any(|seen| seen.is.blocks());
        if self.going != Going::On || self.back || blocked {
            return;
        }
        let passed = self.passed();
        for place in 0..self.steps.len() {
            let turn = self.steps[place].is == Is::Pending && self.needs[place].iter().all(|need| passed[*need]);
            let may_wait = self.is_undo(place) || self.is_guarded(place);
            if turn && !may_wait && !self.has_nothing_to_mend(place) {
                let id = &self.step(place).id;
                assert!(
                    !self.has_a_lane(state, place),
                    "{id} could begin, and does not: {:?}",
                    self.asks(state, place)
                );
            }
        }
    }
}
