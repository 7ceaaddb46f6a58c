//! How long customers are without service, measured. Not part of the suites:
//!
//! ```text
//! cargo test --release --test lab figures -- --ignored --nocapture
//! ```
//!
//! The primary is killed with SIGKILL, all of it at once. A person who decides at once, here the test, declares what the engine
//! proposes, launches the failover and says yes at its gate. Probes look every second with `fail_after: 3`. What is printed is the
//! middle and the longest of several kills: until the engine proposes an incident; from there until it is said yes, of which the
//! engine's own part is fence and stop; and until the first row is acknowledged at West. How long a real person thinks comes on top.

use std::time::Duration;

use crate::customers::now;
use crate::harness::eventually;
use crate::lab::Lab;

/// How many primaries are killed.
const KILLS: usize = 7;

/// One kill: until it was proposed, until it was said yes, until traffic was on the other side; from the kill on.
async fn measured() -> Option<[Duration; 3]> {
    let lab = Lab::start().await?;
    lab.watched(1).await;
    let since = |begin: i64| Duration::from_micros(u64::try_from(now() - begin).unwrap());
    let killed = now();
    lab.east.db.kill();
    let incident = lab.declare().await;
    let proposed = since(killed);
    let run = lab.launch(&incident).await;
    lab.confirm(run).await;
    let confirmed = since(killed);
    let served = eventually("customers are served by West", || async {
        lab.record()
            .iter()
            .find(|attempt| attempt.acknowledged && attempt.ended > killed + 1_000_000)
            .map(|attempt| attempt.ended)
    });
    let served = Duration::from_micros(u64::try_from(served.await - killed).unwrap());
    Some([proposed, confirmed, served])
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn from_kill_to_traffic_on_the_other_side_by_hand() {
    let mut all = Vec::new();
    for _ in 0..KILLS {
        let Some(one) = measured().await else { return };
        all.push(one);
    }
    for (at, what) in ["proposed", "said yes", "served by West"].into_iter().enumerate() {
        let mut seconds: Vec<f64> = all.iter().map(|one| one[at].as_secs_f64()).collect();
        seconds.sort_by(f64::total_cmp);
        println!("{what}: {:.1} s in the middle, {:.1} s at most, of {KILLS}", seconds[KILLS / 2], seconds[KILLS - 1]);
    }
}
