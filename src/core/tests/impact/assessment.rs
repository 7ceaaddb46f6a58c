//! The initial assessment: what it says, who may ask for it, and that it stays bounded.

use super::{chained, seen, shop};
use crate::core::command::{Command, Declared};
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, declare, id, olga, plan, probe, rita};
use crate::core::health::Verdict::{self, Degraded, Down, Unknown};
use crate::core::health::{Found, Sample, SiteVerdict};
use crate::core::impact::{Assessment, GroupSeen, LISTED, assess};
use crate::core::plan::{Group, Place, Plan};
use crate::core::refusal::{Missing, Refusal};
use crate::core::time::Span;

/// The chained shop with a database, a payment provider that nothing looks at, and a backup.
fn grouped() -> Plan {
    let mut shop = chained();
    shop.components[3].kind = "database".into();
    for (name, kind) in [("pay", "payment"), ("vault", "backup")] {
        let mut next = shop.components[0].clone();
        (next.id, next.name, next.kind) = (id(name), name.into(), kind.into());
        (next.probes, next.dependencies) = (vec![], vec![]);
        shop.components.push(next);
    }
    shop
}

fn of(world: &World) -> Assessment {
    let incident = world.state.open_incidents().next().map(AsRef::as_ref);
    assess(&world.state, shop(world), incident, &world.readings, &world.now)
}

fn group(found: &Assessment, group: Group) -> &GroupSeen {
    found.groups.iter().find(|g| g.group == group).unwrap()
}

#[test]
fn each_component_has_a_verdict_in_its_group_with_evidence_and_since_when() {
    let world = seen(grouped(), &[("db-east", Down), ("web-west", Degraded)]);
    let found = of(&world);
    let groups: Vec<_> = found.groups.iter().map(|g| (g.group, g.worst, g.components())).collect();
    assert_eq!(
        groups,
        [
            (Group::Service, Some(Verdict::Ok), 3),
            (Group::Database, Some(Down), 1),
            (Group::External, Some(Unknown), 1),
            (Group::Storage, Some(Unknown), 1),
        ]
    );
    let db = &group(&found, Group::Database).parts[0];
    assert_eq!((db.component.as_str(), db.verdict), ("db", Down));
    let places: Vec<_> = db.places.iter().map(|p| (p.site.as_deref(), p.verdict, p.why.as_str())).collect();
    assert_eq!(places, [(Some("East"), Down, "Down"), (Some("West"), Verdict::Ok, "Ok")]);
    assert_eq!(db.places[0].since, Some(world.now.clone()));
    let services: Vec<_> = group(&found, Group::Service).parts.iter().map(|p| p.component.as_str()).collect();
    assert_eq!(services, ["web", "front", "api"], "what is in trouble at the standby comes before what is well");
    assert_eq!(group(&found, Group::External).parts[0].places, [], "nothing looks at it");
    let sites: Vec<_> = found.sites.iter().map(|s| (s.name.as_str(), s.verdict)).collect();
    assert_eq!(sites, [("East", SiteVerdict::Partly), ("West", SiteVerdict::Degraded)]);
    assert_eq!(found.serves, Some(id("east")));
}

#[test]
fn what_was_not_looked_at_since_the_engine_started_is_unknown() {
    let mut world = seen(grouped(), &[("db-east", Down)]);
    world.restart();
    let found = of(&world);
    assert!(found.groups.iter().all(|group| group.worst == Some(Unknown)), "{found:?}");
    assert_eq!(group(&found, Group::Database).parts[0].places[0].why, "not looked at since the engine started");
}

#[test]
fn what_was_seen_too_long_ago_is_unknown() {
    let mut world = seen(grouped(), &[]);
    let at = world.now.clone();
    let look = Sample { at, took: Span::ZERO, found: Found::Good, why: "200".into(), measured: [].into() };
    world.readings.note(&id("shop"), &id("db-east"), &Place::Engine, look);
    world.pass(30);
    assert_eq!(group(&of(&world), Group::Database).worst, Some(Verdict::Ok), "the twin: half a minute is nothing");
    world.pass(1);
    let db = &group(&of(&world), Group::Database).parts[0].clone();
    assert_eq!((db.verdict, db.places[0].why.as_str()), (Unknown, "the last look was 31s ago"));
}

#[test]
fn a_large_plan_is_counted_and_only_the_worst_are_listed() {
    let mut large = plan("shop");
    let base = large.components[0].clone();
    for number in 0..2_000 {
        let mut next = base.clone();
        (next.id, next.probes) = (id(&format!("n{number}")), vec![probe(&format!("n{number}"))]);
        large.components.push(next);
    }
    let mut world = World::empty();
    world.load(large);
    for number in 0..2_000 {
        world.turns(&format!("n{number}"), if number % 40 == 39 { Down } else { Verdict::Ok });
    }
    let found = of(&world);
    let services = group(&found, Group::Service);
    assert_eq!(services.counts[&Down], 50);
    assert_eq!(services.counts[&Verdict::Ok], 1_950);
    assert_eq!(services.parts.len(), LISTED);
    assert!(services.parts.iter().all(|part| part.verdict == Down));
    let written = serde_json::to_string(&found).unwrap();
    assert!(written.len() < 64 * 1024, "{} bytes", written.len());
    let brief = serde_json::to_string(&found.brief()).unwrap();
    assert!(brief.len() < 4 * 1024, "{} bytes", brief.len());
}

#[test]
fn it_is_written_to_the_incident_and_stands_in_the_timeline_without_bulk() {
    let (mut world, incident) = World::declared();
    let events = world.ok(rita(), Command::Assess { incident: incident.clone() });
    let [Event::IncidentAssessed { incident: of, assessment }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(*of, incident);
    assert!(!assessment.groups[0].parts.is_empty());
    let kept = world.incident(&incident).assessed.clone().unwrap();
    assert_eq!((&kept.by, &kept.at, &kept.assessment), (&rita(), &world.now, assessment));
    let row = &world.state.timeline.back().unwrap().event;
    let Event::IncidentAssessed { assessment: brief, .. } = row else { panic!("{row:?}") };
    assert!(brief.groups.iter().all(|group| group.parts.is_empty()) && brief.fits.is_empty());
    assert_eq!(brief.groups[0].counts, assessment.groups[0].counts);

    let written = serde_json::to_string(&events[0]).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), events[0], "as the journal keeps it");
}

#[test]
fn a_proposal_can_be_assessed_before_anybody_declares_it() {
    let mut world = World::calm();
    world.outage();
    let incident = world.only_incident().id.clone();
    world.ok(rita(), Command::Assess { incident: incident.clone() });
    world.ok(ada(), declare(Declared::Proposal(incident.clone())));
    assert!(world.incident(&incident).assessed.is_some(), "declaring keeps it");
}

#[test]
fn an_incident_that_is_over_unknown_or_not_yours_is_not_assessed() {
    let (mut world, incident) = World::declared();
    let assess = |incident: &crate::core::ids::IncidentId| Command::Assess { incident: incident.clone() };
    assert!(matches!(world.refused(olga(), assess(&incident)), Refusal::NotPermitted { .. }));
    let nothing = world.refused(ada(), assess(&id("DR-0")));
    assert!(matches!(nothing, Refusal::NotFound { missing: Missing::Incident(_), .. }));
    world.ok(ada(), Command::Cancel { incident: incident.clone(), reason: "a test".into() });
    let over = world.refused(ada(), assess(&incident));
    assert!(matches!(over, Refusal::IncidentIs { needs, .. } if needs == "open"));
}
