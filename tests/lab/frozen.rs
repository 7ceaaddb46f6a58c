//! The primary's site hangs, West takes over, and then the old primary goes on as if nothing had been.

use std::time::Duration;

use crate::harness::eventually;
use crate::lab::Lab;
use crate::ledger::Ledger;

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_primary_that_comes_back_as_a_second_one_takes_no_rows() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.east.db.is_unreachable();
    lab.east.freeze();
    let (run, announced) = lab.fail_over().await;
    assert_eq!(lab.engine.run(run).await.find(&"stop-east".parse().unwrap()).unwrap().2.state.word(), "failed");
    lab.serves(50).await;

    lab.east.thaw();
    eventually("East answers again, as a primary", || async {
        (lab.east.db.alive().await && lab.east.db.is_primary().await).then_some(())
    })
    .await;
    lab.serves(200).await;
    assert!(lab.west.db.is_primary().await);
    assert!(!lab.door.sends_to("east"), "the fence holds");
    let ledger = Ledger::of(&mut lab, |lab| &lab.west.db).await;
    ledger.holds(announced);
    assert!(ledger.at_west >= 250, "{ledger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_hangs_for_a_moment_is_left_alone() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.east.freeze();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    lab.east.thaw();
    lab.serves(500).await;
    lab.is_calm().await;
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}
