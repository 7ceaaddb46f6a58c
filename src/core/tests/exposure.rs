//! What of each category of data would be lost, and by which source.

use crate::core::clocks::{Measured, clocks};
use crate::core::exposure::{Against, Exposure, Known, Source, of_category};
use crate::core::fixtures::{World, at, id, plan, probe};
use crate::core::health::{Found, Sample, Verdict};
use crate::core::loss::Loss;
use crate::core::plan::{Address, BackupProof, Category, Look, Measure, Place, Plan, Probe, SetBy, Share, Worth};
use crate::core::service::{Counter, Looks, Service};
use crate::core::time::Span;

const fn secs(n: u64) -> Span {
    Span::from_secs(n)
}

/// The shop, with a probe of each kind that shows how far the database's data is kept.
fn shop(worth: Worth, backup: &str) -> (Plan, Category) {
    let mut shop = plan("shop");
    let db = shop.components.iter_mut().find(|c| c.id.as_str() == "db").unwrap();
    let command = Look::Command { argv: vec!["age".into()] };
    let postgres = Look::Postgres { url: Address::Plain("postgres://h/".into()), role: None };
    let looks = [
        ("wal", postgres),
        ("dump", Look::File { path: "/b".into(), pattern: None }),
        ("beat", Look::Heartbeat),
        ("share", command),
    ];
    db.probes.extend(looks.map(|(name, look)| Probe { look, ..probe(name) }));
    let category = Category {
        id: id("orders"),
        name: "Orders".into(),
        components: vec![id("db")],
        rpo: Some(secs(900)),
        backup_every: Some(secs(3_600)),
        wal: Some(id("wal")),
        backup: Some(BackupProof { probe: id(backup), worth }),
    };
    shop.targets.data = vec![category.clone()];
    (shop, category)
}

fn world(worth: Worth, backup: &str) -> World {
    let mut world = World::empty();
    world.load(shop(worth, backup).0);
    world
}

/// A look, ten seconds ago, that measured so many seconds.
fn looks(world: &mut World, name: &str, found: Found, seconds: Option<f64>) {
    let (_, known) = world.state.plans["shop"].plan.probe(&id(name)).unwrap();
    let measure = crate::core::exposure::age_measure(&known.look).unwrap_or(Measure::Value);
    let measured = seconds.map(|s| (measure, s)).into_iter().collect();
    let sample = Sample { at: world.now.clone(), took: Span::ZERO, found, why: "as it was".into(), measured };
    let good = matches!(found, Found::Good | Found::Degraded);
    if good {
        world.readings.proofs.entry(id("shop")).or_default().insert(id(name), sample.clone());
    }
    world.readings.note(&id("shop"), &id(name), &Place::Engine, sample);
    world.pass(10);
}

fn exposed(world: &World) -> Exposure {
    let loaded = &world.state.plans["shop"];
    of_category(loaded, &loaded.plan.targets.data[0], &world.readings, &world.now)
}

fn known(exposure: &Exposure, source: Source) -> Known {
    exposure.sources.iter().find(|seen| seen.source == source).unwrap().known.clone()
}

#[test]
fn nothing_is_made_up_where_nobody_looked() {
    let mut world = world(Worth::Verified, "dump");
    world.readings.replication.clear();
    let exposure = exposed(&world);
    assert_eq!((exposure.loss, exposure.least, exposure.against), (None, None, Against::Unknown));
    for source in [Source::Replication, Source::Wal, Source::Backup] {
        assert!(matches!(known(&exposure, source), Known::Unknown(_)), "{source:?}");
    }
    assert_eq!(exposure.backup_late, None);
}

#[test]
fn the_least_of_what_is_known_counts_and_ages_with_the_clock() {
    let mut world = world(Worth::Verified, "dump");
    looks(&mut world, "dump", Found::Good, Some(5_000.0));
    assert_eq!(exposed(&world).loss, Some(secs(5_010)));
    assert_eq!(exposed(&world).against, Against::Beyond(secs(4_110)));
    assert_eq!(exposed(&world).backup_late, Some(secs(1_410)));
    looks(&mut world, "wal", Found::Good, Some(300.0));
    assert_eq!((exposed(&world).least, exposed(&world).loss), (Some(Source::Wal), Some(secs(310))));
    assert_eq!(exposed(&world).against, Against::Met);
    world.loses(Loss::Measured(secs(4)));
    assert_eq!((exposed(&world).least, exposed(&world).loss), (Some(Source::Replication), Some(secs(4))));
    world.loses(Loss::Unknown);
    world.pass(590);
    assert_eq!(
        (exposed(&world).least, exposed(&world).loss),
        (Some(Source::Wal), Some(secs(900))),
        "met to the second"
    );
    assert_eq!(exposed(&world).against, Against::Met);
    world.pass(1);
    assert_eq!(exposed(&world).against, Against::Beyond(secs(1)));
}

#[test]
fn a_backup_counts_only_when_the_plan_says_verified_and_the_last_look_is_good() {
    let mut unverified = world(Worth::Unverified, "dump");
    looks(&mut unverified, "dump", Found::Good, Some(60.0));
    assert_eq!(known(&exposed(&unverified), Source::Backup), Known::Unverified(secs(70)));
    assert_eq!((exposed(&unverified).loss, exposed(&unverified).against), (None, Against::Unknown));

    let mut verified = world(Worth::Verified, "dump");
    looks(&mut verified, "dump", Found::Degraded, Some(60.0));
    assert_eq!(exposed(&verified).loss, Some(secs(70)), "an answer beyond a warning is an answer");
    looks(&mut verified, "dump", Found::Unseen, None);
    assert_eq!(exposed(&verified).loss, Some(secs(80)), "nobody could look: it is as it was");
    looks(&mut verified, "dump", Found::Bad, Some(5.0));
    assert_eq!(known(&exposed(&verified), Source::Backup), Known::Unknown("as it was".into()));
}

#[test]
fn who_reports_each_backup_shows_its_age_by_coming_and_silence_takes_nothing_back() {
    let mut world = world(Worth::Verified, "beat");
    looks(&mut world, "beat", Found::Good, None);
    world.pass(50);
    assert_eq!(exposed(&world).loss, Some(secs(60)));
    looks(&mut world, "beat", Found::Bad, None);
    assert_eq!(exposed(&world).loss, Some(secs(70)));
}

#[test]
fn what_was_archived_stays_so_when_its_server_does_not_answer_and_a_silent_source_writes_nothing() {
    let mut world = world(Worth::Verified, "dump");
    looks(&mut world, "wal", Found::Good, Some(20.0));
    looks(&mut world, "wal", Found::Bad, None);
    assert_eq!(known(&exposed(&world), Source::Wal), Known::Exactly(secs(40)));
    world.loses(Loss::AtMost(secs(3)));
    let mut replicated = world.readings.replication[&id::<crate::core::ids::PlanId>("shop")].clone();
    let silent = world.now.clone();
    replicated.values_mut().for_each(|r| r.source_silent_since = Some(silent.clone()));
    world.readings.replication.insert(id("shop"), replicated);
    assert_eq!(known(&exposed(&world.clone()), Source::Wal), Known::Exactly(secs(40)), "only we do not see it");
    world.turns("front", Verdict::Down);
    world.pass(500);
    assert_eq!(known(&exposed(&world), Source::Wal), Known::AtMost(secs(40)), "nobody is served: it does not tick");
}

#[test]
fn a_clock_set_a_day_off_changes_no_age() {
    let mut world = world(Worth::Verified, "dump");
    looks(&mut world, "dump", Found::Good, Some(60.0));
    world.now.utc = at(86_400 * 2).utc;
    assert_eq!(exposed(&world).loss, Some(secs(70)));
    world.now.utc = crate::core::time::Moment::from_micros(0);
    assert_eq!(exposed(&world).loss, Some(secs(70)));
}

#[test]
fn replication_says_nothing_of_data_that_does_not_travel() {
    let mut world = world(Worth::Verified, "dump");
    world.loses(Loss::Measured(Span::ZERO));
    let (mut shop, category) = shop(Worth::Verified, "dump");
    shop.targets.data = vec![Category { components: vec![id("db"), id("api")], rpo: None, ..category }];
    world.load(shop);
    let exposure = exposed(&world);
    assert_eq!(known(&exposure, Source::Replication), Known::Unknown("its data is not replicated".into()));
    assert_eq!(exposure.rpo, Some((secs(5), SetBy::Component)), "the tightest of its components");
}

#[test]
fn capacity_is_what_the_named_probe_measured_last_at_the_site_that_serves() {
    let (mut shop, _) = shop(Worth::Verified, "dump");
    shop.sites[0].capacity = Some(id("share"));
    shop.targets.capacity = Share::percent(80.0).ok();
    let mut world = World::empty();
    world.load(shop);
    let read = |world: &World| clocks(&world.state.plans["shop"], None, &world.readings, &world.now).capacity;
    assert_eq!(read(&world).verdict, Measured::NotMeasured);
    looks(&mut world, "share", Found::Good, Some(75.5));
    assert_eq!(
        (read(&world).verdict, read(&world).sites[0].now.unwrap().to_string()),
        (Measured::Below, "75.5%".into())
    );
    looks(&mut world, "share", Found::Good, Some(110.0));
    assert_eq!(read(&world).verdict, Measured::Met);
    looks(&mut world, "share", Found::Bad, None);
    assert_eq!((read(&world).verdict, read(&world).sites[0].now), (Measured::NotMeasured, None));
}

#[test]
fn service_is_the_share_of_good_looks_of_the_incident_or_of_lately() {
    let mut counter = Counter::default();
    for second in 0..100 {
        let found = match second {
            0..50 => Found::Good,
            50..60 => Found::Degraded,
            60..90 => Found::Bad,
            _ => Found::Unseen,
        };
        counter.take(&at(second), found);
    }
    let all = |looks: Option<Looks>| looks.map(|l| (l.good, l.all, l.share().unwrap().to_string()));
    assert_eq!(all(counter.lately(&at(100), secs(900))), Some((50, 90, "55.55%".into())));
    assert_eq!(all(counter.since(&at(50))), Some((0, 40, "0%".into())));
    assert_eq!(all(counter.since(&at(200))), None);
    assert_eq!(all(counter.lately(&at(1_095), secs(900))), None, "nobody looked for a while");

    let (mut world, incident) = World::declared();
    let (lately, since) = (counter.since(&at(0)), counter.since(&at(50)).unwrap());
    let service = Service { lately, incident: Some((incident.clone(), since)) };
    world.readings.service.insert(id("shop"), service);
    let read = |incident| clocks(&world.state.plans["shop"], incident, &world.readings, &world.now).service;
    assert_eq!(read(Some(world.incident(&incident))).share.unwrap().to_string(), "0%");
    assert_eq!(read(None).share.unwrap().to_string(), "55.55%");
    assert_eq!(read(None).verdict, Measured::NoObjective);
}

#[test]
fn looks_are_counted_for_six_hours_and_no_longer() {
    let mut counter = Counter::default();
    (0..40_000).for_each(|second| counter.take(&at(second), Found::Good));
    assert_eq!(counter.since(&at(0)).map(|l| l.all), Some(21_600));
}
