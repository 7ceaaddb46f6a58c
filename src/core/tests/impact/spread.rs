//! What is hit directly, by dependency, at the standby alone; the likely cause.

use super::{chained, seen, shop, summary};
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, id, plan, probe};
use crate::core::health::Extent;
use crate::core::health::Verdict::{self, Degraded, Down, Unknown};
use crate::core::impact::{Cause, How, Impact, Named, Objective, Origin, Suspect};
use crate::core::plan::{Layer, Plan, Probe};
use crate::core::time::Span;
use crate::core::turn::{self, Input};

fn names(named: &Named) -> Vec<&str> {
    assert_eq!(named.count, named.first.len());
    named.first.iter().map(|id| id.as_str()).collect()
}

fn causes(world: &World) -> Vec<String> {
    let said = summary(world).causes.into_iter().map(|cause| match cause.what {
        Suspect::Part { component, at } => format!("{component} {}", at.unwrap_or_default()).trim_end().to_owned(),
        Suspect::Site { name, parts, .. } => format!("all {parts} of {name}"),
    });
    said.collect()
}

#[test]
fn trouble_is_direct_by_dependency_or_at_the_standby_alone() {
    type Row<'a> = (&'a [(&'a str, Verdict)], [&'a [&'a str]; 3], &'a [&'a str]);
    let table: [Row<'_>; 8] = [
        (&[], [&[], &[], &[]], &[]),
        (&[("db-east", Down)], [&["db"], &["front", "web", "api"], &[]], &["db East"]),
        (&[("db-east", Degraded)], [&["db"], &["front", "web", "api"], &[]], &["db East"]),
        (&[("db-west", Down)], [&[], &[], &["db"]], &[]),
        (&[("db-east", Down), ("db-west", Down)], [&["db"], &["front", "web", "api"], &[]], &["db East"]),
        (&[("web-east", Down), ("db-east", Down)], [&["web", "db"], &["front", "api"], &[]], &["db East"]),
        (&[("front", Down)], [&["front"], &[], &[]], &["front"]),
        (&[("web-east", Unknown)], [&[], &[], &[]], &[]),
    ];
    for (troubled, [direct, by_dependency, standby], likely) in table {
        let world = seen(chained(), troubled);
        let found = summary(&world);
        assert_eq!(names(&found.direct), direct, "{troubled:?}");
        assert_eq!(names(&found.by_dependency), by_dependency, "{troubled:?}");
        assert_eq!(names(&found.standby_only), standby, "{troubled:?}");
        assert_eq!(causes(&world), likely, "{troubled:?}");
        assert_eq!(found.is_none(), troubled.iter().all(|(_, v)| *v == Unknown), "{troubled:?}");
    }
}

#[test]
fn the_way_to_what_fails_is_told_and_ends_at_the_nearest_part_that_is_hit_itself() {
    let world = seen(chained(), &[("db-east", Down)]);
    let chains = summary(&world).chains;
    let ways: Vec<Vec<&str>> = chains.iter().map(|c| c.way.iter().map(|id| id.as_str()).collect()).collect();
    assert_eq!(ways, [vec!["front", "web", "api", "db"], vec!["web", "api", "db"], vec!["api", "db"]]);
    let world = seen(chained(), &[("db-east", Down), ("web-east", Down)]);
    assert_eq!(Impact::now(shop(&world)).path(0), [0, 1]);
}

#[test]
fn a_very_long_way_keeps_its_beginning_and_its_end() {
    let mut shop_plan = plan("shop");
    let mut link = shop_plan.components[2].clone();
    link.probes.clear();
    for number in 0..30_u32 {
        let mut next = link.clone();
        next.id = id(&format!("link-{number}"));
        next.dependencies = vec![if number == 0 { id("db") } else { id(&format!("link-{}", number - 1)) }];
        shop_plan.components.push(next);
    }
    let world = seen(shop_plan, &[("db-east", Down)]);
    let found = summary(&world);
    assert_eq!((found.by_dependency.count, found.by_dependency.first.len()), (30, 20));
    let longest = found.chains.last().unwrap();
    assert_eq!((longest.way.len(), longest.left_out), (8, 13));
    assert_eq!((longest.way[0].as_str(), longest.way[7].as_str()), ("link-19", "db"));
}

#[test]
fn after_a_failover_trouble_at_the_site_that_was_left_hits_nobody() {
    let mut world = seen(chained(), &[("db-east", Down)]);
    let moved = Event::SiteActivated { plan: id("shop"), site: id("west"), run: None, components: Default::default() };
    turn::take(&mut world.state, &mut world.head, Input::Engine(&moved), &world.readings, &world.now).unwrap();
    let found = summary(&world);
    assert_eq!((found.direct.count, found.by_dependency.count, names(&found.standby_only)), (0, 0, vec!["db"]));
}

#[test]
fn what_is_paused_hits_nobody() {
    let mut world = seen(chained(), &[("db-east", Down)]);
    let (of, reason) = (Extent::Component(id("db")), "the provider works on it".into());
    world.ok(ada(), Command::PauseHealth { plan: id("shop"), of, length: Span::from_secs(60), reason });
    assert!(summary(&world).is_none());
}

#[test]
fn all_of_the_serving_site_down_is_the_site_and_not_its_parts() {
    let all = [("web-east", Down), ("api-east", Down), ("db-east", Down)];
    let world = seen(chained(), &all);
    assert_eq!(causes(&world), ["all 3 of East"]);
    let front = [&all[..], &[("front", Down)]].concat();
    let world = seen(chained(), &front);
    assert_eq!(causes(&world), ["all 3 of East"], "the front door needs what stands there");
    assert_eq!(summary(&world).causes[0].dependents, 1);

    let world = seen(chained(), &[("web-east", Down), ("api-east", Down), ("db-east", Degraded)]);
    assert_eq!(causes(&world), ["db East"], "the twin: what is degraded answers");
    let west = [("web-west", Down), ("api-west", Down), ("db-west", Down)];
    assert_eq!(causes(&seen(chained(), &west)), [""; 0], "the twin: nobody is served there");
}

#[test]
fn a_site_with_a_single_part_is_that_part() {
    let mut shop_plan = chained();
    for component in &mut shop_plan.components[1..3] {
        component.probes.retain(|p| p.site != Some(id("east")));
    }
    let mut world = World::empty();
    world.load(shop_plan);
    world.turns("db-east", Down);
    assert_eq!(causes(&world), ["db East"]);
}

#[test]
fn of_several_causes_what_most_depends_on_comes_first() {
    let mut shop_plan = plan("shop");
    shop_plan.components[0].dependencies = vec![id("web"), id("api")];
    shop_plan.components[1].dependencies = vec![id("db")];
    let world = seen(shop_plan, &[("api-east", Down), ("db-east", Down)]);
    let impact = Impact::now(shop(&world));
    let part = |place, dependents| Cause { what: Origin::Part(place), dependents };
    assert_eq!(impact.causes, [part(3, 2), part(2, 1)]);
    assert_eq!(impact.more_causes, 0);
}

#[test]
fn more_causes_than_can_be_told_apart_are_counted_and_those_with_dependents_are_kept() {
    let mut shop_plan = plan("shop");
    let single = shop_plan.components[3].clone();
    for number in 0..100 {
        let look = Probe { ..probe(&format!("single-{number}")) };
        let mut next = single.clone();
        (next.id, next.probes, next.dependencies) = (id(&format!("single-{number}")), vec![look], vec![]);
        shop_plan.components.push(next);
    }
    shop_plan.components[0].dependencies = vec![id("single-99")];
    let mut world = World::empty();
    world.load(shop_plan);
    (0..100).for_each(|number| drop(world.turns(&format!("single-{number}"), Down)));
    let impact = Impact::now(shop(&world));
    assert_eq!((impact.causes.len(), impact.more_causes), (64, 36));
    assert_eq!(impact.causes[0], Cause { what: Origin::Part(103), dependents: 1 });
}

#[test]
fn components_in_a_circle_are_gone_through_once() {
    let mut shop_plan = chained();
    shop_plan.components[3].dependencies = vec![id("web"), id("db")];
    let world = seen(shop_plan, &[("db-east", Down)]);
    let impact = Impact::now(shop(&world));
    assert_eq!(impact.how(3), Some(How::Direct(Down)));
    assert!(impact.hits.len() <= 4);
    (0..4).for_each(|place| assert!(impact.path(place).len() <= 4));
}

#[test]
fn layers_and_tiers_say_how_much_of_them_is_hit_and_the_tightest_objective_is_told() {
    let mut shop_plan = chained();
    for (place, layer, tier) in [
        (0, Layer::Infrastructure, Some(1)),
        (1, Layer::Application, Some(2)),
        (2, Layer::Application, None),
        (3, Layer::Database, Some(1)),
    ] {
        (shop_plan.components[place].layer, shop_plan.components[place].tier) = (layer, tier);
    }
    let world = seen(shop_plan, &[("db-east", Down), ("web-west", Degraded)]);
    let found = summary(&world);
    let layers: Vec<_> =
        found.layers.iter().map(|(l, t)| (*l, t.components, t.direct, t.by_dependency, t.worst)).collect();
    assert_eq!(
        layers,
        [
            (Layer::Infrastructure, 1, 0, 1, Verdict::Ok),
            (Layer::Application, 2, 0, 2, Verdict::Ok),
            (Layer::Database, 1, 1, 0, Down),
        ]
    );
    let tiers: Vec<_> = found.tiers.iter().map(|t| (t.tier, t.tally.components, t.tally.direct)).collect();
    assert_eq!(tiers, [(Some(1), 2, 1), (Some(2), 1, 0), (None, 1, 0)]);
    assert_eq!(found.objective, Some(Objective { rto: Span::from_secs(600), of: Some(id("db")) }));

    let world = seen(chained(), &[("front", Down)]);
    assert_eq!(summary(&world).objective, Some(Objective { rto: Span::from_secs(1_800), of: None }), "the plan's");
    let world = seen(chained(), &[("db-west", Down)]);
    assert_eq!(summary(&world).objective, None, "nobody is hit, so no clock is tight");
}

#[test]
fn what_belongs_to_an_incident_counts_after_a_restart_until_it_was_seen_to_be_well() {
    let mut world = seen(chained(), &[("db-east", Down)]);
    world.restart();
    let incident = world.only_incident().clone();
    assert!(summary(&world).is_none(), "the twin: nothing was looked at");
    let of = |world: &World| Impact::of(shop(world), &incident).direct().collect::<Vec<_>>();
    assert_eq!(of(&world), [(3, Unknown)]);
    world.turns("db-east", Verdict::Ok);
    assert_eq!(of(&world), []);
}

#[test]
fn a_plan_without_sites_or_probes_has_an_impact_too() {
    let bare = || {
        let mut bare: Plan = plan("shop");
        bare.sites.clear();
        bare.components.iter_mut().for_each(|c| (c.probes, c.sites) = (vec![], vec![]));
        bare
    };
    let mut world = World::empty();
    world.load(bare());
    assert!(summary(&world).is_none());
    assert_eq!(summary(&world).layers[&Layer::Application].worst, Unknown);
    let mut empty = bare();
    empty.components.clear();
    world.load(empty);
    assert!(summary(&world).is_none());
}
