//! What is left of a run: the steps on its way with what they wait for, and what is known of them.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::super::follow::OfStep;
use super::super::health::Verdict;
use super::super::plan::{Purpose, Step};
use super::super::run::{Course, Run, StepRun, StepState, Then};
use super::super::state::{State, Took};
use super::super::time::{Now, Span};
use super::super::when::Facts;
use super::Known;
use super::length::{Length, Rest, Source};
use super::order::Order;

/// One step that is left.
pub(super) struct Node {
    pub(super) place: u32,
    /// Where what it waits for begins in [`Left::needs`], and ends.
    pub(super) needs: (u32, u32),
    pub(super) rest: Rest,
    /// The host whose lanes it takes, where those can be short.
    pub(super) host: Option<u32>,
    /// Whether the engine is at it, so that it waits for no lane.
    pub(super) begun: bool,
    /// Whether it is one that people would look for, and does not only stand for others.
    pub(super) counts: bool,
}

/// What is left of a run.
#[derive(Default)]
pub(super) struct Left {
    /// Each behind those that it waits for.
    pub(super) nodes: Vec<Node>,
    /// By their place among the nodes.
    pub(super) needs: Vec<u32>,
    /// Lanes of the run, where they can be short.
    pub(super) lanes: Option<usize>,
    /// When the lanes of each host are free, the latest first, where they can be short.
    pub(super) hosts: Vec<Vec<Span>>,
    pub(super) known: Known,
    /// Places of the steps that wait for people now.
    pub(super) waits: Vec<usize>,
    /// Places of steps for people that are still to come.
    pub(super) people: Vec<usize>,
    /// Places of steps that last longer than anything that is known of them.
    pub(super) overrun: Vec<usize>,
}

/// How a step stands to the rest of the way.
#[derive(Clone, Copy, PartialEq)]
enum Stands {
    /// It is over, or not on the way.
    Over,
    /// Its turn takes no time: it will be passed over.
    Passed,
    /// People do it.
    ForPeople,
    /// It waits for its turn, or for somebody to try it again.
    ToCome,
    /// The engine has been at it for so long.
    Begun(Span),
    /// It is tried again after so long.
    Again(Span),
}

impl Left {
    /// Of a run, whichever way it goes. `None` when its steps wait for each other in a circle.
    pub(super) fn of(state: &State, run: &Run, now: &Now) -> Option<Left> {
        let took = state.took.get(&run.plan).and_then(|of| of.get(&run.procedure.id)).map(AsRef::as_ref);
        match run.course {
            Course::Forward => Forward { state, run, took, now }.left(),
            Course::Back { .. } => Some(back(run, took, now)),
        }
    }

    /// Puts a step behind those nodes.
    fn push(&mut self, place: usize, needs: impl IntoIterator<Item = u32>, rest: Rest, stands: Stands) -> u32 {
        let first = small(self.needs.len());
        self.needs.extend(needs);
        let begun = matches!(stands, Stands::Begun(_) | Stands::Again(_));
        let needs = (first, small(self.needs.len()));
        let counts = !matches!(stands, Stands::Over | Stands::Passed);
        self.nodes.push(Node { place: small(place), needs, rest, host: None, begun, counts });
        small(self.nodes.len() - 1)
    }

    /// What is left of a step, counted by what is known of it.
    fn rest(&mut self, place: usize, length: Length, stands: Stands) -> Rest {
        let (lasted, pause) = match stands {
            Stands::Over | Stands::Passed | Stands::ForPeople => return Rest::NONE,
            Stands::ToCome => (Span::ZERO, Span::ZERO),
            Stands::Begun(lasted) => (lasted, Span::ZERO),
            Stands::Again(pause) => (Span::ZERO, pause),
        };
        match length {
            Length::Nothing => Rest::NONE,
            Length::Fixed(span) => {
                self.known.fixed += 1;
                Rest::surely(pause.plus(span.minus(lasted)))
            }
            Length::Unknown(least) => {
                self.known.unknown += 1;
                Rest::surely(pause.plus(least.minus(lasted)))
            }
            Length::About(about, source) => match Rest::of(about, lasted, pause) {
                Some(rest) => {
                    self.known.note(source);
                    rest
                }
                None => {
                    self.known.unknown += 1;
                    self.overrun.push(place);
                    Rest::NONE
                }
            },
        }
    }
}

impl Known {
    fn note(&mut self, source: Source) {
        match source {
            Source::Earlier => self.earlier += 1,
            Source::Author => self.author += 1,
        }
    }
}

/// A run on the way to its end.
struct Forward<'a> {
    state: &'a State,
    run: &'a Run,
    took: Option<&'a Took>,
    now: &'a Now,
}

impl Forward<'_> {
    fn left(&self) -> Option<Left> {
        let steps = &self.run.procedure.steps;
        let lengths: Vec<Length> = steps.iter().map(|step| Length::of(self.took, step)).collect();
        let belongs = |place: usize| steps.get(place).is_some_and(|step| !Run::is_undoing(step));
        let order = Order::of(&self.run.graph, &belongs, &|place| lengths[place].middle())?;
        let mut left = Left::default();
        let stands = self.stand(&mut left);
        let acts = |place: usize| matches!(stands[place], Stands::ToCome | Stands::Begun(_) | Stands::Again(_));
        let acts = |place: usize| acts(place) && lengths[place] != Length::Nothing;
        let hosts = self.hosts(&order, &acts, &mut left);
        let mut nodes: Vec<Option<u32>> = vec![None; steps.len()];
        // What the engine is at has its lanes already.
        let begun = |place: &&u32| matches!(stands[**place as usize], Stands::Begun(_) | Stands::Again(_));
        let first = order.places.iter().filter(begun);
        for place in first.chain(order.places.iter().filter(|place| !begun(place))).map(|place| *place as usize) {
            let seen = self.run.steps.get(place)?;
            if stands[place] == Stands::Over && seen.needs_left == 0 {
                continue;
            }
            let rest = left.rest(place, lengths[place], stands[place]);
            let needs = self.run.graph.needs(place).iter().filter_map(|need| nodes[*need as usize]);
            let needs: Vec<u32> = needs.collect();
            let node = left.push(place, needs, rest, stands[place]);
            let pushed = &mut left.nodes[node as usize];
            pushed.host = hosts.get(place).copied().flatten();
            // A call has no length, and is none of its own.
            pushed.counts &= stands[place] == Stands::ForPeople || lengths[place] != Length::Nothing;
            nodes[place] = Some(node);
        }
        Some(left)
    }

    /// How every step stands, with those noted that are people's.
    fn stand(&self, left: &mut Left) -> Vec<Stands> {
        let mut all: Vec<Stands> = Vec::with_capacity(self.run.steps.len());
        for (place, (step, seen)) in self.run.pairs().enumerate() {
            let stands = self.stands(step, seen, &all);
            if seen.state.waits_for_people() {
                left.waits.push(place);
            } else if stands == Stands::ForPeople {
                left.people.push(place);
            }
            all.push(stands);
        }
        all
    }

    /// How one step stands; what is around it stands before it.
    fn stands(&self, step: &Step, seen: &StepRun, before: &[Stands]) -> Stands {
        match &seen.state {
            state if state.is_settled() || Run::is_undoing(step) => Stands::Over,
            StepState::Running { since } => Stands::Begun(self.now.since(since).span),
            StepState::Pausing { since, pause, .. } => Stands::Again(pause.minus(self.now.surely_since(since))),
            StepState::Pending if self.is_passed_over(step, before) => Stands::Passed,
            _ if step.action.is_for_people() => Stands::ForPeople,
            _ => Stands::ToCome,
        }
    }

    /// Whether a step whose turn has not come will be passed over, as far as that is certain.
    fn is_passed_over(&self, step: &Step, before: &[Stands]) -> bool {
        let find = |id| self.run.find(id);
        if let Purpose::Mend(of) = &step.purpose
            && !find(of).is_some_and(|(_, _, seen)| matches!(seen.state, StepState::Failed { then: Then::GoesOn, .. }))
        {
            return true;
        }
        let around = step.origin.under.as_ref().and_then(find);
        let left_out = around.is_some_and(|(place, _, seen)| {
            let state = &seen.state;
            matches!(state, StepState::Skipped { .. } | StepState::NotNeeded { .. })
                || before.get(place) == Some(&Stands::Passed)
        });
        left_out || self.is_not_needed(step)
    }

    /// Whether the condition of a step is certain not to hold: what it asks for can no longer change.
    fn is_not_needed(&self, step: &Step) -> bool {
        let Some(condition) = &step.when else { return false };
        let facts = Certain { of: OfStep { state: self.state, run: self.run, step }, may_change: Cell::new(false) };
        condition.holds(&facts) == Ok(false) && !facts.may_change.get()
    }

    /// The hosts, by place, whose lanes can be short; and the lanes of the run, if those can.
    fn hosts(&self, order: &Order, acts: &dyn Fn(usize) -> bool, left: &mut Left) -> Vec<Option<u32>> {
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        let mut numbered = |host: String| {
            let next = small(names.len());
            *names.entry(host).or_insert(next)
        };
        let places = 0..self.run.steps.len();
        let mut hosts: Vec<Option<u32>> =
            places.map(|place| acts(place).then(|| self.run.host_at(place)).flatten().map(&mut numbered)).collect();
        let beside = order.beside(&|place| acts(place).then(|| hosts[place]));
        let lanes = self.run.procedure.lanes;
        let (of_run, on_host) = (wide(lanes.run), wide(lanes.host));
        left.lanes = (beside.all > of_run).then_some(of_run);
        let mut short = vec![None; names.len()];
        for (name, host) in &names {
            let mut taken = self.taken(name);
            if beside.on.get(host).is_some_and(|most| most + taken.len() > on_host) {
                taken.sort_unstable_by(|a, b| b.cmp(a));
                taken.resize(on_host, Span::ZERO);
                short[*host as usize] = Some(small(left.hosts.len()));
                left.hosts.push(taken);
            }
        }
        hosts.iter_mut().for_each(|host| *host = host.and_then(|host| short[host as usize]));
        hosts
    }

    /// When what other runs do on a host now should be over, one for each lane that they take. What they will begin is not
    /// foreseen.
    fn taken(&self, host: &str) -> Vec<Span> {
        let others = self.state.runs.values().filter(|run| run.id != self.run.id);
        let at_work = others.flat_map(|run| run.active().map(move |(place, step, seen)| (run, place, step, seen)));
        let there = at_work.filter(|(run, place, ..)| run.host_at(*place).as_deref() == Some(host));
        there
            .filter_map(|(run, _, step, seen)| {
                let took = self.state.took.get(&run.plan).and_then(|of| of.get(&run.procedure.id));
                let length = Length::of(took.map(AsRef::as_ref), step).middle();
                match &seen.state {
                    StepState::Running { since } => Some(length.minus(self.now.since(since).span)),
                    StepState::Pausing { since, pause, .. } if run.is_open() => {
                        Some(length.plus(pause.minus(self.now.surely_since(since))))
                    }
                    _ => None,
                }
            })
            .collect()
    }
}

/// A run on its way back: what runs comes to its end, then what was done is undone, newest first, one at a time.
fn back(run: &Run, took: Option<&Took>, now: &Now) -> Left {
    let mut left = Left::default();
    let mut before: Vec<u32> = Vec::new();
    let mut undo: Vec<usize> = Vec::new();
    for (place, step, seen) in run.active() {
        let undoes = Run::is_undoing(step);
        if seen.state.waits_for_people() && (undoes || matches!(seen.state, StepState::Unknown { .. })) {
            left.waits.push(place);
        }
        if let StepState::Running { since } = &seen.state
            && !undoes
        {
            let stands = Stands::Begun(now.since(since).span);
            let rest = left.rest(place, Length::of(took, step), stands);
            before.push(left.push(place, [], rest, stands));
            undo.extend(run.undo_of(&step.id).map(|(place, ..)| place));
        }
    }
    undo.extend(run.to_undo().filter_map(|(_, step, _)| run.undo_of(&step.id)).map(|(place, ..)| place));
    for (place, step, seen) in undo.into_iter().filter_map(|place| run.at(place)) {
        let stands = match &seen.state {
            state if state.is_settled() => continue,
            StepState::Running { since } => Stands::Begun(now.since(since).span),
            StepState::Pausing { since, pause, .. } => Stands::Again(pause.minus(now.surely_since(since))),
            _ => Stands::ToCome,
        };
        let rest = left.rest(place, Length::of(took, step), stands);
        before = vec![left.push(place, std::mem::take(&mut before), rest, stands)];
    }
    left
}

/// The facts of a condition, with a note when it asks for one that may still change.
struct Certain<'a> {
    of: OfStep<'a>,
    may_change: Cell<bool>,
}

impl Facts for Certain<'_> {
    fn value(&self, name: &str) -> Option<String> {
        self.of.value(name)
    }

    fn outcome(&self, step: &str) -> Option<&'static str> {
        if !self.of.is_settled(step) {
            self.may_change.set(true);
        }
        self.of.outcome(step)
    }

    fn component(&self, id: &str) -> Verdict {
        self.may_change.set(true);
        self.of.component(id)
    }

    fn site(&self, id: &str) -> Verdict {
        self.may_change.set(true);
        self.of.site(id)
    }

    fn alert(&self, name: &str) -> bool {
        self.may_change.set(true);
        self.of.alert(name)
    }
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn wide(lanes: u32) -> usize {
    usize::try_from(lanes).unwrap_or(usize::MAX)
}
