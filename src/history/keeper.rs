//! The task that writes.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::History;
use crate::engine::clock::Clock;

/// How often what is complete is written.
const WRITES: Duration = Duration::from_secs(5);

/// How often what is old is made coarser.
const THINS: Duration = Duration::from_secs(60);

/// Keeps the history until the engine ends; then writes what there is and closes the file.
pub async fn keep(history: History, clock: Clock, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(WRITES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut thin_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            _ = ticks.tick() => {}
        }
        history.write(clock.now().utc).await;
        if thin_at <= Instant::now() {
            history.thin(clock.now().utc).await;
            thin_at = Instant::now() + THINS;
        }
    }
    history.close().await;
}
