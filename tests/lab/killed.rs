//! The primary is killed, and a person fails over by hand.

use crate::lab::Lab;
use crate::ledger::Ledger;
use crate::names;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_primary_is_failed_over_by_hand_and_no_more_is_lost_than_was_announced() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.east.db.kill();
    let (_, announced) = lab.fail_over().await;
    lab.serves(50).await;

    assert!(lab.west.db.is_primary().await);
    assert_eq!(lab.west.db.timeline().await, 2);
    assert!(!lab.door.sends_to("east") && lab.door.sends_to("west"));
    assert_eq!(lab.names.shop(), names::WEST);
    let ledger = Ledger::of(&mut lab, |lab| &lab.west.db).await;
    ledger.holds(announced);
    assert!(ledger.at_west >= 50, "{ledger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_nothing_happens_to_is_left_alone() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.serves(500).await;
    lab.is_calm().await;
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}
