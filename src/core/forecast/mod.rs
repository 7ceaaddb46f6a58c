//! When a run will end: what is left of it, gone through some hundreds of times with lengths as earlier runs had them.
//!
//! People take no time here, because nobody knows theirs: the end is as if each did their part at once, and a forecast says where
//! people come in. Nor do steps fail. Where neither an earlier run nor an author knows how long a step takes, the end is no sooner
//! than foretold, and is called so.

mod chance;
mod left;
mod length;
mod order;
mod pass;
mod path;
mod record;

use super::incident::Incident;
use super::objectives::{Standing, rto, ticks};
use super::plan::ProcedureKind;
use super::run::{Course, Run};
use super::state::{Loaded, State};
use super::time::{Now, Span};
use chance::Simulations;
use left::{Left, Node};
use length::{About, Rest};
use pass::{Lanes, Pass};

pub use record::{Accuracy, AtStart, COMPARED, Compared, Foretold, accuracy};
pub(super) use record::{at_start, compared};

/// Most simulations of a forecast.
const MOST: usize = 256;

/// Fewest: the more steps, the less their sum varies.
const FEWEST: usize = 4;

/// Steps and needs that are looked at for one forecast, about: it has to be cheap in long runs too.
const LOOKS: usize = 200_000;

/// When a run will end, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// It ends by then in half of all cases: time from now.
    pub median: Span,
    /// It ends by then in nine of ten.
    pub ninetieth: Span,
    /// What both rest on.
    pub basis: Basis,
    /// How many of the steps that are left are known, and by whom.
    pub known: Known,
    /// The critical path: the steps that decide the end, in the order in which they are done; by place.
    pub critical: Vec<usize>,
    /// How many steps are left, those for people among them.
    pub left: usize,
    /// Steps that wait for people now; by place.
    pub waits: Vec<usize>,
    /// Steps for people that are still to come; by place.
    pub people: Vec<usize>,
    /// Steps that last longer than anything that is known of them; by place.
    pub overrun: Vec<usize>,
    /// The one step that would save most if a person left it out.
    pub saves: Option<Saving>,
}

/// What a forecast rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// On every step that is left.
    Steps,
    /// On those that are known: it ends no sooner.
    SomeSteps,
    /// On what the author says of the whole procedure, because no step is known.
    Procedure(Span),
    /// On nothing: nobody knows.
    Nothing,
}

/// Of how many steps that are left it is known how long they take. Steps for people are none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// From their earlier runs.
    pub earlier: usize,
    /// From their author.
    pub author: usize,
    /// By the plan: they let time pass.
    pub fixed: usize,
    /// Not at all.
    pub unknown: usize,
}

/// What leaving one step out would save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saving {
    /// The step, by its place.
    pub place: usize,
    /// How much.
    pub span: Span,
}

/// That a run is to end after a recovery time objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// More often than not, by so much.
    Likely(Span),
    /// In one of ten cases and more, by so much.
    Possible(Span),
    /// It is missed already.
    Already,
}

impl Forecast {
    /// Whether the critical path tells some of the steps that are left from others.
    #[must_use]
    pub fn singles_out(&self) -> bool {
        self.critical.len() < self.left
    }
}

/// When a run will end; `None` when it is over.
///
/// The seed of its chances is the run's number: asked again it says the same.
#[must_use]
pub fn of_run(state: &State, run: &Run, now: &Now) -> Option<Forecast> {
    if !run.is_open() {
        return None;
    }
    let left = Left::of(state, run, now)?;
    let nothing_known = Known { unknown: 0, ..left.known } == Known::default();
    let basis = match (left.known.unknown, run.procedure.estimated_duration) {
        (0, _) => Basis::Steps,
        (_, Some(said)) if nothing_known && run.course == Course::Forward => Basis::Procedure(said),
        _ => Basis::SomeSteps,
    };
    let simulated = match basis {
        Basis::Procedure(said) => of_whole(run, said, now),
        _ => Some(simulated(run, &left)),
    };
    let (median, ninetieth) = simulated.unwrap_or_default();
    let told = simulated.is_some() && (basis != Basis::SomeSteps || ninetieth > Span::ZERO);
    let (critical, saves) = path::of(run, &left);
    let count = left.nodes.iter().filter(|node| node.counts).count();
    Some(Forecast {
        median,
        ninetieth,
        basis: if told { basis } else { Basis::Nothing },
        known: left.known,
        critical,
        left: count,
        waits: left.waits,
        people: left.people,
        overrun: left.overrun,
        saves,
    })
}

/// Whether a run is to end after the tightest objective of its incident. Only what brings something back counts, on its way there.
#[must_use]
pub fn misses(loaded: &Loaded, incident: &Incident, run: &Run, forecast: &Forecast, now: &Now) -> Option<Miss> {
    use ProcedureKind::{Failback, Failover, Recovery};
    let recovers = matches!(run.procedure.kind, Recovery | Failover | Failback) && run.course == Course::Forward;
    if !recovers || !ticks(incident) {
        return None;
    }
    let Standing::Left(left) = rto(loaded, incident, now)?.standing else { return Some(Miss::Already) };
    match (forecast.median, forecast.ninetieth) {
        _ if forecast.basis == Basis::Nothing => None,
        (median, _) if median > left => Some(Miss::Likely(median.minus(left))),
        (_, ninetieth) if ninetieth > left => Some(Miss::Possible(ninetieth.minus(left))),
        _ => None,
    }
}

/// All that is left of a run in a row, each at its longest: later no forecast may be.
#[cfg(test)]
pub(crate) fn in_a_row(state: &State, run: &Run, now: &Now) -> Span {
    let left = Left::of(state, run, now).unwrap();
    left.nodes.iter().map(|node| node.rest.longest()).fold(Span::ZERO, Span::plus)
}

/// The median and the 90th percentile of many simulations.
fn simulated(run: &Run, left: &Left) -> (Span, Span) {
    let varies = left.known.earlier + left.known.author > 0;
    let most = if varies { affordable(left).clamp(FEWEST, MOST) } else { 1 };
    let simulations = Simulations::at_most(most, run.id.0);
    let mut pass = Pass::default();
    let mut times = Vec::with_capacity(left.nodes.len());
    let mut ends: Vec<Span> = (0..simulations.count())
        .map(|simulation| {
            times.clear();
            let drawn = |node: &Node| node.rest.drawn(simulations.chance(simulation, node.place));
            times.extend(left.nodes.iter().map(drawn));
            end(left, &mut pass, &times).0
        })
        .collect();
    ends.sort_unstable();
    let count = ends.len();
    let median = ends[(count - 1) / 2].micros().midpoint(ends[count / 2].micros());
    (Span::from_micros(median), ends[(count * 9).div_ceil(10) - 1])
}

/// How often what is left can be gone through.
fn affordable(left: &Left) -> usize {
    LOOKS / (left.nodes.len() + left.needs.len()).max(1)
}

/// When all is over, and the lanes that decide it.
fn end(left: &Left, pass: &mut Pass, times: &[Span]) -> (Span, Lanes) {
    let run = left.lanes.map(Lanes::OfRun);
    let hosts = (!left.hosts.is_empty()).then_some(Lanes::OfHosts);
    let enough = (run.is_none() && hosts.is_none()).then_some(Lanes::Enough);
    let ends = [run, hosts, enough].into_iter().flatten().map(|lanes| (pass.end(left, lanes, times), lanes));
    ends.max_by_key(|(end, _)| *end).unwrap_or((Span::ZERO, Lanes::Enough))
}

/// What is left of what an author says of the whole procedure; `None` when that is over.
fn of_whole(run: &Run, said: Span, now: &Now) -> Option<(Span, Span)> {
    let rest = Rest::of(About::authors_word(said), now.since(&run.started).span, Span::ZERO)?;
    Some((rest.middle(), rest.drawn(0.9)))
}
