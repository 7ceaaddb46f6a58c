//! What is counted along is what looking through everything would find, whatever happened before.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use crate::core::command::{Command, Declared};
use crate::core::fixtures::{PROBES, World, ada, declare, id, plan};
use crate::core::health::{Change, Counts, Extent, Manner, Verdict, summarise};
use crate::core::ids::ProbeId;
use crate::core::incident::Incident;
use crate::core::objectives::{good_since, is_bad};
use crate::core::observe::{Connection, Report};
use crate::core::plan::{Place, Plan, Probe, Vantage};
use crate::core::state::Loaded;
use crate::core::time::{Now, Span, last_of};

/// Something that happens to a plan's parts.
#[derive(Debug, Clone)]
enum Happening {
    Seen { probe: usize, from: u8, to: Verdict, manner: Manner },
    Paused(Extent, u64),
    Resumed(Extent),
    CutOff,
    Connected,
    Restart,
    Edited(u8),
    Declared,
    Dismissed,
    Passes(u64),
}

fn any_extent() -> impl Strategy<Value = Extent> {
    prop_oneof![
        Just(Extent::Plan),
        prop::sample::select(vec!["east", "west"]).prop_map(|site| Extent::Site(id(site))),
        prop::sample::select(vec!["web", "db", "front"]).prop_map(|component| Extent::Component(id(component))),
        prop::sample::select(PROBES.to_vec()).prop_map(|probe| Extent::Probe(id(probe))),
    ]
}

fn any_happening() -> impl Strategy<Value = Happening> {
    let to = prop::sample::select(vec![Verdict::Ok, Verdict::Unknown, Verdict::Degraded, Verdict::Down]);
    let manner = prop::sample::select(vec![Manner::Steady, Manner::Steady, Manner::Flapping]);
    let seen = (0..PROBES.len(), 0_u8..2, to, manner).prop_map(|(probe, from, to, manner)| Happening::Seen {
        probe,
        from,
        to,
        manner,
    });
    prop_oneof![
        12 => seen,
        2 => (any_extent(), 1_u64..60).prop_map(|(of, seconds)| Happening::Paused(of, seconds)),
        2 => any_extent().prop_map(Happening::Resumed),
        1 => Just(Happening::CutOff),
        1 => Just(Happening::Connected),
        1 => Just(Happening::Restart),
        1 => (0_u8..4).prop_map(Happening::Edited),
        1 => Just(Happening::Declared),
        1 => Just(Happening::Dismissed),
        2 => (1_u64..40).prop_map(Happening::Passes),
    ]
}

/// The plan with some of its parts moved, taken away or looked at another way.
fn edited(how: u8) -> Plan {
    let mut edited = plan("shop");
    edited.components[2].tier = Some(how);
    match how {
        1 => edited.components[1].probes.truncate(1),
        2 => edited.components[1].probes[0].site = None,
        3 => edited.components.reverse(),
        _ => {}
    }
    edited
}

/// Has it happen; what the rules refuse does not.
fn happen(world: &mut World, happening: Happening) {
    let plan = id("shop");
    match happening {
        Happening::Seen { probe, from, to, manner } => {
            let place = Place::from(["engine", "web-1"][usize::from(from)].to_owned());
            let at = world.now.clone();
            let why = format!("{to:?}");
            let change = Change { place, from: Verdict::Unknown, to, manner, since: at, why, last_good: None };
            world.see(&Report::Probe { plan, probe: id(PROBES[probe]), change });
        }
        Happening::Paused(of, seconds) => {
            let length = Span::from_secs(seconds);
            drop(world.say(ada(), Command::PauseHealth { plan, of, length, reason: "work".into() }));
        }
        Happening::Resumed(of) => drop(world.say(ada(), Command::ResumeHealth { plan, of })),
        Happening::CutOff => drop(world.see(&Report::Connection(Connection::Cut { why: "silent".into() }))),
        Happening::Connected => drop(world.see(&Report::Connection(Connection::There))),
        Happening::Restart => drop(world.restart()),
        Happening::Edited(how) => drop(world.load(edited(how))),
        Happening::Declared => drop(world.say(ada(), declare(Declared::Plan(plan)))),
        Happening::Dismissed => {
            let open = world.state.open_incidents().next().map(|incident| incident.id.clone());
            if let Some(incident) = open {
                let reason = "none".to_owned();
                drop(world.say(ada(), Command::Dismiss { incident: incident.clone(), reason: reason.clone() }));
                drop(world.say(ada(), Command::Close { incident, reason: Some(reason) }));
            }
        }
        Happening::Passes(seconds) => drop(world.pass(seconds)),
    }
}

fn as_counted(counts: Counts) -> Vec<usize> {
    Verdict::ALL.iter().map(|verdict| counts.of(*verdict)).collect()
}

/// By looking through all of it: how the parts of sites and components count.
fn counts_are_right(loaded: &Loaded) {
    for site in [None, Some(id("east")), Some(id("west"))] {
        let seen = summarise(loaded, |_, probe| probe.site == site);
        let counts = loaded.counts(site.as_ref());
        let by_looking: Vec<usize> = Verdict::ALL.iter().map(|verdict| seen.count(*verdict)).collect();
        assert_eq!((as_counted(counts), counts.worst()), (by_looking, seen.worst), "{site:?}");
        for verdict in Verdict::ALL.into_iter().filter(|verdict| *verdict != Verdict::Ok) {
            let named: Vec<&str> = loaded.not_ok(site.as_ref(), verdict).map(|c| c.id.as_str()).collect();
            let looked: Vec<&str> = seen.parts.iter().filter(|(_, v)| *v == verdict).map(|(name, _)| *name).collect();
            assert_eq!(named, looked, "{site:?} {verdict:?}");
        }
    }
    for component in &loaded.plan.components {
        let of = |verdict| component.probes.iter().filter(|p| loaded.verdict_of(component, p) == verdict).count();
        assert_eq!(as_counted(loaded.counts_of(&component.id)), Verdict::ALL.map(of), "{}", component.id);
    }
}

/// By looking through all of it: whose trouble is to be raised.
fn trouble_is_right(loaded: &Loaded) {
    let raises: BTreeSet<&ProbeId> = loaded.probes.keys().filter(|id| loaded.raises(id)).collect();
    let fresh = raises.iter().copied().filter(|id| loaded.probes[*id].covered_by.is_none()).collect();
    assert_eq!(loaded.trouble().collect::<BTreeSet<_>>(), raises);
    assert_eq!(loaded.fresh_trouble().collect::<BTreeSet<_>>(), fresh);
    let down: Vec<_> = loaded.probes.iter().filter(|(_, seen)| seen.verdict == Verdict::Down).collect();
    assert_eq!(loaded.down().collect::<Vec<_>>(), down);
}

/// By looking through all of it: whether an incident is over.
fn end_is_right(loaded: &Loaded, incident: &Incident) {
    let is_cause = |probe: &Probe| incident.causes.contains(&probe.id);
    let front_door_hit = loaded.plan.probes().any(|(_, p)| p.vantage == Vantage::FrontDoor && is_cause(p));
    let decides = |p: &Probe| if front_door_hit { p.vantage == Vantage::FrontDoor } else { is_cause(p) };
    let deciding = || {
        let all = loaded.plan.probes().map(|(_, p)| p).filter(|p| decides(p));
        all.filter(|p| loaded.verdict(&p.id) != Verdict::Paused)
    };
    let good = |p: &Probe| loaded.probes.get(&p.id).filter(|s| s.verdict == Verdict::Ok)?.since.clone();
    let since: Option<Vec<Now>> = deciding().map(good).collect();
    let bad = deciding().any(|p| matches!(loaded.verdict(&p.id), Verdict::Down | Verdict::Degraded));
    assert_eq!(good_since(loaded, incident), since.and_then(|since| last_of(since.iter()).cloned()));
    assert_eq!(is_bad(loaded, incident), bad);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_counted_along_is_what_looking_through_everything_finds(
        happenings in prop::collection::vec(any_happening(), 1..60),
    ) {
        let mut world = World::calm();
        for happening in happenings {
            happen(&mut world, happening);
            let loaded = &world.state.plans["shop"];
            counts_are_right(loaded);
            trouble_is_right(loaded);
            for incident in world.state.incidents.values() {
                end_is_right(loaded, incident);
            }
        }
        let stored = serde_json::to_string(&world.state).unwrap();
        prop_assert!(serde_json::from_str::<crate::core::state::State>(&stored).unwrap() == world.state);
    }
}

#[test]
fn a_change_costs_a_copy_of_what_changed_and_no_more() {
    let mut world = World::calm();
    let shown = Arc::clone(&world.state.plans["shop"]);
    world.turns("db-east", Verdict::Degraded);
    assert_eq!(shown.probes["db-east"].verdict, Verdict::Ok, "who holds the state keeps what they hold");
    let same = |probe: &str| std::ptr::eq(&shown.probes[probe], &world.state.plans["shop"].probes[probe]);
    assert!(same("front") && same("web-west") && !same("db-east"));
}
