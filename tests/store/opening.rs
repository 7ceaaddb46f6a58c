//! What is opened, what is refused, and that refusing touches nothing.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::tempdir;
use warroom::store::{Hash, Journal, LockError, Reader, StateDir, StoreError, VERSION};

use super::{draft, journal, tamper};

fn contents(dir: &Path) -> BTreeMap<String, Hash> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.display().to_string(), Hash::of(&fs::read(&path).unwrap()))).collect()
}

async fn refused(dir: &Path) -> StoreError {
    let before = contents(dir);
    let error = Journal::open(dir).await.expect_err("it was opened");
    assert_eq!(contents(dir), before, "refusing changed something: {error}");
    error
}

#[tokio::test]
async fn a_newer_version_is_refused_and_nothing_touched() {
    let dir = tempdir().unwrap();
    journal(dir.path(), 3).await.close().await;
    fs::write(dir.path().join("VERSION"), "7\n").unwrap();
    let error = refused(dir.path()).await;
    assert!(matches!(error, StoreError::NewerVersion { found: 7, known: VERSION, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("version 7") && text.contains(&format!("up to {VERSION}")), "{text}");
    assert!(matches!(Reader::open(dir.path()).await, Err(StoreError::NewerVersion { .. })));
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_refused() {
    let dir = tempdir().unwrap();
    journal(dir.path(), 3).await.close().await;
    let newer = "INSERT INTO _sqlx_migrations SELECT 99, description, installed_on, success, checksum, execution_time \
                 FROM _sqlx_migrations LIMIT 1";
    tamper(dir.path(), newer).await;
    let error = Journal::open(dir.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerVersion { found: 99, .. }), "{error:?}");
}

#[tokio::test]
async fn a_version_that_is_no_number_is_refused() {
    for text in ["", "one", "-1", "1.5", &"1".repeat(4096)] {
        let dir = tempdir().unwrap();
        journal(dir.path(), 1).await.close().await;
        fs::write(dir.path().join("VERSION"), text).unwrap();
        let error = refused(dir.path()).await;
        assert!(matches!(error, StoreError::UnreadableVersion { .. }), "{text:.9}: {error:?}");
    }
}

#[tokio::test]
async fn what_is_not_a_directory_is_refused() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file, dir.path().join("nowhere")] {
        let error = Journal::open(&path).await.unwrap_err();
        assert!(matches!(error, StoreError::NotADirectory { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_damaged_journal_is_refused_and_the_way_back_named() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("header", |bytes| bytes[..16].fill(0xA5)),
        ("all", |bytes| bytes.fill(0x5A)),
        ("schema", |bytes| bytes[100..4000].fill(0xFF)),
        ("cut short", |bytes| bytes.truncate(bytes.len() / 3)),
    ];
    for (name, damage) in damages {
        let dir = tempdir().unwrap();
        journal(dir.path(), 500).await.close().await;
        let file = dir.path().join("journal.db");
        // Nobody has it open: the bytes are all in the one file.
        let mut bytes = fs::read(&file).unwrap();
        damage(&mut bytes);
        fs::write(&file, bytes).unwrap();
        let error = Journal::open(dir.path()).await.expect_err(name);
        assert!(matches!(error, StoreError::Corrupt { .. }), "{name}: {error:?}");
        let text = error.to_string();
        assert!(text.contains("journal.db") && text.contains("backup"), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_directory_that_lost_its_journal_is_refused() {
    for empty in [false, true] {
        let dir = tempdir().unwrap();
        journal(dir.path(), 3).await.close().await;
        fs::remove_file(dir.path().join("journal.db")).unwrap();
        if empty {
            fs::write(dir.path().join("journal.db"), "").unwrap();
        }
        let error = refused(dir.path()).await;
        assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
        assert!(matches!(Reader::open(dir.path()).await, Err(StoreError::Missing { .. })));
    }
}

#[tokio::test]
async fn a_database_of_another_program_is_refused() {
    let dir = tempdir().unwrap();
    journal(dir.path(), 1).await.close().await;
    fs::remove_file(dir.path().join("VERSION")).unwrap();
    tamper(dir.path(), "PRAGMA application_id = 5").await;
    let error = refused(dir.path()).await;
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn making_a_journal_goes_on_after_a_crash_in_the_middle() {
    let dir = tempdir().unwrap();
    journal(dir.path(), 0).await.close().await;
    fs::remove_file(dir.path().join("VERSION")).unwrap();
    let mut journal = Journal::open(dir.path()).await.unwrap();
    journal.append(vec![draft(1)]).await.unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("VERSION")).unwrap(), format!("{VERSION}\n"));
}

#[test]
fn a_second_lock_names_the_holder() {
    let dir = tempdir().unwrap();
    let state = dir.path().join("deep").join("state");
    let lock = StateDir::lock(&state).unwrap();
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(lock.dir(), fs::canonicalize(&state).unwrap());

    let error = StateDir::lock(&state).unwrap_err();
    let LockError::Held { holder: Some(holder), .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(holder.pid, std::process::id());
    let since = holder.since.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    assert!(error.to_string().ends_with(&format!("in use by process {} since {since}", holder.pid)), "{error}");
}

#[test]
fn a_lock_ends_with_its_holder_and_not_with_the_children() {
    let dir = tempdir().unwrap();
    let lock = StateDir::lock(dir.path()).unwrap();
    let mut child = Command::new("sleep").arg("600").spawn().unwrap();
    drop(lock);
    let again = StateDir::lock(dir.path());
    child.kill().unwrap();
    child.wait().unwrap();
    again.unwrap();
}

#[test]
fn a_lock_file_of_nonsense_names_nobody() {
    let dir = tempdir().unwrap();
    let _lock = StateDir::lock(dir.path()).unwrap();
    fs::write(dir.path().join("engine.lock"), "pid \u{1b}[31m\nsince ever\n").unwrap();
    let error = StateDir::lock(dir.path()).unwrap_err();
    assert!(matches!(error, LockError::Held { holder: None, .. }), "{error:?}");
}
