//! Whom trouble hits, where it comes from, what fits, and the initial assessment.

mod assessment;
mod fitting;
mod random;
mod spread;

use crate::core::fixtures::{World, id, plan};
use crate::core::health::Verdict;
use crate::core::impact::{Impact, Summary};
use crate::core::plan::Plan;
use crate::core::state::Loaded;

/// The shop, where the front door needs web, web needs api, and api needs db.
pub(super) fn chained() -> Plan {
    let mut shop = plan("shop");
    for (place, needs) in [(0, "web"), (1, "api"), (2, "db")] {
        shop.components[place].dependencies = vec![id(needs)];
    }
    shop
}

/// That plan with every part ok but these.
pub(super) fn seen(shop: Plan, troubled: &[(&str, Verdict)]) -> World {
    let mut world = World::empty();
    world.load(shop);
    world.all_good("shop");
    world.pass(60);
    troubled.iter().for_each(|(probe, to)| drop(world.turns(probe, *to)));
    world
}

pub(super) fn shop(world: &World) -> &Loaded {
    &world.state.plans["shop"]
}

pub(super) fn summary(world: &World) -> Summary {
    Impact::now(shop(world)).summary(shop(world))
}
