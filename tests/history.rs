//! The history of looks on disk: nothing lost, nothing counted twice, bounded, and never in the way.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use warroom::core::health::history::{DETAIL_KEPT, Grain, Slot, summary};
use warroom::core::health::{Found, Sample};
use warroom::core::ids::{BootId, PlanId, ProbeId};
use warroom::core::plan::{Limits, Look, Measure, Place, Probe, Vantage};
use warroom::core::time::{Moment, Now, Span};
use warroom::history::{FILE, History};
use warroom::wire::NotKept;

/// Midnight of some day, in seconds.
const DAY: u64 = 1_795_219_200;

fn moment(second: u64) -> Moment {
    Moment::from_micros(i64::try_from((DAY + second) * 1_000_000).unwrap())
}

fn probe(id: &str) -> Probe {
    Probe {
        id: id.parse().unwrap(),
        site: None,
        look: Look::Tcp { address: "db:5432".into() },
        every: Span::from_secs(10),
        timeout: Span::from_secs(3),
        fail_after: 3,
        pass_after: 2,
        vantage: Vantage::Inside,
        from: vec![Place::Engine],
        limits: Limits::default(),
    }
}

fn sample(second: u64, found: Found) -> Sample {
    let at = Now { utc: moment(second), boot: BootId::new("b-1").unwrap(), uptime: Span::from_secs(second) };
    let measured = [(Measure::Lag, second as f64)].into();
    Sample { at, took: Span::from_millis(8), found, why: "connection refused".into(), measured }
}

fn shop() -> PlanId {
    "shop".parse().unwrap()
}

fn note(history: &History, id: &str, looks: impl IntoIterator<Item = (u64, Found)>) {
    let probe = probe(id);
    let series = history.series(&shop(), &probe.id, &Place::Engine);
    for (second, found) in looks {
        series.note(&probe, &sample(second, found), None);
    }
}

async fn slots(history: &History, id: &str, from: u64, to: u64) -> Vec<Slot> {
    let id: ProbeId = id.parse().unwrap();
    let kept = history.of(&shop(), &id, moment(from), moment(to)).await;
    assert!(kept.len() <= 1, "{kept:?}");
    kept.into_iter().flat_map(|kept| kept.slots).collect()
}

async fn total(history: &History, id: &str, from: u64, to: u64) -> u32 {
    summary(&slots(history, id, from, to).await).map_or(0, |all| all.looks())
}

fn every(seconds: usize, from: u64, to: u64) -> impl Iterator<Item = (u64, Found)> {
    (from..to).step_by(seconds).map(|second| (second, Found::Good))
}

#[tokio::test]
async fn looks_are_there_at_once_and_counted_once_however_they_came_to_disk() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::new(dir.path());
    note(&history, "db", every(1, 100, 125));
    assert_eq!(total(&history, "db", 100, 130).await, 25, "none of them is on disk yet");
    history.write(moment(115)).await;
    assert_eq!(total(&history, "db", 100, 130).await, 25, "some of them are");
    note(&history, "db", every(1, 125, 127));
    // In the middle of a slot.
    history.close().await;

    let history = History::new(dir.path());
    assert_eq!(total(&history, "db", 100, 130).await, 27, "an engine that starts again knows them");
    note(&history, "db", [(127, Found::Bad), (128, Found::Degraded), (129, Found::Unseen)]);
    let before = slots(&history, "db", 120, 130).await;
    history.write(moment(130)).await;
    let after = slots(&history, "db", 120, 130).await;
    assert_eq!(before, after, "what is on disk is what was in memory");
    let [slot] = after.as_slice() else { panic!("{after:?}") };
    assert_eq!((slot.good, slot.degraded, slot.bad, slot.unseen), (7, 1, 1, 1));
    assert_eq!(slot.mean(), Some(Span::from_millis(8)));
    assert_eq!(slot.measured.get(&Measure::Lag), Some(&129.0));
    assert_eq!(total(&history, "api", 100, 130).await, 0, "of another probe nothing is known");
    assert_eq!(history.trouble(), None);
}

#[tokio::test]
async fn a_stretch_of_the_past_can_be_asked_for_when_it_has_long_grown_coarse() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::new(dir.path());
    let outage = 7_200..7_500;
    let found = |second| if outage.contains(&second) { Found::Bad } else { Found::Good };
    note(&history, "db", (0..14_400).step_by(10).map(|second| (second, found(second))));
    note(&history, "web", every(10, 0, 14_400));
    for now in [14_400, 86_400, 5 * 86_400] {
        history.write(moment(now)).await;
        history.thin(moment(now)).await;
        assert_eq!(total(&history, "db", 0, 14_400).await, 1_440, "at {now}");
        assert_eq!(total(&history, "web", 0, 14_400).await, 1_440, "at {now}");
        let bad: u32 = slots(&history, "db", 7_200, 7_500).await.iter().map(|slot| slot.bad).sum();
        assert_eq!(bad, 30, "the outage is seen in what is kept at {now}");
        assert!(slots(&history, "db", 14_400, 14_500).await.is_empty());
    }
    assert!(slots(&history, "db", 0, 14_400).await.iter().all(|slot| slot.grain == Grain::Hour));
    history.thin(moment(20 * 86_400)).await;
    assert_eq!(total(&history, "db", 0, 14_400).await, 0, "nothing is kept for ever");
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Look(Found),
    Pass(u64),
    Write,
    Thin,
    Restart,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let found = prop_oneof![Just(Found::Good), Just(Found::Degraded), Just(Found::Bad), Just(Found::Unseen)];
    let deed = prop_oneof![
        6 => found.prop_map(Deed::Look),
        4 => (1..90_u64).prop_map(Deed::Pass),
        1 => (600..40_000_u64).prop_map(Deed::Pass),
        2 => Just(Deed::Write),
        1 => Just(Deed::Thin),
        1 => Just(Deed::Restart),
    ];
    prop::collection::vec(deed, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_it_every_look_is_kept_and_in_one_slot(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let mut history = History::new(dir.path());
            let (mut second, mut counts) = (0, [0_u32; 4]);
            for deed in deeds {
                match deed {
                    Deed::Look(found) => {
                        note(&history, "db", [(second, found)]);
                        counts[found as usize] += 1;
                    }
                    Deed::Pass(seconds) => second += seconds,
                    Deed::Write => history.write(moment(second)).await,
                    Deed::Thin => history.thin(moment(second)).await,
                    Deed::Restart => {
                        history.close().await;
                        history = History::new(dir.path());
                    }
                }
            }
            let slots = slots(&history, "db", 0, second + 1).await;
            let all = summary(&slots).map_or([0; 4], |all| [all.good, all.degraded, all.bad, all.unseen]);
            prop_assert_eq!(all, counts);
            for pair in slots.windows(2) {
                prop_assert!(pair[0].at < pair[1].at || pair[0].grain != pair[1].grain, "{:?}", pair);
            }
            prop_assert_eq!(history.trouble(), None);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn the_last_failure_is_kept_with_its_evidence_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::new(dir.path());
    let probe = probe("db");
    let series = history.series(&shop(), &probe.id, &Place::Engine);
    series.note(&probe, &sample(5, Found::Bad), Some("first".into()));
    series.note(&probe, &sample(15, Found::Bad), Some("x".repeat(10_000)));
    series.note(&probe, &sample(25, Found::Good), None);
    let failure = async |history: &History| {
        let kept = history.of(&shop(), &probe.id, moment(20), moment(30)).await;
        kept.into_iter().find_map(|kept| kept.failure)
    };
    let fresh = failure(&history).await.unwrap();
    history.close().await;
    let stored = failure(&History::new(dir.path())).await.unwrap();
    assert_eq!(fresh, stored);
    assert_eq!((stored.at, stored.took, stored.why.as_str()), (moment(15), Span::from_millis(8), "connection refused"));
    assert_eq!(stored.asked, "opens a connection to db:5432");
    assert_eq!(stored.terms, "every 10s, at most 3s; down after 3 bad in a row, ok after 2 good");
    assert_eq!(stored.detail.unwrap().len(), DETAIL_KEPT);
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_another_begun() {
    for damage in [&b"no database at all, but text that is long enough to have a head of its own"[..], &[0; 4_096]] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), damage.repeat(20)).unwrap();
        let history = History::new(dir.path());
        note(&history, "db", every(10, 0, 100));
        history.write(moment(100)).await;
        let Some(NotKept::BegunAnew { aside, .. }) = history.trouble() else { panic!("{:?}", history.trouble()) };
        assert_eq!(std::fs::read(dir.path().join(aside)).unwrap(), damage.repeat(20), "nothing is thrown away");
        history.write(moment(110)).await;
        history.close().await;
        assert_eq!(total(&History::new(dir.path()), "db", 0, 100).await, 10, "what was to be written is written");
        assert!(matches!(history.trouble(), Some(NotKept::BegunAnew { .. })), "and it is still said");
    }
}

#[tokio::test]
async fn the_file_of_a_newer_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::new(dir.path());
    note(&history, "db", every(10, 0, 100));
    history.close().await;
    let database = dir.path().join(FILE);
    let newer = format!(
        "import sqlite3; c = sqlite3.connect({:?}); c.execute('PRAGMA user_version = 9'); c.commit()",
        database
    );
    assert!(Command::new("python3").args(["-c", &newer]).status().unwrap().success());
    let before = std::fs::read(&database).unwrap();
    let history = History::new(dir.path());
    note(&history, "db", every(10, 100, 200));
    history.write(moment(200)).await;
    history.thin(moment(200)).await;
    assert_eq!(history.trouble(), Some(NotKept::Newer { found: 9 }));
    assert_eq!(total(&history, "db", 0, 300).await, 10, "what is in memory is served all the same");
    assert_eq!(std::fs::read(&database).unwrap(), before);
}

/// Twenty probes for five hours.
async fn fill(history: &History) {
    for id in 0..20 {
        note(history, &format!("p{id}"), every(10, 0, 18_000));
    }
    history.write(moment(18_000)).await;
}

#[tokio::test]
async fn the_file_grows_no_larger_than_it_may_and_the_oldest_goes_first() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::within(dir.path(), 128 * 1024);
    fill(&history).await;
    // Nothing is old enough to grow coarser.
    history.thin(moment(0)).await;
    assert_eq!(history.trouble(), None);
    let left = slots(&history, "p7", 0, 18_000).await;
    assert!(left.first().is_some_and(|slot| slot.at > moment(9_000)), "{:?}", left.first());
    assert_eq!(left.last().map(Slot::end), Some(moment(18_000)));
    let size = std::fs::metadata(dir.path().join(FILE)).unwrap().len();
    fill(&history).await;
    history.thin(moment(0)).await;
    assert!(std::fs::metadata(dir.path().join(FILE)).unwrap().len() <= size * 2, "its room is used again");
}

/// A directory on a disk of its own, of half a MiB.
fn small(dir: &Path) -> bool {
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"]).arg(dir).output();
    mount.is_ok_and(|mount| mount.status.success())
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_could_not_be_written_is_written_later() {
    let dir = tempfile::tempdir().unwrap();
    if !small(dir.path()) {
        return eprintln!("SKIPPED a full disk: a small tmpfs cannot be mounted here");
    }
    let filler = dir.path().join("filler");
    let history = History::new(dir.path());
    note(&history, "db", every(10, 0, 100));
    history.write(moment(100)).await;
    let full = (1..512).rev().find(|kib| std::fs::write(&filler, vec![1; kib * 1024]).is_ok());
    assert!(full.is_some());
    for id in 0..60 {
        note(&history, &format!("p{id}"), every(10, 100, 300));
    }
    history.write(moment(300)).await;
    assert_eq!(history.trouble(), Some(NotKept::Full));
    assert_eq!(total(&history, "p7", 0, 300).await, 20, "it is still known");
    std::fs::remove_file(&filler).unwrap();
    history.write(moment(310)).await;
    assert_eq!(history.trouble(), None);
    history.close().await;
    assert_eq!(total(&History::new(dir.path()), "p7", 0, 300).await, 20);
    assert_eq!(total(&History::new(dir.path()), "db", 0, 300).await, 10);
    let unmounted = Command::new("umount").arg("-l").arg(dir.path()).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
}
