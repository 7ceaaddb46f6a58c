//! The steps of a run: what was done, what is being done, what comes. Passes of a list stand on one line until somebody unfolds
//! them or one of them needs somebody; what goes side by side has a letter for each lane.

mod line;
mod rows;
mod tally;

use crate::console::canvas::Row;
use crate::console::list::{Line, List};
use crate::console::place::{Thing, View};
use crate::console::shape::{Lane, Node, Shape, What};
use crate::console::theme::Role;
use crate::core::ids::StepId;
use crate::core::run::Run;

pub(crate) use line::{how_text, sign};
pub(crate) use rows::has_folds;
use rows::{Shown, rows};

/// The lines of a run that are shown now; each is laid out when it is drawn.
pub(crate) struct Steps<'a> {
    view: View<'a>,
    run: &'a Run,
    shape: &'a Shape,
    rows: Vec<Shown>,
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
        Steps { view, run, shape, rows: rows(view, run, shape), column, digits }
    }

    fn node(&self, at: usize) -> Option<&'a Node> {
        match self.rows.get(at) {
            Some(Shown::Node(node)) => self.shape.node(*node),
            _ => None,
        }
    }

    /// The lanes around a line and its own, as far as there are any.
    fn rail(&self, at: usize) -> Row {
        let Some(node) = self.node(at) else { return Row::new() };
        let mut row = Row::new();
        let mut around: Vec<usize> = Vec::new();
        let mut above = at;
        let mut parent = node.parent;
        while let Some(wanted) = parent {
            let is_it = |i: &usize| matches!(self.rows.get(*i), Some(Shown::Node(n)) if *n == wanted);
            let Some(found) = (0..above).rev().find(is_it) else { break };
            around.push(found);
            above = found;
            parent = self.node(found).and_then(|n| n.parent);
        }
        for line in around.into_iter().rev() {
            row = self.level(row, line, Passing::By);
        }
        self.level(row, at, Passing::No)
    }

    fn level(&self, row: Row, at: usize, passing: Passing) -> Row {
        let Some(node) = self.node(at) else { return row };
        let row = if node.depth > 0 { row.gap(2) } else { row };
        if !node.lanes_here {
            return row;
        }
        let Some(lane) = node.lane else { return row.gap(3) };
        let (before, after) = (self.beside(at, lane, Side::Above), self.beside(at, lane, Side::Below));
        match passing {
            Passing::By if after => row.with("│", Role::Line).gap(2),
            Passing::By => row.gap(3),
            // Alone among what is shown, as where a list is folded.
            Passing::No if !before && !after && node.depth > 0 => row,
            Passing::No => {
                let bar = match (before, after) {
                    (false, true) => "┌",
                    (true, false) => "└",
                    _ => "│",
                };
                row.with(bar, Role::Line).with(lane.letter().to_string(), Role::Dim).gap(1)
            }
        }
    }

    /// Whether the next line under the same parent goes beside this one.
    fn beside(&self, at: usize, lane: Lane, side: Side) -> bool {
        let Some(node) = self.node(at) else { return false };
        let sibling = |i: &usize| self.node(*i).is_none_or(|n| n.depth <= node.depth);
        let next = match side {
            Side::Above => (0..at).rev().find(sibling),
            Side::Below => (at + 1..self.rows.len()).find(sibling),
        };
        let next = next.and_then(|i| self.node(i)).filter(|n| n.parent == node.parent);
        next.and_then(|n| n.lane).is_some_and(|other| other.stretch == lane.stretch)
    }
}

/// How far what is under a node has come.
pub(crate) fn tally_row(run: &Run, shape: &Shape, at: u32) -> Row {
    tally::Tally::of(run, shape, at).row()
}

/// Whether a line is the one that a level of the rail is of, or stands further down under it.
#[derive(Clone, Copy)]
enum Passing {
    By,
    No,
}

#[derive(Clone, Copy)]
enum Side {
    Above,
    Below,
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
