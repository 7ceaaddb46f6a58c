//! Which lines of a run are shown: folded or not, mended or not, on the way back or not.

use std::collections::BTreeSet;

use crate::console::place::{Panel, Screen, Thing, View};
use crate::console::shape::{Shape, What};
use crate::console::waits::needs_somebody;
use crate::core::plan::{Action, Purpose, Return, Step};
use crate::core::run::{Course, Run, StepState};

/// A line that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// A step or a list, by its node.
    Node(u32),
    /// The step at that place, which undoes another.
    Undo(usize),
    /// The step at that place was done and stays so.
    Kept(usize),
    /// As many more stay so.
    More(usize),
    /// Above what goes back.
    Back,
    /// Above the steps, where something stands before them.
    Forth,
}

/// Steps that stay done and are named one by one.
const KEPT_SHOWN: usize = 8;

/// All that is shown now.
pub(super) fn rows(view: View<'_>, run: &Run, shape: &Shape) -> Vec<Shown> {
    let mut rows = if run.course == Course::Forward { Vec::new() } else { way_back(run) };
    let anyway = shown_anyway(view, run, shape);
    let end = u32::try_from(shape.nodes.len()).unwrap_or(u32::MAX);
    let mut at = 0;
    while let Some(node) = shape.node(at).filter(|_| at < end) {
        if is_idle_mend(run, shape, at) {
            at = node.end;
            continue;
        }
        rows.push(Shown::Node(at));
        if node.end > at + 1 && is_folded(view, run, shape, at) {
            rows.extend(anyway.range(at + 1..node.end).map(|at| Shown::Node(*at)));
            at = node.end;
        } else {
            at += 1;
        }
    }
    rows
}

/// What a fold does not hide: what needs somebody, and what is under the cursor, with all around them.
fn shown_anyway(view: View<'_>, run: &Run, shape: &Shape) -> BTreeSet<u32> {
    let mut places: Vec<usize> =
        run.active().filter(|(_, step, done)| needs_somebody(run, step, done)).map(|(place, ..)| place).collect();
    let lists = [view.place.list(), (Screen::WarRoom, Panel::Now)];
    let chosen = lists.iter().find_map(|list| match view.place.chosen.get(list) {
        Some(Thing::Step(of, step)) if *of == run.id => Some(step),
        _ => None,
    });
    let aimed = view.place.aimed.as_ref().filter(|(of, _)| *of == run.id).map(|(_, step)| step);
    places.extend(chosen.into_iter().chain(aimed).filter_map(|step| run.graph.place(step)));
    let nodes = places.into_iter().filter_map(|place| shape.node_of(place));
    nodes.flat_map(|node| std::iter::once(node).chain(shape.around(node))).collect()
}

/// Whether a node can be folded and unfolded: a list, or a call of a procedure.
pub(crate) fn has_folds(run: &Run, shape: &Shape, at: u32) -> bool {
    match shape.node(at).map(|node| &node.what) {
        Some(What::Group(..)) => true,
        Some(What::Step(_)) => shape.under(Some(at)).any(|under| !is_mend(run, shape, under)),
        None => false,
    }
}

/// Whether what is under a node is hidden.
pub(super) fn is_folded(view: View<'_>, run: &Run, shape: &Shape, at: u32) -> bool {
    let Some(node) = shape.node(at) else { return false };
    let (id, by_habit) = match &node.what {
        What::Group(id, _) => (id, true),
        What::Step(_) if !has_folds(run, shape, at) => return false,
        What::Step(place) => {
            let Some((_, step, done)) = run.at(*place as usize) else { return false };
            // What was left out leaves out all under it.
            (&step.id, matches!(done.state, StepState::Skipped { .. } | StepState::NotNeeded { .. }))
        }
    };
    by_habit != view.place.turned.contains(&(run.id, id.clone()))
}

fn step_at<'a>(run: &'a Run, shape: &Shape, at: u32) -> Option<(&'a Step, &'a StepState)> {
    match shape.node(at)?.what {
        What::Step(place) => run.at(place as usize).map(|(_, step, done)| (step, &done.state)),
        What::Group(..) => None,
    }
}

fn is_mend(run: &Run, shape: &Shape, at: u32) -> bool {
    matches!(step_at(run, shape, at), Some((Step { purpose: Purpose::Mend(_), .. }, _)))
}

/// Whether a node stands there to mend a step that has not failed.
fn is_idle_mend(run: &Run, shape: &Shape, at: u32) -> bool {
    let Some((Step { purpose: Purpose::Mend(of), .. }, state)) = step_at(run, shape, at) else { return false };
    let failed = run.find(of).is_some_and(|(_, _, mended)| matches!(mended.state, StepState::Failed { .. }));
    !failed && matches!(state, StepState::Pending | StepState::NotNeeded { .. })
}

/// What goes back: what was undone, in the order in which it was, what is being undone, what comes; then what stays done.
fn way_back(run: &Run) -> Vec<Shown> {
    let undoes = |(_, step, _): &(usize, &Step, _)| matches!(step.purpose, Purpose::Undo(_));
    let at_the_end = (0..run.steps.len()).rev().filter_map(|place| run.at(place)).take_while(undoes);
    let mut begun: Vec<_> = at_the_end.filter(|(_, _, done)| done.state != StepState::Pending).collect();
    begun.sort_by_key(|(_, _, done)| done.ended.unwrap_or(u64::MAX));
    let mut rows = vec![Shown::Back];
    rows.extend(begun.into_iter().map(|(place, ..)| Shown::Undo(place)));
    let to_come = run.to_undo().filter_map(|(_, step, _)| run.undo_of(&step.id));
    rows.extend(to_come.filter(|(_, _, done)| done.state == StepState::Pending).map(|(place, ..)| Shown::Undo(place)));
    let kept = kept(run);
    rows.extend(kept.iter().take(KEPT_SHOWN).map(|place| Shown::Kept(*place)));
    let more = kept.len().saturating_sub(KEPT_SHOWN);
    rows.extend((more > 0).then_some(Shown::More(more)));
    rows.push(Shown::Forth);
    rows
}

/// Places of steps that did something and stay done, newest first.
pub(super) fn kept(run: &Run) -> Vec<usize> {
    let mut behind_no_return = false;
    let done = run.board.done.values().rev().filter_map(|place| run.at(*place as usize));
    let stays = done.filter(|(_, step, _)| {
        behind_no_return |= step.way_back == Return::None;
        let acts = !step.action.only_looks() && !matches!(step.action, Action::Gate(_));
        acts && (behind_no_return || run.undo_of(&step.id).is_none())
    });
    stays.map(|(place, ..)| place).collect()
}
