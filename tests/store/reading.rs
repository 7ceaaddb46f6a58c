//! Pages, commands, snapshots.

use std::time::{Duration, Instant};

use tempfile::tempdir;
use uuid::Uuid;
use warroom::store::{Hash, Head, Journal, Snapshot};

use super::{draft, journal, tamper};

#[tokio::test]
async fn rows_are_read_in_pages() {
    let dir = tempdir().unwrap();
    let journal = journal(dir.path(), 100).await;
    let seqs = |rows: Vec<warroom::store::Row>| rows.iter().map(|row| row.seq).collect::<Vec<_>>();
    assert_eq!(seqs(journal.rows(0, 3).await.unwrap()), [1, 2, 3]);
    assert_eq!(seqs(journal.rows(98, 9).await.unwrap()), [99, 100]);
    assert!(journal.rows(u64::MAX, 9).await.unwrap().is_empty());
    assert_eq!(seqs(journal.rows_before(u64::MAX, 2, &[]).await.unwrap()), [100, 99]);
    assert_eq!(seqs(journal.rows_before(50, 3, &["incident/1"]).await.unwrap()), [46, 41, 36]);
    let two = ["incident/1", "incident/4", "incident/1"];
    assert_eq!(seqs(journal.rows_before(50, 5, &two).await.unwrap()), [49, 46, 44, 41, 39]);
    assert!(journal.rows_before(50, 5, &["incident/none"]).await.unwrap().is_empty());
}

#[tokio::test]
async fn recent_commands_are_known_after_a_restart() {
    let dir = tempdir().unwrap();
    journal(dir.path(), 100).await.close().await;
    let journal = Journal::open(dir.path()).await.unwrap();
    let command = |n: u128| Uuid::from_u128(n);
    let expected = [(command(26), 100), (command(25), 98), (command(24), 94)];
    assert_eq!(journal.command_ids(3).await.unwrap(), expected);
    assert_eq!(journal.command_ids(1000).await.unwrap().len(), 26);
    assert_eq!(journal.command_seq(command(1)).await.unwrap(), Some(2));
    assert_eq!(journal.command_seq(command(999)).await.unwrap(), None);
}

#[tokio::test]
async fn a_clone_of_the_reader_reads_on_after_the_journal_was_opened_again() {
    let dir = tempdir().unwrap();
    let mut journal = journal(dir.path(), 5).await;
    let reader = journal.reader();
    assert_eq!(reader.rows(0, 9).await.unwrap().len(), 5);
    assert_eq!(journal.reopen().await.unwrap(), journal.head());
    journal.append(vec![draft(6)]).await.unwrap();
    assert_eq!(reader.rows(0, 9).await.unwrap().len(), 6);
}

#[tokio::test]
async fn the_newest_snapshot_of_the_protocol_is_found() {
    let dir = tempdir().unwrap();
    let mut journal = journal(dir.path(), 10).await;
    let rows = journal.rows(0, 10).await.unwrap();
    assert_eq!(journal.latest_snapshot(1).await.unwrap(), None);
    for row in &rows[2..6] {
        journal.save_snapshot(row.as_head(), 1, row.seq.to_string().as_bytes()).await.unwrap();
    }
    let newest = Snapshot { head: rows[5].as_head(), body: b"6".to_vec() };
    assert_eq!(journal.latest_snapshot(1).await.unwrap(), Some(newest));

    // The one before it stands behind it, and no others.
    tamper(dir.path(), "UPDATE snapshot SET body = x'00' WHERE seq = 6").await;
    let before = Snapshot { head: rows[4].as_head(), body: b"5".to_vec() };
    assert_eq!(journal.latest_snapshot(1).await.unwrap(), Some(before));
    tamper(dir.path(), "UPDATE snapshot SET body = x'00' WHERE seq = 5").await;
    assert_eq!(journal.latest_snapshot(1).await.unwrap(), None);
}

#[tokio::test]
async fn snapshots_of_another_protocol_are_discarded() {
    let dir = tempdir().unwrap();
    let mut journal = journal(dir.path(), 10).await;
    let rows = journal.rows(0, 10).await.unwrap();
    journal.save_snapshot(rows[3].as_head(), 1, b"old").await.unwrap();
    assert_eq!(journal.latest_snapshot(2).await.unwrap(), None);
    journal.save_snapshot(rows[5].as_head(), 2, b"new").await.unwrap();
    assert_eq!(journal.latest_snapshot(2).await.unwrap().unwrap().body, b"new");
    assert_eq!(journal.latest_snapshot(1).await.unwrap(), None);
}

#[tokio::test]
async fn a_snapshot_of_another_history_is_discarded() {
    let dir = tempdir().unwrap();
    let mut journal = journal(dir.path(), 10).await;
    let elsewhere = Head { seq: 7, hash: Hash::of(b"another history") };
    let beyond = Head { seq: 70, hash: Hash::of(b"beyond the end") };
    for head in [elsewhere, beyond] {
        journal.save_snapshot(head, 1, b"state").await.unwrap();
        assert_eq!(journal.latest_snapshot(1).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_long_journal_opens_fast_from_a_snapshot() {
    const ENTRIES: u64 = 100_000;
    let dir = tempdir().unwrap();
    let mut long = journal(dir.path(), ENTRIES).await;
    let at = long.rows(ENTRIES - 1001, 1).await.unwrap()[0].as_head();
    long.save_snapshot(at, 1, &vec![b'x'; 900_000]).await.unwrap();
    long.close().await;

    let start = Instant::now();
    let journal = Journal::open(dir.path()).await.unwrap();
    let snapshot = journal.latest_snapshot(1).await.unwrap().unwrap();
    let tail = journal.rows(snapshot.head.seq, 2000).await.unwrap();
    let commands = journal.command_ids(1000).await.unwrap();
    let took = start.elapsed();
    eprintln!("opened {ENTRIES} entries from a snapshot with {} after it in {took:?}", tail.len());
    assert_eq!((tail.len(), commands.len()), (1000, 1000));
    // Far more than it takes, and far less than folding all of it would.
    assert!(took < Duration::from_secs(2), "{took:?}");
    let start = Instant::now();
    assert_eq!(journal.verify().await.unwrap().entries, ENTRIES);
    eprintln!("verified them in {:?}", start.elapsed());
}

#[tokio::test]
async fn a_journal_can_be_owned_by_a_task() {
    let dir = tempdir().unwrap();
    let mut journal = journal(dir.path(), 3).await;
    let reader = journal.reader();
    let owner = tokio::spawn(async move {
        journal.append(vec![draft(4)]).await.unwrap();
        journal.save_snapshot(journal.head(), 1, b"state").await.unwrap();
        journal.reopen().await.unwrap();
        journal.close().await;
    });
    owner.await.unwrap();
    assert_eq!(reader.stored_head().await.map(|head| head.seq).ok(), None, "closed with its journal");
}
