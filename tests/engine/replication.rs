//! Both ends of a replication, asked by an engine: real PostgreSQL servers, real deaths.

use warroom::core::lineage::Lineage;
use warroom::core::loss::{Loss, Replicated, reckon};
use warroom::core::manager::Manager;
use warroom::core::plan::ServerRole;

use crate::harness::{Engine, eventually};
use crate::servers::cluster::Cluster;

fn plan(source: &Cluster, target: &Cluster) -> String {
    let (source, target) = (source.url(), target.url());
    let ends = format!("{{from: east, to: west, source: \"{source}\", target: \"{target}\", every: 200ms}}");
    crate::harness::plan("http://127.0.0.1:1/", "      - manual: Look\n").replace(
        "recovery_procedures:",
        &format!("  - {{component_id: db, name: Database, type: database, sites: [east, west], replication: {ends}}}\nrecovery_procedures:"),
    )
}

/// Waits until what both ends said is as wanted.
async fn known(engine: &Engine, what: &str, wanted: impl Fn(&Replicated) -> bool) -> Replicated {
    eventually(what, || async {
        let readings = engine.client.snapshot().await.unwrap().live.readings;
        let known = readings.replication.get("shop")?.get("db")?.clone();
        wanted(&known).then_some(known)
    })
    .await
}

#[tokio::test]
async fn what_postgresql_servers_say_becomes_the_loss_the_lineage_and_the_manager() {
    let Some(primary) = Cluster::primary().await else { return };
    let standby = primary.standby().await;
    let engine = Engine::start().await;
    engine.load(&plan(&primary, &standby)).await;
    let level = known(&engine, "both answer", |known| matches!(reckon(known), Loss::Measured(_))).await;
    assert_eq!(level.lineage(), Lineage::Same);
    let role = |end: &Option<warroom::core::loss::Position>| end.as_ref().and_then(|end| end.role);
    assert_eq!((role(&level.source), role(&level.target)), (Some(ServerRole::Primary), Some(ServerRole::Standby)));

    primary.run("CREATE SCHEMA repmgr").await;
    known(&engine, "the manager is seen", |known| {
        known.source.as_ref().is_some_and(|end| end.manager == Some(Manager::Repmgr))
    })
    .await;

    // Started anew it is asked anew.
    primary.stop();
    known(&engine, "the source is silent", |known| known.source_silent_since.is_some()).await;
    primary.start().await;
    known(&engine, "it answers again", |known| {
        known.source_silent_since.is_none() && matches!(reckon(known), Loss::Measured(_))
    })
    .await;

    // Two primaries, of which each has what the other lacks.
    standby.run("SELECT pg_promote()").await;
    primary.run("CREATE TABLE old (id int)").await;
    let apart = known(&engine, "they have diverged", |known| matches!(known.lineage(), Lineage::Diverged { .. })).await;
    assert_eq!(reckon(&apart), Loss::Unknown);

    primary.kill();
    let gone = known(&engine, "the source is gone", |known| known.source_silent_since.is_some()).await;
    assert!(matches!(gone.lineage(), Lineage::Diverged { .. }), "what it said last still counts");
}

#[tokio::test]
async fn a_primary_that_dies_is_silent_from_then_on_and_the_loss_has_a_bound() {
    let Some(primary) = Cluster::primary().await else { return };
    let standby = primary.standby().await;
    let engine = Engine::start().await;
    engine.load(&plan(&primary, &standby)).await;
    known(&engine, "both answer", |known| matches!(reckon(known), Loss::Measured(_))).await;
    primary.kill();
    let silent = known(&engine, "the source is silent", |known| matches!(reckon(known), Loss::AtMost(_))).await;
    let then = known(&engine, "the target is asked again", |known| {
        known.target.as_ref().map(|end| end.asked.utc) > silent.target.as_ref().map(|end| end.asked.utc)
    })
    .await;
    assert_eq!(then.source_silent_since, silent.source_silent_since, "it does not move");
}
