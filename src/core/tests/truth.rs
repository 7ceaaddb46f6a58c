//! What may be said of parts: pauses, an engine that is cut off, flapping, sites judged by their rule.

use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, id, mike, plan, rita};
use crate::core::health::{Change, Extent, Manner, SiteVerdict, Verdict, judge_site};
use crate::core::ids::{PlanId, ProbeId};
use crate::core::observe::{Connection, Report};
use crate::core::plan::{DownWhen, Place};
use crate::core::refusal::{Missing, Refusal};
use crate::core::time::Span;

fn pause(of: Extent, seconds: u64) -> Command {
    let (plan, reason) = (id("shop"), "the provider works on it".into());
    Command::PauseHealth { plan, of, length: Span::from_secs(seconds), reason }
}

fn verdict(world: &World, probe: &str) -> Verdict {
    world.state.plans["shop"].verdict(&id(probe))
}

fn cut() -> Report {
    Report::Connection(Connection::Cut { why: "10.0.0.1:53 does not answer".into() })
}

#[test]
fn what_is_paused_is_looked_at_and_raises_nothing_until_its_time_is_over() {
    let mut world = World::calm();
    world.ok(mike(), pause(Extent::Component(id("db")), 600));
    world.turns("db-east", Verdict::Down);
    world.turns("db-west", Verdict::Down);
    assert!(world.state.incidents.is_empty());
    assert_eq!(verdict(&world, "db-east"), Verdict::Paused);
    assert_eq!(world.state.plans["shop"].probes["db-east"].verdict, Verdict::Down, "what was seen is kept");
    world.pass(599);
    assert!(world.state.incidents.is_empty());
    world.pass(1);
    assert_eq!(verdict(&world, "db-east"), Verdict::Down);
    assert!(world.only_incident().causes.contains(&id::<ProbeId>("db-east")), "what is still down then is raised");
}

#[test]
fn a_pause_ends_when_somebody_says_so_and_is_never_endless() {
    let mut world = World::calm();
    let (plan, of): (PlanId, _) = (id("shop"), Extent::Site(id("east")));
    let resume = || Command::ResumeHealth { plan: plan.clone(), of: of.clone() };
    assert!(matches!(world.refused(ada(), resume()), Refusal::NotPaused { .. }));
    for seconds in [0, 8 * 24 * 3_600] {
        assert!(matches!(world.refused(ada(), pause(of.clone(), seconds)), Refusal::BadPause { .. }));
    }
    let nobody = Extent::Probe(id("nothing"));
    let refused = world.refused(ada(), pause(nobody.clone(), 60));
    assert!(matches!(refused, Refusal::NotFound { missing: Missing::Part(_, of), .. } if of == nobody));
    assert!(matches!(world.refused(rita(), pause(of.clone(), 60)), Refusal::NotPermitted { .. }));
    world.ok(ada(), pause(of.clone(), 60));
    assert_eq!(verdict(&world, "web-east"), Verdict::Paused);
    world.ok(ada(), resume());
    assert_eq!(verdict(&world, "web-east"), Verdict::Ok);
}

#[test]
fn an_engine_that_is_cut_off_calls_nothing_down_and_proposes_nothing() {
    let mut world = World::calm();
    world.see(&cut());
    assert_eq!(verdict(&world, "front"), Verdict::Unknown);
    for probe in ["front", "db-east", "api-east"] {
        world.turns(probe, Verdict::Down);
    }
    assert!(world.state.incidents.is_empty());
    assert_eq!(verdict(&world, "front"), Verdict::Unknown, "what it sees then says nothing");
    assert!(world.see(&cut()).is_empty(), "said once");

    world.see(&Report::Connection(Connection::There));
    world.turns("front", Verdict::Down);
    assert_eq!(world.only_incident().causes.len(), 1, "the twin: what is down when it is connected is raised");
}

#[test]
fn a_part_that_flaps_is_degraded_and_raised_once() {
    let mut world = World::calm();
    let change = |to, manner| Report::Probe {
        plan: id("shop"),
        probe: id("db-east"),
        change: Change {
            place: Place::Engine,
            from: Verdict::Ok,
            to,
            manner,
            since: crate::core::fixtures::at(60),
            why: "flapping: 8 changes in 9 looks".into(),
            last_good: None,
        },
    };
    world.see(&change(Verdict::Degraded, Manner::Steady));
    assert!(world.state.incidents.is_empty(), "the twin: degraded and steady waits for a person");
    let events = world.see(&change(Verdict::Degraded, Manner::Flapping));
    assert!(events.iter().any(|event| matches!(event, Event::IncidentProposed(_))), "{events:?}");
    assert_eq!(verdict(&world, "db-east"), Verdict::Degraded);
}

#[test]
fn a_site_is_judged_by_the_rule_of_its_plan_and_partly_alive_is_said() {
    use SiteVerdict::{Degraded, Down, Ok, Partly, Paused, Unknown};
    let all = ["web-east", "api-east", "db-east"];
    type Row<'a> = (DownWhen, &'a [(&'a str, Verdict)], SiteVerdict);
    let table: [Row<'_>; 9] = [
        (DownWhen::All, &[], Ok),
        (DownWhen::All, &[("web-east", Verdict::Down)], Partly),
        (DownWhen::Any, &[("web-east", Verdict::Down)], Down),
        (DownWhen::Tier(1), &[("web-east", Verdict::Down)], Partly),
        (DownWhen::Tier(1), &[("db-east", Verdict::Down)], Down),
        (DownWhen::All, &[("web-east", Verdict::Degraded)], Degraded),
        (DownWhen::All, &[("web-east", Verdict::Unknown)], Unknown),
        (DownWhen::All, &[("web-east", Verdict::Down), ("api-east", Verdict::Down), ("db-east", Verdict::Down)], Down),
        (
            DownWhen::Any,
            &[("web-east", Verdict::Paused), ("api-east", Verdict::Paused), ("db-east", Verdict::Paused)],
            Paused,
        ),
    ];
    for (rule, seen, expected) in table {
        let mut shop = plan("shop");
        shop.sites.iter_mut().for_each(|site| site.down_when = rule);
        for component in &mut shop.components {
            component.tier = Some(if component.id.as_str() == "db" { 1 } else { 2 });
        }
        let mut world = World::calm();
        world.load(shop);
        all.iter().for_each(|probe| drop(world.turns(probe, Verdict::Ok)));
        for (probe, to) in seen {
            match to {
                Verdict::Paused => drop(world.ok(ada(), pause(Extent::Probe(id(probe)), 60))),
                to => drop(world.turns(probe, *to)),
            }
        }
        assert_eq!(judge_site(&world.state.plans["shop"], &id("east")), expected, "{rule:?} {seen:?}");
    }
}
