//! The way back, while customers go on writing.

use std::time::Duration;

use warroom::core::ids::RunId;
use warroom::core::run::{RunResult, RunState, StepState};

use crate::harness::{eventually, start};
use crate::lab::Lab;
use crate::ledger::Ledger;
use crate::names;

impl Lab {
    /// After a failover, has East made a copy of what West has, and goes as far as the gate before the way back.
    async fn to_the_way_back(&self) -> RunId {
        let (failover, _) = self.fail_over().await;
        self.serves(50).await;
        let incident = self.engine.run(failover).await.incident;
        let run = self.engine.ask(start(&incident, "back-to-east")).await.run.unwrap();
        self.engine.step(run, "go", |state| matches!(state, StepState::Waiting { .. })).await;
        assert!(self.west.db.is_primary().await && self.east.db.alive().await && !self.east.db.is_primary().await);
        run
    }

    /// Waits for something, and sees that no two take rows meanwhile.
    async fn with_one_primary<T>(&self, wanted: impl Future<Output = T>) -> T {
        tokio::pin!(wanted);
        loop {
            tokio::select! {
                biased;
                found = &mut wanted => return found,
                () = self.has_one_primary() => {}
            }
        }
    }

    /// Asks East first: on the way back West never begins again.
    async fn has_one_primary(&self) {
        let east = self.east.db.is_primary().await;
        assert!(!(east && self.west.db.is_primary().await), "both take rows");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    /// That the way back is gone to its end, and that no row was lost by it.
    async fn is_back(&mut self, run: RunId) {
        let result = self.with_one_primary(self.engine.end(run)).await;
        assert!(matches!(result, RunResult::Done), "{result:?}");
        self.serves(100).await;
        assert!(self.door.sends_to("east") && !self.door.sends_to("west"));
        assert_eq!(self.names.shop(), names::EAST);
        assert!(self.east.db.is_primary().await && self.west.db.alive().await && !self.west.db.is_primary().await);
        assert_eq!(self.east.db.timeline().await, 3, "each was promoted once");
        let incident = self.engine.run(run).await.incident;
        assert!(self.engine.state().await.incidents[&incident].owed.is_none(), "no way back is owed");
        // The ledger finds none lost of those that came after West's first.
        let ledger = Ledger::of(self, |lab| &lab.east.db).await;
        assert!(ledger.at_west >= 50, "{ledger}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_loses_no_row_while_customers_write_on() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.east.db.kill();
    let run = lab.to_the_way_back().await;
    lab.with_one_primary(lab.confirm(run)).await;
    lab.is_back(run).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_waits_for_an_original_that_does_not_have_all_data() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.east.db.kill();
    let run = lab.to_the_way_back().await;
    let orders = lab.east.db.orders();
    lab.east.db.follows("127.0.0.1", 1);
    lab.east.db.reload();
    lab.is_behind(Duration::from_secs(1)).await;
    lab.confirm(run).await;
    lab.with_one_primary(lab.serves(300)).await;
    let held = lab.engine.run(run).await;
    let fence = held.find(&"fence".parse().unwrap()).unwrap().2;
    assert_eq!((&held.state, &fence.state, fence.attempts), (&RunState::Going, &StepState::Pending, 0));
    assert!(lab.door.sends_to("west") && lab.west.db.is_primary().await, "West serves on");

    lab.east.db.give_orders(&orders);
    eventually("it goes on", || async {
        (lab.engine.run(run).await.find(&"fence".parse().unwrap()).unwrap().2.attempts > 0).then_some(())
    })
    .await;
    lab.is_back(run).await;
}
