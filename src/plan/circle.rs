//! Circles in what needs what, and the order in which what is needed comes first.

use super::fault::At;
use super::values::bare;

/// What each thing needs: by its index, with the place where that is said, if it is.
pub(crate) type Needs = Vec<Vec<(usize, Option<At>)>>;

/// Most circles that are told: telling one takes as long as it is.
const MOST: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    /// On the way that is being walked.
    OnTheWay,
    Done,
}

/// Walks all of them and tells each circle: the things on it, each with the place of its need of the next. Returns all things,
/// each after those that it needs, as far as circles let them.
pub(crate) fn walk(needs: &Needs, mut note: impl FnMut(&[(usize, Option<At>)])) -> Vec<usize> {
    let mut seen = vec![Seen::Not; needs.len()];
    let mut order = Vec::with_capacity(needs.len());
    // A way of its own: a chain may be longer than the stack is deep.
    let mut way: Vec<(usize, usize)> = Vec::new();
    let mut told = 0;
    for start in 0..needs.len() {
        if seen[start] != Seen::Not {
            continue;
        }
        seen[start] = Seen::OnTheWay;
        way.push((start, 0));
        while let Some((here, next)) = way.last_mut() {
            let Some((to, _)) = needs[*here].get(*next).copied() else {
                seen[*here] = Seen::Done;
                order.push(*here);
                way.pop();
                continue;
            };
            *next += 1;
            match seen[to] {
                Seen::Not => {
                    seen[to] = Seen::OnTheWay;
                    way.push((to, 0));
                }
                Seen::OnTheWay if told < MOST => {
                    told += 1;
                    let from = way.iter().rposition(|(i, _)| *i == to).unwrap_or(0);
                    let circle: Vec<_> = way[from..].iter().map(|(i, next)| (*i, needs[*i][next - 1].1)).collect();
                    note(&circle);
                }
                Seen::OnTheWay | Seen::Done => {}
            }
        }
    }
    order
}

/// A circle spelled out, from its first name back to it.
pub(crate) fn spelled(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| bare(name)).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    shown.extend(names.first().map(|name| bare(name)));
    shown.join(" → ")
}
