//! The one pass against the definitions, on small graphs without circles.

use proptest::prelude::*;

use super::shop;
use crate::core::fixtures::{World, id, plan, probe};
use crate::core::health::Verdict;
use crate::core::impact::{How, Impact, Origin};
use crate::core::plan::{Plan, Probe};

/// A component: which of those before it it needs, whether it stands at East or before all sites, and how it is.
type Drawn = (Vec<bool>, bool, Verdict);

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![3 => Just(Verdict::Ok), 1 => Just(Verdict::Down), 1 => Just(Verdict::Degraded), 1 => Just(Verdict::Unknown)]
}

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    proptest::collection::vec(
        (proptest::collection::vec(proptest::bool::weighted(0.3), 10), any::<bool>(), verdict()),
        1..10,
    )
}

/// Later components need earlier ones, and stand before them in the file half of the time, so that file order helps nobody.
fn world(drawn: &[Drawn]) -> World {
    let mut shop: Plan = plan("shop");
    let base = shop.components[1].clone();
    shop.components.clear();
    for (number, (needs, at_east, _)) in drawn.iter().enumerate() {
        let mut next = base.clone();
        next.id = id(&format!("c{number}"));
        next.dependencies = (0..number).filter(|n| needs[*n]).map(|n| id(&format!("c{n}"))).collect();
        next.probes = vec![Probe { site: at_east.then(|| id("east")), ..probe(&format!("p{number}")) }];
        match number % 2 {
            0 => shop.components.push(next),
            _ => shop.components.insert(0, next),
        }
    }
    let mut world = World::empty();
    world.load(shop);
    for (number, (_, _, verdict)) in drawn.iter().enumerate() {
        if *verdict != Verdict::Unknown {
            world.turns(&format!("p{number}"), *verdict);
        }
    }
    world
}

/// The definitions, word by word.
struct Naive {
    fails: Vec<bool>,
    needs: Vec<Vec<usize>>,
}

impl Naive {
    fn of(world: &World) -> Naive {
        let loaded = shop(world);
        let components = &loaded.plan.components;
        let at = |id: &crate::core::ids::ComponentId| components.iter().position(|c| c.id == *id).unwrap();
        let bad = |v| matches!(v, Verdict::Down | Verdict::Degraded);
        Naive {
            fails: components.iter().map(|c| bad(loaded.verdict(&c.probes[0].id))).collect(),
            needs: components.iter().map(|c| c.dependencies.iter().map(at).collect()).collect(),
        }
    }

    /// All that a component needs, however far.
    fn below(&self, place: usize) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let mut left = self.needs[place].clone();
        while let Some(next) = left.pop() {
            if !found.contains(&next) {
                found.push(next);
                left.extend(&self.needs[next]);
            }
        }
        found
    }

    /// How many needs away the nearest component is that fails.
    fn far(&self, place: usize) -> Option<usize> {
        if self.fails[place] {
            return Some(0);
        }
        self.needs[place].iter().filter_map(|need| self.far(*need)).min().map(|far| far + 1)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn one_pass_finds_what_the_definitions_say(drawn in drawn()) {
        let world = world(&drawn);
        let loaded = shop(&world);
        let (impact, naive) = (Impact::now(loaded), Naive::of(&world));
        for place in 0..drawn.len() {
            let below_fails = naive.below(place).iter().any(|b| naive.fails[*b]);
            match impact.how(place) {
                Some(How::Direct(_)) => prop_assert!(naive.fails[place]),
                Some(How::Dependency(_)) => {
                    prop_assert!(!naive.fails[place] && below_fails);
                    let path = impact.path(place);
                    prop_assert!(path.windows(2).all(|pair| naive.needs[pair[0]].contains(&pair[1])));
                    prop_assert!(path.last().is_some_and(|last| naive.fails[*last]));
                    prop_assert_eq!(Some(path.len() - 1), naive.far(place), "the shortest way");
                }
                Some(How::StandbyOnly(_)) | None => prop_assert!(!naive.fails[place] && !below_fails),
            }
        }

        let east = |place: &usize| loaded.plan.components[*place].probes[0].site.is_some();
        let there: Vec<usize> = (0..drawn.len()).filter(east).collect();
        let verdict = |place: &usize| loaded.verdict(&loaded.plan.components[*place].probes[0].id);
        let fell = there.len() > 1 && there.iter().all(|place| verdict(place) == Verdict::Down);
        let deepest = |place: &usize| naive.fails[*place] && naive.below(*place).iter().all(|b| !naive.fails[*b]);
        let mut expected: Vec<usize> = (0..drawn.len()).filter(deepest).filter(|p| !(fell && east(p))).collect();
        let needed = |of: &[usize]| {
            (0..drawn.len()).filter(|p| !of.contains(p) && naive.below(*p).iter().any(|b| of.contains(b))).count()
        };
        expected.sort_by_key(|place| std::cmp::Reverse(needed(&[*place])));
        let mut found = impact.causes.iter();
        if fell {
            let cause = found.next().unwrap();
            prop_assert_eq!(&cause.what, &Origin::Site { site: id("east"), parts: there.len() });
            prop_assert_eq!(cause.dependents, needed(&there));
        }
        let parts: Vec<(Origin, usize)> = found.map(|cause| (cause.what.clone(), cause.dependents)).collect();
        let expected: Vec<_> = expected.iter().map(|place| (Origin::Part(*place), needed(&[*place]))).collect();
        prop_assert_eq!(parts, expected);
        prop_assert_eq!(impact.causes.is_empty(), naive.fails.iter().all(|fails| !fails), "trouble has a cause");
    }
}
