//! Full disks, second engines, newer directories, tampering: a clear error, and nothing lost.

use std::io::Write;
use std::process::Stdio;

use warroom::core::command::Command;
use warroom::wire::{Audit, Trouble};

use crate::harness::{Engine, eventually, run, skip, warroom};

fn note(text: &str) -> Command {
    Command::Note { incident: None, text: text.into() }
}

#[tokio::test]
async fn a_second_engine_is_refused_and_names_the_first() {
    let engine = Engine::start().await;
    let second = run(&engine.dir, Stdio::piped()).wait_with_output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let sentence = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(sentence.contains(&engine.pid().to_string()), "{sentence}");
    assert!(engine.client.hello().await.is_ok(), "the first one still serves");
}

#[tokio::test]
async fn a_state_directory_of_a_newer_version_is_refused_untouched() {
    let mut engine = Engine::start().await;
    engine.terminate();
    std::fs::write(engine.dir.join("VERSION"), "99\n").unwrap();
    let before = std::fs::read(engine.dir.join("journal.db")).unwrap();
    let refused = run(&engine.dir, Stdio::piped()).wait_with_output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let sentence = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(sentence.contains("version 99"), "{sentence}");
    assert_eq!(std::fs::read(engine.dir.join("journal.db")).unwrap(), before);
}

#[tokio::test]
async fn on_a_full_disk_commands_are_refused_the_engine_lives_and_goes_on_by_itself() {
    let disk = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(disk.path())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        return skip("a full disk", "a small tmpfs cannot be mounted here");
    }
    let _unmount = Unmount(disk.path().to_path_buf());
    let engine = Engine::on(disk.path()).await;
    engine.ask(note("before")).await;
    let filler = disk.path().join("filler");
    fill(&filler);
    let trouble = eventually("a note is refused", || async {
        match engine.try_ask(note(&"x".repeat(8_000))).await {
            Err(warroom::client::ClientError::Trouble(trouble)) => Some(trouble),
            _ => None,
        }
    })
    .await;
    assert!(matches!(&trouble, Trouble::ReadOnly { why } if why.contains("full")), "{trouble:?}");
    assert!(engine.client.snapshot().await.unwrap().live.read_only.is_some(), "everybody is told");

    std::fs::remove_file(&filler).unwrap();
    eventually("it says by itself that it can write again", || async {
        engine.client.snapshot().await.unwrap().live.read_only.is_none().then_some(())
    })
    .await;
    engine.ask(note("after")).await;
    assert!(matches!(engine.client.verify().await.unwrap(), Audit::Whole { .. }));
}

#[tokio::test]
async fn tampering_is_found_and_the_first_broken_entry_named() {
    let mut engine = Engine::start().await;
    for n in 0..5 {
        engine.ask(note(&format!("note {n}"))).await;
    }
    assert!(matches!(engine.client.verify().await.unwrap(), Audit::Whole { entries: 6, .. }));
    engine.terminate();
    tamper(&engine.dir).await;
    engine.start_again().await;
    let audit = engine.client.verify().await.unwrap();
    assert!(matches!(audit, Audit::Broken { seq: 3, .. }), "{audit:?}");
}

#[tokio::test]
async fn an_export_is_verified_by_a_script_that_knows_nothing_of_this_program() {
    let engine = Engine::start().await;
    for n in 0..100 {
        engine.ask(note(&format!("note {n}: \u{e9}\u{4f60}"))).await;
    }
    let dir = engine.dir.display().to_string();
    for arguments in [&["audit", "export"][..], &["audit", "export", "--withhold"]] {
        let exported = warroom().env("LANG", "C").args(["--state", &dir]).args(arguments).output().unwrap();
        assert!(exported.status.success());
        assert_eq!(exported.stdout.iter().filter(|b| **b == b'\n').count(), 101);
        let mut script = std::process::Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verify_export.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        script.stdin.take().unwrap().write_all(&exported.stdout).unwrap();
        assert!(script.wait().unwrap().success(), "{arguments:?}");
    }
}

async fn tamper(dir: &std::path::Path) {
    use sqlx::Connection;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.join("journal.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let changed = sqlx::query("UPDATE journal SET body = replace(body, 'note 1', 'note 9') WHERE seq = 3");
    assert_eq!(changed.execute(&mut connection).await.unwrap().rows_affected(), 1);
    connection.close().await.unwrap();
}

/// Writes until nothing more fits.
fn fill(path: &std::path::Path) {
    let mut file = std::fs::File::create(path).unwrap();
    while file.write_all(&[0; 4_096]).is_ok() {}
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
