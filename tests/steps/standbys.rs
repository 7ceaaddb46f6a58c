//! PostgreSQL servers that replicate: each verb, done twice, and what each refuses.

use std::time::Duration;

use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, Capture, Cluster as Files, Fencing, Given, Managed, Postgres, Replica, StopMode};
use warroom::core::run::{Evidence, Failure, News, Proof};
use warroom::core::time::Span;

use crate::servers::PASSWORD;
use crate::servers::cluster::Cluster;
use crate::world::{World, eventually, template, why};

fn at(cluster: &Cluster) -> Given {
    Given::Text(template(&cluster.url()))
}

fn files(cluster: &Cluster) -> Files {
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    Files { data: text(cluster.data()), config: Some(text(cluster.config())) }
}

fn step(does: Postgres) -> World {
    World::of(Action::Postgres(does))
}

async fn proof(does: Postgres) -> Proof {
    match step(does).good().await.0 {
        Evidence::Postgres(proof) => proof,
        other => panic!("{other:?}"),
    }
}

fn promote(cluster: &Cluster) -> Postgres {
    Postgres::Promote { url: at(cluster), manager: Managed::Acts }
}

fn follow(standby: &Cluster, primary: &Cluster, slot: Option<&str>) -> Postgres {
    Postgres::Follow { url: at(standby), primary: at(primary), slot: slot.map(template), manager: Managed::Acts }
}

fn stop(cluster: &Cluster) -> Postgres {
    let how = Fencing::Stop { cluster: files(cluster), mode: StopMode::Fast };
    Postgres::Fence { url: at(cluster), how }
}

fn rewind(cluster: &Cluster, from: &Cluster) -> Postgres {
    Postgres::Rewind { url: at(cluster), from: at(from), cluster: files(cluster), manager: Managed::Acts }
}

fn lag(standby: &Cluster, primary: Option<&Cluster>, bytes: u64) -> Postgres {
    Postgres::Lag { url: at(standby), primary: primary.map(at), within: None, bytes: Some(bytes) }
}

fn choose(of: &[(&str, &Cluster)]) -> Postgres {
    Postgres::Choose {
        of: of.iter().map(|(name, cluster)| Replica { name: (*name).into(), url: at(cluster) }).collect(),
    }
}

/// Cuts a standby off from whom it follows.
async fn cut_off(standby: &Cluster) {
    standby.run("ALTER SYSTEM SET primary_conninfo = ''").await;
    standby.run("SELECT pg_reload_conf()").await;
    standby.is("nobody streams to it", "NOT EXISTS (SELECT FROM pg_stat_wal_receiver)").await;
}

async fn write(primary: &Cluster) {
    primary.run("CREATE TABLE IF NOT EXISTS load (line text)").await;
    primary.run("INSERT INTO load SELECT repeat('x', 100) FROM generate_series(1, 5000)").await;
}

#[tokio::test]
async fn a_standby_that_is_too_far_behind_fails_the_measure() {
    let Some(primary) = Cluster::primary().await else { return };
    let standby = primary.standby().await;
    write(&primary).await;
    standby.receives_from(&primary).await;
    let within = Some(Span::from_secs(5));
    let level = Postgres::Lag { url: at(&standby), primary: Some(at(&primary)), within, bytes: Some(0) };
    eventually("it is level", || async {
        matches!(step(level.clone()).perform().await, StepEnd::Good { .. }).then_some(())
    })
    .await;
    cut_off(&standby).await;
    write(&primary).await;
    let far = step(lag(&standby, Some(&primary), 100_000)).wrong().await;
    assert!(far.ends_with(" bytes behind, at most 100000 are good"), "{far}");
    assert!(matches!(proof(lag(&standby, None, 0)).await, Proof::Behind { bytes: 0, .. }), "it replayed what it has");
    let refused = step(lag(&primary, None, 0)).wrong().await;
    assert_eq!(refused, format!("127.0.0.1:{} is a primary, and behind nobody", primary.port));
}

#[tokio::test]
async fn of_three_replicas_the_one_that_received_most_is_chosen_and_one_that_went_its_own_way_is_told() {
    let Some(primary) = Cluster::primary().await else { return };
    let (first, second, third) = (primary.standby().await, primary.standby().await, primary.standby().await);
    cut_off(&first).await;
    write(&primary).await;
    second.receives_from(&primary).await;
    third.receives_from(&primary).await;
    primary.kill();
    let all = [("first", &first), ("second", &second), ("third", &third)];
    let chosen = step(choose(&all)).capturing(&[("whom", Capture::Column("best".into()))]);
    let (evidence, results) = chosen.good().await;
    let Evidence::Postgres(Proof::Chosen { best, of }) = evidence else { panic!("{evidence:?}") };
    assert_eq!((best.as_str(), results["whom"].as_str()), ("second", "second"));
    assert!(of[0].1 < of[1].1 && of[1].1 == of[2].1, "{of:?}");
    third.stop();
    let Proof::Chosen { of, .. } = proof(choose(&all)).await else { panic!() };
    assert_eq!(of[2], ("third".to_owned(), None));

    assert!(matches!(proof(promote(&second)).await, Proof::Promoted { news: News::Done, .. }));
    let Proof::Chosen { best, .. } = proof(choose(&all)).await else { panic!() };
    assert_eq!(best, "second", "promoted, it still is");
    proof(promote(&first)).await;
    let both = step(choose(&all)).wrong().await;
    assert_eq!(both, "first and second all take writes");
    first.stop();
    second.stop();
    let none = step(choose(&all)).wrong().await;
    assert!(none.starts_with("none of them answers: first: no answer: 127.0.0.1:"), "{none}");
}

#[tokio::test]
async fn a_promotion_is_proved_and_done_once() {
    let Some(primary) = Cluster::primary().await else { return };
    let standby = primary.standby().await;
    let results = [("line", Capture::Column("timeline".into()))];
    let (evidence, results) = step(promote(&standby)).capturing(&results).good().await;
    assert_eq!(evidence, Evidence::Postgres(Proof::Promoted { timeline: Some(2), news: News::Done }));
    assert_eq!(results["line"], "2");
    let again = proof(promote(&standby)).await;
    assert_eq!(again, Proof::Promoted { timeline: Some(2), news: News::Already });
    standby.run("ALTER SYSTEM SET default_transaction_read_only = on").await;
    standby.run("SELECT pg_reload_conf()").await;
    standby.is("it is read-only", "current_setting('transaction_read_only') = 'on'").await;
    let read_only = step(promote(&standby)).wrong().await;
    assert_eq!(read_only, "it is a primary whose transactions are read-only: see default_transaction_read_only");
}

#[tokio::test]
async fn a_primary_whose_commits_wait_for_a_standby_that_is_gone_takes_no_writes() {
    let Some(primary) = Cluster::primary().await else { return };
    primary.run("ALTER SYSTEM SET synchronous_standby_names = 'gone'").await;
    primary.run("SELECT pg_reload_conf()").await;
    primary.is("it is told", "current_setting('synchronous_standby_names') = 'gone'").await;
    let waits = step(promote(&primary)).within(Duration::from_secs(15)).wrong().await;
    assert_eq!(waits, "it is a primary, and a commit waits for synchronous_standby_names = \"gone\"");
}

#[tokio::test]
async fn what_another_manager_owns_is_left_to_it() {
    let Some(primary) = Cluster::primary().await else { return };
    let standby = primary.standby().await;
    primary.run("CREATE SCHEMA repmgr").await;
    standby.receives_from(&primary).await;
    let owned = "repmgr manages this database: have it act (repmgr standby switchover, or promote); or pause it in a step \
                 before (repmgr service pause) and say manager: paused";
    assert_eq!(step(promote(&standby)).wrong().await, owned);
    let other = primary.standby().await;
    assert_eq!(step(follow(&other, &standby, None)).wrong().await, owned);
    let paused = Postgres::Promote { url: at(&standby), manager: Managed::Paused };
    assert!(matches!(proof(paused).await, Proof::Promoted { news: News::Done, .. }));
    primary.stop();
    assert_eq!(step(rewind(&primary, &standby)).wrong().await, owned);

    standby
        .run("DROP SCHEMA repmgr; CREATE FUNCTION aurora_version() RETURNS text LANGUAGE sql AS 'SELECT ''1''::text'")
        .await;
    let rented =
        Postgres::Rewind { url: at(&primary), from: at(&standby), cluster: files(&primary), manager: Managed::Paused };
    let rented = step(rented).wrong().await;
    assert_eq!(rented, "Amazon Aurora manages this database: have it act (aws rds failover-db-cluster)");
}

#[tokio::test]
async fn a_standby_follows_the_new_primary_and_its_password_is_in_no_log() {
    let Some(primary) = Cluster::primary().await else { return };
    let (next, other) = (primary.standby().await, primary.standby().await);
    other.run("ALTER SYSTEM SET log_statement = 'all'").await;
    other.run("SELECT pg_reload_conf()").await;
    let not_yet = step(follow(&primary, &next, None)).wrong().await;
    assert!(not_yet.ends_with(" is a primary: rewind makes a standby of it once it is stopped"), "{not_yet}");
    primary.stop();
    proof(promote(&next)).await;
    let whom = format!("127.0.0.1:{}", next.port);
    for news in [News::Done, News::Already] {
        let Proof::Follows { whom: of, news: was, .. } = proof(follow(&other, &next, Some("other"))).await else {
            panic!()
        };
        assert_eq!((of.as_str(), was), (whom.as_str(), news));
        let used = next.asks("SELECT active FROM pg_replication_slots WHERE slot_name = 'other'").await;
        assert_eq!(used.as_deref(), Some("true"));
    }
    let log = std::fs::read_to_string(other.data().join("start.log")).unwrap();
    assert!(log.contains("parameter \"primary_conninfo\" changed") && !log.contains(PASSWORD), "{log}");
}

#[tokio::test]
async fn one_that_went_its_own_way_cannot_follow() {
    let Some(primary) = Cluster::primary().await else { return };
    let (next, other) = (primary.standby().await, primary.standby().await);
    proof(promote(&next)).await;
    write(&primary).await;
    other.receives_from(&primary).await;
    let diverged = step(follow(&other, &next, None)).wrong().await;
    assert!(diverged.starts_with("it cannot follow: diverged at 0/"), "{diverged}");
    let stranger = Cluster::primary().await.unwrap();
    let strange = step(follow(&other, &stranger, None)).wrong().await;
    assert_eq!(strange, "it cannot follow: never the same cluster");
}

#[tokio::test]
async fn a_server_that_is_stopped_lets_nobody_in() {
    let Some(primary) = Cluster::primary().await else { return };
    for _ in 0..2 {
        assert_eq!(proof(stop(&primary)).await, Proof::Stopped);
        assert_eq!(primary.asks("1").await, None);
    }
    let other = Cluster::primary().await.unwrap();
    let wrong_one =
        Postgres::Fence { url: at(&other), how: Fencing::Stop { cluster: files(&primary), mode: StopMode::Immediate } };
    let lets_in = step(wrong_one).within(Duration::from_secs(1)).wrong().await;
    assert!(lets_in.ends_with(" was stopped on its host, and still lets people in"), "{lets_in}");
}

#[tokio::test]
async fn a_server_is_read_only_for_those_who_do_not_ask_otherwise() {
    let Some(primary) = Cluster::primary().await else { return };
    let standby = primary.standby().await;
    let read_only = |cluster| Postgres::Fence { url: at(cluster), how: Fencing::ReadOnly };
    for _ in 0..2 {
        assert_eq!(proof(read_only(&primary)).await, Proof::ReadOnly);
    }
    assert_eq!(primary.asks("current_setting('transaction_read_only')").await.as_deref(), Some("on"));
    let refused = step(read_only(&standby)).wrong().await;
    assert!(refused.ends_with(" is a standby, and takes no writes"), "{refused}");
    proof(promote(&standby)).await;
}

#[tokio::test]
async fn an_old_primary_that_wrote_on_is_rewound_into_a_standby() {
    let Some(old) = Cluster::primary().await else { return };
    let new = old.standby().await;
    proof(promote(&new)).await;
    write(&old).await;
    old.run("CREATE TABLE lost (id int)").await;
    write(&new).await;
    let runs = step(rewind(&old, &new)).wrong().await;
    assert!(runs.ends_with(" still runs as a primary: fence it first"), "{runs}");
    old.kill();
    for news in [News::Done, News::Already] {
        let Proof::Follows { whom, news: was, .. } = proof(rewind(&old, &new)).await else { panic!() };
        assert_eq!((whom, was), (format!("127.0.0.1:{}", new.port), news));
    }
    assert_eq!(old.asks("pg_is_in_recovery()").await.as_deref(), Some("true"));
    old.receives_from(&new).await;
    assert_eq!(old.asks("to_regclass('lost') IS NULL").await.as_deref(), Some("true"));
    assert_eq!(old.asks("SELECT count(*) FROM load").await.as_deref(), Some("5000"));
    let back = step(rewind(&new, &old)).wrong().await;
    assert!(back.ends_with(" is a standby: rewind from a primary"), "{back}");
}

#[tokio::test]
async fn a_rewind_right_after_a_promotion_starts_and_follows() {
    let Some(old) = Cluster::primary().await else { return };
    let new = old.standby().await;
    write(&old).await;
    new.receives_from(&old).await;
    old.kill();
    proof(promote(&new)).await;
    let Proof::Follows { news, .. } = proof(rewind(&old, &new)).await else { panic!() };
    assert_eq!(news, News::Done);
    old.receives_from(&new).await;
}

#[tokio::test]
async fn a_rewind_that_is_not_possible_says_so_in_its_output_and_starts_nothing() {
    let Some(one) = Cluster::primary().await else { return };
    let other = Cluster::primary().await.unwrap();
    one.stop();
    let world = step(rewind(&one, &other));
    assert!(matches!(world.perform().await, StepEnd::Bad(Failure::Exit { .. })));
    let output = std::fs::read_to_string(world.dir().join("output")).unwrap();
    assert!(output.contains("different systems") && !output.contains(PASSWORD), "{output}");
    assert_eq!(one.asks("1").await, None);
}

#[tokio::test]
async fn only_slots_that_nobody_uses_are_dropped() {
    let Some(primary) = Cluster::primary().await else { return };
    let standby = primary.standby().await;
    proof(follow(&standby, &primary, Some("used"))).await;
    for name in ["old_1", "old_2", "kept"] {
        primary.run(&format!("SELECT pg_create_physical_replication_slot('{name}', true)")).await;
    }
    let drops = |named: &[&str]| Postgres::DropSlots {
        url: at(&primary),
        named: named.iter().map(|name| template(name)).collect(),
    };
    let in_use = step(drops(&["used", "old_1"])).wrong().await;
    assert_eq!(in_use, "the slot used is in use, and stays");
    assert_eq!(proof(drops(&["old_*", "never"])).await, Proof::Dropped { slots: vec!["old_1".into(), "old_2".into()] });
    assert_eq!(proof(drops(&["old_*"])).await, Proof::Dropped { slots: vec![] });
    assert_eq!(proof(drops(&["*"])).await, Proof::Dropped { slots: vec!["kept".into()] });
    assert_eq!(
        primary.asks("SELECT string_agg(slot_name, ',') FROM pg_replication_slots").await.as_deref(),
        Some("used")
    );
}

#[tokio::test]
async fn an_address_that_is_kept_as_a_secret_is_shown_nowhere() {
    let Some(primary) = Cluster::primary().await else { return };
    let path = tempfile::tempdir().unwrap().keep().join("dsn");
    crate::world::private(&path, &primary.url());
    let secret = Given::Secret(format!("file:{}", path.display()).parse().unwrap());
    let good = proof(Postgres::Promote { url: secret.clone(), manager: Managed::Acts }).await;
    assert_eq!(good, Proof::Promoted { timeline: Some(1), news: News::Already });
    crate::world::private(&path, &primary.url().replace(PASSWORD, "wrong-password-1"));
    let end = step(Postgres::Promote { url: secret, manager: Managed::Acts }).perform().await;
    let said = why(end);
    assert!(said.contains("password authentication failed") && !said.contains("wrong-password-1"), "{said}");
}
