//! What the README says of failovers, measured. Not part of the suites:
//!
//! ```text
//! cargo test --release --test lab figures -- --ignored --nocapture --test-threads=1
//! ```
//!
//! **From kill to traffic on the other side.** The primary is killed with SIGKILL, all of it at once. A person who decides at once,
//! here the test, declares what the engine proposes, launches the failover and says yes at its gate. Probes look every second with
//! `fail_after: 3`. What is printed is the middle and the longest of several kills, each counted from the kill: until the engine
//! proposes an incident; until the yes, of which the engine's own part is the fence; and until a customer gets the first row
//! acknowledged by West. How long a real person thinks comes on top.
//!
//! The same by itself: nobody declares, launches or confirms, and the engine waits until the front door is down too, as its
//! scenario asks. `abort_window` is none: in earnest it comes on top. The middle moment is that of the launch.
//!
//! **No false failover.** Histories of faults that are none, drawn from a seed: the application or the database stands still for
//! less than three looks, works in fits, or the network between the sites is cut for as long. The failover would begin by itself
//! and at once. Each ends with all rows at East and no incident.

use std::time::Duration;

use crate::customers::{Attempt, now};
use crate::harness::eventually;
use crate::lab::{Decides, Lab, Patience, Sites, Wanted};
use crate::ledger::Ledger;

/// How many primaries are killed.
const KILLS: usize = 7;

async fn watched(decides: Decides) -> Option<Lab> {
    let lab = Lab::with(Wanted { decides, patience: Patience::Short, ..Wanted::default() }).await?;
    lab.watched(1).await;
    Some(lab)
}

fn since(begin: i64) -> Duration {
    Duration::from_micros(u64::try_from(now() - begin).unwrap())
}

/// Until a customer gets the first row acknowledged by West.
async fn served_again(lab: &Lab, killed: i64) -> Duration {
    // Nobody is served again within a second of the kill: to see it takes two looks more.
    let again = |attempt: &Attempt| attempt.acknowledged && attempt.ended > killed + 1_000_000;
    let served = eventually("customers are served by West", || async {
        lab.record().into_iter().find(again).map(|attempt| attempt.ended)
    });
    Duration::from_micros(u64::try_from(served.await - killed).unwrap())
}

/// One kill: until it was proposed, until it was said yes, until traffic was on the other side; from the kill on.
async fn by_hand() -> Option<[Duration; 3]> {
    let lab = watched(Decides::People).await?;
    let killed = now();
    lab.east.db.kill();
    let incident = lab.declare().await;
    let proposed = since(killed);
    let run = lab.launch(&incident).await;
    lab.confirm(run).await;
    let confirmed = since(killed);
    Some([proposed, confirmed, served_again(&lab, killed).await])
}

/// One kill: until the engine launched, until traffic was on the other side; from the kill on.
async fn by_itself() -> Option<[Duration; 2]> {
    let lab = watched(Decides::Engine { abort_window: 0 }).await?;
    let killed = now();
    lab.east.db.kill();
    lab.launched_by_itself().await;
    let launched = since(killed);
    Some([launched, served_again(&lab, killed).await])
}

fn tell<const N: usize>(what: [&str; N], all: &[[Duration; N]]) {
    for (at, what) in what.into_iter().enumerate() {
        let mut seconds: Vec<f64> = all.iter().map(|one| one[at].as_secs_f64()).collect();
        seconds.sort_by(f64::total_cmp);
        println!("{what}: {:.1} s in the middle, {:.1} s at most, of {KILLS}", seconds[KILLS / 2], seconds[KILLS - 1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn from_kill_to_traffic_on_the_other_side_by_hand() {
    let mut all = Vec::new();
    for _ in 0..KILLS {
        let Some(one) = by_hand().await else { return };
        all.push(one);
    }
    tell(["proposed", "said yes", "served by West"], &all);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn from_kill_to_traffic_on_the_other_side_by_itself() {
    let mut all = Vec::new();
    for _ in 0..KILLS {
        let Some(one) = by_itself().await else { return };
        all.push(one);
    }
    tell(["launched", "served by West"], &all);
}

/// How many histories of faults that are none.
const HISTORIES: u64 = 10;
/// How many faults in each.
const FAULTS: usize = 3;

/// Numbers that look drawn, the same for a seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// One fault that is none, and its name.
async fn hiccup(lab: &Lab, chance: &mut Chance) -> &'static str {
    let length = Duration::from_millis(300 + chance.below(1_200));
    match chance.below(4) {
        0 => {
            lab.east.freeze();
            tokio::time::sleep(length).await;
            lab.east.thaw();
            "all of East stands still"
        }
        1 => {
            lab.east.db.freeze();
            tokio::time::sleep(length).await;
            lab.east.db.thaw();
            "the database stands still"
        }
        2 => {
            for _ in 0..20 {
                lab.east.freeze();
                tokio::time::sleep(Duration::from_millis(60)).await;
                lab.east.thaw();
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            "East is slow"
        }
        _ => {
            lab.network.cut();
            tokio::time::sleep(length).await;
            lab.network.mend();
            "the engine does not see East"
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn no_false_failover_in_histories_of_faults_that_are_none() {
    for seed in 0..HISTORIES {
        let wanted = Wanted {
            sites: Sites::Apart,
            patience: Patience::Short,
            decides: Decides::Engine { abort_window: 0 },
            ..Wanted::default()
        };
        let Some(mut lab) = Lab::with(wanted).await else { return };
        lab.watched(1).await;
        let mut chance = Chance(seed);
        let mut told = Vec::new();
        for _ in 0..FAULTS {
            told.push(hiccup(&lab, &mut chance).await);
            // Two looks or three: with fewer between them, two such faults are one that lasts.
            lab.serves(500).await;
        }
        println!("history {seed}: {}", told.join(", "));
        lab.is_calm().await;
        Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
    }
}
