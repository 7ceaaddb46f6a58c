//! What a launch would do, before anything acts: the steps with their lanes, what was learnt from earlier runs, who must confirm,
//! where there is no return. It changes nothing.

use super::apply::apply;
use super::decide::failover::guards;
use super::decide::{Context, Launch, Launched, begins, lay_out, may_begin};
use super::failover::{Finding, MoveKind};
use super::forecast::{self, Forecast};
use super::ids::{RunId, StepId};
use super::plan::{Action, Gate, Purpose, Return, Step, Ungraceful};
use super::refusal::Refusal;
use super::state::{Entry, Took};
use super::time::Span;

/// What a launch would do.
#[derive(Debug, Clone)]
pub struct Preview<'a> {
    /// The run as it would be.
    pub launched: Launched<'a>,
    /// Why it would be refused now, if it would.
    pub refused: Option<Refusal>,
    /// What the guards of a failover find now; empty for everything else.
    pub guards: Vec<Finding>,
    /// One row for each step but those that only a rollback does, in the order of the run.
    pub rows: Vec<Row>,
    /// The least time that the steps whose time is known take, side by side as far as they can be; `None` when none is known.
    pub least: Option<Span>,
    /// When it would end, were it launched now.
    pub forecast: Option<Forecast>,
}

/// One step of a preview.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its place in the run, counted from 0.
    pub place: usize,
    /// How many steps stand before it on the longest way: those of one round can go side by side.
    pub round: usize,
    /// How many go side by side in that round.
    pub beside: usize,
    /// The step that undoes it.
    pub undo: Option<StepId>,
    /// How long it is expected to take, and how that is known.
    pub expected: Expected,
}

/// How long a step is expected to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It took that long in earlier runs: the middle of them.
    Earlier {
        /// The middle.
        median: Span,
        /// Of how many.
        runs: usize,
    },
    /// Its author says so.
    Estimate(Span),
    /// Nobody knows.
    Unknown,
}

impl Expected {
    /// The length of time, where there is one.
    #[must_use]
    pub fn span(self) -> Option<Span> {
        match self {
            Expected::Earlier { median, .. } | Expected::Estimate(median) => Some(median),
            Expected::Unknown => None,
        }
    }
}

/// Lays a launch out and says what there is to know of it.
///
/// # Errors
/// The rule that says no before a single step can be shown: a procedure that is not there, values that are missing or wrong.
pub fn preview<'a>(c: Context<'a>, launch: Launch<'_>) -> Result<Preview<'a>, Refusal> {
    let launched = lay_out(c, launch)?;
    let refused = may_begin(c, launch, &launched).err();
    let known = c.state.incidents.get(launch.incident);
    let guards = known.map(|known| guards(c, known, &launch, &launched)).unwrap_or_default();
    let took = c.state.took.get(launch.plan).and_then(|of| of.get(launch.procedure));
    let graph = &launched.laid_out.graph;
    let rounds = graph.rounds().unwrap_or_default();
    let steps = &launched.laid_out.procedure.steps;
    let shown = |step: &Step| !matches!(step.purpose, Purpose::Undo(_));
    let mut widths = vec![0; rounds.iter().max().map_or(0, |most| most + 1)];
    for (step, round) in steps.iter().zip(&rounds).filter(|(step, _)| shown(step)) {
        widths[*round] += usize::from(step.counts());
    }
    let undone = |id: &StepId| super::run::undo_id(id).filter(|undo| graph.place(undo).is_some());
    let rows: Vec<Row> = (0..)
        .zip(steps)
        .zip(&rounds)
        .filter(|((_, step), _)| shown(step))
        .map(|((place, step), round)| Row {
            place,
            round: *round,
            beside: widths[*round],
            undo: undone(&step.id),
            expected: expected(took.map(AsRef::as_ref), step),
        })
        .collect();
    let least = least(&launched, &rows);
    let forecast = forecast(c, launch, &launched);
    Ok(Preview { rows, least, refused, guards, launched, forecast })
}

/// When the run would end, with what the launch leaves out left out.
fn forecast(c: Context<'_>, launch: Launch<'_>, launched: &Launched<'_>) -> Option<Forecast> {
    let mut would = c.state.clone();
    for event in begins(c, launch, launched.clone(), Vec::new()) {
        apply(&mut would, &Entry { seq: 0, at: c.now.clone(), by: c.by.clone(), event });
    }
    let run = would.runs.get(&RunId(c.state.runs_so_far + 1))?;
    forecast::of_run(&would, run, c.now)
}

/// How long a step is expected to take: the middle of its last runs, else its author's word.
#[must_use]
pub fn expected(took: Option<&Took>, step: &Step) -> Expected {
    let earlier = took.and_then(|took| took.get(&step.id)).filter(|spans| !spans.is_empty());
    match (earlier, step.estimate) {
        (Some(spans), _) => {
            let mut sorted = spans.clone();
            sorted.sort_unstable();
            let (runs, middle) = (sorted.len(), |place: usize| sorted[place].micros());
            // Of two in the middle, what lies between them.
            let median = Span::from_micros(middle((runs - 1) / 2).midpoint(middle(runs / 2)));
            Expected::Earlier { median, runs }
        }
        (None, Some(estimate)) => Expected::Estimate(estimate),
        (None, None) => Expected::Unknown,
    }
}

/// The longest way through the steps, as far as their times are known.
fn least(launched: &Launched<'_>, rows: &[Row]) -> Option<Span> {
    rows.iter().any(|row| row.expected.span().is_some()).then(|| {
        let graph = &launched.laid_out.graph;
        let mut ends = vec![Span::ZERO; graph.len()];
        let mut by_round: Vec<&Row> = rows.iter().collect();
        by_round.sort_by_key(|row| row.round);
        for row in by_round {
            let begin = graph.needs(row.place).iter().filter_map(|need| ends.get(*need as usize)).max().copied();
            ends[row.place] = begin.unwrap_or_default().plus(row.expected.span().unwrap_or_default());
        }
        ends.into_iter().max().unwrap_or_default()
    })
}

impl Preview<'_> {
    /// The step of a row.
    #[must_use]
    pub fn step(&self, row: &Row) -> &Step {
        &self.launched.laid_out.procedure.steps[row.place]
    }

    /// How an emergency changes a step; `None` when it does not, or this is none.
    #[must_use]
    pub fn changed_by_emergency(&self, step: &Step) -> Option<&'static str> {
        changed_by_emergency(self.launched.move_kind, step)
    }

    /// The gates on the way, with their places.
    pub fn gates(&self) -> impl Iterator<Item = (&Step, &Gate)> {
        self.rows.iter().map(|row| self.step(row)).filter_map(|step| match &step.action {
            Action::Gate(gate) => Some((step, gate)),
            _ => None,
        })
    }

    /// What is checked before anything is touched.
    pub fn preconditions(&self) -> impl Iterator<Item = &Step> {
        self.rows.iter().map(|row| self.step(row)).filter(|step| step.purpose == Purpose::Precondition)
    }

    /// The steps that there is no return from.
    pub fn no_return(&self) -> impl Iterator<Item = &Step> {
        self.rows.iter().map(|row| self.step(row)).filter(|step| step.way_back == Return::None)
    }
}

/// How the kind of a failover changes a step; `None` when it does not.
#[must_use]
pub fn changed_by_emergency(kind: Option<MoveKind>, step: &Step) -> Option<&'static str> {
    match step.ungraceful.as_ref().filter(|_| kind == Some(MoveKind::Emergency))? {
        Ungraceful::LeftOut => Some("left out in an emergency"),
        Ungraceful::Instead(_) => Some("its form for emergencies"),
    }
}
