//! How fast the console starts and answers, and how little it does when nothing happens, beside other full-screen programs in
//! the same run. `cargo bench --bench console`; a number after `--` is how many starts to take the median of.
//!
//! Each start is a fresh process on a fresh pseudo-terminal of 80x24. Output is time-stamped as it is read and only replayed
//! through a terminal model afterwards, so that the model never sits in the measured path.

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)]

mod range;
mod terminal;

use std::path::PathBuf;
use std::time::Duration;

use terminal::{Program, Started};

/// How long an idle program is watched.
const IDLE: Duration = Duration::from_secs(20);

/// Keys pressed while events come in.
const KEYS: usize = 200;

/// Events that come in a second meanwhile.
const EVENTS_A_SECOND: u32 = 200;

fn main() {
    let runs = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(7);
    let range = range::Range::start(&PathBuf::from(env!("CARGO_BIN_EXE_warroom")));
    let programs = programs(&range);

    println!("start and rest at 80x24, medians of {runs} starts; idle for {} s\n", IDLE.as_secs());
    println!(
        "{:<10} {:>10} {:>10} {:>8} {:>9} {:>9} {:>9} {:>8}",
        "program", "paint ms", "queries", "bytes", "RSS MiB", "idle %cpu", "wakes/s", "bytes/s"
    );
    for program in &programs {
        row(program, runs);
    }
    println!("\nengine with the calm practice range: {:.1} MiB resident", mib(range.engine_resident()));
    keys(&range, &programs[0]);
}

/// The console on a running engine, and what else is on the machine.
fn programs(range: &range::Range) -> Vec<Program> {
    let mut programs = vec![Program::new("warroom", &[env!("CARGO_BIN_EXE_warroom"), "--state", range.state()])];
    for (name, argv) in [("htop", vec!["htop"]), ("btm", vec!["btm"])] {
        if terminal::on_path(name) {
            programs.push(Program::new(name, &argv));
        } else {
            println!("SKIPPED {name}: it is not installed");
        }
    }
    programs
}

fn row(program: &Program, runs: usize) {
    let starts: Vec<Started> = (0..runs).map(|_| program.start_and_stop()).collect();
    let idle = program.idle(IDLE);
    println!(
        "{:<10} {:>10.1} {:>10} {:>8} {:>9.1} {:>9.3} {:>9.1} {:>8.0}",
        program.name(),
        median(starts.iter().map(|s| s.full_paint.as_secs_f64() * 1_000.0)),
        starts.iter().map(|s| s.queries).max().unwrap_or(0),
        median(starts.iter().map(|s| s.bytes as f64)),
        mib(idle.resident),
        idle.cpu_percent,
        idle.wakeups_a_second,
        idle.bytes_a_second,
    );
}

/// Key to paint while events pour in.
fn keys(range: &range::Range, console: &Program) {
    let (mut times, flood) = console.help_times(KEYS, || range.flood(EVENTS_A_SECOND));
    let sent = flood.stop();
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    println!(
        "\nkey to paint with {EVENTS_A_SECOND} events/s coming in ({sent} sent): median {:.2} ms, p95 {:.2} ms of {} keys",
        at(0.5),
        at(0.95),
        times.len()
    );
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
