//! The network between the sites is cut. Customers reach both; the engine, at West, no longer sees East.

use warroom::core::health::Verdict;

use crate::harness::eventually;
use crate::lab::{Lab, Sites, Wanted};
use crate::ledger::Ledger;

async fn apart() -> Option<Lab> {
    let lab = Lab::with(Wanted { sites: Sites::Apart, ..Wanted::default() }).await?;
    lab.watched(1).await;
    Some(lab)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_only_the_engine_does_not_see_goes_on_serving_and_nothing_is_promoted() {
    let Some(mut lab) = apart().await else { return };
    lab.network.cut();
    lab.declare().await;
    lab.serves(200).await;
    let state = lab.engine.state().await;
    assert!(state.runs.is_empty(), "nobody launched anything");
    assert_eq!(state.plans["shop"].verdict(&"front".parse().unwrap()), Verdict::Ok, "customers are served");
    assert!(lab.door.sends_to("east") && !lab.west.db.is_primary().await);

    lab.network.mend();
    eventually("East is seen again", || async { (lab.sees("east").await == Verdict::Ok).then_some(()) }).await;
    let rows = |cluster| async move {
        crate::cluster::Cluster::one(cluster, "SELECT count(*)::text FROM rows").await.parse::<usize>().unwrap()
    };
    let there = rows(&lab.east.db).await;
    eventually("West has caught up", || async { (rows(&lab.west.db).await >= there).then_some(()) }).await;
    assert_eq!(lab.west.db.timeline().await, 1);
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}

/// East goes on taking rows until it is fenced, long after the engine has last seen it.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_cut_off_loses_no_more_than_the_gate_says() {
    let Some(mut lab) = apart().await else { return };
    lab.east.db.is_unreachable();
    lab.network.cut();
    let (_, announced) = lab.fail_over().await;
    lab.serves(50).await;
    lab.network.mend();
    eventually("East is seen again", || async { (lab.sees("east").await == Verdict::Ok).then_some(()) }).await;
    lab.serves(50).await;
    assert!(!lab.door.sends_to("east"), "the fence holds");
    Ledger::of(&mut lab, |lab| &lab.west.db).await.holds(announced);
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_that_see_each_other_are_left_alone() {
    let Some(mut lab) = apart().await else { return };
    lab.serves(500).await;
    lab.is_calm().await;
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}
