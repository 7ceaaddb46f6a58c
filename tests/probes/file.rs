//! Files: their age, and what is appended to them.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use warroom::core::health::Found;
use warroom::core::plan::{Look, Measure, Probe};
use warroom::probes::{Answer, Memory};
use warroom::steps::remote::Settings;

use crate::far::Far;
use crate::{ask, ask_by, ask_from, failing_at, from, probe};

fn file(path: &Path, pattern: Option<&str>) -> Look {
    Look::File { path: path.display().to_string(), pattern: pattern.map(str::to_owned) }
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn changed_an_hour_ago(path: &Path) {
    File::create(path).unwrap().set_modified(SystemTime::now() - Duration::from_secs(3_600)).unwrap();
}

#[tokio::test]
async fn a_file_probe_measures_since_when_the_file_is_unchanged() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("backup");
    let missing = ask(&probe(file(&path, None))).await;
    assert_eq!((missing.found, missing.why.as_str()), (Found::Bad, "it is not there"));
    changed_an_hour_ago(&path);
    let limit = |seconds| failing_at(Measure::Age, seconds, probe(file(&path, None)));
    let (good, old) = (ask(&limit(7_200.0)).await, ask(&limit(1_800.0)).await);
    assert_eq!((good.found, old.found), (Found::Good, Found::Bad), "{good:?} {old:?}");
    assert!(old.why.starts_with("changed 1h00m") && old.why.ends_with("limit 30m00s"), "{old:?}");
}

/// A log that is looked at again and again, from here or from a host.
struct Watched {
    probe: Probe,
    ssh: Settings,
    memory: Memory,
}

impl Watched {
    /// The number of new lines, which is trouble unless it is none.
    async fn matches(&self) -> f64 {
        let Answer { found, why, measured, .. } = ask_by(&self.probe, &self.ssh, &self.memory).await;
        let matches = measured[&Measure::Matches];
        assert_eq!(found, if matches > 0.0 { Found::Bad } else { Found::Good }, "{why}");
        matches
    }
}

/// What a log does in its life, and what is seen of it.
async fn story(watched: &Watched, log: &Path) {
    append(log, "ERROR before anybody looked\n");
    assert_eq!(watched.matches().await, 0.0, "the first look begins at the end");
    append(log, "all well\nERROR one\nERROR two\n");
    assert_eq!(watched.matches().await, 2.0);
    assert_eq!(watched.matches().await, 0.0, "lines count once");
    append(log, "all well\nERR");
    assert_eq!(watched.matches().await, 0.0);
    append(log, "OR in two pieces\n");
    assert_eq!(watched.matches().await, 1.0);
    // Rotated.
    fs::rename(log, log.with_extension("1")).unwrap();
    append(log, "ERROR in the new file\n");
    assert_eq!(watched.matches().await, 1.0);
    // Cut short.
    fs::write(log, "ERROR\n").unwrap();
    assert_eq!(watched.matches().await, 1.0);
    // More than is read at once: the newest counts, and what was passed over is told.
    append(log, &format!("ERROR early\n{}ERROR late\n", "x".repeat(99).repeat(20_000) + "\n"));
    let answer = ask_by(&watched.probe, &watched.ssh, &watched.memory).await;
    assert_eq!(answer.measured[&Measure::Matches], 1.0, "{answer:?}");
    assert!(answer.why.contains(" KiB of them not read"), "{answer:?}");
    assert_eq!(watched.matches().await, 0.0);
    // Gone, and there again.
    fs::remove_file(log).unwrap();
    assert_eq!(ask_by(&watched.probe, &watched.ssh, &watched.memory).await.why, "it is not there");
    append(log, "ERROR again\n");
    assert_eq!(watched.matches().await, 1.0);
}

#[tokio::test]
async fn lines_that_are_appended_are_searched_once_whatever_becomes_of_the_file() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("app.log");
    let look = file(&log, Some("ERROR"));
    let probe = failing_at(Measure::Matches, 0.0, probe(look));
    story(&Watched { probe, ssh: Settings::new("/nonexistent".into()), memory: Memory::default() }, &log).await;
}

#[tokio::test]
async fn a_log_is_searched_on_its_host() {
    let Some(far) = Far::start().await else { return };
    let log = far.path("it's an app.log");
    let probe = failing_at(Measure::Matches, 0.0, from(&far, file(&log, Some("ERROR"))));
    story(&Watched { probe, ssh: far.settings(), memory: Memory::default() }, &log).await;
    let old = far.path("backup");
    changed_an_hour_ago(&old);
    let answer = ask_from(&far, &from(&far, file(&old, None))).await;
    assert!(answer.found == Found::Good && answer.measured[&Measure::Age] >= 3_600.0, "{answer:?}");
}

#[tokio::test]
async fn what_is_no_regular_file_is_not_read() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let answer = ask(&probe(file(&pipe, Some("ERROR")))).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "it is no regular file"));
}
