//! A source that is there and not there.

use std::time::Duration;

use crate::lab::Lab;
use crate::ledger::Ledger;

impl Lab {
    /// Some hiccups, each too short for three looks in a row to fail.
    async fn flap(&self) {
        for _ in 0..3 {
            self.east.freeze();
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            self.east.thaw();
            self.serves(100).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flapping_source_is_left_alone() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.flap().await;
    lab.serves(200).await;
    lab.is_calm().await;
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_flaps_and_dies_is_failed_over_once() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.flap().await;
    lab.east.db.kill();
    let (_, announced) = lab.fail_over().await;
    lab.serves(50).await;
    assert_eq!(lab.west.db.timeline().await, 2);
    let state = lab.engine.state().await;
    assert_eq!((state.incidents.len(), state.runs.len()), (1, 1));
    Ledger::of(&mut lab, |lab| &lab.west.db).await.holds(announced);
}
