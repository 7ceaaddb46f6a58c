//! The steps of a run: what was done, what is being done, what comes. Passes of a list stand on one line until somebody unfolds
//! them or one of them needs somebody; what goes side by side has a letter for each lane.

mod line;
mod rows;
mod tally;

use std::rc::Rc;

use crate::console::canvas::Row;
use crate::console::forecasts::Told;
use crate::console::list::{Line, List};
use crate::console::place::{Thing, View};
use crate::console::rail::Rails;
use crate::console::shape::{Node, Shape, What};
use crate::core::ids::StepId;
use crate::core::run::Run;

pub(crate) use line::{PATH, how_text, sign};
pub(crate) use rows::has_folds;
use rows::{Shown, rows};

/// The lines of a run that are shown now; each is laid out when it is drawn.
pub(crate) struct Steps<'a> {
    view: View<'a>,
    run: &'a Run,
    shape: &'a Shape,
    rows: Vec<Shown>,
    /// When the run will end, and which steps decide that.
    told: Option<Rc<Told>>,
    /// Where findings begin. It depends on the plan alone: nothing moves sideways while the run goes on.
    column: usize,
    digits: usize,
}

impl<'a> Steps<'a> {
    /// For a list of that many columns.
    pub(crate) fn of(view: View<'a>, run: &'a Run, width: usize) -> Steps<'a> {
        let shape = view.model.shape(run.id);
        let digits = run.steps.len().max(1).ilog10() as usize + 1;
        let digits = if run.steps.len() == run.progress().1 { digits } else { digits.max(2) };
        // As wide as the longest name, but never so wide that findings have no room.
        let column = (shape.widest + digits.max(2) + 5).clamp(20, (width * 9 / 20).max(20));
        Steps { view, run, shape, rows: rows(view, run, shape), told: view.model.forecast(run), column, digits }
    }

    fn node(&self, at: usize) -> Option<&'a Node> {
        match self.rows.get(at) {
            Some(Shown::Node(node)) => self.shape.node(*node),
            _ => None,
        }
    }

    /// Whether one of those steps is one that decides the end, among others that do not.
    fn on_path(&self, mut places: impl Iterator<Item = usize>) -> bool {
        self.told.as_ref().is_some_and(|told| !told.path.is_empty() && places.any(|place| told.path.contains(&place)))
    }

    /// The lanes around a line and its own, as far as there are any.
    fn rail(&self, at: usize) -> Row {
        let node_at = |at: usize| match self.rows.get(at) {
            Some(Shown::Node(node)) => Some(*node),
            _ => None,
        };
        Rails { shape: self.shape, count: self.rows.len(), node_at: &node_at }.row(at)
    }
}

/// How far what is under a node has come.
pub(crate) fn tally_row(run: &Run, shape: &Shape, at: u32) -> Row {
    tally::Tally::of(run, shape, at).row()
}

impl List for Steps<'_> {
    fn count(&self) -> usize {
        self.rows.len()
    }

    fn thing(&self, at: usize) -> Option<Thing> {
        let step = |id: &StepId| Thing::Step(self.run.id, id.clone());
        match self.rows.get(at)? {
            Shown::Node(node) => Some(match &self.shape.node(*node)?.what {
                What::Step(place) => step(&self.run.procedure.steps.get(*place as usize)?.id),
                What::Group(id, _) => Thing::Group(self.run.id, id.clone()),
            }),
            Shown::Undo(place) => Some(step(&self.run.procedure.steps.get(*place)?.id)),
            Shown::Kept(_) | Shown::More(_) | Shown::Back | Shown::Forth => None,
        }
    }

    fn find(&self, thing: &Thing) -> Option<usize> {
        let node = match thing {
            Thing::Step(run, step) if *run == self.run.id => {
                let place = self.run.graph.place(step)?;
                let Some(node) = self.shape.node_of(place) else {
                    return self.rows.iter().position(|row| *row == Shown::Undo(place));
                };
                node
            }
            Thing::Group(run, group) if *run == self.run.id => self.shape.group(group)?,
            _ => return None,
        };
        self.rows.iter().position(|row| *row == Shown::Node(node))
    }

    fn can_be_chosen(&self, at: usize) -> bool {
        matches!(self.rows.get(at), Some(Shown::Node(_) | Shown::Undo(_)))
    }

    fn line(&self, at: usize) -> Line {
        line::line(self, at)
    }
}
