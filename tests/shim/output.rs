//! What becomes of the output of a command.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use warroom::steps::shim::{Chunk, Exit, ExitRecord, GivenSecret, Kept, read_output};

use crate::attempt::{Attempt, finish, running, skip};

const MIB: u64 = 1024 * 1024;

#[tokio::test]
async fn both_streams_are_kept_in_order() {
    let attempt = Attempt::script("for i in 1 2 3; do echo out $i; echo err $i >&2; done");
    let record = attempt.finish().await;
    let text = "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n";
    assert_eq!(attempt.output(), text);
    assert_eq!((record.output_bytes, record.kept), (text.len() as u64, Kept::Whole));
    let total = text.len() as u64;
    let piece = |from, bytes: &str| Chunk { from, bytes: bytes.into(), total, gap: None };
    assert_eq!(read_output(&attempt.dir(), 6, 5).unwrap(), piece(6, "err 1"));
    assert_eq!(read_output(&attempt.dir(), 999, 5).unwrap(), piece(999, ""));
}

/// Bytes on disk.
fn size_on_disk(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.blocks() * 512)
}

/// What a command writes at this place: lines of 64 bytes that say which they are, with a colour and a control character.
fn line(number: u64) -> Vec<u8> {
    format!("\x1b[31m{number:057}\x01\n").into_bytes()
}

const LINES: u64 = 4_700_000;
const FLOOD: &str = "BEGIN { for (i = 0; i < 4700000; i++) printf \"\\033[31m%057d\\001\\n\", i }";

/// Checks that every line of this piece stands where the command wrote it.
fn assert_lines(chunk: &Chunk) {
    let skip = usize::try_from(chunk.from.next_multiple_of(64) - chunk.from).unwrap();
    let first = (chunk.from + skip as u64) / 64;
    for (number, bytes) in (first..).zip(chunk.bytes[skip..].chunks_exact(64)) {
        assert!(bytes == line(number), "line {number}: {bytes:?}");
    }
}

#[tokio::test]
async fn a_flood_leaves_its_ends_where_they_were_and_never_fills_the_disk() {
    let mut attempt = Attempt::new(["awk", FLOOD]);
    attempt.spec.output_limit = 4 * MIB;
    let started = attempt.spawn().await;
    let (shim, output) = (running(&started).shim_pid, attempt.dir().join("output"));
    let ended = tokio::spawn(finish(started));
    let (mut most_on_disk, mut most_in_memory) = (0, 0);
    while !ended.is_finished() {
        most_on_disk = most_on_disk.max(size_on_disk(&output));
        most_in_memory = most_in_memory.max(memory(shim));
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let record = ended.await.unwrap();
    assert_eq!((record.exit, record.output_bytes), (Exit::Exited { code: 0 }, LINES * 64));
    assert!(most_on_disk < 100 * MIB, "{most_on_disk} bytes on disk");
    assert!(most_in_memory < 4096, "{most_in_memory} KiB in memory");
    assert!(size_on_disk(&output) <= 4 * MIB + 64 * 1024, "{} bytes on disk", size_on_disk(&output));

    let Kept::Ends { gap } = record.kept else { panic!("{:?}", record.kept) };
    let total = LINES * 64;
    assert!(gap.start >= 2 * MIB && total - gap.end >= 2 * MIB, "{gap:?}");
    let head = read_output(&attempt.dir(), 0, usize::MAX).unwrap();
    assert_eq!((head.from, head.next(), head.total, &head.gap), (0, gap.start, total, &None));
    assert_lines(&head);
    let tail = read_output(&attempt.dir(), head.next(), usize::MAX).unwrap();
    assert_eq!((tail.from, tail.next(), tail.gap.clone()), (gap.end, total, Some(gap.clone())));
    assert_lines(&tail);
    let inside = read_output(&attempt.dir(), gap.end - 10, 64).unwrap();
    assert_eq!((inside.from, inside.gap), (gap.end, Some(gap.end - 10..gap.end)));
}

/// Memory of a process that is not of a file, in KiB.
fn memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0");
    line.split_ascii_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_reader_that_follows_a_flood_is_never_given_anything_but_what_was_written() {
    let mut attempt = Attempt::new(["awk", FLOOD]);
    attempt.spec.output_limit = MIB;
    let ended = tokio::spawn(finish(attempt.spawn().await));
    let (mut at, mut missing, mut read) = (0, 0, 0);
    loop {
        let over = ended.is_finished();
        let chunk = read_output(&attempt.dir(), at, 256 * 1024).unwrap();
        assert_lines(&chunk);
        missing += chunk.gap.clone().map_or(0, |gap| gap.end - gap.start);
        read += chunk.bytes.len() as u64;
        at = chunk.next();
        if over && chunk.bytes.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!((at, missing + read), (LINES * 64, LINES * 64));
}

#[tokio::test]
async fn a_limit_below_a_block_keeps_a_block_of_each_end() {
    let mut attempt = Attempt::script("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo $? > status; exit 3");
    attempt.spec.output_limit = 1000;
    let record = attempt.finish().await;
    assert_eq!((record.exit, record.output_bytes), (Exit::Exited { code: 3 }, 5_000_001));
    let Kept::Ends { gap } = record.kept else { panic!("{:?}", record.kept) };
    assert!(gap.start >= 500 && gap.end <= 5_000_001 - 500, "{gap:?}");
    assert_eq!(fs::read_to_string(attempt.file("status")).unwrap(), "0\n");
}

struct SmallDisk(PathBuf);

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Puts the attempt on a disk of 4 MiB, if that can be mounted.
fn small_disk(attempt: &Attempt) -> Option<SmallDisk> {
    let point = attempt.home.path();
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(point).stderr(Stdio::null()).status();
    mount.is_ok_and(|status| status.success()).then(|| SmallDisk(point.to_path_buf()))
}

async fn fill_the_disk(attempt: &Attempt) -> Option<ExitRecord> {
    let Some(_disk) = small_disk(attempt) else {
        skip("a full disk", "a small tmpfs cannot be mounted here");
        return None;
    };
    let record = attempt.finish().await;
    if let Kept::Ends { gap } = &record.kept {
        let head = read_output(&attempt.dir(), 0, usize::MAX).unwrap();
        assert!(head.bytes.iter().all(|byte| *byte == b'x'));
        assert_eq!((head.next(), head.total), (gap.start, record.output_bytes));
    }
    Some(record)
}

#[tokio::test]
async fn on_a_full_disk_the_command_is_told_and_its_end_takes_the_place_of_the_middle() {
    let attempt = Attempt::script("head -c 8000000 /dev/zero | tr '\\0' x; echo more; exit 7");
    let Some(record) = fill_the_disk(&attempt).await else { return };
    assert_eq!(record.exit, Exit::Exited { code: 7 });
    assert!(matches!(record.kept, Kept::Ends { .. }), "{record:?}");
    assert!(record.output_bytes < 4 * MIB, "{record:?}");
}

#[tokio::test]
async fn on_a_full_disk_a_masked_command_goes_on_and_its_end_says_what_failed() {
    let mut attempt = Attempt::script("head -c 8000000 /dev/zero | tr '\\0' x || exit 9; exit 7");
    attempt.secrets = vec![GivenSecret {
        variable: "TOKEN".to_owned(),
        file_variable: None,
        value: "correct-horse-battery".to_owned(),
    }];
    let Some(record) = fill_the_disk(&attempt).await else { return };
    assert_eq!((&record.exit, record.output_bytes), (&Exit::Exited { code: 7 }, 8_000_000));
    assert!(matches!(&record.kept, Kept::Failed { why } if why.contains("No space")), "{record:?}");
}
