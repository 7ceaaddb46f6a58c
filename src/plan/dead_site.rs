//! Doubts about procedures that need what lies on the site that they take for dead (NX-14).

use crate::core::dead_site::{
    MOST_LOOKS, Need, People, TooMuch, Whereabouts, Within, foreseen, needs_within, taken_for_dead,
};
use crate::core::ids::ProcedureId;
use crate::core::plan::{Plan, ProcedureKind};
use crate::text;

use super::fault::{At, Faults};
use super::tree::{Node, Value};

/// Notes each such need, where it stands.
pub(crate) fn check(plan: &Plan, root: &Node, faults: &Faults<'_>) {
    let at = Whereabouts::new(plan);
    let mut looks = MOST_LOOKS;
    for procedure in &plan.procedures {
        for dead in taken_for_dead(plan, procedure) {
            if faults.is_full() {
                return;
            }
            let name = plan.site(&dead).map_or(dead.as_str(), |site| site.name.as_str());
            let lost = if procedure.kind == ProcedureKind::Failover { "leaves" } else { "recovers from the loss of" };
            match needs_within(&mut looks, &at, procedure, &foreseen(procedure), &dead, People::Placed) {
                Ok(needs) => needs.iter().for_each(|need| {
                    let what = format!("{} {lost} {name}, and {}", procedure.id, text::need(plan, &procedure.id, need));
                    faults.warning(place(root, need), what, Some(right(need).to_owned()));
                }),
                Err(why @ TooMuch) => {
                    let what = format!("whether {} needs what lies at {name} cannot be said: {why}", procedure.id);
                    faults.warning(of_procedure(root, &procedure.id).map_or(At::START, head), what, None);
                }
            }
        }
    }
}

fn right(need: &Need) -> &'static str {
    match need.step {
        Some(_) => "the same elsewhere; or on_failure: continue, where the rest can do without it",
        None => "the same elsewhere",
    }
}

/// Where a need stands: its step, else its procedure.
fn place(root: &Node, need: &Need) -> At {
    let Some(procedure) = of_procedure(root, &need.procedure) else { return At::START };
    let step = need.step.as_ref().and_then(|id| step(procedure, id.as_str(), need.within));
    step.map_or_else(|| head(procedure), head)
}

pub(crate) fn of_procedure<'t>(root: &'t Node, id: &ProcedureId) -> Option<&'t Node> {
    let procedures = root.peek("recovery_procedures")?.peek_items().iter();
    procedures.map(AsRef::as_ref).find(|node| text_of(node, "procedure_id") == Some(id.as_str()))
}

/// A step by the identifier that it has, or gets by its place.
pub(crate) fn step<'t>(procedure: &'t Node, id: &str, within: Within) -> Option<&'t Node> {
    let items = |node: &'t Node, key: &str| node.peek(key).map_or(&[][..], Node::peek_items);
    let find = |items: &'t [std::rc::Rc<Node>], unnamed: &dyn Fn(usize) -> String| {
        items.iter().enumerate().find_map(|(i, node)| {
            let is = text_of(node, "id").map_or_else(|| unnamed(i) == id, |own| own == id);
            is.then_some(node.as_ref())
        })
    };
    let steps = items(procedure, "steps");
    match within {
        Within::Precondition => find(items(procedure, "preconditions"), &|i| format!("check-{}", i + 1)),
        Within::Mend => steps.iter().enumerate().find_map(|(of, node)| {
            let handler = node.peek("on_failure")?;
            find(items(handler, "do"), &|i| format!("mend-{}-{}", of + 1, i + 1))
        }),
        Within::Work | Within::Undo => find(steps, &|i| format!("step-{}", i + 1)),
    }
}

fn text_of<'t>(node: &'t Node, key: &str) -> Option<&'t str> {
    node.peek(key)?.peek_text()
}

/// Where a map begins, as it is pointed at elsewhere: by its first field.
pub(crate) fn head(node: &Node) -> At {
    match &node.value {
        Value::Map(entries) => entries.first().map_or(node.at, |entry| entry.key_at),
        _ => node.at,
    }
}
