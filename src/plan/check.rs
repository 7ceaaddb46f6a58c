//! What only shows when things are put side by side: circles of dependencies, objectives that cannot both hold.

use std::collections::HashMap;

use super::component::Read;
use super::fault::{At, Faults};
use super::tree::Node;
use super::values::bare;

/// Something with what it needs: where that is said, and the index of it.
struct Thing<'t> {
    id: &'t str,
    needs: Vec<(usize, At)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    /// On the way that is being walked.
    OnTheWay,
    Done,
}

/// Notes each circle of `dependencies` in a list of the plan, spelled out.
///
/// Reads the tree itself, so that a fault elsewhere in an item does not hide the circle that it is part of.
pub(crate) fn cycles(root: &Node, list: &str, key: &str, faults: &Faults<'_>) {
    let things = things(root, list, key);
    let mut seen = vec![Seen::Not; things.len()];
    for start in 0..things.len() {
        if seen[start] == Seen::Not {
            walk(&things, start, &mut seen, faults);
        }
    }
}

fn things<'t>(root: &'t Node, list: &str, key: &str) -> Vec<Thing<'t>> {
    let items = root.peek(list).map_or(&[][..], Node::peek_items);
    let named: Vec<(&str, &Node)> =
        items.iter().filter_map(|item| Some((item.peek(key)?.peek_text()?, &**item))).collect();
    let mut index: HashMap<&str, usize> = HashMap::new();
    for (i, (id, _)) in named.iter().enumerate() {
        index.entry(id).or_insert(i);
    }
    let needs = |item: &'t Node| {
        let items = item.peek("dependencies").map_or(&[][..], Node::peek_items);
        items.iter().filter_map(|n| Some((*index.get(n.peek_text()?)?, n.at))).collect()
    };
    named.iter().map(|(id, item)| Thing { id, needs: needs(item) }).collect()
}

/// Walks depth first, with a way of its own: a chain may be longer than the stack is deep.
fn walk(things: &[Thing<'_>], start: usize, seen: &mut [Seen], faults: &Faults<'_>) {
    let mut way: Vec<(usize, usize)> = vec![(start, 0)];
    seen[start] = Seen::OnTheWay;
    while let Some((here, next)) = way.last_mut() {
        let Some((to, at)) = things[*here].needs.get(*next).copied() else {
            seen[*here] = Seen::Done;
            way.pop();
            continue;
        };
        *next += 1;
        match seen[to] {
            Seen::Not => {
                seen[to] = Seen::OnTheWay;
                way.push((to, 0));
            }
            Seen::OnTheWay if !faults.is_full() => note_cycle(things, &way, to, at, faults),
            Seen::OnTheWay | Seen::Done => {}
        }
    }
}

fn note_cycle(things: &[Thing<'_>], way: &[(usize, usize)], to: usize, at: At, faults: &Faults<'_>) {
    const SHOWN: usize = 12;
    let name = |i: usize| bare(things[i].id);
    let circle: Vec<usize> = way.iter().map(|(i, _)| *i).skip_while(|i| *i != to).collect();
    let mut names: Vec<String> = circle.iter().take(SHOWN).map(|i| name(*i)).collect();
    if circle.len() > SHOWN {
        names.push(format!("{} more", circle.len() - SHOWN));
    }
    names.push(name(to));
    faults.error(
        at,
        format!("dependencies go in a circle: {}", names.join(" → ")),
        Some("one of these dependencies left out".to_owned()),
    );
}

/// Notes components that are to be back before what they need is.
pub(crate) fn objectives(components: &[Read], faults: &Faults<'_>) {
    let rto: HashMap<_, _> = components.iter().filter_map(|r| Some((&r.component.id, r.component.rto?))).collect();
    for Read { component, rto_at } in components {
        let Some(own) = component.rto else { continue };
        let slower = component.dependencies.iter().filter_map(|id| Some((id, *rto.get(id)?)));
        for (id, theirs) in slower.filter(|(_, theirs)| *theirs > own) {
            let what = format!("rto: {own} is below the {theirs} of {id}, which {} needs", component.id);
            faults.warning(*rto_at, what, Some(format!("{theirs} or more, or less for {id}")));
        }
    }
}
