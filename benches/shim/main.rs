//! What a shim costs: its time beside a bare fork and exec of the same program in the same minute, its memory, and how long an
//! engine that has just started takes to have many running commands back under care.
//!
//! The shim's time has all its durable records in it: to the end as the engine reads it, and to the shim's leaving, when that end is
//! on disk too. What the disk takes to have one small file safe stands beside it. `cargo bench --bench shim` takes some
//! seconds; a number after `--` is how many rounds to take the median of.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use warroom::steps::shim::{Exit, Found, Pids, Spec, clean_environment, look, spawn, stop, wait};

const ROUNDS: usize = 300;
const RUNNING: usize = 200;
const TRUE: &str = "/bin/true";

fn exe() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_warroom"))
}

fn spec(argv: &[&str]) -> Spec {
    let argv = argv.iter().map(|&part| part.to_owned()).collect();
    Spec::new(argv, clean_environment([]), "/".into())
}

async fn bare() -> Duration {
    let start = Instant::now();
    assert!(tokio::process::Command::new(TRUE).spawn().unwrap().wait().await.unwrap().success());
    start.elapsed()
}

/// To the end that the engine reads, and to the shim's leaving.
async fn under_a_shim(dir: &Path, spec: &Spec) -> (Duration, Duration) {
    let start = Instant::now();
    let started = spawn(exe(), dir, spec, &[]).await.unwrap();
    let shim = match &started.found {
        Found::Running(pids) => pidfd_open(Pid::from_raw(pids.shim_pid).unwrap(), PidfdFlags::empty()).ok(),
        _ => None,
    };
    let record = started.wait().await.unwrap();
    let told = start.elapsed();
    assert_eq!(record.exit, Exit::Exited { code: 0 });
    if let Some(shim) = shim {
        poll(&mut [PollFd::new(&shim, PollFlags::IN)], None).unwrap();
    }
    (told, start.elapsed())
}

fn one_file(path: &Path) -> Duration {
    let start = Instant::now();
    let mut file = fs::File::create(path).unwrap();
    file.write_all(&[b'x'; 300]).unwrap();
    file.sync_data().unwrap();
    start.elapsed()
}

fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[values.len() / 2]
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

async fn cost(home: &Path, rounds: usize) {
    let spec = spec(&[TRUE]);
    let (mut without, mut told, mut left, mut disk) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        without.push(milliseconds(bare().await));
        let (to_end, to_leaving) = under_a_shim(&home.join(format!("true.{round}")), &spec).await;
        told.push(milliseconds(to_end));
        left.push(milliseconds(to_leaving));
        disk.push(milliseconds(one_file(&home.join(format!("file.{round}")))));
    }
    let more = |with: &[f64]| median(without.iter().zip(with).map(|(without, with)| with - without).collect());
    let (to_end, to_leaving) = (more(&told), more(&left));
    println!("{TRUE}, medians of {rounds}");
    println!("  bare fork and exec       {:>7.2} ms", median(without.clone()));
    println!("  under a shim             {:>7.2} ms, {to_end:.2} ms more", median(told));
    println!("  to the shim's leaving    {:>7.2} ms, {to_leaving:.2} ms more", median(left));
    println!("  one file safe on disk    {:>7.2} ms", median(disk));
}

fn running(dir: &Path) -> Pids {
    match look(dir).unwrap() {
        Found::Running(pids) => pids,
        other => unreachable!("{other:?}"),
    }
}

/// Memory that a process has for itself alone, in KiB.
fn private(pid: i32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let sizes = rollup.lines().filter(|line| line.starts_with("Private_"));
    sizes.map(|line| line.split_ascii_whitespace().nth(1).unwrap().parse::<u64>().unwrap()).sum()
}

fn own_threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

async fn adoption(home: &Path) {
    let spec = spec(&["sleep", "1000"]);
    let dirs: Vec<PathBuf> = (0..RUNNING).map(|n| home.join(format!("adoption/sleep.{n}"))).collect();
    for dir in &dirs {
        drop(spawn(exe(), dir, &spec, &[]).await.unwrap());
    }
    let all: Vec<Pids> = dirs.iter().map(|dir| running(dir)).collect();
    let threads = own_threads();
    let start = Instant::now();
    let mut waits: Vec<_> = dirs.iter().map(|dir| Box::pin(wait(dir))).collect();
    for wait in &mut waits {
        assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let took = start.elapsed();
    println!("{RUNNING} running commands");
    println!("  taken back          {:>7.2} ms, with {} more thread", milliseconds(took), own_threads() - threads);
    println!(
        "  memory of a shim    {:>7} KiB of its own",
        median(all.iter().map(|pids| private(pids.shim_pid)).collect())
    );
    let start = Instant::now();
    for pids in &all {
        stop(pids).unwrap();
    }
    for wait in waits {
        assert_eq!(wait.await.unwrap().exit, Exit::Stopped);
    }
    println!("  all stopped in      {:>7.2} ms", milliseconds(start.elapsed()));
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    // Not in the memory that /tmp may be: the records must reach a disk.
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    cost(home.path(), rounds).await;
    adoption(home.path()).await;
}
