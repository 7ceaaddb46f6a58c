//! Looks at real files.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, FileCheck, Format, Presence};
use warroom::core::run::{Evidence, Failure};
use warroom::core::time::Span;

use crate::world::{World, why};

fn check(path: &Path) -> FileCheck {
    FileCheck {
        path: path.display().to_string(),
        presence: Presence::Present,
        owner: None,
        group: None,
        mode: None,
        min_size: None,
        max_size: None,
        max_age: None,
        format: None,
        sha256: None,
        free: None,
    }
}

async fn judged(check: FileCheck) -> Result<(), String> {
    match World::of(Action::File(check)).perform().await {
        StepEnd::Good { evidence: Evidence::FileFits, .. } => Ok(()),
        other => Err(why(other)),
    }
}

#[tokio::test]
async fn a_file_is_as_the_plan_expects_or_the_sentence_says_what_is_not() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("settings.json");
    fs::write(&path, "{\"a\": 1}").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let (sum, other) = ("f9d86028c6e0d64e225186f96acb69338b2c59764df79162107f5c4bb34d1310", "0".repeat(64));
    let own = rustix::process::getuid().as_raw().to_string();
    let with = |change: &dyn Fn(&mut FileCheck)| {
        let mut check = check(&path);
        change(&mut check);
        check
    };
    let table: [(FileCheck, Option<&str>); 17] = [
        (with(&|_| {}), None),
        (with(&|c| c.owner = Some(own.clone())), None),
        (with(&|c| c.owner = Some("54321".into())), Some("its owner is ")),
        (with(&|c| c.owner = Some("nobody there".into())), Some("nobody there is not in /etc/passwd")),
        (with(&|c| c.group = Some("54321".into())), Some("its group is ")),
        (with(&|c| c.mode = Some(0o640)), None),
        (with(&|c| c.mode = Some(0o600)), Some("its mode is 0640, expected 0600")),
        (with(&|c| (c.min_size, c.max_size) = (Some(8), Some(8))), None),
        (with(&|c| c.min_size = Some(1024)), Some("it has 8 bytes, expected at least 1 KiB")),
        (with(&|c| c.max_size = Some(7)), Some("it has 8 bytes, expected at most 7 bytes")),
        (with(&|c| c.max_age = Some(Span::from_secs(3_600))), None),
        (with(&|c| c.format = Some(Format::Json)), None),
        (with(&|c| c.format = Some(Format::Toml)), Some("it is no TOML: ")),
        (with(&|c| c.sha256 = Some(sum.into())), None),
        (with(&|c| c.sha256 = Some(other.clone())), Some("its SHA-256 is f9d86028")),
        (with(&|c| c.free = Some(1)), None),
        (
            with(&|c| (c.mode, c.min_size) = (Some(0o600), Some(9))),
            Some("its mode is 0640, expected 0600; it has 8 bytes, expected at least 9 bytes"),
        ),
    ];
    for (check, fault) in table {
        let shown = format!("{check:?}");
        match (judged(check).await, fault) {
            (Ok(()), None) => {}
            (Err(said), Some(fault)) => assert!(said.starts_with(fault), "{said}\n{shown}"),
            (judged, _) => panic!("{judged:?}: {shown}"),
        }
    }
    let free = judged(with(&|c| c.free = Some(u64::MAX))).await.unwrap_err();
    assert!(free.contains(" free there, expected at least 18446744073709551615 bytes"), "{free}");
}

#[tokio::test]
async fn the_age_of_a_file_is_that_of_its_last_change() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("backup");
    let file = File::create(&path).unwrap();
    let aged = |most| FileCheck { max_age: Some(Span::from_secs(most)), ..check(&path) };
    file.set_modified(SystemTime::now() - Duration::from_secs(7_200)).unwrap();
    assert_eq!(judged(aged(3_600)).await.unwrap_err(), "it was changed 2h00m ago, expected at most 1h00m");
    assert_eq!(judged(aged(7_300)).await, Ok(()));
    file.set_modified(SystemTime::now() + Duration::from_secs(86_400)).unwrap();
    let said = judged(aged(3_600)).await.unwrap_err();
    assert!(said.contains("ahead of this host's clock, so that its age is not known"), "{said}");
}

#[tokio::test]
async fn presence_follows_links_and_absence_does_not() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    fs::write(path("file"), "").unwrap();
    symlink(path("file"), path("link")).unwrap();
    symlink(path("nowhere"), path("dangling")).unwrap();
    let absent = |name: &str| FileCheck { presence: Presence::Absent, ..check(&path(name)) };
    assert_eq!(judged(check(&path("link"))).await, Ok(()));
    assert_eq!(
        judged(check(&path("dangling"))).await.unwrap_err(),
        format!("{} is not there", path("dangling").display())
    );
    assert_eq!(judged(absent("nowhere")).await, Ok(()));
    for (name, kind) in [("file", "a file"), ("link", "a symbolic link"), ("dangling", "a symbolic link")] {
        assert_eq!(judged(absent(name)).await.unwrap_err(), format!("{} is there: {kind}", path(name).display()));
    }
    let room = FileCheck { free: Some(1), ..absent("not/yet/there") };
    assert_eq!(judged(room).await, Ok(()), "the file system that it would be on");
}

#[tokio::test]
async fn special_files_are_refused_and_never_opened() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    // Opened for reading, it would wait for a writer for ever.
    let asked = FileCheck { format: Some(Format::Json), min_size: Some(1), ..check(&pipe) };
    let said = judged(asked).await.unwrap_err();
    assert_eq!(said, format!("{} is a pipe; only files and directories are looked at", pipe.display()));
    let device = FileCheck { sha256: Some("0".repeat(64)), ..check(Path::new("/dev/zero")) };
    assert_eq!(judged(device).await.unwrap_err(), "/dev/zero is a device; only files and directories are looked at");
    let directory = FileCheck { min_size: Some(1), ..check(home.path()) };
    assert!(judged(directory).await.unwrap_err().ends_with(" is a directory, expected a file"));
    assert_eq!(judged(check(home.path())).await, Ok(()));
}

#[tokio::test]
async fn a_path_must_be_absolute_and_its_look_ends_with_its_time() {
    assert_eq!(judged(check(Path::new("Cargo.toml"))).await.unwrap_err(), "Cargo.toml is no absolute path");
    let home = tempfile::tempdir().unwrap();
    let large = home.path().join("large");
    // Nothing on disk, and more to read than there is time for.
    File::create(&large).unwrap().set_len(1 << 42).unwrap();
    let limit = Duration::from_millis(200);
    let asked = FileCheck { sha256: Some("0".repeat(64)), ..check(&large) };
    let end = World::of(Action::File(asked)).within(limit).perform().await;
    assert_eq!(end, StepEnd::Bad(Failure::TimedOut { after: limit.into() }));
}
