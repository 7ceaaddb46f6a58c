//! The lanes at the left of steps: a bar along what can go side by side, a letter for each lane.

use super::canvas::Row;
use super::shape::{Lane, Node, Shape};
use super::theme::Role;

/// The lanes of lines that are shown, whatever of a run that is.
pub(crate) struct Rails<'a> {
    pub(crate) shape: &'a Shape,
    /// How many lines are shown.
    pub(crate) count: usize,
    /// The node on the line at that place, where it is one.
    pub(crate) node_at: &'a dyn Fn(usize) -> Option<u32>,
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

impl<'a> Rails<'a> {
    fn node(&self, at: usize) -> Option<&'a Node> {
        (self.node_at)(at).and_then(|node| self.shape.node(node))
    }

    /// The lanes around the line at that place, and its own.
    pub(crate) fn row(&self, at: usize) -> Row {
        let Some(node) = self.node(at) else { return Row::new() };
        let mut around: Vec<usize> = Vec::new();
        let (mut above, mut parent) = (at, node.parent);
        while let Some(wanted) = parent {
            let Some(found) = (0..above).rev().find(|i| (self.node_at)(*i) == Some(wanted)) else { break };
            around.push(found);
            (above, parent) = (found, self.node(found).and_then(|n| n.parent));
        }
        let outer = around.into_iter().rev().fold(Row::new(), |row, line| self.level(row, line, Passing::By));
        self.level(outer, at, Passing::No)
    }

    fn level(&self, row: Row, at: usize, passing: Passing) -> Row {
        let Some(node) = self.node(at) else { return row };
        let row = if node.depth > 0 { row.gap(2) } else { row };
        if !node.lanes_here {
            return row;
        }
        let Some(lane) = node.lane else { return row.gap(3) };
        let (before, after) = (self.goes_on(at, lane, Side::Above), self.goes_on(at, lane, Side::Below));
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

    /// Whether the next line under the same parent belongs to the same stretch.
    fn goes_on(&self, at: usize, lane: Lane, side: Side) -> bool {
        let Some(node) = self.node(at) else { return false };
        let sibling = |i: &usize| self.node(*i).is_none_or(|n| n.depth <= node.depth);
        let next = match side {
            Side::Above => (0..at).rev().find(sibling),
            Side::Below => (at + 1..self.count).find(sibling),
        };
        let next = next.and_then(|i| self.node(i)).filter(|n| n.parent == node.parent);
        next.and_then(|n| n.lane).is_some_and(|other| other.stretch == lane.stretch)
    }
}
