//! The simulator: seeded histories of plans, engines, people and a world that goes wrong, held against what must never happen.
//!
//! `./test sim 200000` tells that many histories, `./test sim 1 SEED` tells one again, line by line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, unreachable_pub)]

mod chance;
mod engine;
mod heal;
mod history;
mod judge;
mod log;
mod moves;
mod outside;
mod people;
mod plans;
mod quiet;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use history::Told;
use log::Log;

/// Histories that are told when nothing else is asked for.
const HISTORIES: u64 = 2_000;

/// What all of them together must have met: kinds of entries, ends of runs, refusals.
const REACHED: [&str; 75] = [
    "step_started",
    "step_succeeded",
    "step_failed",
    "step_lost",
    "step_regained",
    "step_not_needed",
    "step_said_done",
    "step_retried",
    "step_skipped",
    "gate_confirmed",
    "confirmation_voided",
    "gate_opened",
    "gate_declined",
    "run_held",
    "run_overdue",
    "run_turned_back",
    "run_resumed",
    "site_activated",
    "incident_proposed",
    "incident_dismissed",
    "incident_matched",
    "scenario_ruled_out",
    "trigger_met",
    "trigger_passed",
    "incident_recovered",
    "incident_relapsed",
    "incident_reopened",
    "incident_cancelled",
    "update_sent",
    "delivery_tried",
    "note_added",
    "run_guarded",
    "run_turned_emergency",
    "glass_broken",
    "glass_put_back",
    "countdown_began",
    "countdown_ended",
    "automatic_refused",
    "automation_stopped",
    "automation_armed",
    "move_committed",
    "commit_overdue",
    "an automatic failover begins",
    "a failover begins: planned",
    "a failover begins: manual",
    "a failover begins: emergency",
    "a failover moved what serves",
    "a run is done",
    "a run is partly done",
    "a run is rolled back",
    "a run is aborted",
    "a run waits for a gate that too few can open",
    "a stale yes is refused",
    "a preview came true",
    "refused: AlreadyConfirmed",
    "refused: AlreadyMoving",
    "refused: CannotLayOut",
    "refused: ComponentsLocked",
    "refused: Guarded",
    "refused: IncidentIs",
    "refused: LauncherExcluded",
    "refused: NotItsTurn",
    "refused: NotOverridable",
    "refused: NotPermitted",
    "refused: NotSuchAMove",
    "refused: NotTheRole",
    "refused: NothingToUndo",
    "refused: RunHeld",
    "refused: RunIs",
    "refused: RunOver",
    "refused: RunsOpen",
    "refused: ScenarioForbids",
    "refused: StepIs",
    "refused: StillAlive",
    "refused: TooFewPeople",
];

thread_local! {
    static WHERE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Tells a history; says why it must not be, if it must not.
fn told(seed: u64, log: &Log) -> Result<Told, String> {
    let log = log.clone();
    catch_unwind(AssertUnwindSafe(|| history::tell(seed, log))).map_err(|why| {
        let words = why.downcast_ref::<String>().cloned();
        let words = words.or_else(|| why.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        format!("{} at {}", words.unwrap_or_default(), WHERE.with_borrow(Clone::clone))
    })
}

/// What many histories came to.
#[derive(Default)]
struct Sum {
    met: BTreeMap<String, u64>,
    entries: u64,
    failed: Vec<u64>,
}

fn all(first: u64, count: u64) -> Sum {
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Sum::default()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return;
            }
            let seed = first.wrapping_add(n);
            let told = told(seed, &Log::default());
            let mut sum = sum.lock().unwrap();
            match told {
                Ok(told) => {
                    sum.entries += told.entries;
                    told.met.into_iter().for_each(|met| *sum.met.entry(met).or_default() += 1);
                }
                Err(_) => sum.failed.push(seed),
            }
            // A fault is best read in a short history; a few dozen are enough to find one.
            if sum.failed.len() >= 30 {
                return;
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    sum.into_inner().unwrap()
}

/// A failing history, to be read.
fn retell(seed: u64) -> (Vec<String>, Option<String>) {
    let log = Log::kept();
    let why = told(seed, &log).err();
    (log.lines(), why)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text:?}")))
}

#[test]
fn in_every_history_the_rules_hold_and_all_that_was_begun_ends() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        WHERE.with_borrow_mut(|at| *at = place);
    }));
    let (count, first) =
        (number("WARROOM_SIM_HISTORIES").unwrap_or(HISTORIES), number("WARROOM_SIM_SEED").unwrap_or(0));
    if count == 1 {
        let (lines, why) = retell(first);
        lines.iter().for_each(|line| println!("{line}"));
        let _ = std::panic::take_hook();
        assert!(why.is_none(), "seed {first}: {}", why.unwrap_or_default());
        return;
    }
    let sum = all(first, count);
    let _ = std::panic::take_hook();
    println!("{count} histories from seed {first} on, {} entries", sum.entries);
    let shortest = sum.failed.iter().map(|seed| (*seed, retell(*seed))).min_by_key(|(_, (lines, _))| lines.len());
    if let Some((seed, (lines, why))) = shortest {
        lines.iter().for_each(|line| println!("{line}"));
        println!("seeds that fail: {:?}", sum.failed);
        panic!("seed {seed}: {}\n./test sim 1 {seed} tells it again", why.unwrap_or_default());
    }
    if count >= HISTORIES {
        let missed: Vec<_> = REACHED.iter().filter(|what| !sum.met.contains_key(**what)).collect();
        assert!(missed.is_empty(), "no history met {missed:?}, only {:?}", sum.met);
    }
}
