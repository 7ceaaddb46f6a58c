//! What only shows when things are put side by side: circles of dependencies, objectives that cannot both hold.

use std::collections::HashMap;

use crate::core::plan::{Targets, Tier};

use super::circle;
use super::component::Read;
use super::fault::{At, Faults};
use super::tree::Node;

/// Notes each circle of `dependencies` in a list of the plan, spelled out.
///
/// Reads the tree itself, so that a fault elsewhere in an item does not hide the circle that it is part of.
pub(crate) fn cycles(root: &Node, list: &str, key: &str, faults: &Faults<'_>) {
    let items = root.peek(list).map_or(&[][..], Node::peek_items);
    let named: Vec<(&str, &Node)> =
        items.iter().filter_map(|item| Some((item.peek(key)?.peek_text()?, &**item))).collect();
    let mut index: HashMap<&str, usize> = HashMap::new();
    for (i, (id, _)) in named.iter().enumerate() {
        index.entry(id).or_insert(i);
    }
    let needs = |item: &Node| {
        let items = item.peek("dependencies").map_or(&[][..], Node::peek_items);
        items.iter().filter_map(|n| Some((*index.get(n.peek_text()?)?, Some(n.at)))).collect()
    };
    let needs = named.iter().map(|(_, item)| needs(item)).collect();
    circle::walk(&needs, |circle| {
        let names: Vec<&str> = circle.iter().map(|(i, _)| named[*i].0).collect();
        let at = circle.last().and_then(|(_, at)| *at).unwrap_or(At::START);
        let what = format!("dependencies go in a circle: {}", circle::spelled(&names));
        faults.error(at, what, Some("one of these dependencies left out".to_owned()));
    });
}

/// Notes components that are to be back before what they need is: by what they say themselves, else by their tiers.
pub(crate) fn objectives(components: &[Read], targets: &Targets, faults: &Faults<'_>) {
    let promised = |read: &Read| {
        let own = read.component.rto.map(|rto| (rto, read.rto_at, "rto: ".to_owned()));
        let of_tier = |number: u8| {
            let tier = targets.tiers.get(&number).copied().unwrap_or_else(|| Tier::usual(number));
            Some((tier.rto, read.tier_at?, format!("tier: the rto of tier {number}, ")))
        };
        own.or_else(|| of_tier(read.component.tier?))
    };
    let rto: HashMap<_, _> = components.iter().filter_map(|r| Some((&r.component.id, promised(r)?.0))).collect();
    for read in components {
        let component = &read.component;
        let Some((own, at, says)) = promised(read) else { continue };
        let slower = component.dependencies.iter().filter_map(|id| Some((id, *rto.get(id)?)));
        for (id, theirs) in slower.filter(|(_, theirs)| *theirs > own) {
            let comma = if component.rto.is_some() { "" } else { "," };
            let what = format!("{says}{own}{comma} is below the {theirs} of {id}, which {} needs", component.id);
            faults.warning(at, what, Some(format!("{theirs} or more, or less for {id}")));
        }
    }
}
