//! The replica receives nothing for a while.

use std::time::Duration;

use warroom::core::gate::worst_loss;
use warroom::core::loss::Loss;

use crate::harness::eventually;
use crate::lab::Lab;
use crate::ledger::Ledger;

/// How far behind the stories let it fall.
const BEHIND: Duration = Duration::from_secs(2);

impl Lab {
    /// What the engine would announce now.
    async fn loss(&self) -> Loss {
        let snapshot = self.engine.client.snapshot().await.unwrap();
        worst_loss(&snapshot.state.plans["shop"], &snapshot.live.readings, &snapshot.now).unwrap()
    }

    /// Cuts West off from what East writes, and waits until the engine sees that it is behind.
    async fn fall_behind(&self) {
        self.west.db.follows("127.0.0.1", 1);
        self.west.db.reload();
        self.is_behind(BEHIND).await;
    }

    /// Waits until the engine sees that what receives is so far behind.
    pub async fn is_behind(&self, by: Duration) {
        eventually("the engine sees a copy behind", || async {
            let loss = self.loss().await.ceiling()?;
            (loss.to_std() >= by).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_replica_far_behind_lacks_is_announced_and_lost() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.fall_behind().await;
    lab.east.db.kill();
    let (_, announced) = lab.fail_over().await;
    lab.serves(50).await;
    let ledger = Ledger::of(&mut lab, |lab| &lab.west.db).await;
    ledger.holds(announced);
    // What it said is what came: not less, and more only by the second between two looks at each end.
    assert!(ledger.lost_time >= BEHIND - Duration::from_secs(1), "{ledger}");
    assert!(
        announced.ceiling().unwrap().to_std() <= ledger.lost_time + Duration::from_secs(3),
        "{announced:?}: {ledger}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_catches_up_owes_nothing_and_nobody_is_called() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.fall_behind().await;
    lab.west.db.follows(lab.east.db.place.host, lab.east.db.port);
    lab.west.db.reload();
    eventually("West has caught up", || async { (lab.loss().await.ceiling()?.to_std() < BEHIND / 2).then_some(()) })
        .await;
    lab.is_calm().await;
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}
