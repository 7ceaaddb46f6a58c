//! How the steps of a run stand to each other: what belongs under what, and what can go side by side. It follows from the plan
//! alone and is found out once for each run, however long that is.

mod lanes;

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use crate::core::ids::StepId;
use crate::core::plan::{Action, Purpose, Return, Step};
use crate::core::run::Graph;
use lanes::Lanes;

/// The lines that a run can have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    /// Parents stand before what is under them.
    pub(crate) nodes: Vec<Node>,
    /// The node of each step, by its place; none for steps that undo.
    of_place: Vec<Option<u32>>,
    /// The node of each list.
    groups: BTreeMap<StepId, u32>,
    /// Columns of the widest line up to the end of its name, its number left out.
    pub(crate) widest: usize,
}

/// A line: a step, or all passes of a list.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) what: What,
    pub(crate) parent: Option<u32>,
    pub(crate) depth: usize,
    /// The node behind the last one under it.
    pub(crate) end: u32,
    /// Where it goes side by side with others under the same parent.
    pub(crate) lane: Option<Lane>,
    /// Whether any under the same parent do.
    pub(crate) lanes_here: bool,
    /// Whether a step without return can only come after it.
    pub(crate) before_no_return: bool,
}

/// What a line stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// The step at that place.
    Step(u32),
    /// The passes of the step of the plan that is called so.
    Group(StepId, String),
}

/// One of several ways that are gone side by side, within a stretch that begins and ends with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) stretch: u32,
    /// Counted from 0: what has the same goes one after the other.
    pub(crate) number: u32,
}

impl Lane {
    /// Its letter; one sign for all beyond the alphabet.
    pub(crate) fn letter(self) -> char {
        u8::try_from(self.number).ok().filter(|n| *n < 26).map_or('*', |n| char::from(b'a' + n))
    }
}

impl Shape {
    /// Of steps as they are laid out, and of what waits for what.
    pub(crate) fn of(steps: &[Step], graph: &Graph) -> Shape {
        let mut shape = Shape { of_place: vec![None; steps.len()], ..Shape::default() };
        for (place, step) in steps.iter().enumerate() {
            if !matches!(step.purpose, Purpose::Undo(_)) {
                shape.add(place, steps, graph);
            }
        }
        shape.close();
        Lanes::find(&mut shape, graph);
        shape.find_no_return(steps, graph);
        shape.widest = (0..shape.nodes.len()).map(|at| shape.width(at, steps)).max().unwrap_or(0);
        shape
    }

    /// The node of the step at a place.
    pub(crate) fn node_of(&self, place: usize) -> Option<u32> {
        self.of_place.get(place).copied().flatten()
    }

    /// The node of a list.
    pub(crate) fn group(&self, id: &StepId) -> Option<u32> {
        self.groups.get(id).copied()
    }

    pub(crate) fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    /// Those around a node, the nearest first.
    pub(crate) fn around(&self, at: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(self.node(at).and_then(|n| n.parent), |at| self.node(*at).and_then(|n| n.parent))
    }

    /// Those directly under a node, or at the top.
    pub(crate) fn under(&self, parent: Option<u32>) -> impl Iterator<Item = u32> {
        let (first, end) = match parent.and_then(|at| Some((at, self.node(at)?))) {
            Some((at, node)) => (at + 1, node.end),
            None if parent.is_some() => (0, 0),
            None => (0, small(self.nodes.len())),
        };
        let next = move |at: &u32| self.node(*at).map(|n| n.end);
        std::iter::successors(Some(first), next).take_while(move |at| *at < end)
    }

    /// What a step is called on its line: below the list that it is a pass of, its item alone.
    pub(crate) fn name<'s>(&self, at: u32, step: &'s Step) -> &'s str {
        let above = self.node(at).and_then(|node| self.node(node.parent?));
        match above.map(|node| &node.what) {
            Some(What::Group(..)) => item(step).unwrap_or(&step.name),
            _ => &step.name,
        }
    }

    /// The places of the steps in and under a node.
    pub(crate) fn places(&self, at: u32) -> impl Iterator<Item = usize> {
        let end = self.node(at).map_or(0, |n| n.end);
        (at..end).filter_map(|at| match self.node(at)?.what {
            What::Step(place) => Some(place as usize),
            What::Group(..) => None,
        })
    }

    fn add(&mut self, place: usize, steps: &[Step], graph: &Graph) {
        let Some(step) = steps.get(place) else { return };
        let mended = match &step.purpose {
            Purpose::Mend(of) => graph.place(of),
            _ => None,
        };
        let called = step.origin.under.as_ref().and_then(|id| graph.place(id));
        // The nearer one of the two was laid out later.
        let around = called.max(mended).filter(|around| *around < place);
        let mut parent = around.and_then(|around| self.node_of(around));
        let group_around = around.and_then(|around| steps.get(around)).and_then(|s| s.origin.group.as_ref());
        if let Some(group) = step.origin.group.as_ref().filter(|group| group_around != Some(*group)) {
            parent = Some(self.group_under(group, parent, step));
        }
        let at = self.push(What::Step(small(place)), parent);
        if let Some(slot) = self.of_place.get_mut(place) {
            *slot = Some(at);
        }
    }

    fn group_under(&mut self, id: &StepId, parent: Option<u32>, first: &Step) -> u32 {
        if let Some(known) = self.group(id) {
            return known;
        }
        // The item stands behind the name of each pass.
        let name = first.name.rsplit_once(" (").map_or(first.name.as_str(), |(name, _)| name);
        let at = self.push(What::Group(id.clone(), name.to_owned()), parent);
        self.groups.insert(id.clone(), at);
        at
    }

    fn push(&mut self, what: What, parent: Option<u32>) -> u32 {
        let at = small(self.nodes.len());
        let depth = parent.and_then(|p| self.node(p)).map_or(0, |p| p.depth + 1);
        let (lane, lanes_here, before_no_return) = (None, false, false);
        self.nodes.push(Node { what, parent, depth, end: at + 1, lane, lanes_here, before_no_return });
        at
    }

    /// Finds where everything under a node ends.
    fn close(&mut self) {
        for at in (0..self.nodes.len()).rev() {
            let (end, parent) = (self.nodes[at].end, self.nodes[at].parent);
            if let Some(parent) = parent.and_then(|p| self.nodes.get_mut(p as usize)) {
                parent.end = parent.end.max(end);
            }
        }
    }

    fn find_no_return(&mut self, steps: &[Step], graph: &Graph) {
        let mut before = vec![false; steps.len()];
        let mut open: Vec<usize> =
            steps.iter().enumerate().filter(|(_, s)| s.way_back == Return::None).map(|(place, _)| place).collect();
        while let Some(place) = open.pop() {
            for need in graph.needs(place).iter().map(|need| *need as usize) {
                if !std::mem::replace(&mut before[need], true) {
                    open.push(need);
                }
            }
        }
        for node in &mut self.nodes {
            if let What::Step(place) = node.what {
                node.before_no_return = before.get(place as usize).copied().unwrap_or(false);
            }
        }
    }

    fn width(&self, at: usize, steps: &[Step]) -> usize {
        let Some(node) = self.nodes.get(at) else { return 0 };
        let name = match &node.what {
            What::Step(place) => {
                steps.get(*place as usize).map_or(0, |s| self.name(small(at), s).width() + label(s).len().max(2))
            }
            What::Group(_, name) => name.width() + 2,
        };
        let levels = std::iter::once(node).chain(self.around(small(at)).filter_map(|at| self.node(at)));
        name + levels.map(|n| 2 * usize::from(n.depth > 0) + 3 * usize::from(n.lanes_here)).sum::<usize>()
    }
}

/// The item that stands behind the name of a pass.
fn item(step: &Step) -> Option<&str> {
    let (_, item) = step.name.rsplit_once(" (")?;
    item.strip_suffix(')')
}

/// The word before a step's name that says what sort of step it is.
pub(crate) fn label(step: &Step) -> &'static str {
    match (&step.action, &step.purpose) {
        (Action::Gate(_), _) => "GATE ",
        (_, Purpose::Precondition) => "check ",
        (_, Purpose::Mend(_)) => "mend ",
        _ => "",
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Span;

    fn shape(rows: &[(&str, &[u32])]) -> Shape {
        let plain = |(id, _): &(&str, &[u32])| Step::plain(id.parse().unwrap(), *id, Action::Wait { span: Span::ZERO });
        let steps: Vec<Step> = rows.iter().map(plain).collect();
        Shape::of(&steps, &Graph::new(rows.iter().map(|(id, needs)| (id.parse().unwrap(), needs.to_vec())).collect()))
    }

    /// Lanes as letters with the number of their stretch, `.` for none.
    fn lanes(rows: &[(&str, &[u32])]) -> String {
        let lane = |node: &Node| node.lane.map_or(".".to_owned(), |lane| format!("{}{}", lane.letter(), lane.stretch));
        shape(rows).nodes.iter().map(lane).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_goes_side_by_side_has_lanes_and_what_does_not_has_none() {
        let one_after_the_other: &[(&str, &[u32])] = &[("a", &[]), ("b", &[0]), ("c", &[1])];
        assert_eq!(lanes(one_after_the_other), ". . .");
        assert_eq!(lanes(&[("a", &[]), ("b", &[0]), ("c", &[0]), ("d", &[1, 2])]), ". a1 b1 .");
        assert_eq!(lanes(&[("a", &[]), ("b", &[]), ("c", &[0, 1]), ("d", &[0, 1])]), "a0 b0 a1 b1", "two stretches");
        let two_ways: &[(&str, &[u32])] = &[("a", &[]), ("b", &[0]), ("c", &[]), ("d", &[2]), ("e", &[1, 3])];
        assert_eq!(lanes(two_ways), "a0 a0 b0 b0 .", "each way keeps its lane");
        let beside_all: &[(&str, &[u32])] = &[("a", &[]), ("b", &[0]), ("c", &[1]), ("x", &[])];
        assert_eq!(lanes(beside_all), "a0 a0 a0 b0");
    }

    #[test]
    fn more_lanes_than_letters_share_a_sign() {
        let ids: Vec<String> = (0..30).map(|n| format!("s{n}")).collect();
        let rows: Vec<(&str, &[u32])> = ids.iter().map(|id| (id.as_str(), &[][..])).collect();
        assert!(lanes(&rows).ends_with("z0 *0 *0 *0 *0"));
    }

    #[test]
    fn passes_stand_under_their_list_and_called_steps_under_their_call() {
        let mut steps: Vec<Step> = ["call", "call.in", "each.x", "each.x.deep", "each.y"]
            .map(|id| Step::plain(id.parse().unwrap(), format!("{id} (item)"), Action::Wait { span: Span::ZERO }))
            .into();
        steps[1].origin.under = Some("call".parse().unwrap());
        for pass in [2, 3, 4] {
            steps[pass].origin.group = Some("each".parse().unwrap());
        }
        steps[3].purpose = Purpose::Mend("each.x".parse().unwrap());
        let needs: [&[u32]; 5] = [&[], &[0], &[1], &[2], &[1]];
        let graph = Graph::new(steps.iter().map(|s| s.id.clone()).zip(needs.map(<[u32]>::to_vec)).collect());
        let shape = Shape::of(&steps, &graph);
        let found: Vec<_> = shape.nodes.iter().map(|n| (n.depth, n.parent, n.end)).collect();
        assert_eq!(
            found,
            [(0, None, 2), (1, Some(0), 2), (0, None, 6), (1, Some(2), 5), (2, Some(3), 5), (1, Some(2), 6)]
        );
        assert_eq!(shape.name(3, &steps[2]), "item");
        assert_eq!(shape.under(Some(2)).collect::<Vec<_>>(), [3, 5]);
        assert_eq!(shape.places(2).collect::<Vec<_>>(), [2, 3, 4]);
    }
}
